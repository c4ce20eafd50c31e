//! The search for advice cells that can be changed without any constraint noticing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use halo2_proofs::{
    circuit::Value,
    plonk::{
        Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, Fixed,
        FloorPlanner, Instance, Selector,
    },
};
use halo2curves::{bn256::Fr, ff::Field};

use super::{
    AdviceCell, failures,
    moving::{Moving, Reached, Values},
};
use crate::{
    layout::{ColumnKind, Layout},
    poseidon::hash2,
};

/// Cells per circuit whose verdict is also asked from `MockProver`.
const CROSS_CHECKED: usize = 3;

/// The assigned advice cells of which some change is accepted: each is set to its value plus one and less one,
/// so that a bit is flipped, and to a hash of its place.
///
/// One cell changes at a time, so only the constraints that read it are evaluated, which makes this a matter of milliseconds per
/// thousand cells; `MockProver` judges the unchanged witness and a few of the changed ones.
///
/// # Panics
/// If the circuit cannot be synthesised, if its honest witness is not accepted, or if `MockProver` disagrees.
#[must_use]
pub fn free_cells<C: Circuit<Fr>>(k: u32, circuit: &C, instance: &[Vec<Fr>]) -> Vec<AdviceCell> {
    let honest = failures(k, circuit, instance, &[]);
    assert!(honest.is_empty(), "the honest witness is not accepted: {honest:?}");
    let mut recorded = Recorded::new(k, circuit, instance);
    let cells: Vec<AdviceCell> = recorded.assigned.iter().copied().collect();
    let step = cells.len().div_ceil(CROSS_CHECKED).max(1);
    let mut free = vec![];
    for (i, &cell) in cells.iter().enumerate() {
        let value = recorded.advice[cell.0][cell.1];
        let changed = [value + Fr::ONE, value - Fr::ONE, hash2(Fr::from(cell.0 as u64), Fr::from(cell.1 as u64))];
        let accepted = changed.map(|changed| recorded.accepts(cell, changed));
        if i % step == step / 2 {
            for (changed, accepted) in changed.into_iter().zip(accepted) {
                let judged = failures(k, circuit, instance, &[(cell, changed)]);
                assert_eq!(judged.is_empty(), accepted, "MockProver disagrees about {cell:?}: {judged:?}");
            }
        }
        if accepted.contains(&true) {
            free.push(cell);
        }
    }
    free
}

/// A circuit with its witness, indexed by what reads a cell.
struct Recorded {
    layout: Layout,
    instance: Vec<Vec<Fr>>,
    advice: Vec<Vec<Fr>>,
    selectors: Vec<Vec<bool>>,
    assigned: BTreeSet<AdviceCell>,
    /// Advice cells that are copies of something.
    copied: HashSet<AdviceCell>,
    /// For each advice column: gate polynomials that read it, with the rotation.
    gates: Vec<Vec<(Expression<Fr>, i32)>>,
    /// For each advice column: lookups that read it, with the rotation; those that move apart.
    lookups: Vec<Vec<(usize, i32)>>,
    /// Rows of each lookup's table; of those that move, none.
    tables: Vec<HashSet<Values>>,
    /// Lookups whose table is in advice columns.
    moving: Vec<Moving>,
}

impl Recorded {
    fn new<C: Circuit<Fr>>(k: u32, circuit: &C, instance: &[Vec<Fr>]) -> Self {
        let layout = Layout::record(k, circuit).expect("the circuit can be synthesised");
        assert_eq!(layout.overwritten, [], "fixed cells with two values");
        let n = 1 << k;
        let constraints = &layout.constraints;
        let mut witness = Witness { instance, advice: BTreeMap::new() };
        let mut meta = ConstraintSystem::default();
        let config = C::configure_with_params(&mut meta, circuit.params());
        C::FloorPlanner::synthesize(&mut witness, circuit, config, constraints.constants().clone())
            .expect("the circuit can be synthesised");
        let mut advice = vec![vec![Fr::ZERO; n]; constraints.num_advice_columns()];
        for (&(column, row), value) in &witness.advice {
            advice[column][row] = *value;
        }
        let selectors = layout
            .columns_of(ColumnKind::Selector)
            .map(|column| column.owners.iter().map(|&o| o != 0).collect())
            .collect();
        let copied = layout
            .copies
            .iter()
            .filter(|[left, right]| left != right)
            .flatten()
            .filter(|(column, _)| matches!(column.column_type(), Any::Advice(_)))
            .map(|(column, row)| (column.index(), *row))
            .collect();
        let mut gates = vec![vec![]; advice.len()];
        for polynomial in constraints.gates().iter().flat_map(|gate| gate.polynomials()) {
            for (column, rotation) in reads(polynomial) {
                gates[column].push((polynomial.clone(), rotation));
            }
        }
        let mut lookups = vec![vec![]; advice.len()];
        let mut moving = vec![];
        for (i, lookup) in constraints.lookups().iter().enumerate() {
            let [read, table] = [lookup.input_expressions(), lookup.table_expressions()]
                .map(|expressions| expressions.iter().flat_map(reads).collect::<BTreeSet<_>>());
            if table.is_empty() {
                read.into_iter().for_each(|(column, rotation)| lookups[column].push((i, rotation)));
            } else {
                moving.push((i, Vec::from_iter(table), Vec::from_iter(read)));
            }
        }
        let assigned = witness.advice.keys().copied().collect();
        let instance = instance.to_vec();
        let mut recorded = Self {
            layout,
            instance,
            advice,
            selectors,
            assigned,
            copied,
            gates,
            lookups,
            tables: vec![],
            moving: vec![],
        };
        recorded.tables = recorded.fill_tables();
        let moving = moving.into_iter().map(|(lookup, table, inputs)| {
            let rows = 0..recorded.layout.usable_rows as i32;
            let honest = recorded.reached(lookup, rows.clone(), rows);
            Moving::new(lookup, table, inputs, honest)
        });
        recorded.moving = moving.collect();
        recorded
    }

    /// What a lookup's table and inputs hold in rows.
    fn reached(&self, lookup: usize, table: impl Iterator<Item = i32>, inputs: impl Iterator<Item = i32>) -> Reached {
        let lookup = &self.layout.constraints.lookups()[lookup];
        let n = 1 << self.layout.k;
        let values = |expressions: &[Expression<Fr>], row: i32| {
            let row = row.rem_euclid(n) as usize;
            (row < self.layout.usable_rows).then(|| self.values(expressions, row))
        };
        Reached {
            table: table.filter_map(|row| values(lookup.table_expressions(), row)).collect(),
            inputs: inputs.filter_map(|row| values(lookup.input_expressions(), row)).collect(),
        }
    }

    /// What a cell reaches of each lookup that moves.
    fn moved(&self, cell: AdviceCell) -> Vec<Reached> {
        let reached = |moving: &Moving| {
            self.reached(moving.lookup, Moving::rows(&moving.table, cell), Moving::rows(&moving.inputs, cell))
        };
        self.moving.iter().map(reached).collect()
    }

    fn fill_tables(&self) -> Vec<HashSet<Values>> {
        let lookups = self.layout.constraints.lookups();
        let mut filled: HashMap<String, HashSet<Values>> = HashMap::new();
        lookups
            .iter()
            .map(|lookup| {
                let expressions = lookup.table_expressions();
                if expressions.iter().any(|expression| !reads(expression).is_empty()) {
                    return HashSet::new();
                }
                let identity = expressions.iter().map(Expression::identifier).collect::<Vec<_>>().join(",");
                filled
                    .entry(identity)
                    .or_insert_with(|| (0..self.layout.usable_rows).map(|row| self.values(expressions, row)).collect())
                    .clone()
            })
            .collect()
    }

    fn values(&self, expressions: &[Expression<Fr>], row: usize) -> Values {
        expressions.iter().map(|expression| self.evaluate(expression, row as i32).to_bytes()).collect()
    }

    fn evaluate(&self, expression: &Expression<Fr>, row: i32) -> Fr {
        let n = 1 << self.layout.k;
        let at = |rotation: i32| (row + rotation).rem_euclid(n) as usize;
        expression.evaluate_lazy(
            &|constant| constant,
            &|selector| Fr::from(u64::from(self.selectors[selector.index()][at(0)])),
            &|query| self.layout.fixed[query.column_index()][at(query.rotation().0)],
            &|query| self.advice[query.column_index()][at(query.rotation().0)],
            &|query| {
                let column = &self.instance[query.column_index()];
                column.get(at(query.rotation().0)).copied().unwrap_or(Fr::ZERO)
            },
            &|_| unreachable!("no chip here uses challenges"),
            &|a| -a,
            &|a, b| a + b,
            &|a, b| a * b,
            &|a, factor| a * factor,
            &Fr::ZERO,
        )
    }

    /// Whether every constraint holds when this cell alone has this value.
    fn accepts(&mut self, cell: AdviceCell, value: Fr) -> bool {
        let (column, row) = cell;
        if self.copied.contains(&cell) {
            return value == self.advice[column][row];
        }
        let before = self.moved(cell);
        let honest = std::mem::replace(&mut self.advice[column][row], value);
        let accepted = value == honest || self.readers_hold(cell) && self.tables_hold(&before, &self.moved(cell));
        self.advice[column][row] = honest;
        accepted
    }

    fn tables_hold(&self, before: &[Reached], after: &[Reached]) -> bool {
        self.moving.iter().zip(before.iter().zip(after)).all(|(moving, (before, after))| moving.holds(before, after))
    }

    fn readers_hold(&self, (column, row): AdviceCell) -> bool {
        let row = row as i32;
        let gates_hold = self.gates[column]
            .iter()
            .all(|(polynomial, rotation)| self.evaluate(polynomial, row - rotation) == Fr::ZERO);
        gates_hold
            && self.lookups[column].iter().all(|&(lookup, rotation)| {
                let inputs = self.layout.constraints.lookups()[lookup].input_expressions();
                let at = (row - rotation).rem_euclid(1 << self.layout.k);
                at as usize >= self.layout.usable_rows
                    || self.tables[lookup].contains(&self.values(inputs, at as usize))
            })
    }
}

/// Advice cells that an expression reads: column and rotation.
fn reads(expression: &Expression<Fr>) -> BTreeSet<(usize, i32)> {
    expression.evaluate(
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|query| BTreeSet::from([(query.column_index(), query.rotation().0)]),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|a| a,
        &|a, b| a.union(&b).copied().collect(),
        &|a, b| a.union(&b).copied().collect(),
        &|a, _| a,
    )
}

/// Takes the advice values of a synthesis and nothing else.
struct Witness<'a> {
    instance: &'a [Vec<Fr>],
    advice: BTreeMap<AdviceCell, Fr>,
}

impl Assignment<Fr> for Witness<'_> {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}

    fn exit_region(&mut self) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        _: &Selector,
        _: usize,
    ) -> Result<(), Error> {
        Ok(())
    }

    fn query_instance(&self, column: Column<Instance>, row: usize) -> Result<Value<Fr>, Error> {
        Ok(Value::known(self.instance[column.index()].get(row).copied().unwrap_or(Fr::ZERO)))
    }

    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        to.map(|to| {
            self.advice.insert((column.index(), row), to.evaluate());
            &*Box::leak(Box::new(to))
        })
    }

    fn assign_fixed(&mut self, _: Column<Fixed>, _: usize, _: Assigned<Fr>) {}

    fn copy(&mut self, _: Column<Any>, _: usize, _: Column<Any>, _: usize) {}

    fn fill_from_row(&mut self, _: Column<Fixed>, _: usize, _: Value<Assigned<Fr>>) -> Result<(), Error> {
        Ok(())
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}
}
