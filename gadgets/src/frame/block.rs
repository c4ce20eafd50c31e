//! Blocks: custom gates over a rectangle of rows, laid out and witnessed from one description.
//!
//! A [`BlockBuilder`] collects cells, lookups and identities; [`BlockBuilder::configure`] places them on the shared
//! [`Lanes`] and creates one gate, whose constraints are the identities by name, enabled by a switch at the first row.
//! [`Block::assign`] computes every cell from the inputs by the hints that were recorded in the same order. Constraint and
//! witness thus come from one description; the native twins, written apart, are what they are tested against.

use std::fmt;
use std::sync::Arc;

use ethnum::I256;
use halo2_proofs::circuit::{Cell, Region, Value};
use halo2_proofs::plonk::{ConstraintSystem, Constraints};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use num_bigint::BigInt;

use super::integer::{CellId, Integer};
use super::lanes::{Lanes, Table};
use super::switch::{CIRCUIT_DEGREE, Position};
use super::value::to_field;
use crate::functions::table::FunctionTable;
use crate::range::RangeInstructions;

/// The largest number of rows of a block: each row is a rotation at which all four columns are opened.
pub const MAX_ROWS: usize = 20;

/// The largest degree of an identity; with its switch it makes the degree of the circuit.
pub const MAX_DEGREE: usize = CIRCUIT_DEGREE - 1;

type Hint = Box<dyn Fn(&mut [I256]) + Send + Sync>;

#[derive(Debug, Clone, Copy)]
enum Place {
    Free,
    Limb { tag: u32 },
    Segment { tag: u64 },
    Coefficient { segment: CellId, index: usize },
}

/// An assigned integer: where it is, what range is proven of it, and what it is when there is a witness.
#[derive(Debug, Clone)]
pub struct Word {
    /// The cell.
    pub cell: Cell,
    /// Its value; `None` during key generation.
    pub value: Option<I256>,
    /// The range that the block which made it proves.
    pub bounds: Arc<(BigInt, BigInt)>,
}

impl Word {
    /// A cell that holds any field element, as its canonical integer.
    pub fn digest(cell: Cell, value: Option<Fr>) -> Self {
        let bounds = Arc::new((BigInt::from(0), super::integer::field_order() - 1));
        Self { cell, value: value.map(super::value::to_integer), bounds }
    }

    /// The value as a field element.
    pub fn field(&self) -> Value<Fr> {
        self.value.map_or_else(Value::unknown, |value| Value::known(to_field(value)))
    }
}

/// What an identity says and how large it can get.
#[derive(Debug)]
struct Identity {
    name: String,
    polynomial: Integer,
}

/// Collects the description of a block.
pub struct BlockBuilder {
    name: &'static str,
    table: Table,
    places: Vec<Place>,
    inputs: Vec<(CellId, BigInt, BigInt)>,
    witnesses: Vec<CellId>,
    outputs: Vec<(CellId, Arc<(BigInt, BigInt)>)>,
    identities: Vec<Identity>,
    hints: Vec<Hint>,
}

impl fmt::Debug for BlockBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockBuilder").field("name", &self.name).field("identities", &self.identities).finish()
    }
}

impl BlockBuilder {
    /// A block without cells, over the table with functions.
    pub fn new(name: &'static str) -> Self {
        Self::over(Table::FUNCTIONS, name)
    }

    /// A block without cells, for lanes that look up in `table`.
    pub fn over(table: Table, name: &'static str) -> Self {
        Self {
            name,
            table,
            places: Vec::new(),
            inputs: Vec::new(),
            witnesses: Vec::new(),
            outputs: Vec::new(),
            identities: Vec::new(),
            hints: Vec::new(),
        }
    }

    fn push(&mut self, place: Place) -> CellId {
        self.places.push(place);
        CellId(self.places.len() - 1)
    }

    /// A cell that is copied from outside, within `low..=high`: [`Block::assign`] takes only a word whose proven range lies within.
    pub fn input(&mut self, low: impl Into<BigInt>, high: impl Into<BigInt>) -> Integer {
        let (low, high) = (low.into(), high.into());
        let id = self.push(Place::Free);
        self.inputs.push((id, low.clone(), high.clone()));
        Integer::cell(id, low, high)
    }

    /// A signed input of magnitude at most `2^bits`.
    pub fn input_signed(&mut self, bits: u32) -> Integer {
        let bound = BigInt::from(1) << bits;
        self.input(-bound.clone(), bound)
    }

    /// A cell that the prover chooses, range-checked to be below `2^bits`; its value is given to [`Block::assign`].
    pub fn witness(&mut self, name: &str, bits: u32) -> Integer {
        let id = self.push(Place::Free);
        self.witnesses.push(id);
        let cell = Integer::cell(id, BigInt::from(0), (BigInt::from(1) << bits) - 1);
        self.range(name, &cell, bits);
        cell
    }

    /// A cell with any field element that the prover chooses.
    pub fn witness_digest(&mut self) -> Integer {
        let id = self.push(Place::Free);
        self.witnesses.push(id);
        Integer::cell(id, BigInt::from(0), super::integer::field_order() - 1)
    }

    /// A copied cell with any field element.
    pub fn input_digest(&mut self) -> Integer {
        self.input(0, super::integer::field_order() - 1)
    }

    /// A bit that the prover chooses.
    pub fn witness_bit(&mut self, name: &str) -> Integer {
        let id = self.push(Place::Free);
        self.witnesses.push(id);
        let bit = Integer::cell(id, BigInt::from(0), BigInt::from(1));
        self.require_zero(format!("{name} is a bit"), &bit * bit.not());
        bit
    }

    /// An unsigned input below `2^bits`.
    pub fn input_bits(&mut self, bits: u32) -> Integer {
        self.input(0, (BigInt::from(1) << bits) - 1)
    }

    /// A cell without a lookup; `hint` computes it. The caller constrains it and vouches for `low..=high`.
    pub fn free(
        &mut self,
        low: impl Into<BigInt>,
        high: impl Into<BigInt>,
        hint: impl Fn(&[I256]) -> I256 + Send + Sync + 'static,
    ) -> Integer {
        let id = self.push(Place::Free);
        self.hints.push(Box::new(move |cells| cells[id.0] = hint(cells)));
        Integer::cell(id, low.into(), high.into())
    }

    /// Bits of a full limb.
    pub(crate) fn limb_bits(&self) -> u32 {
        self.table.limb_bits()
    }

    /// A limb below `2^tag`, looked up in the table; the hint that fills it is recorded by the caller.
    pub(crate) fn limb(&mut self, tag: u32) -> (CellId, Integer) {
        let id = self.push(Place::Limb { tag });
        (id, Integer::cell(id, BigInt::from(0), (BigInt::from(1) << tag) - 1))
    }

    /// Looks `segment`'s polynomial up in a function's table; `segment` becomes a cell filled by `hint`.
    pub(crate) fn function(
        &mut self,
        function: &'static FunctionTable,
        hint: impl Fn(&[I256]) -> I256 + Send + Sync + 'static,
    ) -> (Integer, [Integer; 4]) {
        let segment = self.push(Place::Segment { tag: function.tag.into() });
        let ids = [0, 1, 2, 3].map(|index| self.push(Place::Coefficient { segment, index }));
        let rows = &function.coefficients;
        self.hints.push(Box::new(move |cells| {
            let value = hint(cells);
            cells[segment.0] = value;
            let row = usize::try_from(value).ok().and_then(|row| rows.get(row)).copied().unwrap_or_default();
            for (id, coefficient) in ids.iter().zip(row) {
                cells[id.0] = I256::from(coefficient);
            }
        }));
        let coefficients = [0, 1, 2, 3].map(|index| {
            let (low, high) =
                rows.iter().fold((i64::MAX, i64::MIN), |(low, high), row| (low.min(row[index]), high.max(row[index])));
            Integer::cell(ids[index], low.into(), high.into())
        });
        (Integer::cell(segment, BigInt::from(0), BigInt::from(rows.len() - 1)), coefficients)
    }

    /// Records a computation of cells.
    pub(crate) fn hint(&mut self, hint: impl Fn(&mut [I256]) + Send + Sync + 'static) {
        self.hints.push(Box::new(hint));
    }

    /// Requires `polynomial = 0`, in the integers.
    ///
    /// # Panics
    /// When the identity could wrap around the field order, or its degree is above [`MAX_DEGREE`].
    pub fn require_zero(&mut self, name: impl Into<String>, polynomial: Integer) {
        let name = name.into();
        let full = format!("{}: {name}", self.name);
        polynomial.assert_no_wrap(&full);
        assert!(polynomial.degree() <= MAX_DEGREE, "{full}: degree {} is above {MAX_DEGREE}", polynomial.degree());
        self.identities.push(Identity { name, polynomial });
    }

    /// A cell equal to `of` in the field, for sums and products of digests, which are elements and not integers.
    ///
    /// # Panics
    /// When the degree is above [`MAX_DEGREE`].
    pub fn field(&mut self, name: &str, of: &Integer) -> Integer {
        let hint = of.clone();
        let top = super::integer::field_order() - 1;
        let cell = self.free(0, top, move |cells| super::value::to_integer(hint.evaluate_in_field(cells)));
        self.require_equal_in_field(name, &cell, of);
        cell
    }

    /// Requires that two field elements are equal, which as integers they need not be.
    ///
    /// # Panics
    /// When a degree is above [`MAX_DEGREE`].
    pub fn require_equal_in_field(&mut self, name: &str, left: &Integer, right: &Integer) {
        let polynomial = left - right;
        let degree = polynomial.degree();
        assert!(degree <= MAX_DEGREE, "{}: {name}: degree {degree} is above {MAX_DEGREE}", self.name);
        self.identities.push(Identity { name: name.to_owned(), polynomial });
    }

    /// Makes a cell available to other blocks; its position in the outputs is the order of these calls.
    ///
    /// # Panics
    /// When `integer` is not a single cell: give it one with `named` first.
    pub fn output(&mut self, integer: &Integer) {
        let id = integer.as_cell().expect("an output must be a cell");
        let (low, high) = integer.bounds();
        self.outputs.push((id, Arc::new((low.clone(), high.clone()))));
    }

    /// Places the cells, creates the gate.
    ///
    /// # Panics
    /// When the block needs more than [`MAX_ROWS`] rows, or was made for another table than that of the lanes.
    pub fn configure(self, meta: &mut ConstraintSystem<Fr>, lanes: &Lanes) -> Block {
        assert_eq!(self.table, lanes.table(), "block {} is made for another table", self.name);
        let placement = Placement::new(&self);
        assert!(placement.rows <= MAX_ROWS, "block {} takes {} rows, {MAX_ROWS} at most", self.name, placement.rows);
        let degree = self.identities.iter().map(|identity| identity.polynomial.degree()).max().unwrap_or(1);
        let switch = lanes.switches.position(meta, degree);
        meta.create_gate(self.name, |cells| {
            let gate = switch.query(cells);
            let mut queries = vec![None; self.places.len()];
            let mut query = |id: CellId| {
                queries[id.0]
                    .get_or_insert_with(|| {
                        let (column, row) = placement.position[id.0];
                        cells.query_advice(lanes.advice[column], Rotation(row as i32))
                    })
                    .clone()
            };
            let constraints: Vec<_> = self
                .identities
                .iter()
                .map(|identity| (identity.name.clone(), identity.polynomial.expression(&mut query)))
                .collect();
            Constraints::with_selector(gate, constraints)
        });
        Block(Arc::new(Inner { builder: self, placement, switch }))
    }
}

/// Where each cell is: column and row within the block.
#[derive(Debug)]
struct Placement {
    position: Vec<(usize, usize)>,
    tags: Vec<(usize, usize, u64)>,
    functions: Vec<usize>,
    rows: usize,
    /// Rows, from the top, in which `a0` and `a1` hold limbs or nothing.
    checked: usize,
}

impl Placement {
    /// Function lookups first, two rows each; then limbs from the top into `a0`, `a1`; then the rest into `a2`, `a3`, and without
    /// functions, below the limbs, into all four columns: rows without limbs are not checked.
    fn new(builder: &BlockBuilder) -> Self {
        let mut position = vec![(usize::MAX, usize::MAX); builder.places.len()];
        let mut tags = Vec::new();
        let mut functions = Vec::new();
        let mut segment_rows = std::collections::HashMap::new();
        for (index, place) in builder.places.iter().enumerate() {
            if let Place::Segment { tag } = place {
                let row = 2 * functions.len();
                position[index] = (0, row);
                tags.push((0, row, *tag));
                segment_rows.insert(index, row);
                functions.push(row);
            }
        }
        for (index, place) in builder.places.iter().enumerate() {
            if let Place::Coefficient { segment, index: which } = place {
                position[index] = (2 + which % 2, segment_rows[&segment.0] + which / 2);
            }
        }
        let taken: std::collections::HashSet<_> = position.iter().copied().collect();
        let count = builder.places.iter().filter(|place| matches!(place, Place::Limb { .. })).count();
        let narrow = if builder.table.has_functions() { usize::MAX } else { count.div_ceil(2) };
        let mut limbs = (0..).flat_map(|row| [(0, row), (1, row)]).filter(|at| !taken.contains(at));
        let mut free = (0..)
            .flat_map(|row| (if row < narrow { 2..4 } else { 0..4 }).map(move |column| (column, row)))
            .filter(|at| !taken.contains(at));
        for (index, place) in builder.places.iter().enumerate() {
            match place {
                Place::Limb { tag } => {
                    let at = limbs.next().expect("the positions do not end");
                    position[index] = at;
                    tags.push((at.0, at.1, u64::from(*tag)));
                }
                Place::Free => position[index] = free.next().expect("the positions do not end"),
                Place::Segment { .. } | Place::Coefficient { .. } => {}
            }
        }
        let rows = position.iter().map(|(_, row)| row + 1).max().unwrap_or(0);
        Self { position, tags, functions, rows, checked: rows.min(narrow) }
    }
}

#[derive(Debug)]
struct Inner {
    builder: BlockBuilder,
    placement: Placement,
    switch: Position,
}

/// A configured block.
#[derive(Debug, Clone)]
pub struct Block(Arc<Inner>);

/// What a block costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// Rows.
    pub rows: usize,
    /// Assigned advice cells.
    pub advice_cells: usize,
    /// Cells that are looked up.
    pub lookup_cells: usize,
    /// Rows times advice columns: empty cells count.
    pub area: usize,
}

impl std::ops::Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            advice_cells: self.advice_cells + other.advice_cells,
            lookup_cells: self.lookup_cells + other.lookup_cells,
            area: self.area + other.area,
        }
    }
}

impl Block {
    /// Rows, cells and area.
    pub fn cost(&self) -> Cost {
        let placement = &self.0.placement;
        Cost {
            rows: placement.rows,
            advice_cells: placement.position.len(),
            lookup_cells: placement.tags.len(),
            area: 4 * placement.rows,
        }
    }

    /// Name of the block.
    pub fn name(&self) -> &'static str {
        self.0.builder.name
    }

    /// The range that each input must be proven to be in.
    pub fn input_bounds(&self) -> Vec<(BigInt, BigInt)> {
        self.0.builder.inputs.iter().map(|(_, low, high)| (low.clone(), high.clone())).collect()
    }

    /// Column and row, from the block's first, of each output.
    pub fn output_positions(&self) -> Vec<(usize, usize)> {
        self.0.builder.outputs.iter().map(|(id, _)| self.0.placement.position[id.0]).collect()
    }

    /// The outputs for given inputs and witnesses, as the hints compute them.
    pub fn evaluate_outputs(&self, inputs: &[I256], witnesses: &[I256]) -> Vec<I256> {
        let cells = self.0.builder.evaluate_cells(inputs, witnesses);
        self.0.builder.outputs.iter().map(|(id, _)| cells[id.0]).collect()
    }

    /// Names of the constraints, in order.
    pub fn constraints(&self) -> impl Iterator<Item = &str> {
        self.0.builder.identities.iter().map(|identity| identity.name.as_str())
    }

    /// Assigns the block at `offset`: copies the inputs in, takes the witnesses, returns the outputs.
    ///
    /// # Panics
    /// When the number of inputs or witnesses is not the block's, or an input's proven range exceeds what the block relies on.
    pub fn assign(
        &self,
        region: &mut Region<'_, Fr>,
        lanes: &Lanes,
        offset: usize,
        inputs: &[&Word],
        witnesses: Option<&[I256]>,
    ) -> Vec<Word> {
        let Inner { builder, placement, switch } = &*self.0;
        assert_eq!(inputs.len(), builder.inputs.len(), "inputs of block {}", builder.name);
        for (index, (word, (_, low, high))) in inputs.iter().zip(&builder.inputs).enumerate() {
            let (proven_low, proven_high) = &*word.bounds;
            assert!(
                proven_low >= low && proven_high <= high,
                "input {index} of block {} is proven within {proven_low}..={proven_high} only, not {low}..={high}",
                builder.name
            );
        }
        let values = builder.evaluate(inputs, witnesses);
        switch.enable(region, offset);
        for row in 0..placement.checked {
            region.assign_fixed(lanes.checked, offset + row, Fr::one());
        }
        for row in &placement.functions {
            lanes.mark_function(region, offset + row);
        }
        for (column, row, tag) in &placement.tags {
            region.assign_fixed(lanes.fixed[*column], offset + row, Fr::from(*tag));
        }
        let cells: Vec<Cell> = placement
            .position
            .iter()
            .enumerate()
            .map(|(index, (column, row))| {
                let value = values.as_ref().map_or_else(Value::unknown, |values| Value::known(to_field(values[index])));
                region.assign_advice(lanes.advice[*column], offset + row, value).cell()
            })
            .collect();
        for ((id, ..), source) in builder.inputs.iter().zip(inputs) {
            region.constrain_equal(cells[id.0], source.cell);
        }
        let word = |(id, bounds): &(CellId, Arc<(BigInt, BigInt)>)| Word {
            cell: cells[id.0],
            value: values.as_ref().map(|values| values[id.0]),
            bounds: bounds.clone(),
        };
        builder.outputs.iter().map(word).collect()
    }
}

impl BlockBuilder {
    /// Every cell's value, when all inputs and the witnesses are known.
    fn evaluate(&self, inputs: &[&Word], witnesses: Option<&[I256]>) -> Option<Vec<I256>> {
        let inputs = inputs.iter().map(|word| word.value).collect::<Option<Vec<_>>>()?;
        let witnesses = if self.witnesses.is_empty() { &[] } else { witnesses? };
        Some(self.evaluate_cells(&inputs, witnesses))
    }

    fn evaluate_cells(&self, inputs: &[I256], witnesses: &[I256]) -> Vec<I256> {
        assert_eq!(witnesses.len(), self.witnesses.len(), "witnesses of block {}", self.name);
        let mut cells = vec![I256::ZERO; self.places.len()];
        for ((id, ..), value) in self.inputs.iter().zip(inputs) {
            cells[id.0] = *value;
        }
        for (id, value) in self.witnesses.iter().zip(witnesses) {
            cells[id.0] = *value;
        }
        for hint in &self.hints {
            hint(&mut cells);
        }
        cells
    }
}
