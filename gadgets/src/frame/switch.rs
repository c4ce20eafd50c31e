//! Gates that are never on in the same row, switched by one fixed column.
//!
//! Keys are made without halo2's selector compression, so a selector is a column: a commitment to open, and to verify in a
//! circuit. A column $s$ with values 0 to $m$ switches $m$ gates, gate $i$ by $s \prod_{j \neq i} (s - j)$. That is of degree $m$, so
//! gates whose constraints are of degree $d$ share a column by as many as leave $m + d$ within the circuit's degree.

use std::sync::{Arc, Mutex, PoisonError};

use halo2_proofs::{
    circuit::Region,
    plonk::{Column, ConstraintSystem, Expression, Fixed, VirtualCells},
    poly::Rotation,
};
use halo2curves::bn256::Fr;

/// The largest degree of a switched constraint, its switch included: that of the circuits.
pub const CIRCUIT_DEGREE: usize = 5;

/// The columns of a circuit's gates, which chips fill up while they are configured.
#[derive(Debug, Clone, Default)]
pub struct Switches(Arc<Mutex<Vec<Open>>>);

/// A column that may have room.
#[derive(Debug)]
struct Open {
    column: Column<Fixed>,
    positions: u64,
    taken: u64,
}

/// What switches one gate on.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    column: Column<Fixed>,
    /// The column's value where the gate is on.
    value: u64,
    /// Values that switch some gate on: 1 to this.
    positions: u64,
}

impl Switches {
    /// A switch for a gate whose constraints have this degree at most. No other gate that has one may begin in the same row.
    ///
    /// # Panics
    /// When the degree leaves none for the switch.
    pub fn position(&self, meta: &mut ConstraintSystem<Fr>, degree: usize) -> Position {
        assert!(
            degree < CIRCUIT_DEGREE,
            "constraints of degree {degree} cannot be switched at degree {CIRCUIT_DEGREE}"
        );
        let room = (CIRCUIT_DEGREE - degree.max(1)) as u64;
        let mut columns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |open: &Open| open.taken < open.positions && open.positions <= room;
        let index = columns.iter().position(fits).unwrap_or_else(|| {
            columns.push(Open { column: meta.fixed_column(), positions: room, taken: 0 });
            columns.len() - 1
        });
        let Open { column, positions, taken } = &mut columns[index];
        *taken += 1;
        Position { column: *column, value: *taken, positions: *positions }
    }
}

impl Position {
    /// The expression that multiplies the gate's constraints: zero unless the gate is on.
    pub fn query(self, meta: &mut VirtualCells<'_, Fr>) -> Expression<Fr> {
        let column = meta.query_fixed(self.column, Rotation::cur());
        (1..=self.positions)
            .filter(|other| *other != self.value)
            .fold(column.clone(), |product, other| product * (column.clone() - Expression::Constant(Fr::from(other))))
    }

    /// Switches the gate on at a row.
    pub fn enable(self, region: &mut Region<'_, Fr>, row: usize) {
        region.assign_fixed(self.column, row, Fr::from(self.value));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use halo2_proofs::plonk::Constraints;

    use super::*;

    /// Degrees of gates, and the columns they take.
    fn switched(degrees: &[usize]) -> (ConstraintSystem<Fr>, Vec<Position>) {
        let mut meta = ConstraintSystem::default();
        let advice = meta.advice_column();
        let switches = Switches::default();
        let positions = degrees
            .iter()
            .map(|&degree| {
                let position = switches.position(&mut meta, degree);
                meta.create_gate("gate", |meta| {
                    let cell = meta.query_advice(advice, Rotation::cur());
                    let body = (1..degree).fold(cell.clone(), |power, _| power * cell.clone());
                    Constraints::with_selector(position.query(meta), [body])
                });
                position
            })
            .collect();
        (meta, positions)
    }

    #[test]
    fn columns_are_shared_within_the_degree() {
        let (meta, positions) = switched(&[4, 3, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1]);
        // 4 alone; 3 twice; 3 and 2; 2 twice and 1; 1 four times.
        assert_eq!(meta.num_fixed_columns(), 5);
        let distinct: BTreeSet<_> =
            positions.iter().map(|position| (position.column.index(), position.value)).collect();
        assert_eq!(distinct.len(), positions.len());
        for gate in meta.gates() {
            assert!(gate.polynomials()[0].degree() <= CIRCUIT_DEGREE);
        }
    }

    #[test]
    fn each_value_switches_one_gate() {
        let (meta, positions) = switched(&[1, 1, 1, 1]);
        for value in 0..=4 {
            let on: Vec<bool> = meta
                .gates()
                .iter()
                .map(|gate| {
                    let value = gate.polynomials()[0].evaluate(
                        &|constant| constant,
                        &|_| unreachable!("there are no selectors"),
                        &|_| Fr::from(value),
                        &|_| Fr::one(),
                        &|_| Fr::one(),
                        &|_| Fr::one(),
                        &|a| -a,
                        &|a, b| a + b,
                        &|a, b| a * b,
                        &|a, factor| a * factor,
                    );
                    value != Fr::zero()
                })
                .collect();
            let expected: Vec<bool> = positions.iter().map(|position| position.value == value).collect();
            assert_eq!(on, expected, "value {value}");
        }
    }

    #[test]
    #[should_panic(expected = "constraints of degree 5 cannot be switched at degree 5")]
    fn a_degree_must_leave_room() {
        switched(&[5]);
    }
}
