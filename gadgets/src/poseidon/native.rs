//! The native twin: permutation, 2-to-1 and sponge.

use std::sync::LazyLock;

use ff::Field;
use halo2curves::bn256::Fr;

use super::{
    Domain,
    parameters::{FULL_ROUNDS, Parameters, Rearranged, apply},
};

static WIDTH_3: LazyLock<Permutation<3>> = LazyLock::new(|| Permutation::new(Parameters::generate()));
static WIDTH_6: LazyLock<Permutation<6>> = LazyLock::new(|| Permutation::new(Parameters::generate()));

/// The permutation of `T` lanes.
#[derive(Debug, Clone)]
pub struct Permutation<const T: usize> {
    parameters: Parameters<T>,
    rearranged: Rearranged<T>,
}

impl Permutation<3> {
    /// Three lanes, for [`hash2`] and [`hash_many`]; made once.
    #[must_use]
    pub fn width_3() -> &'static Self {
        &WIDTH_3
    }
}

impl Permutation<6> {
    /// Six lanes, for [`hash5`]; made once.
    #[must_use]
    pub fn width_6() -> &'static Self {
        &WIDTH_6
    }
}

impl<const T: usize> Permutation<T> {
    /// The permutation with the given constants.
    #[must_use]
    pub fn new(parameters: Parameters<T>) -> Self {
        let rearranged = Rearranged::new(&parameters);
        Self { parameters, rearranged }
    }

    /// Its constants.
    #[must_use]
    pub fn parameters(&self) -> &Parameters<T> {
        &self.parameters
    }

    /// The permutation.
    #[must_use]
    pub fn permute(&self, mut state: [Fr; T]) -> [Fr; T] {
        let Rearranged { full, partial, after_partial } = &self.rearranged;
        let (first, last) = full.split_at(FULL_ROUNDS / 2);
        for constants in first {
            state = self.full_round(&state, constants);
        }
        for round in partial {
            let powered = pow5(state[0] + round.constant);
            state[0] = powered;
            let lane_0 = round.row.iter().zip(&state).map(|(row, lane)| *row * lane).sum();
            for (lane, column) in state.iter_mut().zip(&round.column).skip(1) {
                *lane += *column * powered;
            }
            state[0] = lane_0;
        }
        state = apply(after_partial, &state);
        for constants in last {
            state = self.full_round(&state, constants);
        }
        state
    }

    fn full_round(&self, state: &[Fr; T], constants: &[Fr; T]) -> [Fr; T] {
        apply(&self.parameters.matrix, &std::array::from_fn(|i| pow5(state[i] + constants[i])))
    }

    /// The permutation round by round as it is specified; the meaning that [`Self::permute`] is tested against.
    #[must_use]
    pub fn permute_naive(&self, mut state: [Fr; T]) -> [Fr; T] {
        for (round, constants) in self.parameters.round_constants.iter().enumerate() {
            for (lane, constant) in state.iter_mut().zip(constants) {
                *lane += constant;
            }
            let powered = if self.parameters.is_full(round) { T } else { 1 };
            state[..powered].iter_mut().for_each(|lane| *lane = pow5(*lane));
            state = apply(&self.parameters.matrix, &state);
        }
        state
    }
}

/// The S-box.
fn pow5(x: Fr) -> Fr {
    x.square().square() * x
}

/// The permutation of three lanes.
#[must_use]
pub fn permute(state: [Fr; 3]) -> [Fr; 3] {
    WIDTH_3.permute(state)
}

/// The 2-to-1 hash of trees: lane 0 of the permuted $[0, a, b]$; circomlib's `poseidon([a, b])`.
#[must_use]
pub fn hash2(a: Fr, b: Fr) -> Fr {
    permute([Fr::ZERO, a, b])[0]
}

/// Lane 0 of the permuted $[0, x_0, \dots, x_4]$, six lanes wide; circomlib's `poseidon` of five inputs, the one of its signatures.
#[must_use]
pub fn hash5(inputs: [Fr; 5]) -> Fr {
    let [a, b, c, d, e] = inputs;
    WIDTH_6.permute([Fr::ZERO, a, b, c, d, e])[0]
}

/// The sponge of [`crate::poseidon`] over `inputs`: starts from $[\text{domain} \cdot 2^{64} + \text{length}, 0, 0]$, adds two inputs
/// to lanes 1 and 2 before each permutation (a missing last one is zero), and returns lane 1. No inputs are one block of zeros.
#[must_use]
pub fn hash_many(domain: Domain, inputs: &[Fr]) -> Fr {
    let mut state = [domain.capacity(inputs.len()), Fr::ZERO, Fr::ZERO];
    let mut blocks = inputs.chunks(2);
    for _ in 0..Domain::blocks(inputs.len()) {
        for (lane, input) in state[1..].iter_mut().zip(blocks.next().unwrap_or(&[])) {
            *lane += input;
        }
        state = permute(state);
    }
    state[1]
}
