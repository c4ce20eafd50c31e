//! A circuit laid out but not proven: which cells it assigns, in which regions, with which fixed values and copies.
//!
//! [`Layout::record`] runs a circuit's synthesis against a recorder. Cost goldens count its cells, the key cache takes its content for
//! the circuit's identity, the layout picture draws it, and key generation asks it first whether the circuit fits.

use std::collections::HashMap;

use halo2_proofs::{
    circuit::Value,
    plonk::{
        Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, Fixed,
        FloorPlanner, Instance, Selector,
    },
};
use halo2curves::{bn256::Fr, ff::Field};

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnKind {
    /// Public instance.
    Instance,
    /// Witness.
    Advice,
    /// Fixed values, tables included.
    Fixed,
    /// A selector; becomes a fixed column in the key.
    Selector,
}

/// Cells of one column: for each row the kind of region that assigned it.
#[derive(Debug, Clone)]
pub struct ColumnUse {
    /// What the column is for.
    pub kind: ColumnKind,
    /// Its index among those of its kind.
    pub index: usize,
    /// For each of the $2^k$ rows 0, or 1 + the index in [`Layout::regions`] of what assigned it last.
    pub owners: Vec<u32>,
}

impl ColumnUse {
    /// Number of assigned cells.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.owners.iter().filter(|&&owner| owner != 0).count()
    }

    /// One more than the last assigned row; 0 for an empty column.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.owners.iter().rposition(|&owner| owner != 0).map_or(0, |last| last + 1)
    }
}

/// Regions of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionKind {
    /// The name, with the namespaces that it is in: `outer/inner/region`.
    pub name: String,
    /// How many were assigned; 0 for cells outside of all regions.
    pub count: usize,
}

/// Two cells, by column and row, that are copies of one another.
pub type Copied = [(Column<Any>, usize); 2];

/// A recorded circuit.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The size: $2^k$ rows.
    pub k: u32,
    /// Rows that may be assigned; the others blind.
    pub usable_rows: usize,
    /// Rows that the circuit wanted to assign; more than [`Self::usable_rows`] when it does not fit.
    pub needed_rows: usize,
    /// The constraint system as configured, selectors not yet converted.
    pub constraints: ConstraintSystem<Fr>,
    /// Instance, advice, fixed and selector columns, in this order.
    pub columns: Vec<ColumnUse>,
    /// Kinds of regions, in order of first assignment.
    pub regions: Vec<RegionKind>,
    /// For each region in the order in which they were entered, the first row of its fixed cells. halo2's `MockProver` counts offsets in a
    /// region from there.
    pub fixed_starts: Vec<Option<usize>>,
    /// Values of the fixed columns.
    pub fixed: Vec<Vec<Fr>>,
    /// Column and row of fixed cells that have been assigned two different values. The last one stays: where it is a gate's switch, the gate
    /// that it had switched on is off, and what that gate constrains is free.
    pub overwritten: Vec<(usize, usize)>,
    /// Every copy constraint, in order.
    pub copies: Vec<Copied>,
}

impl Layout {
    /// Lays `circuit` out on $2^k$ rows. Its witness is not looked at.
    ///
    /// A circuit that assigns rows beyond the usable ones is recorded as far as it fits, see [`Self::fits`].
    ///
    /// # Errors
    /// What synthesis reports.
    ///
    /// # Panics
    /// If the circuit has fewer than two rows or more than $2^{28}$.
    pub fn record<C: Circuit<Fr>>(k: u32, circuit: &C) -> Result<Self, Error> {
        assert!((1..=28).contains(&k), "k = {k} is out of range");
        let mut constraints = ConstraintSystem::default();
        let config = C::configure_with_params(&mut constraints, circuit.params());
        let constants = constraints.constants().clone();
        let mut recorder = Recorder::new(k, constraints);
        C::FloorPlanner::synthesize(&mut recorder, circuit, config, constants)?;
        Ok(recorder.layout)
    }

    /// Whether every assigned row is a usable one.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.needed_rows <= self.usable_rows
    }

    /// The columns of one kind.
    pub fn columns_of(&self, kind: ColumnKind) -> impl Iterator<Item = &ColumnUse> {
        self.columns.iter().filter(move |column| column.kind == kind)
    }

    /// Rows that hold witness or switch a gate on: what an operation occupies, tables left out.
    #[must_use]
    pub fn rows(&self) -> usize {
        let of = |kind| self.columns_of(kind).map(ColumnUse::rows).max().unwrap_or(0);
        of(ColumnKind::Advice).max(of(ColumnKind::Selector))
    }

    /// Number of assigned advice cells.
    #[must_use]
    pub fn advice_cells(&self) -> usize {
        self.columns_of(ColumnKind::Advice).map(ColumnUse::cells).sum()
    }

    /// Rows times advice columns: what the cells occupy, empty ones included.
    #[must_use]
    pub fn area(&self) -> usize {
        self.rows() * self.columns_of(ColumnKind::Advice).count()
    }

    /// The region that assigned a witness cell of `row`, or switched a gate on there.
    #[must_use]
    pub fn region_at(&self, row: usize) -> Option<&str> {
        let kinds = [ColumnKind::Advice, ColumnKind::Selector];
        let columns = kinds.into_iter().flat_map(|kind| self.columns_of(kind));
        let owner = columns.filter_map(|column| column.owners.get(row)).find(|&&owner| owner != 0)?;
        self.regions.get(*owner as usize - 1).map(|kind| kind.name.as_str())
    }

    /// Degrees of every gate and lookup, by name, as the quotient polynomial must provide for them.
    ///
    /// halo2-axiom's `ConstraintSystem::degree` is not that: it is clamped to the environment's `MAX_DEGREE`.
    pub fn degrees(&self) -> impl Iterator<Item = (String, usize)> + '_ {
        let gates = self.constraints.gates().iter().flat_map(|gate| {
            gate.polynomials().iter().enumerate().map(|(i, polynomial)| {
                let constraint = match gate.constraint_name(i) {
                    "" => i.to_string(),
                    name => name.to_owned(),
                };
                (format!("{}: {constraint}", gate.name()), polynomial.degree())
            })
        });
        let lookups = self.constraints.lookups().iter().map(|lookup| {
            let degree = |expressions: &[Expression<Fr>]| {
                expressions.iter().map(|expression| expression.degree()).max().unwrap_or(0).max(1)
            };
            // (1 - (l_last + l_blind)) z(wX) (a' + beta) (s' + gamma) = ... z (a + beta) (s + gamma), with a and s of these degrees
            let inputs = degree(lookup.input_expressions());
            let table = degree(lookup.table_expressions());
            (format!("lookup {}", lookup.name()), (2 + inputs + table).max(4))
        });
        gates.chain(lookups)
    }
}

/// Takes the assignments of a synthesis.
#[derive(Debug)]
struct Recorder {
    layout: Layout,
    /// Index in `layout.columns` of the first column of each kind.
    advice: usize,
    fixed: usize,
    selectors: usize,
    /// What the owners of cells that are assigned now are set to; 0 outside of all regions.
    region: u32,
    namespaces: Vec<String>,
    /// Owners by name.
    owners: HashMap<String, u32>,
}

impl Recorder {
    fn new(k: u32, constraints: ConstraintSystem<Fr>) -> Self {
        let n = 1usize << k;
        let counts = [
            (ColumnKind::Instance, constraints.num_instance_columns()),
            (ColumnKind::Advice, constraints.num_advice_columns()),
            (ColumnKind::Fixed, constraints.num_fixed_columns()),
            (ColumnKind::Selector, constraints.num_selectors()),
        ];
        let columns = counts
            .into_iter()
            .flat_map(|(kind, count)| (0..count).map(move |index| ColumnUse { kind, index, owners: vec![0; n] }))
            .collect();
        let layout = Layout {
            k,
            usable_rows: n.saturating_sub(constraints.blinding_factors() + 1),
            needed_rows: 0,
            columns,
            regions: vec![],
            fixed_starts: vec![],
            fixed: vec![vec![Fr::ZERO; n]; constraints.num_fixed_columns()],
            overwritten: vec![],
            copies: vec![],
            constraints,
        };
        let advice = counts[0].1;
        let fixed = advice + counts[1].1;
        let selectors = fixed + counts[2].1;
        Self { layout, advice, fixed, selectors, region: 0, namespaces: vec![], owners: HashMap::new() }
    }

    /// Notes that a cell is used; `false` if it does not exist.
    fn touch(&mut self, column: usize, row: usize) -> bool {
        self.layout.needed_rows = self.layout.needed_rows.max(row + 1);
        let owner = match self.region {
            0 => self.outside(),
            region => region,
        };
        match self.layout.columns[column].owners.get_mut(row) {
            Some(cell) => {
                *cell = owner;
                true
            }
            None => false,
        }
    }

    /// The owner of cells that layouters assign by themselves: constants, the rest of tables, copied instances.
    fn outside(&mut self) -> u32 {
        self.owner("(by the layouter)".to_owned())
    }

    fn owner(&mut self, name: String) -> u32 {
        let regions = &mut self.layout.regions;
        *self.owners.entry(name).or_insert_with_key(|name| {
            regions.push(RegionKind { name: name.clone(), count: 0 });
            regions.len() as u32
        })
    }
}

impl Assignment<Fr> for Recorder {
    fn enter_region<NR, N>(&mut self, name_fn: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
        let mut path = self.namespaces.join("/");
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(&name_fn().into());
        self.layout.fixed_starts.push(None);
        self.region = self.owner(path);
        self.layout.regions[self.region as usize - 1].count += 1;
    }

    fn exit_region(&mut self) {
        self.region = 0;
    }

    fn annotate_column<A, AR>(&mut self, _: A, _: Column<Any>)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
    }

    fn enable_selector<A, AR>(&mut self, _: A, selector: &Selector, row: usize) -> Result<(), Error>
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.touch(self.selectors + selector.index(), row);
        Ok(())
    }

    fn query_instance(&self, _: Column<Instance>, _: usize) -> Result<Value<Fr>, Error> {
        Ok(Value::unknown())
    }

    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        row: usize,
        _: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        self.touch(self.advice + column.index(), row);
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<Fr>) {
        if let (Some(start), true) = (self.layout.fixed_starts.last_mut(), self.region != 0) {
            *start = Some(start.map_or(row, |start| start.min(row)));
        }
        let assigned = |owners: &ColumnUse| owners.owners.get(row).is_some_and(|&owner| owner != 0);
        let again = assigned(&self.layout.columns[self.fixed + column.index()]);
        if self.touch(self.fixed + column.index(), row) {
            let cell = &mut self.layout.fixed[column.index()][row];
            let value = to.evaluate();
            if again && *cell != value {
                self.layout.overwritten.push((column.index(), row));
            }
            *cell = value;
        }
    }

    fn copy(&mut self, left_column: Column<Any>, left_row: usize, right_column: Column<Any>, right_row: usize) {
        for (column, row) in [(left_column, left_row), (right_column, right_row)] {
            // Other cells have been assigned on their own; instance cells are used by being copied.
            if *column.column_type() == Any::Instance {
                self.touch(column.index(), row);
            }
        }
        self.layout.copies.push([(left_column, left_row), (right_column, right_row)]);
    }

    fn fill_from_row(&mut self, column: Column<Fixed>, row: usize, to: Value<Assigned<Fr>>) -> Result<(), Error> {
        let mut filler = Fr::ZERO;
        to.map(|value| filler = value.evaluate());
        for row in row..self.layout.usable_rows {
            self.assign_fixed(column, row, Assigned::Trivial(filler));
        }
        Ok(())
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn push_namespace<NR, N>(&mut self, name_fn: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
        self.namespaces.push(name_fn().into());
    }

    fn pop_namespace(&mut self, _: Option<String>) {
        self.namespaces.pop();
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::{
        circuit::{Layouter, SimpleFloorPlanner},
        plonk::TableColumn,
        poly::Rotation,
    };

    use super::*;

    /// Rows 0 to `len - 1`: a, b, and a * b = c with the selector on; c also looked up in 0..8.
    struct Products {
        len: usize,
        table: usize,
    }

    #[derive(Debug, Clone)]
    struct Config {
        cells: [Column<Advice>; 3],
        instance: Column<Instance>,
        on: Selector,
        table: TableColumn,
    }

    impl Circuit<Fr> for Products {
        type Config = Config;
        type FloorPlanner = SimpleFloorPlanner;
        type Params = ();

        fn without_witnesses(&self) -> Self {
            Self { ..*self }
        }

        fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
            let cells = [(); 3].map(|()| meta.advice_column());
            cells.iter().for_each(|&cell| meta.enable_equality(cell));
            let constant = meta.fixed_column();
            meta.enable_constant(constant);
            let instance = meta.instance_column();
            meta.enable_equality(instance);
            let on = meta.selector();
            let table = meta.lookup_table_column();
            meta.create_gate("product", |meta| {
                let [a, b, c] = cells.map(|cell| meta.query_advice(cell, Rotation::cur()));
                let on = meta.query_selector(on);
                vec![("on (a b - c) = 0", on * (a * b - c))]
            });
            meta.lookup("c < 8", |meta| {
                let c = meta.query_advice(cells[2], Rotation::cur());
                vec![(c.clone() * c, table)]
            });
            Config { cells, instance, on, table }
        }

        fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
            layouter.assign_table(
                || "squares",
                |mut table| {
                    (0..self.table).try_for_each(|i| {
                        let value = || Value::known(Fr::from((i * i) as u64));
                        table.assign_cell(|| "square", config.table, i, value).map(|_| ())
                    })
                },
            )?;
            let mut layouter = layouter.namespace(|| "products");
            let last = layouter.assign_region(
                || "row",
                |mut region| {
                    let mut last = None;
                    for row in 0..self.len {
                        config.on.enable(&mut region, row)?;
                        for cell in config.cells {
                            last = Some(region.assign_advice(cell, row, Value::<Fr>::unknown()).cell());
                        }
                    }
                    Ok(last)
                },
            )?;
            if let Some(cell) = last {
                layouter.constrain_instance(cell, config.instance, 1);
                layouter.assign_region(|| "seven", |mut region| region.constrain_constant(cell, Fr::from(7)))?;
            }
            Ok(())
        }
    }

    #[test]
    fn cells_are_counted() {
        let layout = Layout::record(4, &Products { len: 3, table: 5 }).unwrap();
        assert!(layout.fits());
        assert_eq!((layout.rows(), layout.advice_cells(), layout.area()), (3, 9, 9));
        let of = |kind| layout.columns_of(kind).map(ColumnUse::cells).collect::<Vec<_>>();
        assert_eq!(of(ColumnKind::Instance), [1]);
        assert_eq!(of(ColumnKind::Selector), [3]);
        // The table is filled up to the last usable row.
        assert_eq!(of(ColumnKind::Fixed), [1, layout.usable_rows]);
        assert_eq!(layout.fixed[0][0], Fr::from(7));
        assert_eq!(layout.fixed[1][..6], [0, 1, 4, 9, 16, 0].map(Fr::from));
        assert_eq!(layout.copies.len(), 2);
        let names: Vec<_> = layout.regions.iter().map(|kind| (kind.name.as_str(), kind.count)).collect();
        assert_eq!(names, [("squares", 1), ("(by the layouter)", 0), ("products/row", 1), ("products/seven", 1)]);
        let row = layout.columns_of(ColumnKind::Advice).next().unwrap();
        assert_eq!(row.owners[..4], [3, 3, 3, 0]);
        assert_eq!((layout.region_at(2), layout.region_at(3)), (Some("products/row"), None));
        assert_eq!(layout.fixed_starts, [Some(0), None, None]);
    }

    #[test]
    fn overwritten_values_are_noted() {
        let column = ConstraintSystem::<Fr>::default().fixed_column();
        let mut constraints = ConstraintSystem::default();
        constraints.fixed_column();
        let mut recorder = Recorder::new(4, constraints);
        for (row, value) in [(0, 1), (1, 2), (0, 1), (1, 3), (2, 0)] {
            recorder.assign_fixed(column, row, Assigned::Trivial(Fr::from(value)));
        }
        assert_eq!(recorder.layout.overwritten, [(0, 1)]);
    }

    #[test]
    fn true_degrees_are_found() {
        let layout = Layout::record(4, &Products { len: 3, table: 5 }).unwrap();
        let degrees: Vec<_> = layout.degrees().collect();
        assert_eq!(degrees, [("product: on (a b - c) = 0".to_owned(), 3), ("lookup c < 8".to_owned(), 5)]);
        assert_eq!(layout.constraints.degree(), 5);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let layout = Layout::record(4, &Products { len: 40, table: 5 }).unwrap();
        assert_eq!((layout.fits(), layout.needed_rows), (false, 40));
        assert_eq!(layout.rows(), 16);
    }
}
