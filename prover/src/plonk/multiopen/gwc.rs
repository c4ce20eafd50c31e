//! GWC: for every point one quotient.

use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use halo2curves::bn256::{Fr, G1Affine};
use tracing::info_span;
use zomma_kernels::Backend;

use super::{Gwc, Multiopen, Opener, Query, check_distinct, powers};
use crate::ProverError;

impl Multiopen for Gwc {
    const QUERY_INSTANCE: bool = false;

    fn open<'k, B, E, T>(
        opener: &Opener<'_, 'k, B>,
        queries: &[Query<'_, B::Poly<'k>>],
        transcript: &mut T,
    ) -> Result<(), ProverError>
    where
        B: Backend,
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
    {
        let v: Fr = *transcript.squeeze_challenge_scalar::<()>();
        check_distinct(queries)?;

        // The polynomials of each point, in the order in which the points come up.
        let mut points: Vec<(Fr, Vec<&B::Poly<'k>>)> = Vec::new();
        for Query { poly, point } in queries {
            match points.iter_mut().find(|(known, _)| known == point) {
                Some((_, polys)) => polys.push(poly),
                None => points.push((*point, vec![poly])),
            }
        }
        // Σ v^j (p_j(X) - p_j(z)) / (X - z); the values only change the remainder, which the division drops.
        let sums: Vec<Vec<_>> =
            points.iter().map(|(_, polys)| powers(v).zip(polys.iter().copied()).collect()).collect();
        let batches = opener.backend.combine(&sums)?;
        let dividends = batches.into_iter().zip(points.iter().map(|(point, _)| *point)).collect();
        let witnesses = opener.backend.divide_by_linear(dividends)?;
        let _span = info_span!("commit", polys = witnesses.len()).entered();
        let commitments = opener.backend.commit(&opener.bases.coefficients, &witnesses.iter().collect::<Vec<_>>())?;
        for commitment in commitments {
            transcript.write_point(commitment)?;
        }
        Ok(())
    }
}
