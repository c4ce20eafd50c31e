//! Cells whose addresses outlive every region.
//!
//! [`Assignment::assign_advice`](halo2_proofs::plonk::Assignment::assign_advice) returns a reference to the assigned
//! value of a lifetime that the circuit chooses. Safe Rust can neither make such a reference nor check it; halo2's own
//! witness collection keeps the promise, as long as its synthesis runs. So ours runs inside it: halo2 is asked to
//! synthesize a circuit whose only region is handed to a closure, and the closure assigns the real circuit's cells to
//! it. That uses nothing of halo2's but the memory: when the closure is done, the stack is unwound out of halo2's
//! prover before it commits to or transforms anything.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use halo2_proofs::circuit::{Layouter, Region, SimpleFloorPlanner};
use halo2_proofs::plonk::{
    Circuit, ConstraintSystem, Error, ProvingKey, VerifyingKey, permutation, synthesize_witness,
};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::poly::{EvaluationDomain, Polynomial};
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use rand_core::OsRng;

#[cfg(panic = "abort")]
compile_error!("witness collection leaves halo2's prover by unwinding: build with panic = \"unwind\"");

/// Calls `run` with a region of `columns` advice columns and all rows of `params`, and returns what it returns. The
/// values that the region hands out stay where they are until `run` returns.
pub(super) fn with_storage<T: 'static>(
    params: &ParamsKZG<Bn256>,
    columns: usize,
    run: impl FnOnce(&mut Region<'_, Fr>) -> T,
) -> Result<T, Error> {
    let result = RefCell::new(None);
    let write = |region: &mut Region<'_, Fr>| *result.borrow_mut() = Some(run(region));
    let lender = Lender { run: RefCell::new(Some(write)) };
    let pk = storage_key(params, columns);
    let mut transcript = Blake2bWrite::<_, _, Challenge255<_>>::init(Vec::new());
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        type Kzg = KZGCommitmentScheme<Bn256>;
        let none: &[&[Fr]] = &[];
        synthesize_witness::<Kzg, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
            params,
            &pk,
            &[lender],
            &[none],
            OsRng,
            &mut transcript,
        )
        .map(|_| ())
    }));
    match unwound {
        Err(payload) if payload.is::<Done>() => {}
        Err(payload) => resume_unwind(payload),
        Ok(outcome) => outcome?,
    }
    result.into_inner().ok_or(Error::Synthesis)
}

/// The payload that carries control out of halo2's prover.
struct Done;

/// The circuit that lends its region.
struct Lender<F> {
    run: RefCell<Option<F>>,
}

impl<F: FnOnce(&mut Region<'_, Fr>)> Circuit<Fr> for Lender<F> {
    type Config = ();
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { run: RefCell::new(None) }
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Self::Config {}

    fn synthesize(&self, (): (), mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let Some(run) = self.run.borrow_mut().take() else { return Err(Error::Synthesis) };
        layouter.assign_region(
            || "witness",
            |mut region| {
                run(&mut region);
                Ok(())
            },
        )?;
        // Not a panic: no hook runs and nothing is printed.
        resume_unwind(Box::new(Done) as Box<dyn Any + Send>)
    }
}

/// A key without polynomials for a circuit of `columns` advice columns and no constraints: what halo2's witness
/// collection takes its dimensions from.
fn storage_key(params: &ParamsKZG<Bn256>, columns: usize) -> ProvingKey<G1Affine> {
    use halo2_proofs::poly::commitment::Params;

    let mut cs = ConstraintSystem::default();
    for _ in 0..columns {
        cs.advice_column();
    }
    let domain = EvaluationDomain::new(2, params.k());
    let sigma = permutation::VerifyingKey::from_commitments(Vec::new());
    let vk = VerifyingKey::from_parts(domain, Vec::new(), sigma, cs, Vec::new(), false);
    let empty = || Polynomial::new(Vec::new());
    let sigma = permutation::ProvingKey::from_parts(Vec::new(), Vec::new());
    ProvingKey::from_parts(vk, empty(), empty(), empty(), Vec::new(), Vec::new(), sigma)
}
