//! SHPLONK: polynomials with the same set of opening points are batched by $y$, the sets by $v$.
//!
//! Names follow the paper where it has them: for the sets $S_i$ of points, $T$ their union, $N_i = \sum_j y^j P_{ij}$,
//! the first quotient is $h = \sum_i v^i (N_i - R_i)/Z_i$, where $R_i$ interpolates $N_i$ on $S_i$ and $Z_i$ vanishes
//! there; with a challenge $u$ the second is that of
//! $L = \sum_i v^i Z_{T \setminus S_i}(u) (N_i - R_i(u)) - Z_T(u) h$ by $X - u$, scaled to make its first coefficient 1.
//!
//! Neither $R_i$ nor $R_i(u)$ is computed: they only change remainders. By partial fractions
//! $1/Z_i = \sum_{p \in S_i} c_{ip}/(X - p)$, so $h$ takes one division per point of $T$.

use ff::{BatchInvert, Field};
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use halo2curves::bn256::{Fr, G1Affine};
use tracing::info_span;
use zomma_kernels::Backend;

use super::{Multiopen, Opener, Query, Shplonk, check_distinct, powers, vanishing_at};
use crate::ProverError;

/// Polynomials that are opened at the same points.
struct PointSet<'q, P> {
    points: Vec<Fr>,
    polys: Vec<&'q P>,
}

impl<P> PointSet<'_, P> {
    /// $c_p = 1/\prod_{q \ne p} (p - q)$ for every point.
    fn partial_fractions(&self) -> Vec<Fr> {
        let others = |p: &Fr| vanishing_at(self.points.iter().copied().filter(|q| q != p), *p);
        let mut coefficients: Vec<Fr> = self.points.iter().map(others).collect();
        coefficients.batch_invert();
        coefficients
    }
}

impl Multiopen for Shplonk {
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
        let backend = opener.backend;
        let y: Fr = *transcript.squeeze_challenge_scalar::<()>();
        check_distinct(queries)?;
        let (sets, all_points) = point_sets(queries);
        let v: Fr = *transcript.squeeze_challenge_scalar::<()>();

        let batches: Vec<Vec<_>> = sets.iter().map(|set| powers(y).zip(set.polys.iter().copied()).collect()).collect();
        let batches = backend.combine(&batches)?;

        // For every point p of T: Σ_i v^i c_ip N_i over the sets that contain p.
        let mut dividends: Vec<Vec<(Fr, &B::Poly<'k>)>> = all_points.iter().map(|_| Vec::new()).collect();
        for ((set, batch), power) in sets.iter().zip(&batches).zip(powers(v)) {
            for (point, coefficient) in set.points.iter().zip(set.partial_fractions()) {
                let index = all_points.iter().position(|known| known == point).expect("T is the union of the sets");
                dividends[index].push((power * coefficient, batch));
            }
        }
        let dividends = backend.combine(&dividends)?.into_iter().zip(all_points.iter().copied()).collect();
        let quotients = backend.divide_by_linear(dividends)?;
        let h = combine_one(opener, quotients.iter().map(|quotient| (Fr::ONE, quotient)).collect())?;
        drop(quotients);
        write_commitment(opener, &h, transcript)?;

        let u: Fr = *transcript.squeeze_challenge_scalar::<()>();
        let outside = |set: &PointSet<'_, _>| {
            vanishing_at(all_points.iter().copied().filter(|point| !set.points.contains(point)), u)
        };
        let scale = Option::<Fr>::from(outside(&sets[0]).invert())
            .ok_or_else(|| ProverError::mismatch("opening challenge", "none of the opening points", "one of them"))?;
        let mut terms: Vec<_> = sets
            .iter()
            .zip(&batches)
            .zip(powers(v))
            .map(|((set, batch), power)| (power * outside(set) * scale, batch))
            .collect();
        terms.push((-vanishing_at(all_points.iter().copied(), u) * scale, &h));
        let linearisation = combine_one(opener, terms)?;
        let quotient = backend.divide_by_linear(vec![(linearisation, u)])?;
        write_commitment(opener, &quotient[0], transcript)
    }
}

fn combine_one<'k, B: Backend>(
    opener: &Opener<'_, 'k, B>,
    terms: Vec<(Fr, &B::Poly<'k>)>,
) -> Result<B::Poly<'k>, ProverError> {
    Ok(opener.backend.combine(&[terms])?.pop().expect("one sum was asked for"))
}

fn write_commitment<'k, B, E, T>(
    opener: &Opener<'_, 'k, B>,
    poly: &B::Poly<'k>,
    transcript: &mut T,
) -> Result<(), ProverError>
where
    B: Backend,
    E: EncodedChallenge<G1Affine>,
    T: TranscriptWrite<G1Affine, E>,
{
    let _span = info_span!("commit", polys = 1).entered();
    for commitment in opener.backend.commit(&opener.bases.coefficients, &[poly])? {
        transcript.write_point(commitment)?;
    }
    Ok(())
}

/// The sets of points, in the order in which their first polynomial comes up, and all points.
fn point_sets<'q, P>(queries: &[Query<'q, P>]) -> (Vec<PointSet<'q, P>>, Vec<Fr>) {
    let mut all_points: Vec<Fr> = Vec::new();
    let mut polys: Vec<(&'q P, Vec<Fr>)> = Vec::new();
    for Query { poly, point } in queries {
        if !all_points.contains(point) {
            all_points.push(*point);
        }
        match polys.iter_mut().find(|(known, _)| std::ptr::eq(*known, *poly)) {
            Some((_, points)) => points.push(*point),
            None => polys.push((poly, vec![*point])),
        }
    }
    let mut sets: Vec<PointSet<'q, P>> = Vec::new();
    for (poly, points) in polys {
        let equal = |set: &&mut PointSet<'q, P>| {
            set.points.len() == points.len() && points.iter().all(|point| set.points.contains(point))
        };
        match sets.iter_mut().find(equal) {
            Some(set) => set.polys.push(poly),
            None => sets.push(PointSet { points, polys: vec![poly] }),
        }
    }
    (sets, all_points)
}
