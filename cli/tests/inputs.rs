//! What people write, and what they are told when it is wrong.
#![allow(missing_docs)]

mod common;

use common::{Desk, HEADER, OPTION};
use serde_json::Value;

#[test]
fn prices_are_exact_decimals() {
    let desk = Desk::new();
    desk.write("chain.csv", format!("{HEADER}\n{OPTION}\n"));
    let csv = desk.good("price chain.csv");
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("id,price,delta,gamma,vega,theta,rho"));
    // Hull: 10.450583572185565, delta 0.6368306511756191, gamma 0.018762017345846895, vega 37.52403469169379, theta
    // -6.414027546438197, rho 53.232481545376345.
    let fields: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(
        fields,
        [
            "a",
            "10.45058357",
            "0.63683065117404914767806900499635958112776279449462890625",
            "0.018762017345806076098805077073151947875118139563710428774356842041015625",
            "37.52403469",
            "-6.41402755",
            "53.23248155"
        ]
    );
    let json: Value = serde_json::from_str(&desk.good("price chain.csv --json")).unwrap();
    let [option] = json.as_array().unwrap().as_slice() else { panic!("one option") };
    for (key, field) in ["id", "price", "delta", "gamma", "vega", "theta", "rho"].into_iter().zip(fields) {
        assert_eq!(option[key], Value::String(field.to_owned()));
    }
    let coarse = desk.good("price chain.csv --tick 0.25");
    assert!(coarse.contains("\na,10.5,"), "{coarse}");
}

#[test]
fn risk_arrays_take_other_scenarios() {
    let desk = Desk::new();
    desk.write("book.csv", format!("{HEADER}\n{OPTION}\n"));
    let row = |text: &str| text.lines().nth(1).unwrap().split(',').map(str::to_owned).collect::<Vec<_>>();
    let standard = row(&desk.good("risk book.csv"));
    assert_eq!(standard.len(), 7 + 33);
    assert_eq!(standard[1], standard[7], "the first scenario is the base");
    let json: Value = serde_json::from_str(&desk.good("risk book.csv --json")).unwrap();
    assert_eq!(json[0]["scenarios"].as_array().unwrap().len(), 33);
    let mut set: Value = serde_json::from_slice(include_bytes!("../../params/scenarios/default.json")).unwrap();
    set["vol_up"] = 6000.into();
    desk.write("set.json", set.to_string());
    let other = row(&desk.good("risk book.csv --scenarios set.json"));
    assert_eq!(standard[..8], other[..8]);
    assert_ne!(standard[8..], other[8..]);
    set["grid"] = Value::from(vec![1]);
    desk.write("set.json", set.to_string());
    desk.complains("risk book.csv --scenarios set.json", "set.json: ");
    desk.write("set.json", r#"{"forwards": []}"#);
    desk.complains("risk book.csv --scenarios set.json", "unknown field `forwards`");
}

#[test]
fn every_bad_field_is_named_with_its_reason() {
    let desk = Desk::new();
    let cases = [
        ("a,call,100,100,31536000,-0.2,0.05,0", "line 2 (id a): vol: -0.2 is outside 0.01 to 5"),
        ("a,call,100,100,31536000,0,0.05,0", "line 2 (id a): vol: 0 is outside 0.01 to 5"),
        ("a,call,100,0,31536000,0.2,0.05,0", "line 2 (id a): strike: 0 is outside 0.00000001 to 92233720368.54775807"),
        ("a,call,-1,100,31536000,0.2,0.05,0", "line 2 (id a): spot: -1 is outside"),
        ("a,call,100,100,157680001,0.2,0.05,0", "line 2 (id a): expiry_seconds: 157680001 is outside 0 to 157680000"),
        ("a,call,100,100,-1,0.2,0.05,0", "line 2 (id a): expiry_seconds: -1 is outside"),
        ("a,call,100,100,1.5,0.2,0.05,0", "line 2 (id a): expiry_seconds: 1.5 is not a whole number of seconds"),
        ("a,call,100,100,31536000,0.2,9,0", "line 2 (id a): rate: 9 is outside"),
        ("a,call,100,100,31536000,0.2,0,-9", "line 2 (id a): dividend: -9 is outside"),
        ("a,call,NaN,100,31536000,0.2,0.05,0", "line 2 (id a): spot: \"NaN\" is not a decimal number"),
        ("a,call,100,100,31536000,0.2,inf,0", "line 2 (id a): rate: \"inf\" is not a decimal number"),
        ("a,call,1e30,100,31536000,0.2,0.05,0", "line 2 (id a): spot: 1000000000000000000000000000000 is outside"),
        ("a,call,1e999999999,100,31536000,0.2,0.05,0", "line 2 (id a): spot: "),
        ("a,straddle,100,100,31536000,0.2,0.05,0", "line 2 (id a): kind: \"straddle\" is neither call nor put"),
        (",call,100,100,31536000,0.2,0.05,0", "line 2: id: "),
        ("a,call,100,100,31536000,0.2,0.05", "line 2: 7 fields, but the header has 8"),
        (
            "a,call,100,100,31536000,0.2,0.05,0\na,put,100,90,31536000,0.2,0.05,0",
            "line 3: id: \"a\" is also that of line 2",
        ),
        ("", "no options"),
    ];
    for (rows, reason) in cases {
        desk.write("chain.csv", format!("{HEADER}\n{rows}\n"));
        for command in ["price", "risk"] {
            desk.complains(
                &format!("{command} chain.csv"),
                &format!("error: chain.csv: {}", if rows.is_empty() { "" } else { reason }),
            );
            desk.complains(&format!("{command} chain.csv"), reason);
        }
    }
    desk.write("chain.csv", "id,kind,spot\n");
    desk.complains("price chain.csv", "line 1: column strike is missing");
    desk.write("chain.csv", [HEADER.as_bytes(), b"\n\xff\xfe,call,100,100,31536000,0.2,0.05,0\n"].concat());
    desk.complains("price chain.csv", "line 2: not UTF-8");
    desk.complains("price none.csv", "none.csv: ");
    desk.write("chain.csv", format!("{HEADER}\n{OPTION}\n"));
    for (tick, reason) in [
        ("0", "tick: 0 is not positive"),
        ("=-1", "tick: -1 is not positive"),
        ("NaN", "tick: "),
        ("1e-30", "spot: 100 is outside"),
    ] {
        let separator = if tick.starts_with('=') { "" } else { " " };
        desk.complains(&format!("price chain.csv --tick{separator}{tick}"), reason);
    }
}

#[test]
fn commands_say_what_there_is() {
    let desk = Desk::new();
    desk.write("chain.csv", format!("{HEADER}\n{OPTION}\n"));
    let unknown = "no statement is called \"nothing\"; there are: price, risk";
    for command in [
        "keygen nothing",
        "mock nothing --input chain.csv",
        "prove nothing --input chain.csv --out out",
        "layout nothing -o x.png",
    ] {
        desk.complains(command, unknown);
    }
    desk.complains("prove price --input chain.csv --out out --k 12", "k: 12 is out of range");
    desk.complains("prove price --input chain.csv --out out --k 99", "k: 99 is out of range");
    desk.complains("prove price --input chain.csv --out out --backend cuda", "unknown backend \"cuda\"");
    desk.complains(
        "prove price --input chain.csv --out out",
        "params/kzg_bn254_16.srs does not exist; make it with `zomma srs import-ptau",
    );
    desk.complains("verify nowhere", "cannot open nowhere/proof.bin");
    desk.complains("inspect chain.csv", "not a file of zomma's");
    desk.write("bad.json", r#"{"timestamp": 0, "options": [{"id": 7}]}"#);
    desk.complains("mock price --input bad.json", "bad.json: ");
    assert!(!desk.path("out").exists(), "a command that fails leaves nothing behind");
    assert_eq!(std::fs::read_dir(desk.path(".")).unwrap().count(), 2, "nothing but the two files written here");
}

#[test]
fn costs_are_the_golden_ones() {
    let desk = Desk::new();
    assert_eq!(
        desk.good("cost --json"),
        include_str!("../../params/cost.json"),
        "costs have changed: look at them, then run `cargo xtask golden`"
    );
}
