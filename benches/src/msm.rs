//! Multi-scalar multiplications against other people's, by kind of scalars.

use ark_ec::VariableBaseMSM;
use ark_ff::PrimeField as _;
use ff::{Field, PrimeField};
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};
use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::bn256::{Fq, Fr, G1, G1Affine};
use halo2curves_pse::bn256::{Fq as PseFq, Fr as PseFr, G1Affine as PseG1Affine};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zomma_kernels::cpu::ifma::Ifma;
use zomma_kernels::cpu::msm::Bases;

use crate::interleaved::{Competitor, run};
use crate::kernels::{Comparison, HALO2_AXIOM, to_ark, to_pse};

/// What scalars are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalars {
    /// Uniformly random: grand products, quotient pieces.
    Random,
    /// Uniformly random below 2^64.
    Below64Bits,
    /// Zeros and ones, uniformly random but for six blinding rows.
    Bits,
    /// Two thirds zeros; values below 2^64, below 2^16 and their opposites; six blinding rows.
    Witness,
}

impl Scalars {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Random, Self::Below64Bits, Self::Bits, Self::Witness];

    /// A name for reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Below64Bits => "below 2^64",
            Self::Bits => "0 and 1",
            Self::Witness => "witness-like",
        }
    }

    /// `count` scalars of this kind.
    pub fn generate(self, count: usize, seed: u64) -> Vec<Fr> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut scalars: Vec<Fr> = (0..count)
            .map(|_| match self {
                Self::Random => Fr::random(&mut rng),
                Self::Below64Bits => Fr::from(rng.next_u64()),
                Self::Bits => Fr::from(rng.gen_range(0..2u64)),
                Self::Witness => match rng.gen_range(0..12) {
                    0..8 => Fr::ZERO,
                    8 => Fr::from(rng.next_u64()),
                    9 | 10 => Fr::from(rng.next_u64() >> 48),
                    _ => -Fr::from(rng.next_u64() >> 48),
                },
            })
            .collect();
        if matches!(self, Self::Bits | Self::Witness) {
            scalars.iter_mut().rev().take(6).for_each(|scalar| *scalar = Fr::random(&mut rng));
        }
        scalars
    }
}

/// `count` points without known relations.
pub fn points(count: usize, seed: u64) -> Vec<G1Affine> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (step, mut point) = (G1::random(&mut rng).to_affine(), G1::random(&mut rng));
    let next = || {
        point = point.double() + step;
        point
    };
    let projective: Vec<G1> = std::iter::repeat_with(next).take(count).collect();
    let mut affine = vec![G1Affine::identity(); count];
    G1::batch_normalize(&projective, &mut affine);
    affine
}

/// Who multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// Ours with IFMA, without tables.
    Ifma,
    /// Ours with IFMA and all the tables it can use.
    IfmaTables,
    /// Ours in portable code, without tables.
    Portable,
    /// halo2-axiom's `best_multiexp`, which its prover calls.
    Halo2,
    /// `msm_best` of halo2curves 0.10.
    Halo2Curves,
    /// arkworks' `VariableBaseMSM`, with its `parallel` feature.
    Arkworks,
}

impl Contender {
    /// All of them; without IFMA those that need it are left out.
    pub fn all() -> Vec<Self> {
        let mut all = if Ifma::detect().is_some() { vec![Self::Ifma, Self::IfmaTables] } else { Vec::new() };
        all.extend([Self::Portable, Self::Halo2, Self::Halo2Curves, Self::Arkworks]);
        all
    }

    /// A name for reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ifma => "zomma avx512-ifma",
            Self::IfmaTables => "zomma avx512-ifma, tables",
            Self::Portable => "zomma portable",
            Self::Halo2 => HALO2_AXIOM,
            Self::Halo2Curves => "halo2curves 0.10",
            Self::Arkworks => "arkworks",
        }
    }
}

/// The same points in each contender's form.
#[derive(Debug)]
pub struct Arena {
    halo2: Vec<G1Affine>,
    pse: Vec<PseG1Affine>,
    arkworks: Vec<ark_bn254::G1Affine>,
    portable: Bases,
    ifma: Option<(Bases, Bases)>,
}

/// The same scalars in each contender's form.
#[derive(Debug)]
pub struct Task {
    halo2: Vec<Fr>,
    pse: Vec<PseFr>,
    arkworks: Vec<ark_bn254::Fr>,
}

impl Arena {
    /// Prepares `points` for everybody.
    ///
    /// # Panics
    /// If there are 2^31 points or more.
    pub fn new(points: Vec<G1Affine>) -> Self {
        let to_ark = |x: &Fq| ark_bn254::Fq::from_le_bytes_mod_order(x.to_repr().as_ref());
        let arkworks = points.iter().map(|p| ark_bn254::G1Affine::new_unchecked(to_ark(&p.x), to_ark(&p.y))).collect();
        let base = |x: &Fq| PseFq::from_repr(x.to_repr().as_ref().into()).expect("canonical");
        let pse = points.iter().map(|p| PseG1Affine { x: base(&p.x), y: base(&p.y) }).collect();
        let bases = |ifma, bytes| Bases::new(ifma, &points, bytes).expect("fewer than 2^31 points");
        let ifma = Ifma::detect().map(|ifma| (bases(Some(ifma), 0), bases(Some(ifma), usize::MAX)));
        Self { arkworks, pse, portable: bases(None, 0), ifma, halo2: points }
    }

    /// Bytes of the tables.
    pub fn table_bytes(&self) -> usize {
        self.ifma.as_ref().map_or(0, |(_, tables)| tables.table_bytes())
    }

    /// Prepares scalars.
    ///
    /// # Panics
    /// If there are not as many as points.
    pub fn task(&self, scalars: Vec<Fr>) -> Task {
        assert_eq!(scalars.len(), self.halo2.len());
        let (arkworks, pse) = (scalars.iter().map(to_ark).collect(), scalars.iter().map(to_pse).collect());
        Task { arkworks, pse, halo2: scalars }
    }

    /// Multiplies. The result is in halo2curves' form, affine, so that results can be compared.
    pub fn run(&self, contender: Contender, task: &Task) -> G1Affine {
        let ours = |bases: &Bases| bases.msm(&[&task.halo2]).expect("as many scalars as points")[0].to_affine();
        let with_ifma = || self.ifma.as_ref().expect("only listed where there is IFMA");
        match contender {
            Contender::Halo2 => best_multiexp(&task.halo2, &self.halo2).to_affine(),
            Contender::Halo2Curves => from_pse(halo2curves_pse::msm::msm_best(&task.pse, &self.pse).to_affine()),
            Contender::Arkworks => {
                let sum = ark_bn254::G1Projective::msm_unchecked(&self.arkworks, &task.arkworks);
                from_arkworks(sum.into())
            }
            Contender::Portable => ours(&self.portable),
            Contender::Ifma => ours(&with_ifma().0),
            Contender::IfmaTables => ours(&with_ifma().1),
        }
    }
}

fn from_arkworks(point: ark_bn254::G1Affine) -> G1Affine {
    let base = |x: ark_bn254::Fq| Fq::from_raw(x.into_bigint().0);
    if point.infinity { G1Affine::identity() } else { G1Affine { x: base(point.x), y: base(point.y) } }
}

fn from_pse(point: PseG1Affine) -> G1Affine {
    let base = |x: PseFq| Fq::from_repr(x.to_repr().as_ref().try_into().expect("32 bytes")).expect("canonical");
    G1Affine { x: base(point.x), y: base(point.y) }
}

/// All kinds of scalars, `2^log_n` of them each.
///
/// # Panics
/// If the results differ.
pub fn msm(log_n: u32, rounds: usize) -> Vec<Comparison> {
    let arena = Arena::new(points(1 << log_n, 1));
    let compare = |scalars: Scalars| {
        let task = arena.task(scalars.generate(1 << log_n, 2));
        let expected = arena.run(Contender::Halo2, &task);
        let competitor = |contender: Contender| {
            let found = arena.run(contender, &task);
            assert!(found == expected, "MSM of {} scalars, 2^{log_n}: {} differs", scalars.name(), contender.name());
            let (arena, task) = (&arena, &task);
            Competitor::new(contender.name(), (), move |()| {
                arena.run(contender, task);
            })
        };
        let mut competitors: Vec<_> = Contender::all().into_iter().map(competitor).collect();
        let timings = run(&mut competitors, rounds);
        drop(competitors);
        Comparison { what: format!("MSM, scalars {}", scalars.name()), log_n, timings }
    };
    Scalars::ALL.into_iter().map(compare).collect()
}
