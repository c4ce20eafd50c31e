//! Random venues, cut into batches.

use super::*;

/// Batches that a venue's random days make: all of them are proven with `ZOMMA_FULL=1`, otherwise the first few.
#[test]
fn batches_of_random_venues() {
    let full = std::env::var("ZOMMA_FULL").is_ok_and(|value| value == "1");
    let seeds = if full { 0..12 } else { 0..1 };
    let shape = of([3, 3, 10, 2, 4]);
    let k = k_of(shape);
    for seed in seeds {
        let make = || {
            let mut venue = Venue::new(seed, Shape { actors: 3, series: 1, cash: 4_000_000_000, ..Shape::default() });
            venue.state.commit().expect("a store in memory");
            venue
        };
        let mut source = make();
        source.log.clear();
        while source.log.len() < 60 {
            source.step();
        }
        let accepted = source.log.iter().filter(|(_, result)| result.is_ok());
        let txs: Vec<Tx> = accepted.map(|(tx, _)| tx.clone()).collect();
        let (mut prover, mut engine) = (make(), make());
        let (mut rest, mut batches) = (&txs[..], 0);
        while !rest.is_empty() && (full || batches < 2) {
            let cut =
                BatchInputs::cut(&mut prover.state, rest, Fr::from(CIRCUITS), &shape).expect("what any batch fits");
            assert_eq!(cut.rejected, []);
            prover.state.commit().expect("a store in memory");
            let ran = cut.inputs.run(&shape).expect("what was cut fits");
            let mut builder = BatchBuilder::new(&mut engine.state).expect("a store in memory");
            for tx in &rest[..cut.used] {
                builder.push(tx.clone()).expect("it was accepted before");
            }
            let batch = builder.finish().expect("a store in memory");
            let types: Vec<u8> = batch.txs.iter().map(Tx::type_number).collect();
            println!("seed {seed}, batch {batches}: types {types:?}, {:?}", cut.counts);
            let public = [batch.old_root, batch.new_root, batch.context.hash(Fr::from(CIRCUITS))];
            let circuit = BatchCircuit { shape, witness: Some(ran.witness) };
            assert_eq!(failures(k, &circuit, &[public.to_vec()], &[]), [], "seed {seed}, batch {batches}");
            rest = &rest[cut.used..];
            batches += 1;
        }
    }
    if !full {
        println!("not run: all batches of 12 venues; set ZOMMA_FULL=1");
    }
}
