//! Sums of scaled points.
//!
//! Points are taken six at a time. A *clump* has a table of all sums of its points, and at each of 254 levels, from the highest bit
//! down, the sum so far is doubled and one entry of each table is added, selected by the points' bits. Entries and sum start from fixed
//! points without known relations, so that neither the identity nor equal points come up, and what they contribute is subtracted in
//! the end. Every addition is constrained to be of points with different abscissas, so nothing rests on this but that an
//! honest prover succeeds.

use std::sync::LazyLock;

use halo2curves::{
    CurveAffine,
    bn256::{Fq, Fr, G1, G1Affine},
    ff::{Field, PrimeField},
    group::Curve,
};
use sha2::{Digest, Sha256};

use super::{
    blocks::{Bit, ChipPoint, Passing, To},
    config::CLUMP,
    formulas::MAX_STEPS,
    tape::{Held, Tape},
};

/// Bits of a scalar. Values above r are possible in them, and mean the same, as r is the group's order.
const SCALAR_BITS: usize = Fr::NUM_BITS as usize;

/// What table entries start from.
static ENTRY_START: LazyLock<G1Affine> = LazyLock::new(|| point_from(b"zomma.fold.entry"));
/// What sums start from.
static SUM_START: LazyLock<G1Affine> = LazyLock::new(|| point_from(b"zomma.fold.sum"));

/// A point that nobody knows a relation of: the first with an abscissa that is SHA-256 of the name and a counter.
fn point_from(name: &[u8]) -> G1Affine {
    (0u32..)
        .find_map(|counter| {
            let mut digest: [u8; 32] =
                Sha256::new().chain_update(name).chain_update(counter.to_be_bytes()).finalize().into();
            digest[31] &= 0x3f;
            let x = Option::<Fq>::from(Fq::from_repr(digest))?;
            let y = Option::<Fq>::from((x.square() * x + G1Affine::b()).sqrt())?;
            let even = if bool::from(y.is_odd()) { -y } else { y };
            G1Affine::from_xy(x, even).into()
        })
        .expect("every second number is an abscissa")
}

/// What the fixed points contribute to a sum over `clumps` clumps.
fn contribution(clumps: usize) -> G1Affine {
    let power = |bits: usize| Fr::from(2).pow([bits as u64]);
    let entries = *ENTRY_START * ((power(SCALAR_BITS) - Fr::ONE) * Fr::from(clumps as u64));
    (*SUM_START * power(SCALAR_BITS - 1) + entries).to_affine()
}

/// A source of constants in cells.
pub(super) trait Constants {
    /// A cell that holds a constant.
    fn held(&mut self, value: Fr) -> Held;
    /// A constant point, and as a step starts from it.
    fn point(&mut self, value: G1Affine) -> (ChipPoint, Passing);
}

/// The sum of points scaled by scalars; not the identity, which has no witness here.
pub(super) fn multiply(
    tape: &mut Tape,
    constants: &mut impl Constants,
    next_key: &mut u64,
    pairs: &[(ChipPoint, Held)],
) -> ChipPoint {
    let start = constants.point(*ENTRY_START);
    let clumps: Vec<Clump> = pairs.chunks(CLUMP).map(|pairs| Clump::new(tape, &start, next_key, pairs)).collect();

    let zero = constants.held(Fr::ZERO);
    let mut before = vec![[zero; CLUMP]; clumps.len()];
    let mut sum = constants.point(*SUM_START).1;
    for level in (0..SCALAR_BITS).rev() {
        if level + 1 < SCALAR_BITS {
            let (_, reduced) = tape.reduce(&sum, None);
            (sum, _) = tape.step(&reduced, To::Double);
        }
        for (clump, before) in clumps.iter().zip(&mut before) {
            if sum.y.steps() >= MAX_STEPS {
                (_, sum) = tape.reduce(&sum, None);
            }
            let bits = std::array::from_fn(|i| Bit { bit: clump.bit(i, level), before: before[i] });
            let index: usize = bits.iter().enumerate().map(|(i, bit)| usize::from(bit.bit) << i).sum();
            let to = To::Select { point: &clump.entries[index], first_key: clump.first_key, bits: &bits };
            let (next, taken) = tape.step(&sum, to);
            sum = next;
            before.copy_from_slice(&taken);
        }
    }
    // The bits are those of the scalars.
    for (clump, before) in clumps.iter().zip(&before) {
        for (scalar, bits) in clump.scalars.iter().zip(before) {
            tape.copy(scalar.cell, bits.cell);
        }
    }
    let (_, sum) = tape.reduce(&sum, None);
    let (minus, _) = constants.point((-G1::from(contribution(clumps.len()))).to_affine());
    let (sum, _) = tape.step(&sum, To::Add(&minus));
    tape.reduce(&sum, None).0
}

/// Up to six points with a table of their sums.
struct Clump {
    first_key: u64,
    entries: Vec<ChipPoint>,
    scalars: Vec<Held>,
    reprs: Vec<[u8; 32]>,
}

impl Clump {
    fn new(tape: &mut Tape, start: &(ChipPoint, Passing), next_key: &mut u64, pairs: &[(ChipPoint, Held)]) -> Self {
        let first_key = *next_key;
        *next_key += 1 << CLUMP;
        tape.lone_entry(&start.0, first_key);
        let mut entries = vec![start.clone()];
        for (point, _) in pairs {
            for i in 0..entries.len() {
                let (sum, _) = tape.step(&entries[i].1, To::Add(point));
                entries.push(tape.reduce(&sum, Some(first_key + entries.len() as u64)));
            }
        }
        let scalars: Vec<Held> = pairs.iter().map(|(_, scalar)| *scalar).collect();
        let reprs = scalars.iter().map(|scalar| scalar.value.to_repr()).collect();
        Self { first_key, entries: entries.into_iter().map(|(point, _)| point).collect(), scalars, reprs }
    }

    /// A bit of scalar number `i`; those that are missing are zero.
    fn bit(&self, i: usize, level: usize) -> bool {
        self.reprs.get(i).is_some_and(|repr| repr[level / 8] >> (level % 8) & 1 == 1)
    }
}
