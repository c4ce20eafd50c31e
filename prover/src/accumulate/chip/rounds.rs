//! The permutation of the hash function: Poseidon with three lanes, a round in four or six rows of the main column.

use halo2curves::bn256::Fr;
use zomma_gadgets::poseidon::Permutation;

use super::{
    config::{FULL_ROUND_ROWS, Gate, PARTIAL_ROUND_ROWS},
    tape::{Held, Tape},
};

/// Permutes a state.
pub(super) fn permute(tape: &mut Tape, state: [Held; 3]) -> [Held; 3] {
    let parameters = Permutation::width_3().parameters();
    let rounds = parameters.round_constants.len();
    let rows = |round| if parameters.is_full(round) { FULL_ROUND_ROWS } else { PARTIAL_ROUND_ROWS };
    let mut row = tape.block((0..rounds).map(rows).sum::<usize>() + state.len());
    let mut lanes = state.map(|lane| lane.value);
    let mut held: [Held; 3] = std::array::from_fn(|i| tape.main_copy(row + i, state[i]));
    for (round, constants) in parameters.round_constants.iter().enumerate() {
        let full = parameters.is_full(round);
        tape.enable(if full { Gate::FullRound } else { Gate::PartialRound }, row);
        tape.constants(row, constants);
        let mut powers: [Fr; 3] = std::array::from_fn(|i| lanes[i] + constants[i]);
        for (i, lane) in powers.iter_mut().enumerate().take(if full { 3 } else { 1 }) {
            let square = lane.square();
            tape.main(row + 3 + i, square);
            *lane *= square.square();
        }
        lanes = parameters.matrix.map(|weights| weights.iter().zip(&powers).map(|(weight, lane)| weight * lane).sum());
        row += rows(round);
        held = std::array::from_fn(|i| tape.main(row + i, lanes[i]));
    }
    held
}
