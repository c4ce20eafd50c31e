//! A whole folding, with real keys and proofs of every layer. Takes minutes.

use std::{fs, time::Instant};

use super::stand_ins::Venue;
use crate::{
    accumulate::*,
    artefact::Public,
    engine::Engine,
    evm::{Machine, VerifierSource, calldata, settlement::application},
    progress::Silent,
    srs::Srs,
    transcript::TranscriptKind,
};
use halo2curves::{bn256::Fr, ff::Field};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::json;

/// Prints how long work took, and the most memory that this process has had.
fn timed<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("?").trim().to_owned();
    println!("{name:<24} {:>7.1} s, peak {peak}", start.elapsed().as_secs_f64());
    result
}

#[test]
fn three_batches_are_folded_wrapped_and_accepted_by_an_evm() {
    // Minutes, and what it is compared with has to be there: continuous integration says that it is.
    if ["ZOMMA_FULL", "ZOMMA_REQUIRE_TOOLS"].into_iter().all(|name| std::env::var_os(name).is_none()) {
        eprintln!("not run: set ZOMMA_FULL=1");
        return;
    }
    let venue = Venue::<1, 0>::new();
    let (shape, cost) = venue.inner.shape().unwrap();
    println!("leaf: {cost:?}, {shape:?}");
    let srs = timed("parameters", || Srs::development(shape.k, 0, &Silent).unwrap());
    let folding = timed("verifying keys", || Folding::generate(srs, venue.inner.clone(), &Silent).unwrap());
    let verifier = folding.verifier();
    let key = verifier.key(Layer::Node);
    println!("node: {} points, {} scalars, {} commitments", key.proof_points(), key.proof_scalars(), key.commitments());

    let mut root = Fr::from(5);
    let leaves: Vec<LeafInputs> = (0..3)
        .map(|i| {
            let leaf = venue.leaf_with(root, i, |context| for_settlement(context, i));
            root = leaf.batch.instance[1];
            leaf
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::default();
    let tree = Tree::open(&folding, &engine, folder.path()).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    timed("two leaves, one node", || tree.fold(&leaves[..2], &mut rng, &Silent).unwrap());
    let names = || {
        let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(), [KEYS_FILE, "leaf-000000-000001.fold", "leaf-000001-000001.fold", "node-000000-000002.fold"]);
    let node = fs::read(folder.path().join("node-000000-000002.fold")).unwrap();
    // The run goes on where the one before ended.
    let folded = timed("one leaf, one node", || tree.fold(&leaves, &mut rng, &Silent).unwrap());
    assert_eq!(fs::read(folder.path().join("node-000000-000002.fold")).unwrap(), node);
    let claim = verifier.verify(&folded).unwrap();
    assert_eq!((claim.old_root, claim.new_root, claim.batches), (Fr::from(5), root, 3));

    // Other batches do not pass for these, nor batches that do not follow one another.
    let other = [venue.leaf(Fr::from(6), 0)];
    let error = tree.fold(&other, &mut rng, &Silent).unwrap_err().to_string();
    assert!(error.ends_with("batches of the proof: expected those to be folded, found others"), "{error}");
    for order in [[0, 2, 1], [0, 0, 1], [0, 2, 2], [1, 0, 2]] {
        let error = tree.fold(&order.map(|i| leaves[i].clone()), &mut rng, &Silent).unwrap_err().to_string();
        assert!(error.starts_with("batch 2: old root: expected "), "{error}");
    }

    // Out of order, twice, with a gap: refused before anything is proven.
    let first = FoldProof::read(&folder.path().join("leaf-000000-000001.fold"), folding.srs().id()).unwrap();
    let third = FoldProof::read(&folder.path().join("leaf-000002-000001.fold"), folding.srs().id()).unwrap();
    for sides in [[&third, &first], [&first, &first], [&first, &third], [&folded, &first]] {
        let error = folding.node(&engine, sides, &mut rng).unwrap_err().to_string();
        assert!(error.starts_with("old root of the right side: expected "), "{error}");
    }
    // A leaf where a node is claimed.
    let disguised = FoldProof { layer: Layer::Node, ..first };
    let error = verifier.verify(&disguised).unwrap_err().to_string();
    assert_eq!(error, "the proof is not valid: the pairing check fails");
    // A leaf where only a batch fits.
    let nested = LeafInputs { batch: disguised.proof, ..leaves[0].clone() };
    let error = folding.leaf(&engine, &nested, &mut rng).unwrap_err().to_string();
    assert_eq!(error, "the batch proof: number of public instances: expected 3, found 17");

    let wrapped = timed("wrap", || tree.wrap(&leaves, &mut rng, &Silent).unwrap());
    assert_eq!(names().last().unwrap(), "wrap-000000-000003.fold");
    verifier.key(Layer::Wrap).verify(&wrapped.proof, TranscriptKind::Keccak).unwrap();
    let error = folding.wrap(&engine, &wrapped, &mut rng).unwrap_err().to_string();
    assert_eq!(error, "layer: expected leaf or node, found wrap");
    keys_are_read_back(verifier, &wrapped);
    let same = |mut instance: FoldInstance| {
        instance.accumulator = claim.accumulator;
        instance
    };
    assert_eq!(same(wrapped.claim().unwrap()), claim);
    in_an_evm(verifier.key(Layer::Wrap), &wrapped, &leaves);
}

/// The file of the keys: read back, and every byte of it checked.
fn keys_are_read_back(verifier: &FoldVerifier, wrapped: &FoldProof) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(KEYS_FILE);
    verifier.write(&path).unwrap();
    let read = FoldVerifier::read(&path).unwrap();
    assert_eq!((read.header(), read.digest()), (verifier.header(), verifier.digest()));
    assert_eq!(read.digests(), verifier.digests());
    assert_eq!(read.verify(wrapped).unwrap(), wrapped.claim().unwrap());
    let honest = fs::read(&path).unwrap();
    let last = honest.len() - 1;
    for at in [0, 9, 13, 17, 30, 60, 200, last / 2, last] {
        let mut damaged = honest.clone();
        damaged[at] ^= 4;
        fs::write(&path, damaged).unwrap();
        FoldVerifier::read(&path).unwrap_err();
    }
    fs::write(&path, &honest[..last]).unwrap();
    assert!(FoldVerifier::read(&path).unwrap_err().to_string().contains(" bytes expected, "));
}

/// Makes a context one that the settlement of `contracts/test/RealProof.t.sol` accepts, for batch number `i`.
pub(crate) fn for_settlement(context: &mut [Fr], i: u64) {
    // Chain 31337, and the low 64 bits of the address of the settlement.
    let pack = |low: u64, high: u64, shift: u64| Fr::from(low) + Fr::from(high) * Fr::from(2).pow([shift]);
    let tag = |name: &str| name.bytes().fold(Fr::zero(), |word, byte| word * Fr::from(256) + Fr::from(u64::from(byte)));
    context[0] = pack(31_337, application(), 64);
    context[3] = pack(10 * i, 10 * (i + 1), 64);
    context[4] = pack(1_800_000_000, 1_800_000_000 + i, 40);
    context[9] = tag("zomma.deposits");
    context[10] = tag("zomma.withdrawals");
    context[11] = tag("zomma.forced");
    context[12] = Fr::zero();
}

fn in_an_evm(key: &FoldKey, wrapped: &FoldProof, leaves: &[LeafInputs]) {
    let source = VerifierSource::generate(key).unwrap();
    let code = timed("assemble the verifier", || source.assemble().unwrap());
    let sizes: Vec<usize> = code.iter().map(Vec::len).collect();
    let mut machine = Machine::default();
    let verifier = machine.deploy_parts(&code).unwrap();
    let data = calldata(&wrapped.proof);
    let outcome = machine.call(verifier, &data).unwrap();
    println!("code {sizes:?}, proof {} bytes, {} gas", wrapped.proof.proof.len(), outcome.gas);
    assert!(outcome.success);
    for at in (31..data.len()).step_by(32) {
        let mut bad = data.clone();
        bad[at] ^= 1;
        assert!(!machine.call(verifier, &bad).unwrap().success, "byte {at}");
    }
    if let Some(path) = std::env::var_os("ZOMMA_FIXTURE") {
        // Where the contracts' tests find a real proof: `contracts/test/fixtures/fold.json`.
        let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
        let words = |values: &[Fr]| values.iter().map(|value| Public(*value).to_string()).collect::<Vec<_>>();
        let fixture = json!({
            "code": code.iter().map(|code| hex(code)).collect::<Vec<_>>(),
            "instances": words(&wrapped.proof.instance),
            "contexts": leaves.iter().flat_map(|leaf| words(&leaf.context)).collect::<Vec<_>>(),
            "proof": hex(&wrapped.proof.proof),
            "gas": outcome.gas,
        });
        fs::write(path, format!("{fixture:#}\n")).unwrap();
    }
}

/// What it takes to verify a proof of each statement and of each layer; the columns of a statement are what costs here. The golden file of costs has
/// these figures too.
#[test]
fn proofs_of_statements_fit_into_leaves() {
    let cost = folding_cost().unwrap();
    println!("{cost:#?}");
    for (name, proof) in &cost.proofs {
        // A leaf verifies two of them in 2^20 rows.
        assert!(proof.cost.chip_rows < 600_000, "{name}: {proof:?}");
    }
    let ks: Vec<u32> = cost.layers.values().map(|layer| layer.k).collect();
    assert_eq!(ks, [20; 3]);
}
