//! Two gates that are never on in the same row, switched by one fixed column.
//!
//! Keys are made without halo2's selector compression, so a selector is a column: a commitment to open, and to verify in a
//! circuit. A column $k$ with values 0, 1, 2 switches one gate by $k (2 - k)$ and another by $k (k - 1)$. That is of degree 2, so the gates'
//! own constraints have degree 3 at most where the circuit's degree is 5.

use halo2_proofs::{
    circuit::Region,
    plonk::{Column, ConstraintSystem, Expression, Fixed, VirtualCells},
    poly::Rotation,
};
use halo2curves::bn256::Fr;

/// The column.
#[derive(Debug, Clone, Copy)]
pub struct Switch(Column<Fixed>);

/// One of the two positions of a [`Switch`].
#[derive(Debug, Clone, Copy)]
pub struct Position {
    column: Column<Fixed>,
    value: u64,
}

impl Switch {
    /// Allocates the column.
    pub fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        Self(meta.fixed_column())
    }

    /// What switches the two gates.
    #[must_use]
    pub fn positions(self) -> [Position; 2] {
        [1, 2].map(|value| Position { column: self.0, value })
    }
}

impl Position {
    /// The expression that multiplies the gate's constraints: zero unless the gate is on.
    pub fn query(self, meta: &mut VirtualCells<'_, Fr>) -> Expression<Fr> {
        let column = meta.query_fixed(self.column, Rotation::cur());
        let other = Expression::Constant(Fr::from(3 - self.value));
        column.clone() * if self.value == 1 { other - column } else { column - other }
    }

    /// Switches the gate on at a row.
    pub fn enable(self, region: &mut Region<'_, Fr>, row: usize) {
        region.assign_fixed(self.column, row, Fr::from(self.value));
    }
}
