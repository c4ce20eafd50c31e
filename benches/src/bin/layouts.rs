//! Proof times of the layouts that were weighed for the pricing chips: `layouts K REPETITIONS`. Prints the book's table.
#![forbid(unsafe_code)]

use std::error::Error;

use halo2_proofs::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use halo2curves::bn256::G1Affine;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zomma_benches::clock::{median, time};
use zomma_benches::layouts::{Columns, LayoutCircuit};
use zomma_kernels::CpuBackend;
use zomma_prover::create_proof;
use zomma_prover::plonk::{Shplonk, keygen_pk, keygen_vk};
use zomma_prover::progress::Silent;
use zomma_prover::srs::Srs;

const LAYOUTS: [(usize, usize); 6] = [(3, 1), (4, 1), (4, 2), (6, 2), (6, 3), (8, 4)];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<u32> = std::env::args().skip(1).map(|argument| argument.parse()).collect::<Result<_, _>>()?;
    let [k, repetitions] = arguments[..] else { return Err("usage: layouts K REPETITIONS".into()) };
    let backend = CpuBackend::detect();
    let srs = Srs::development(k, 1, &Silent)?;
    println!("k = {k}, {} threads, {}", rayon::current_num_threads(), zomma_kernels::Backend::name(&backend));
    println!("| advice | lookups | rows | prices | s a proof | ms a price | bytes |");
    println!("|---|---|---|---|---|---|---|");
    let mut provers = vec![];
    for (advice, lookups) in LAYOUTS {
        let columns = Columns { advice, lookups };
        let circuit = LayoutCircuit::new(columns, k, 1);
        let vk = keygen_vk(&backend, srs.params(), &circuit)?;
        let pk = keygen_pk(&backend, srs.params(), vk, &circuit)?;
        provers.push((columns, circuit, pk, vec![], 0));
    }
    // Interleaved, and the first round is the warm-up.
    for round in 0..=repetitions {
        for (_, circuit, pk, times, bytes) in &mut provers {
            let mut transcript = Blake2bWrite::<Vec<u8>, G1Affine, Challenge255<G1Affine>>::init(vec![]);
            let rng = ChaCha20Rng::seed_from_u64(9);
            let circuits = std::slice::from_ref(&*circuit);
            let (made, elapsed) = time(|| {
                create_proof::<Shplonk, _, _, _, _, _>(
                    &backend,
                    srs.params(),
                    pk,
                    circuits,
                    &[&[]],
                    rng,
                    &mut transcript,
                )
            });
            made?;
            *bytes = transcript.finalize().len();
            if round > 0 {
                times.push(elapsed.wall);
            }
        }
    }
    for (columns, _, _, times, bytes) in &provers {
        let seconds = median(times.iter().copied());
        let prices = columns.prices(k);
        println!(
            "| {} | {} | {} | {prices} | {seconds:.2} | {:.2} | {bytes} |",
            columns.advice,
            columns.lookups,
            columns.rows(),
            1e3 * seconds / prices as f64
        );
    }
    Ok(())
}
