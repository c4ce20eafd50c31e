//! Columns, gates and lookups of the chip.
//!
//! Two advice columns. `running` holds nothing but running sums: a number of `m` pieces of 17 bits takes `m` rows, the first of which
//! holds the number itself and each further one what is left of it without its lowest piece. One lookup checks every row. `main`
//! holds what needs no range check: copies, bits, states of the hash function. A *block* is a stretch of rows in both; its gates are
//! enabled on its first row and reach the rest by rotations, the same ones in every kind of block.

use std::sync::LazyLock;

use halo2_base::gates::flex_gate::{FlexGateConfig, FlexGateConfigParams};
use halo2_proofs::{
    plonk::{Advice, Column, ConstraintSystem, Constraints, Expression, Fixed, Instance, TableColumn, VirtualCells},
    poly::Rotation,
};
use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};
use num_bigint::BigUint;
use zomma_gadgets::{
    frame::switch::{Position, share_column},
    poseidon::Permutation,
};

use super::{
    formulas,
    limbs::{LIMBS, Truncated, to_integer},
};

/// Bits of the scalars of one selection.
pub(super) const CLUMP: usize = 6;

/// Keys are below this, and differences from [`KEYS`] of labels that are no keys are not: what a step selects is a point with a key.
pub(super) const SELECTS: u64 = 1 << 40;

/// What keys are counted from in labels, far from any constant that is a label too.
pub(super) static KEYS: LazyLock<Fr> =
    LazyLock::new(|| Fr::from_u128(u128::from_be_bytes(*b"zomma.fold.keys.")).square());

/// Whether a label is a key, or says that a step selects.
pub(super) fn is_key(label: &Fr) -> bool {
    to_integer(&(*label - *KEYS)) < (BigUint::from(SELECTS) << 1)
}

/// Where a block's running sums start, in rows from its first.
pub(super) mod running {
    /// The slope of a step, the ordinate of a reduction, the complement of a comparison.
    pub(crate) const FIRST: usize = 0;
    /// The abscissa that a step arrives at; the quotient of a reduction.
    pub(crate) const SECOND: usize = 15;
    /// The two carries of the slope, or of the reduction.
    pub(crate) const CARRIES: [usize; 2] = [31, 36];
    /// The two carries of the abscissa.
    pub(crate) const ROOT_CARRIES: [usize; 2] = [41, 46];
    /// The quotient of the slope.
    pub(crate) const QUOTIENT: usize = 51;
    /// The quotient of the abscissa.
    pub(crate) const ROOT_QUOTIENT: usize = 67;
    /// Rows of a step.
    pub(crate) const STEP_ROWS: usize = 82;
    /// Rows of a reduction.
    pub(crate) const REDUCTION_ROWS: usize = 41;
}

/// Where a block's other cells lie, in rows from its first.
pub(super) mod main {
    use super::CLUMP;
    /// Limbs of the abscissa that a step starts from; of the number that is compared with the modulus.
    pub(crate) const X1: usize = 0;
    /// Limbs of the abscissa that is added.
    pub(crate) const X2: usize = 4;
    /// The ordinate that a step starts from, or that is reduced: four coefficients, and the value modulo r.
    pub(crate) const Y1: usize = 8;
    /// Limbs of the ordinate that is added.
    pub(crate) const Y2: usize = 13;
    /// The square of the difference of the abscissas.
    pub(crate) const SQUARE: usize = 17;
    /// What shows that the difference is not a multiple of the modulus.
    pub(crate) const INVERSE: usize = 18;
    /// The ordinate that a step arrives at: four coefficients, and the value modulo r.
    pub(crate) const Y3: usize = 19;
    /// The bits that select a point: for each the bit, the scalar's bits before it, and these with it.
    pub(crate) const BITS: usize = 24;
    /// Cells of a bit.
    pub(crate) const BIT_ROWS: usize = 3;
    /// Carries of a comparison.
    pub(crate) const BORROWS: usize = 4;
    /// The value modulo r of a reduced ordinate.
    pub(crate) const REDUCED: usize = 0;
    /// Where bit number `i` lies.
    pub(crate) const fn bit(i: usize) -> usize {
        assert!(i < CLUMP);
        BITS + i * BIT_ROWS
    }
}

/// Rows of a full round of the hash function: the state, and the squares of its S-boxes' inputs.
pub(super) const FULL_ROUND_ROWS: usize = 6;
/// Rows of a partial round.
pub(super) const PARTIAL_ROUND_ROWS: usize = 4;

/// A gate of the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Gate {
    /// The slope of the line through two points.
    Chord,
    /// The slope of the tangent at a point.
    Tangent,
    /// The third point of the line.
    Third,
    /// The two points of a chord have different abscissas.
    Distinct,
    /// The ordinate, reduced.
    Reduce,
    /// One more bit of a scalar.
    Bit,
    /// A number is below the modulus.
    Below,
    /// A full round of the hash function.
    FullRound,
    /// A partial round.
    PartialRound,
}

impl Gate {
    /// Gates that are never on in the same row, with the degrees of their constraints: each group shares one fixed column, as every column
    /// is a commitment that all circuits above have to open.
    const GROUPS: [&[(Self, usize)]; 4] = [
        &[(Self::Chord, 2), (Self::Tangent, 2), (Self::Reduce, 2)],
        &[(Self::Third, 2), (Self::Bit, 2), (Self::Below, 2)],
        &[(Self::FullRound, 3), (Self::PartialRound, 3)],
        &[(Self::Distinct, 4)],
    ];

    fn switches(meta: &mut ConstraintSystem<Fr>) -> Vec<(Self, Position)> {
        let mut switches = vec![];
        for group in Self::GROUPS {
            let degrees: Vec<usize> = group.iter().map(|(_, degree)| *degree).collect();
            let positions = share_column(meta, &degrees);
            switches.extend(group.iter().map(|(gate, _)| *gate).zip(positions));
        }
        switches
    }
}

/// The columns of a folding circuit.
#[derive(Debug, Clone)]
pub struct FoldConfig {
    pub(super) running: Column<Advice>,
    pub(super) main: Column<Advice>,
    /// $2^{17}$ where the running sum goes on, else 0.
    pub(super) continued: Column<Fixed>,
    /// What kinds of blocks need on their first rows: the key of a point that can be selected, plus [`KEYS`]; at a step that adds one,
    /// [`SELECTS`] more than the first key of the table that it selects from, if it does; in the rounds of the hash function, their
    /// constants. Before all blocks, the constants of scalars.
    pub(super) labels: Column<Fixed>,
    pub(super) pieces: TableColumn,
    switches: Vec<(Gate, Position)>,
    /// Scalars: halo2-base's vertical gate.
    pub(super) scalars: FlexGateConfig<Fr>,
    pub(super) instance: Column<Instance>,
}

impl FoldConfig {
    /// What switches a gate on.
    pub(super) fn switch(&self, gate: Gate) -> Position {
        self.switches.iter().find(|(other, _)| *other == gate).expect("every gate is in a group").1
    }

    pub(super) fn configure(meta: &mut ConstraintSystem<Fr>, k: usize, scalar_columns: usize) -> Self {
        let gate_params = FlexGateConfigParams { k, num_advice_per_phase: vec![scalar_columns], num_fixed: 0 };
        let mut scalars = FlexGateConfig::configure(meta, gate_params);
        let [running, main] = [(); 2].map(|()| meta.advice_column());
        let instance = meta.instance_column();
        meta.enable_equality(running);
        meta.enable_equality(main);
        meta.enable_equality(instance);
        let [continued, labels] = [(); 2].map(|()| meta.fixed_column());
        meta.enable_equality(labels);
        scalars.constants = vec![labels];
        let pieces = meta.lookup_table_column();
        let switches = Gate::switches(meta);
        let config = Self { running, main, continued, labels, pieces, switches, scalars: scalars.clone(), instance };
        config.lookups(meta);
        config.point_gates(meta);
        config.number_gates(meta);
        config.round_gates(meta);
        scalars.max_rows = (1 << k) - meta.minimum_rows();
        Self { scalars, ..config }
    }

    fn lookups(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.lookup("pieces of 17 bits", |meta| {
            let [now, next] = [Rotation::cur(), Rotation::next()].map(|at| meta.query_advice(self.running, at));
            let continued = meta.query_fixed(self.continued, Rotation::cur());
            vec![(now - continued * next, self.pieces)]
        });
        meta.lookup_any("selected points", |meta| {
            // Every step that adds a point; one that does not select finds it in its own row, whose label is no key.
            let adds = self.switch(Gate::Distinct).query(meta);
            let label = meta.query_fixed(self.labels, Rotation::cur());
            let first_key = label.clone() - Expression::Constant(Fr::from(SELECTS));
            let mut cells = Cells { config: self, meta };
            let index = (0..CLUMP)
                .map(|i| cells.main(main::bit(i)) * Expression::Constant(Fr::from(1 << i)))
                .reduce(|sum, bit| sum + bit)
                .expect("some bits");
            let coordinates = [cells.main_limbs(main::X2), cells.main_limbs(main::Y2)].concat();
            let selected = [first_key + index].into_iter().chain(coordinates.clone());
            let table = [label].into_iter().chain(coordinates);
            selected.map(|value| adds.clone() * value).zip(table).collect()
        });
    }

    fn point_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        self.gate(meta, Gate::Chord, "slope: s (x2 - x1) = y2 - y1", |cells| {
            let [slope, q] = [running::FIRST, running::QUOTIENT].map(|row| cells.number(row));
            let [x1, x2, y2] = [main::X1, main::X2, main::Y2].map(|row| Truncated::number(cells.main_limbs(row)));
            let y1 = cells.ordinate(main::Y1);
            formulas::chord(slope, x1, x2, y1, y2, q).vanishes(cells.carries(running::CARRIES)).to_vec()
        });
        self.gate(meta, Gate::Tangent, "slope: 2 s y1 = 3 x1^2", |cells| {
            let [slope, q] = [running::FIRST, running::QUOTIENT].map(|row| cells.number(row));
            let x1 = Truncated::number(cells.main_limbs(main::X1));
            let y1 = cells.ordinate(main::Y1);
            formulas::tangent(slope, x1, y1, q).vanishes(cells.carries(running::CARRIES)).to_vec()
        });
        self.gate(meta, Gate::Third, "x3 = s^2 - x1 - x2, y3 = s (x1 - x3) - y1", |cells| {
            let [slope, x3, q] = [running::FIRST, running::SECOND, running::ROOT_QUOTIENT].map(|row| cells.number(row));
            let [x1, x2] = [main::X1, main::X2].map(|row| Truncated::number(cells.main_limbs(row)));
            let root = formulas::root(slope.clone(), x1.clone(), x2, x3.clone(), q);
            let y3 = formulas::third(slope, x1, x3, cells.ordinate(main::Y1)) - cells.ordinate(main::Y3);
            let root = root.vanishes(cells.carries(running::ROOT_CARRIES));
            root.into_iter().chain(y3.coefficients).chain([y3.native]).collect()
        });
        self.gate(meta, Gate::Distinct, "x2 - x1 is none of 0, p, -p, 2 p, -2 p", |cells| {
            let [x1, x2] = [main::X1, main::X2].map(|row| Truncated::number(cells.main_limbs(row)).native);
            let [square, inverse] = [main::SQUARE, main::INVERSE].map(|row| cells.main(row));
            formulas::distinct(x2 - x1, square, inverse).to_vec()
        });
    }

    fn number_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        self.gate(meta, Gate::Reduce, "y mod p", |cells| {
            let [reduced, q] = [running::FIRST, running::SECOND].map(|row| cells.number(row));
            let native = cells.main(main::REDUCED) - reduced.native.clone();
            let value = formulas::reduce(cells.ordinate(main::Y1), reduced, q);
            value.vanishes(cells.carries(running::CARRIES)).into_iter().chain([native]).collect()
        });
        self.gate(meta, Gate::Below, "x + t = p - 1", |cells| {
            let complement = cells.number(running::FIRST).coefficients;
            let x = cells.main_limbs(main::X1);
            let borrows: [_; LIMBS - 1] = std::array::from_fn(|i| cells.main(main::BORROWS + i));
            formulas::below(x, complement, borrows)
        });
        self.gate(meta, Gate::Bit, "sum' = 2 sum + bit", |cells| {
            let [bit, before, after] = [0, 1, 2].map(|row| cells.main(row));
            vec![bit.clone() * (bit.clone() - Expression::Constant(Fr::ONE)), before.clone() + before + bit - after]
        });
    }

    fn round_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        let matrix = &Permutation::width_3().parameters().matrix;
        let mix = |lanes: [Expression<Fr>; 3], next: [Expression<Fr>; 3]| {
            matrix.iter().zip(next).map(move |(row, next)| {
                let terms = row.iter().zip(lanes.clone()).map(|(weight, lane)| lane * Expression::Constant(*weight));
                terms.reduce(|sum, term| sum + term).expect("three lanes") - next
            })
        };
        self.gate(meta, Gate::FullRound, "full round", |cells| {
            let inputs: [_; 3] = std::array::from_fn(|i| cells.main(i) + cells.constant(i));
            let squares: [_; 3] = std::array::from_fn(|i| cells.main(3 + i));
            let next = std::array::from_fn(|i| cells.main(FULL_ROUND_ROWS + i));
            let powers = std::array::from_fn(|i| squares[i].clone() * squares[i].clone() * inputs[i].clone());
            let checks = (0..3).map(|i| inputs[i].clone() * inputs[i].clone() - squares[i].clone());
            checks.chain(mix(powers, next)).collect()
        });
        self.gate(meta, Gate::PartialRound, "partial round", |cells| {
            let [first, second, third] = std::array::from_fn(|i| cells.main(i) + cells.constant(i));
            let square = cells.main(3);
            let next = std::array::from_fn(|i| cells.main(PARTIAL_ROUND_ROWS + i));
            let power = square.clone() * square.clone() * first.clone();
            [first.clone() * first - square].into_iter().chain(mix([power, second, third], next)).collect()
        });
    }

    fn gate(
        &self,
        meta: &mut ConstraintSystem<Fr>,
        gate: Gate,
        name: &'static str,
        constraints: impl FnOnce(&mut Cells<'_, '_>) -> Vec<Expression<Fr>>,
    ) {
        meta.create_gate(name, |meta| {
            let switch = self.switch(gate).query(meta);
            Constraints::with_selector(switch, constraints(&mut Cells { config: self, meta }))
        });
    }
}

/// The cells of a block, by their rows from its first.
struct Cells<'a, 'm> {
    config: &'a FoldConfig,
    meta: &'a mut VirtualCells<'m, Fr>,
}

impl Cells<'_, '_> {
    fn at(row: usize) -> Rotation {
        Rotation(i32::try_from(row).expect("blocks are short"))
    }

    fn main(&mut self, row: usize) -> Expression<Fr> {
        self.meta.query_advice(self.config.main, Self::at(row))
    }

    fn running(&mut self, row: usize) -> Expression<Fr> {
        self.meta.query_advice(self.config.running, Self::at(row))
    }

    fn constant(&mut self, row: usize) -> Expression<Fr> {
        self.meta.query_fixed(self.config.labels, Self::at(row))
    }

    fn main_limbs(&mut self, row: usize) -> [Expression<Fr>; LIMBS] {
        std::array::from_fn(|i| self.main(row + i))
    }

    /// A range-checked number.
    fn number(&mut self, row: usize) -> Truncated<Expression<Fr>> {
        Truncated::number(std::array::from_fn(|i| self.running(row + i * super::limbs::LIMB_PIECES)))
    }

    /// An ordinate that need not be reduced.
    fn ordinate(&mut self, row: usize) -> Truncated<Expression<Fr>> {
        Truncated { coefficients: self.main_limbs(row), native: self.main(row + LIMBS) }
    }

    fn carries(&mut self, rows: [usize; 2]) -> [Expression<Fr>; 2] {
        rows.map(|row| self.running(row))
    }
}
