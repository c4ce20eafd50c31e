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
use halo2curves::bn256::Fr;
use serde_json::Value;
use zomma_prover::{
    accumulate::{FoldHeader, FoldKeysHeader, FoldPin, FoldPins, FoldVerifier},
    artefact::{Digest, Envelope, Public},
};

const KEYS: &str = "fold/keys.bin";

impl Desk {
    /// The file in the stored folder that is of this layer and of the most batches.
    fn folded(&self, layer: &str) -> String {
        let names =
            fs::read_dir(self.path("fold")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let name = names
            .filter(|name| name.starts_with(layer))
            .max_by_key(|name| name.rsplit('-').next().map(str::to_owned))
            .expect("one is stored");
        format!("fold/{name}")
    }

    /// The batches of the stored node.
    fn batches(&self) -> u64 {
        let node = self.folded("node");
        node.trim_end_matches(".fold").rsplit('-').next().unwrap().parse().unwrap()
    }
}

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
    let all = desk.batches();
    for (layer, batches) in [("leaf", 1), ("node", all), ("wrap", all)] {
        let file = desk.folded(layer);
        let verdict = json(&desk.good(&format!("verify {file} --trust-key --json")));
        assert_eq!((&verdict["valid"], &verdict["layer"]), (&true.into(), &layer.into()));
        assert_eq!((&verdict["batches"], &verdict["development_only"]), (&batches.into(), &true.into()));
        assert_eq!(verdict["key"], "NOT CHECKED: taken from the proof's own folder");
    }
    let node = desk.folded("node");
    let said = desk.good(&format!("verify {node} --trust-key"));
    assert!(said.starts_with(&format!("valid: node of {all} batches at k = 20, ")), "{said}");
    // Without parameters keys cannot be made anew.
    desk.complains(&format!("verify {node}"), "params/kzg_bn254_");
    let development = "made with parameters that are for development only";
    desk.complains(&format!("verify {node} --trust-key --production"), development);
    desk.complains(
        &format!("verify {node} --trust-key --statement batch"),
        "a file of a folded proof, not one of batch",
    );
    let keys = desk.good("inspect fold/keys.bin");
    assert!(keys.contains("batch (version 1)") && keys.contains("risk (version 1)"), "{keys}");
}

#[test]
fn contracts_accept_what_is_wrapped() {
    let desk = desk();
    let (leaf, node, wrap) = (desk.folded("leaf"), desk.folded("node"), desk.folded("wrap"));
    let outcome = json(&desk.good(&format!("evm verify {wrap} --json")));
    assert_eq!(outcome["accepted"], true);
    let gas = outcome["gas"].as_u64().unwrap();
    assert!((400_000..600_000).contains(&gas), "{gas}");
    let text = desk.good(&format!("evm verify {wrap}"));
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

    let data = json(&desk.good(&format!("evm calldata {wrap}")));
    let batches = desk.batches() as usize;
    let parts = |name: &str| data[name].as_array().unwrap().len();
    assert_eq!((parts("instances"), parts("contexts"), parts("payments")), (17, batches, batches));
    let proof = data["proof"].as_str().unwrap().strip_prefix("0x").unwrap();
    assert_eq!(proof.len() as u64, 2 * code["proof_length"].as_u64().unwrap());
    for (flag, name) in [("--hex", "verifier_calldata"), ("--settle", "settle_calldata")] {
        let alone = desk.good(&format!("evm calldata {wrap} {flag}"));
        assert_eq!(alone.trim_end(), data[name].as_str().unwrap());
    }
    assert!(data["verifier_calldata"].as_str().unwrap().ends_with(proof));

    desk.complains(&format!("evm verify {node}"), "a proof of a node, not of a wrap");
    desk.complains(&format!("evm calldata {leaf}"), "a proof of a leaf, not of a wrap");
    desk.complains(
        "evm verify fold/keys.bin",
        "not a folded proof file: it starts with the magic of a file of a folding's",
    );
    desk.complains("evm verifier nowhere --out contract", "cannot open nowhere/keys.bin");
    let development = "made with parameters that are for development only";
    desk.complains("evm verifier fold --out production --trust-keys --production", development);
    assert!(!desk.path("production").exists());
}

#[test]
fn every_change_is_noticed() {
    let desk = desk();
    let (node, wrap) = (desk.folded("node"), desk.folded("wrap"));
    let command = format!("verify {node} --trust-key");
    for file in [node.as_str(), KEYS] {
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
    desk.write(&node, desk.read(&wrap));
    assert!(desk.good(&command).starts_with(&format!("valid: wrap of {} batches", desk.batches())));
    // An instance has one form: the old root plus the modulus is none.
    let header = Envelope::<FoldHeader>::open(&desk.path(&wrap), |_, found| Ok(found)).unwrap();
    let text = serde_json::to_string(&header.header).unwrap();
    let old_root = header.header.instance[12].to_string();
    let mut shifted = hex::decode(&old_root[2..]).unwrap();
    let mut carry = 1;
    for (byte, modulus) in shifted.iter_mut().rev().zip((-Fr::one()).to_bytes()) {
        let sum = u16::from(*byte) + u16::from(modulus) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    let shifted = text.replace(&old_root, &format!("0x{}", hex::encode(shifted)));
    let error = serde_json::from_str::<FoldHeader>(&shifted).unwrap_err().to_string();
    assert!(error.contains("not below the field's modulus"), "{error}");
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

/// Keys beside a proof that are another folding's: of other statements, or with a layer's key in another's place.
#[test]
fn keys_of_another_folding_are_refused_by_name() {
    let desk = desk();
    let path = desk.path(KEYS);
    let honest = Envelope::<FoldKeysHeader>::open(&path, |_, found| Ok(found)).unwrap();
    let digest = |desk: &Desk| FoldVerifier::read(&desk.path(KEYS)).unwrap().digests().all();
    let named = digest(&desk);
    let (leaf, node, wrap) = (desk.folded("leaf"), desk.folded("node"), desk.folded("wrap"));
    let other_names = |desk: &Desk, file: &str| {
        let reason =
            format!("digest of all verifying keys: expected {}, found {}", Public(digest(desk)), Public(named));
        desk.complains(&format!("verify {file} --trust-key"), &reason);
    };

    // The keys that other statements' proofs would be for.
    let mut header = honest.header.clone();
    header.batch.digest.0 += Fr::one();
    Envelope::seal(header, honest.payload.clone()).write(&path).unwrap();
    for file in [&leaf, &node, &wrap] {
        other_names(&desk, file);
    }
    // The wrap's key in the node's place, and the node's in the leaf's.
    let one = honest.payload.len() / 3;
    let [leaf_key, node_key, wrap_key] = [0, 1, 2].map(|layer| &honest.payload[layer * one..][..one]);
    let not_valid = "the proof is not valid: the pairing check fails";
    Envelope::seal(honest.header.clone(), [leaf_key, wrap_key, wrap_key].concat()).write(&path).unwrap();
    other_names(&desk, &leaf);
    desk.complains(&format!("verify {node} --trust-key"), not_valid);
    other_names(&desk, &wrap);
    Envelope::seal(honest.header.clone(), [node_key, node_key, wrap_key].concat()).write(&path).unwrap();
    desk.complains(&format!("verify {leaf} --trust-key"), not_valid);
    other_names(&desk, &node);
    // The wrap's key is what the contract is made from: it is compared with a pin, or made anew.
    Envelope::seal(honest.header.clone(), [leaf_key, node_key, node_key].concat()).write(&path).unwrap();
    desk.complains(&format!("verify {wrap} --trust-key"), not_valid);
    desk.complains(&format!("evm verify {wrap}"), "the contract refuses the proof");
}

/// Pinned keys need neither circuits nor parameters, and whatever contradicts a pin is refused even on trust.
#[test]
fn keys_are_held_against_their_pin() {
    let desk = desk();
    let keys = FoldVerifier::read(&desk.path(KEYS)).unwrap();
    let mut pins = FoldPins::default();
    pins.pin(FoldPin::of(&keys));
    pins.write(&desk.path("params")).unwrap();
    let node = desk.folded("node");
    let verdict = json(&desk.good(&format!("verify {node} --json")));
    assert_eq!(verdict["key"], "checked against the digest pinned in params/vk");
    let said = desk.good("evm verifier fold --out contract");
    assert!(said.contains("checked against the digest pinned in params/vk"), "{said}");

    pins.keys[0].wrap = Digest::of(b"another");
    pins.write(&desk.path("params")).unwrap();
    let reason = format!("digest of the wrap's key pinned in params/vk: expected {}, found ", Digest::of(b"another"));
    for command in [format!("verify {node} --trust-key"), "evm verifier fold --out contract --trust-keys".to_owned()] {
        desk.complains(&command, &reason);
    }
    // A pin of other parameters says nothing about these.
    pins.keys[0].srs = Digest::of(b"others");
    pins.write(&desk.path("params")).unwrap();
    desk.complains(&format!("verify {node}"), "params/kzg_bn254_");
    desk.good(&format!("verify {node} --trust-key"));
}

/// Half a minute: the keys of all layers. Continuous integration does it once.
#[test]
fn the_layers_have_the_pinned_keys() {
    if ["ZOMMA_FULL", "ZOMMA_REQUIRE_TOOLS"].into_iter().all(|name| std::env::var_os(name).is_none()) {
        eprintln!("not run: set ZOMMA_FULL=1");
        return;
    }
    let desk = Desk::new();
    let pins: FoldPins = serde_json::from_str(include_str!("../../params/vk/fold.json")).unwrap();
    let pin = pins.keys.last().expect("one is pinned");
    let (batch_k, risk_k) = (pin.batch.k, pin.risk.k);
    let made = json(&desk.good(&format!("circuits --batch-k {batch_k} --risk-k {risk_k} --dev --layers --json")));
    let found: FoldPin = serde_json::from_value(made["layers"].clone()).unwrap();
    assert_eq!(&found, pin, "if that is meant, run `cargo xtask golden`");
    assert_eq!(made["circuits"], pin.circuits.to_string());
}

/// The whole way, twice: `zomma demo`, and its batches folded again by a run that is killed once. Takes twenty minutes.
#[test]
fn a_killed_run_goes_on_where_it_was() {
    if std::env::var_os("ZOMMA_FULL").is_none() {
        eprintln!("not run: set ZOMMA_FULL=1");
        return;
    }
    let desk = Desk::new();
    // The pins of this repository are those that count.
    fs::create_dir_all(desk.path("params/vk")).unwrap();
    desk.write("params/vk/fold.json", include_str!("../../params/vk/fold.json"));
    let told = desk.good("demo");
    assert!(told.contains("- accepted: 6 batches with "), "{told}");
    let risks = "out/demo/risk-1 out/demo/risk-2 out/demo/risk-3 out/demo/risk-4 out/demo/risk-5";
    let accumulate = format!("accumulate out/demo/batch-1 out/demo/batch-2 out/demo/batch-3 {risks} --out again");
    let mut run = Command::new(env!("CARGO_BIN_EXE_zomma"))
        .args(accumulate.split_whitespace())
        .current_dir(desk.path("."))
        .stdout(Stdio::null())
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
    let said = desk.good(&accumulate);
    assert!(said.contains(", pinned (file "), "{said}");
    assert_eq!(fs::read(&first).unwrap(), leaf, "what was proven is used");
    let verdict = |file: &str| json(&desk.good(&format!("verify {file} --json")));
    let (again, told) = (verdict("again/node-000000-000003.fold"), verdict("out/demo/fold/node-000000-000006.fold"));
    assert_eq!(again["key"], "checked against the digest pinned in params/vk");
    for field in ["old_root", "keys", "key"] {
        assert_eq!(again[field], told[field], "{field}");
    }
    assert_eq!((&again["batches"], &told["batches"]), (&3.into(), &6.into()));
    assert_eq!(verdict("again/wrap-000000-000003.fold")["new_root"], again["new_root"]);
    // The keys made anew are the same, and so is the digest that batches name.
    fs::remove_file(desk.path("params/vk/fold.json")).unwrap();
    let anew = verdict("again/node-000000-000003.fold");
    assert_eq!(anew["key"], "checked against the key made anew from this build's circuit and parameters");
    let inner = json(&desk.good("circuits --json"));
    let keys = desk.good("inspect again/keys.bin");
    assert!(keys.contains(inner["circuits"].as_str().unwrap()), "{keys}");
    // The inputs that the demonstration leaves are those of its proofs.
    desk.good("prove risk --input out/demo/risk-1.json --k 17 --out by-hand");
    assert_eq!(desk.read("by-hand/public.json"), desk.read("out/demo/risk-1/public.json"));
    // In another order, twice, with a gap, without a risk proof, over development parameters where others are asked for.
    for (folders, reason) in [
        ("batch-2 batch-1 batch-3 risk-1 risk-2 risk-3 risk-4 risk-5", "batch 2: old root: expected "),
        ("batch-1 batch-1 risk-1 risk-2 risk-3 risk-4 risk-5", "batch 2: old root: expected "),
        ("batch-1 batch-3 risk-1 risk-2 risk-3 risk-4 risk-5", "batch 2: old root: expected "),
        ("batch-1", "folders: no proof of risk is among them"),
        ("batch-1 risk-5", "batch-1: risk proof: expected one of root "),
        (
            "batch-1 risk-1 risk-2 risk-3 risk-4 risk-5 --production",
            "made with parameters that are for development only",
        ),
    ] {
        let place = |name: &str| if name.starts_with('-') { name.to_owned() } else { format!("out/demo/{name}") };
        let folders: Vec<String> = folders.split(' ').map(place).collect();
        desk.complains(&format!("accumulate {} --out other", folders.join(" ")), reason);
    }
    assert!(!desk.path("other").exists(), "a command that fails leaves nothing behind");
    desk.complains(
        &format!("accumulate out/demo/batch-1 {risks} --out again"),
        "expected those to be folded, found others",
    );
}
