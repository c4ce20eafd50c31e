//! The native twin: permutation, 2-to-1 and chain.

use std::sync::LazyLock;

use ff::Field;
use halo2curves::bn256::Fr;

use super::parameters::{FULL_ROUNDS, Parameters, Rearranged, apply};

static WIDTH_3: LazyLock<Permutation<3>> = LazyLock::new(|| Permutation::new(Parameters::generate()));
static WIDTH_6: LazyLock<Permutation<6>> = LazyLock::new(|| Permutation::new(Parameters::generate()));

/// The permutation of `T` lanes.
#[derive(Debug, Clone)]
pub struct Permutation<const T: usize> {
    parameters: Parameters<T>,
    rearranged: Rearranged<T>,
}

impl Permutation<3> {
    /// Three lanes, for [`hash2`] and [`chain`]; made once.
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

    /// Constants of all S-boxes in order of use, those of the rearranged permutation.
    pub(super) fn box_constants(&self) -> Vec<Fr> {
        let Rearranged { full, partial, .. } = &self.rearranged;
        let (first, last) = full.split_at(FULL_ROUNDS / 2);
        let partial = partial.iter().map(|round| round.constant);
        first.iter().flatten().copied().chain(partial).chain(last.iter().flatten().copied()).collect()
    }

    /// Inputs of all S-boxes in order of use, without their constants, and the permuted state: what a circuit holds.
    pub(super) fn trace(&self, state: [Fr; T]) -> (Vec<Fr>, [Fr; T]) {
        let matrix = &self.parameters.matrix;
        let mut constants = self.box_constants().into_iter();
        let mut power = |input: Fr| pow5(input + constants.next().expect("a constant per S-box"));
        let mut inputs = Vec::new();
        let mut state = state;
        for round in 0..self.parameters.round_constants.len() {
            let powered = if self.parameters.is_full(round) { T } else { 1 };
            inputs.extend(&state[..powered]);
            state[..powered].iter_mut().for_each(|lane| *lane = power(*lane));
            // The homogeneous rounds: other lanes' constants have been moved on.
            state = apply(matrix, &state);
        }
        (inputs, state)
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
    compress(Fr::ZERO, a, b)
}

/// Lane 0 of the permuted $[0, x_0, \dots, x_4]$, six lanes wide; circomlib's `poseidon` of five inputs, the one of its signatures.
#[must_use]
pub fn hash5(inputs: [Fr; 5]) -> Fr {
    let [a, b, c, d, e] = inputs;
    WIDTH_6.permute([Fr::ZERO, a, b, c, d, e])[0]
}

/// The compression function $f(h, x, y)$: lane 0 of the permuted $[h, x, y]$.
#[must_use]
pub fn compress(h: Fr, x: Fr, y: Fr) -> Fr {
    permute([h, x, y])[0]
}

/// The integer whose big-endian bytes are a tag's ASCII characters.
///
/// # Panics
/// When the tag is empty or longer than 31 bytes.
#[must_use]
pub fn tag(name: &str) -> Fr {
    assert!(!name.is_empty() && name.len() <= 31, "a tag has 1 to 31 bytes");
    name.bytes().fold(Fr::ZERO, |word, byte| word * Fr::from(256) + Fr::from(u64::from(byte)))
}

/// The digest of words under a tag: $h_0 = \text{tag}$, $h_{i+1} = f(h_i, x_i, y_i)$ over pairs of words; a missing last word is zero.
#[must_use]
pub fn chain(tag: Fr, words: &[Fr]) -> Fr {
    words.chunks(2).fold(tag, |h, pair| compress(h, pair[0], pair.get(1).copied().unwrap_or(Fr::ZERO)))
}
