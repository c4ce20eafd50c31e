//! Whole proofs, ours against halo2-axiom's, interleaved in one process: `proof K REPETITIONS [BACKEND]`.
//!
//! Both provers make the same proof first, which is checked; that is the warm-up and is not counted. Then each
//! repetition runs halo2, zomma, zomma, halo2. `proof --memory halo2|zomma K [BACKEND]` makes one proof and says how
//! much memory that took.
#![forbid(unsafe_code)]

use std::error::Error;

use halo2_proofs::plonk::{self, ProvingKey};
use halo2_proofs::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_proofs::poly::kzg::multiopen::ProverSHPLONK;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_benches::circuit::RangeCircuit;
use zomma_benches::clock::{Elapsed, median, peak_memory, time};
use zomma_benches::phases::Phases;
use zomma_kernels::{Backend, CpuBackend};
use zomma_prover::plonk::{Prover, Shplonk, keygen_pk, keygen_vk};
use zomma_prover::progress::Silent;
use zomma_prover::srs::Srs;
use zomma_prover::{create_proof, oracle};

type Transcript = Blake2bWrite<Vec<u8>, G1Affine, Challenge255<G1Affine>>;
type Anything<T> = Result<T, Box<dyn Error>>;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(9)
}

struct Setup {
    backend: CpuBackend,
    circuit: RangeCircuit,
    srs: Srs,
    pk: ProvingKey<G1Affine>,
}

impl Setup {
    fn new(k: u32, backend: &str) -> Anything<Self> {
        let backend: CpuBackend = backend.parse()?;
        let circuit = RangeCircuit::new(k, 1);
        let srs = Srs::development(k, 1, &Silent)?;
        let (vk, vk_time) = time(|| keygen_vk(&backend, srs.params(), &circuit));
        let (pk, pk_time) = time(|| keygen_pk(&backend, srs.params(), vk?, &circuit));
        println!("keys in {:.2} s and {:.2} s (wall)", vk_time.wall, pk_time.wall);
        Ok(Self { backend, circuit, srs, pk: pk? })
    }

    fn params(&self) -> &ParamsKZG<Bn256> {
        self.srs.params()
    }

    fn halo2(&self) -> Anything<Vec<u8>> {
        let mut transcript = Transcript::init(Vec::new());
        let none: &[&[Fr]] = &[];
        plonk::create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
            self.params(),
            &self.pk,
            std::slice::from_ref(&self.circuit),
            &[none],
            rng(),
            &mut transcript,
        )?;
        Ok(transcript.finalize())
    }

    fn zomma(&self) -> Anything<Vec<u8>> {
        let mut transcript = Transcript::init(Vec::new());
        let circuits = std::slice::from_ref(&self.circuit);
        create_proof::<Shplonk, _, _, _, _, _>(
            &self.backend,
            self.params(),
            &self.pk,
            circuits,
            &[&[]],
            rng(),
            &mut transcript,
        )?;
        Ok(transcript.finalize())
    }

    fn check_equal(&self) -> Anything<()> {
        let circuits = std::slice::from_ref(&self.circuit);
        let mut theirs = Transcript::init(Vec::new());
        let recording = self.params().clone().into();
        let choices =
            oracle::create_proof::<Shplonk, _, _, _, _>(&recording, &self.pk, circuits, &[&[]], rng(), &mut theirs)?;
        let mut ours = Transcript::init(Vec::new());
        let prover = Prover::new(&self.backend, self.params(), &self.pk)?;
        prover.prove_as::<Shplonk, _, _, _, _>(circuits, &[&[]], rng(), &mut ours, &choices)?;
        let (theirs, ours) = (theirs.finalize(), ours.finalize());
        if theirs != ours {
            return Err("the provers' proofs differ".into());
        }
        println!("proofs are equal: {} bytes", ours.len());
        Ok(())
    }

    fn compare(&self, repetitions: usize) -> Anything<()> {
        self.check_equal()?;
        let (mut halo2, mut zomma): (Vec<Elapsed>, Vec<Elapsed>) = Default::default();
        let run = |prover: &dyn Fn() -> Anything<Vec<u8>>, times: &mut Vec<Elapsed>| -> Anything<()> {
            let (proof, elapsed) = time(prover);
            times.push(elapsed);
            proof.map(|_| ())
        };
        for _ in 0..repetitions {
            run(&|| self.halo2(), &mut halo2)?;
            run(&|| self.zomma(), &mut zomma)?;
            run(&|| self.zomma(), &mut zomma)?;
            run(&|| self.halo2(), &mut halo2)?;
        }
        let wall = |times: &[Elapsed]| median(times.iter().map(|time| time.wall));
        let cpu = |times: &[Elapsed]| median(times.iter().map(|time| time.cpu.unwrap_or(f64::NAN)));
        println!("halo2-axiom 0.5.3: {:.3} s wall, {:.3} s cpu (medians)", wall(&halo2), cpu(&halo2));
        println!("zomma {}: {:.3} s wall, {:.3} s cpu", self.backend.name(), wall(&zomma), cpu(&zomma));
        println!("ratio: {:.2} wall, {:.2} cpu", wall(&halo2) / wall(&zomma), cpu(&halo2) / cpu(&zomma));
        Ok(())
    }

    fn break_down(&self) -> Anything<()> {
        let phases = Phases::default();
        tracing::subscriber::with_default(phases.clone(), || self.zomma())?;
        for phase in phases.take() {
            let indent = 2 * phase.path.len();
            let name = phase.path.last().copied().unwrap_or_default();
            let (wall, cpu) = (phase.wall.as_secs_f64() * 1e3, phase.cpu * 1e3);
            println!("{:indent$}{name:<24} {wall:>9.1} ms wall, {cpu:>9.1} ms cpu ({}x)", "", phase.count);
        }
        Ok(())
    }
}

fn main() -> Anything<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--memory", prover, k, rest @ ..] => {
            let setup = Setup::new(k.parse()?, rest.first().unwrap_or(&"cpu"))?;
            let before = peak_memory();
            match *prover {
                "halo2" => setup.halo2()?,
                "zomma" => setup.zomma()?,
                other => return Err(format!("unknown prover {other}").into()),
            };
            let mebibytes = |bytes: Option<u64>| bytes.map_or(f64::NAN, |bytes| bytes as f64 / (1 << 20) as f64);
            println!("{prover}: peak {:.0} MiB ({:.0} before)", mebibytes(peak_memory()), mebibytes(before));
        }
        [k, repetitions, rest @ ..] => {
            let setup = Setup::new(k.parse()?, rest.first().unwrap_or(&"cpu"))?;
            println!("threads: {}", rayon::current_num_threads());
            setup.compare(repetitions.parse()?)?;
            setup.break_down()?;
        }
        _ => return Err("usage: proof K REPETITIONS [BACKEND] | proof --memory halo2|zomma K [BACKEND]".into()),
    }
    Ok(())
}
