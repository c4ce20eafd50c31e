//! A whole folding, with real keys and proofs of every layer. Takes minutes.

use std::{fs, path::Path, time::Instant};

use halo2_proofs::{
    plonk::{VerifyingKey, permutation},
    poly::EvaluationDomain,
};
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::Field,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde_json::json;
use zomma_circuits::{
    Statement,
    pricing::statements::{Price, Risk},
};

use super::stand_ins::Venue;
use crate::{
    accumulate::*,
    artefact::Public,
    engine::Engine,
    evm::{Compiler, Machine, VerifierSource, calldata},
    keys::Shape,
    progress::Silent,
    srs::Srs,
    transcript::TranscriptKind,
};

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
    if std::env::var_os("ZOMMA_FULL").is_none() {
        eprintln!("not run: set ZOMMA_FULL=1");
        return;
    }
    let venue = Venue::<1, 0>::new();
    let (shape, cost) = Folding::shape_for(&venue.inner).unwrap();
    println!("leaf: {cost:?}, {shape:?}");
    let srs = timed("parameters", || Srs::development(shape.k, 0, &Silent).unwrap());
    let folding = timed("keys of leaf and node", || Folding::generate(srs, venue.inner.clone(), &Silent).unwrap());
    let key = folding.key(Layer::Node).unwrap();
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
    let tree = Tree { folding: &folding, engine: &engine, folder: folder.path() };
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    timed("two leaves, one node", || tree.fold(&leaves[..2], &mut rng, &Silent).unwrap());
    let names = || {
        let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["leaf-000000-000001.fold", "leaf-000001-000001.fold", "node-000000-000002.fold"]);
    let node = fs::read(folder.path().join("node-000000-000002.fold")).unwrap();
    // The run goes on where the one before ended.
    let folded = timed("one leaf, one node", || tree.fold(&leaves, &mut rng, &Silent).unwrap());
    assert_eq!(fs::read(folder.path().join("node-000000-000002.fold")).unwrap(), node);
    let claim = folding.verify(&folded).unwrap();
    assert_eq!((claim.old_root, claim.new_root, claim.batches), (Fr::from(5), root, 3));

    // Other batches do not pass for these.
    let others = [venue.leaf(Fr::from(6), 0), leaves[1].clone(), leaves[2].clone()];
    let error = tree.fold(&others, &mut rng, &Silent).unwrap_err().to_string();
    assert!(error.ends_with("batches of the proof: expected those to be folded, found others"), "{error}");

    // Out of order, twice, with a gap: refused before anything is proven.
    let first = FoldProof::read(&folder.path().join("leaf-000000-000001.fold"), folding.srs().id()).unwrap();
    let third = FoldProof::read(&folder.path().join("leaf-000002-000001.fold"), folding.srs().id()).unwrap();
    for sides in [[&third, &first], [&first, &first], [&first, &third], [&folded, &first]] {
        let error = folding.node(&engine, sides, &mut rng).unwrap_err().to_string();
        assert!(error.starts_with("old root of the right side: expected "), "{error}");
    }
    // A leaf where a node is claimed.
    let disguised = FoldProof { layer: Layer::Node, ..first };
    let error = folding.verify(&disguised).unwrap_err().to_string();
    assert_eq!(error, "the proof is not valid: the pairing check fails");

    let wrapping = timed("key of the wrap", || Wrapping::generate(&folding, &Silent).unwrap());
    let wrapped = timed("wrap", || wrapping.wrap(&engine, &folding, &folded, &mut rng).unwrap());
    wrapping.key().verify(&wrapped.proof, TranscriptKind::Keccak).unwrap();
    let same = |mut instance: FoldInstance| {
        instance.accumulator = claim.accumulator;
        instance
    };
    assert_eq!(same(wrapped.claim().unwrap()), claim);
    in_an_evm(&wrapping, &wrapped, &leaves);
}

/// Makes a context one that the settlement of `contracts/test/RealProof.t.sol` accepts, for batch number `i`.
fn for_settlement(context: &mut [Fr], i: u64) {
    // Chain 31337, and the low 64 bits of the address that its deployment has there.
    let pack = |low: u64, high: u64, shift: u64| Fr::from(low) + Fr::from(high) * Fr::from(2).pow([shift]);
    let tag = |name: &str| name.bytes().fold(Fr::zero(), |word, byte| word * Fr::from(256) + Fr::from(u64::from(byte)));
    context[0] = pack(31_337, 0x4e68_5f96_2f0c_f6c9, 64);
    context[2] = Fr::from(0xfeed);
    context[3] = pack(10 * i, 10 * (i + 1), 64);
    context[4] = pack(1_800_000_000, 1_800_000_000 + i, 40);
    context[9] = tag("zomma.deposits");
    context[10] = tag("zomma.withdrawals");
    context[11] = tag("zomma.forced");
    context[12] = Fr::zero();
}

fn in_an_evm(wrapping: &Wrapping, wrapped: &FoldProof, leaves: &[LeafInputs]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let compiler = Compiler::new(root.join("contracts/tools/solc-0.8.28"));
    let source = VerifierSource::generate(wrapping.key()).unwrap();
    let code = timed("compile the verifier", || source.compile(&compiler).unwrap());
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

/// What it takes to verify a proof of a statement: its points, and rows of the chip. The columns of a statement are what costs here.
#[test]
fn proofs_of_statements_fit_into_leaves() {
    fn rows<S: Statement>(venue: &Venue<1, 0>, base: usize) -> usize {
        let shape = Shape::of::<S::Circuit>();
        let commitments = |count| vec![G1Affine::generator(); count];
        let permutation = permutation::VerifyingKey::from_commitments(commitments(shape.permuted()));
        let domain = EvaluationDomain::new(shape.degree() as u32, venue.srs.k());
        let fixed = commitments(shape.fixed());
        let key = VerifyingKey::from_parts(domain, fixed, permutation, shape.constraints().clone(), vec![], false);
        let risk = FoldKey::of_statement(venue.srs.params(), &key, 5);
        let inner = Inner { risk: risk.clone(), ..venue.inner.clone() };
        let (_, cost) = Folding::shape_for(&inner).unwrap();
        let points = risk.proof_points() + risk.commitments();
        let rows = cost.chip_rows - base;
        println!("{}: {points} points, {} scalars, {rows} rows, {cost:?}", S::NAME, risk.proof_scalars());
        rows
    }
    let venue = Venue::<1, 0>::new();
    let key = &venue.inner.batch;
    let (_, both) = Folding::shape_for(&venue.inner).unwrap();
    println!("two stand-ins of {} points: {both:?}", key.proof_points() + key.commitments());
    // Half of it, by and large, is the other proof.
    let base = both.chip_rows / 2;
    let limit = 1 << 19;
    for rows in [rows::<Price>(&venue, base), rows::<Risk>(&venue, base)] {
        assert!(rows < limit, "{rows}");
    }
}
