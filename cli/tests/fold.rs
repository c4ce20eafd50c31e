//! Folded proofs: what commands make of stored ones, and what they refuse. `fixtures/fold` is what `zomma demo` leaves in `out/demo/fold`.
#![allow(missing_docs)]

mod common;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use common::{Desk, HEADER, OPTION};
use serde_json::Value;

const LEAF: &str = "fold/leaf-000000-000001.fold";
const NODE: &str = "fold/node-000000-000003.fold";
const WRAP: &str = "fold/wrap-000000-000003.fold";

/// A desk with the stored folder.
fn desk() -> Desk {
    let desk = Desk::new();
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fold");
    fs::create_dir(desk.path("fold")).unwrap();
    for entry in fs::read_dir(stored).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), desk.path("fold").join(entry.file_name())).unwrap();
    }
    desk
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_layer_is_verified_with_the_keys_beside_it() {
    let desk = desk();
    for (file, layer, batches) in [(LEAF, "leaf", 1), (NODE, "node", 3), (WRAP, "wrap", 3)] {
        let verdict = json(&desk.good(&format!("verify {file} --trust-key --json")));
        assert_eq!((&verdict["valid"], &verdict["layer"]), (&true.into(), &layer.into()));
        assert_eq!((&verdict["batches"], &verdict["development_only"]), (&batches.into(), &true.into()));
        assert_eq!(verdict["key"], "NOT CHECKED: taken from the proof's own folder");
    }
    let node = desk.good(&format!("verify {NODE} --trust-key"));
    assert!(node.starts_with("valid: node of 3 batches at k = 20, "), "{node}");
    // Without parameters keys cannot be made anew.
    desk.complains(&format!("verify {NODE}"), "params/kzg_bn254_");
    let development = "made with parameters that are for development only";
    desk.complains(&format!("verify {NODE} --trust-key --production"), development);
    desk.complains(
        &format!("verify {NODE} --trust-key --statement batch"),
        "a file of a folded proof, not one of batch",
    );
    let keys = desk.good("inspect fold/keys.bin");
    assert!(keys.contains("batch (version 1)") && keys.contains("risk (version 1)"), "{keys}");
}

#[test]
fn contracts_accept_what_is_wrapped() {
    let desk = desk();
    let outcome = json(&desk.good(&format!("evm verify {WRAP} --json")));
    assert_eq!(outcome["accepted"], true);
    let gas = outcome["gas"].as_u64().unwrap();
    assert!((400_000..600_000).contains(&gas), "{gas}");
    let text = desk.good(&format!("evm verify {WRAP}"));
    assert!(text.starts_with(&format!("accepted: {gas} gas, ")), "{text}");

    let said = desk.good("evm verifier fold --out contract --trust-keys");
    assert!(said.contains("NOT CHECKED"), "{said}");
    let code = json(&String::from_utf8(desk.read("contract/verifier.json")).unwrap());
    assert_eq!(code["development_only"], true);
    for size in code["runtime_sizes"].as_array().unwrap() {
        assert!(size.as_u64().unwrap() <= 24_576, "{size}");
    }
    assert_eq!(code["runtime_sizes"], outcome["runtime_sizes"]);
    assert!(desk.path("contract/Halo2Verifier1.sol").exists());

    let data = json(&desk.good(&format!("evm calldata {WRAP}")));
    let parts = |name: &str| data[name].as_array().unwrap().len();
    assert_eq!((parts("instances"), parts("contexts"), parts("payments")), (17, 3, 3));
    let proof = data["proof"].as_str().unwrap().strip_prefix("0x").unwrap();
    assert_eq!(proof.len() as u64, 2 * code["proof_length"].as_u64().unwrap());
    for (flag, name) in [("--hex", "verifier_calldata"), ("--settle", "settle_calldata")] {
        let alone = desk.good(&format!("evm calldata {WRAP} {flag}"));
        assert_eq!(alone.trim_end(), data[name].as_str().unwrap());
    }
    assert!(data["verifier_calldata"].as_str().unwrap().ends_with(proof));

    desk.complains(&format!("evm verify {NODE}"), "a proof of a node, not of a wrap");
    desk.complains(&format!("evm calldata {LEAF}"), "a proof of a leaf, not of a wrap");
    desk.complains(
        "evm verify fold/keys.bin",
        "not a folded proof file: it starts with the magic of a file of a folding's",
    );
    desk.complains("evm verifier nowhere --out contract", "cannot open nowhere/keys.bin");
}

#[test]
fn every_change_is_noticed() {
    let desk = desk();
    for (file, command) in
        [(NODE, format!("verify {NODE} --trust-key")), ("fold/keys.bin", format!("verify {NODE} --trust-key"))]
    {
        let honest = desk.read(file);
        let last = honest.len() - 1;
        for place in [0, 5, 9, 40, 100, last / 3, last / 2, last - 40, last] {
            let mut flipped = honest.clone();
            flipped[place] ^= 4;
            desk.write(file, flipped);
            desk.bad(&command);
        }
        for length in [0, 1, 11, 60, last / 2, last] {
            desk.write(file, &honest[..length]);
            desk.bad(&command);
        }
        desk.write(file, &honest);
        desk.good(&command);
    }
    // A wrap's proof is none of a node, whatever its file is called.
    let wrap = desk.read(WRAP);
    desk.write(NODE, &wrap);
    assert!(desk.good(&format!("verify {NODE} --trust-key")).starts_with("valid: wrap of 3 batches"));
}

#[test]
fn folders_that_do_not_fit_are_named() {
    let desk = desk();
    desk.complains("accumulate nowhere --out fold", "cannot open nowhere/proof.bin");
    desk.write("chain.csv", format!("{HEADER}\n{OPTION}\n"));
    desk.good("srs dev --k 16");
    desk.good("prove price --input chain.csv --out price");
    desk.complains("accumulate price --out fold", "price: statement: expected batch or risk, found price");
    desk.good("srs dev --k 17");
    desk.good("prove risk --input chain.csv --k 17 --out risk");
    desk.complains("accumulate risk --out fold", "folders: no proof of batch is among them");
    desk.good("prove risk --input chain.csv --k 17 --transcript keccak --out keccak");
    desk.complains("accumulate keccak --out fold", "keccak: transcript: expected poseidon, found keccak");
}

/// The whole way, twice: `zomma demo`, and its batches folded again by a run that is killed once. Takes a quarter of an hour.
#[test]
fn a_killed_run_goes_on_where_it_was() {
    if std::env::var_os("ZOMMA_FULL").is_none() {
        eprintln!("not run: set ZOMMA_FULL=1");
        return;
    }
    let desk = Desk::new();
    let told = desk.good("demo");
    assert!(told.contains("- accepted: 3 batches with "), "{told}");
    let accumulate = "accumulate out/demo/batch-1 out/demo/batch-2 out/demo/batch-3 out/demo/risk --out again";
    let mut run = Command::new(env!("CARGO_BIN_EXE_zomma"))
        .args(accumulate.split_whitespace())
        .current_dir(desk.path("."))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let first = desk.path("again/leaf-000000-000001.fold");
    let patience = Instant::now() + Duration::from_secs(1_800);
    while !first.exists() && Instant::now() < patience {
        assert_eq!(run.try_wait().unwrap(), None, "the run is over");
        sleep(Duration::from_millis(200));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    let leaf = fs::read(&first).unwrap();
    desk.good(accumulate);
    assert_eq!(fs::read(&first).unwrap(), leaf, "what was proven is used");
    let verdict = |file: &str| json(&desk.good(&format!("verify {file} --json")));
    let (again, told) = (verdict("again/wrap-000000-000003.fold"), verdict("out/demo/fold/wrap-000000-000003.fold"));
    assert_eq!(again["key"], "checked against the key made anew from this build's circuit and parameters");
    for field in ["old_root", "new_root", "contexts", "keys", "batches"] {
        assert_eq!(again[field], told[field], "{field}");
    }
    // In another order, twice, with a gap, or without the risk proof.
    for (folders, reason) in [
        ("batch-2 batch-1 batch-3 risk", "batch 2: old root: expected "),
        ("batch-1 batch-1 risk", "batch 2: old root: expected "),
        ("batch-1 batch-3 risk", "batch 2: old root: expected "),
        ("batch-1", "folders: no proof of risk is among them"),
    ] {
        let folders: Vec<String> = folders.split(' ').map(|name| format!("out/demo/{name}")).collect();
        desk.complains(&format!("accumulate {} --out other", folders.join(" ")), reason);
    }
    assert!(!desk.path("other").exists(), "a command that fails leaves nothing behind");
    desk.complains(
        "accumulate out/demo/batch-1 out/demo/risk --out again",
        "expected those to be folded, found others",
    );
}
