//! From a chain to a verified proof, and everything that may go wrong between.
#![allow(missing_docs)]

mod common;

use common::{Desk, HEADER, OPTION};
use serde_json::Value;

/// Flips one bit in each of several regions of a file, and cuts it at several lengths: each time the command must fail.
fn damaged(desk: &Desk, file: &str, command: &str) {
    let honest = desk.read(file);
    let last = honest.len() - 1;
    for place in [0, 5, 9, 40, 100, last / 3, last / 2, last - 40, last] {
        let mut flipped = honest.clone();
        flipped[place.min(last)] ^= 4;
        desk.write(file, flipped);
        desk.bad(command);
    }
    for length in [0, 1, 11, 60, last / 2, last] {
        desk.write(file, &honest[..length]);
        desk.bad(command);
    }
    desk.write(file, [&honest[..], b"x"].concat());
    desk.bad(command);
    desk.write(file, &honest);
    desk.good(command);
}

#[test]
fn a_chain_is_proven_and_every_change_is_noticed() {
    let desk = Desk::new();
    desk.write("chain.csv", format!("{HEADER}\n{OPTION}\nb,put,100,120,0,0.3,0,0\n"));
    let dev = desk.good("srs dev --k 16");
    assert!(dev.contains("DEVELOPMENT ONLY"), "{dev}");
    desk.good("srs dev --k 17");
    damaged(&desk, "params/kzg_bn254_16.srs", "srs check params/kzg_bn254_16.srs");

    desk.good("keygen price --k 16 --pin -o first.bin");
    let made = desk.good("keygen price --k 16 --cache again -o second.bin");
    let pins: Value = serde_json::from_str(include_str!("../../params/vk/price.json")).unwrap();
    let pinned = pins["keys"][0]["key"].as_str().unwrap();
    assert!(
        made.contains(pinned),
        "the key is not the pinned one {pinned}; if that is meant, run `cargo xtask golden`: {made}"
    );
    assert_eq!(desk.read("first.bin"), desk.read("second.bin"), "keys are made the same twice");

    desk.good("prove price --input chain.csv --timestamp 1700000000 --out proof");
    for file in ["proof.bin", "proof.json", "public.json", "vk.bin", "vk.json"] {
        assert!(desk.path("proof").join(file).exists(), "{file}");
    }
    let verdict: Value = serde_json::from_str(&desk.good("verify proof --json")).unwrap();
    assert_eq!((&verdict["valid"], &verdict["development_only"]), (&true.into(), &true.into()));
    assert_eq!(verdict["instance"]["timestamp"], 1_700_000_000);
    desk.complains("verify proof --statement risk", "a proof of price, not of risk");

    // Each public input and output alone.
    let public = desk.read("proof/public.json");
    let honest: Value = serde_json::from_slice(&public).unwrap();
    for field in ["domain", "inputs", "results", "timestamp"] {
        let mut changed = honest.clone();
        changed["instance"][field] = match &honest["instance"][field] {
            Value::String(digits) => {
                format!("{}{}", if digits.starts_with("00") { "01" } else { "00" }, &digits[2..]).into()
            }
            _ => 1_700_000_001_u64.into(),
        };
        desk.write("proof/public.json", changed.to_string());
        desk.complains("verify proof", "public.json");
    }
    desk.write("proof/public.json", &public);

    for file in ["proof/proof.bin", "proof/vk.bin"] {
        damaged(&desk, file, "verify proof");
    }
    for file in ["proof/proof.json", "proof/vk.json", "proof/public.json"] {
        let honest = desk.read(file);
        desk.write(file, &honest[..honest.len() / 2]);
        desk.bad("verify proof");
        desk.write(file, &honest);
    }

    // Another statement's key, a key of another size, other parameters.
    desk.good("keygen risk --k 16 -o risk.bin");
    desk.good("keygen price --k 17 -o large.bin");
    let key = desk.read("proof/vk.bin");
    for (other, reason) in
        [("risk.bin", "vk.bin: statement: expected price, found risk"), ("large.bin", "vk.json: circuit: ")]
    {
        desk.write("proof/vk.bin", desk.read(other));
        desk.complains("verify proof", reason);
    }
    desk.write("proof/vk.bin", key);
    desk.good("verify proof");
    desk.good("srs dev --k 16 --seed 1 --params others");
    desk.good("keygen price --k 16 --params others --pin");
    desk.complains("verify proof --params others", "error: ");

    // The inputs changed alone are another claim.
    desk.write("chain.csv", format!("{HEADER}\n{}\n", OPTION.replace("0.2", "0.21")));
    desk.write("claim.json", &public);
    let output = desk.run("mock price --input chain.csv --timestamp 1700000000 --claim claim.json");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("instance"), "{said}");
}
