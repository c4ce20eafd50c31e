//! What each cell of a layout belongs to: its region, or where a circuit has but one for all of its witness, the gate that was last
//! switched on.

use std::collections::BTreeSet;

use halo2_proofs::plonk::{Expression, Gate};
use halo2curves::bn256::Fr;
use zomma_gadgets::layout::{ColumnKind, ColumnUse, Layout};

/// Labels of cells.
#[derive(Debug)]
pub(super) struct Labels {
    /// The labels, in order of first appearance.
    pub(super) names: Vec<String>,
    /// For each row 0, or 1 + the index of the label of its witness.
    rows: Vec<u32>,
    /// For each owner of cells, the label of a region without witness, such as a table.
    owners: Vec<u32>,
}

impl Labels {
    pub(super) fn of(layout: &Layout) -> Self {
        let by_region = Self::by_region(layout);
        let mut labels = if by_region.names.len() > 1 { by_region } else { Self::by_gate(layout) };
        let with_witness: BTreeSet<u32> =
            layout.columns_of(ColumnKind::Advice).flat_map(|column| column.owners.iter().copied()).collect();
        labels.owners = vec![0; layout.regions.len() + 1];
        for (i, region) in layout.regions.iter().enumerate() {
            if !with_witness.contains(&(i as u32 + 1)) {
                labels.owners[i + 1] = labels.label(region.name.clone());
            }
        }
        labels
    }

    /// The label of a cell; 0 for one that is not assigned or belongs to nothing.
    pub(super) fn cell(&self, column: &ColumnUse, row: usize) -> u32 {
        match column.owners[row] {
            0 => 0,
            owner => match self.owners[owner as usize] {
                0 => self.rows[row],
                label => label,
            },
        }
    }

    fn new(layout: &Layout) -> Self {
        Self { names: vec![], rows: vec![0; 1 << layout.k], owners: vec![] }
    }

    fn label(&mut self, name: String) -> u32 {
        let index = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        index as u32 + 1
    }

    fn by_region(layout: &Layout) -> Self {
        let mut labels = Self::new(layout);
        let advice: Vec<&ColumnUse> = layout.columns_of(ColumnKind::Advice).collect();
        for row in 0..labels.rows.len() {
            if let Some(owner) = advice.iter().map(|column| column.owners[row]).find(|&owner| owner != 0) {
                let name = layout.regions[owner as usize - 1].name.clone();
                labels.rows[row] = labels.label(name);
            }
        }
        labels
    }

    fn by_gate(layout: &Layout) -> Self {
        let gates = Switched::gates(layout);
        let mut labels = Self::new(layout);
        let advice: Vec<&ColumnUse> = layout.columns_of(ColumnKind::Advice).collect();
        let mut current = 0;
        for row in 0..labels.rows.len() {
            if let Some(gate) = gates.iter().find(|gate| gate.is_on(layout, row)) {
                current = labels.label(gate.name.clone());
            }
            if advice.iter().any(|column| column.owners[row] != 0) {
                labels.rows[row] = current;
            }
        }
        labels
    }
}

/// A gate with what switches it on: the factor of its constraints that depends on nothing but the circuit.
struct Switched<'a> {
    name: String,
    switch: &'a Expression<Fr>,
}

impl<'a> Switched<'a> {
    fn gates(layout: &'a Layout) -> Vec<Self> {
        let switch = |gate: &'a Gate<Fr>| match gate.polynomials().first() {
            Some(Expression::Product(switch, _)) if is_fixed(switch) => {
                Some(Self { name: gate.name().to_owned(), switch: &**switch })
            }
            _ => None,
        };
        layout.constraints.gates().iter().filter_map(switch).collect()
    }

    fn is_on(&self, layout: &Layout, row: usize) -> bool {
        let selectors = |index: usize| {
            layout.columns_of(ColumnKind::Selector).any(|column| column.index == index && column.owners[row] != 0)
        };
        let value = self.switch.evaluate_lazy(
            &|constant| constant,
            &|selector| Fr::from(u64::from(selectors(selector.index()))),
            &|query| {
                let column = &layout.fixed[query.column_index()];
                column[(row as i32 + query.rotation().0).rem_euclid(column.len() as i32) as usize]
            },
            &|_| Fr::zero(),
            &|_| Fr::zero(),
            &|_| Fr::zero(),
            &|a| -a,
            &|a, b| a + b,
            &|a, b| a * b,
            &|a, factor| a * factor,
            &Fr::zero(),
        );
        value != Fr::zero()
    }
}

/// Whether an expression depends on nothing but fixed columns and selectors.
fn is_fixed(expression: &Expression<Fr>) -> bool {
    expression.evaluate(
        &|_| true,
        &|_| true,
        &|_| true,
        &|_| false,
        &|_| false,
        &|_| false,
        &|a| a,
        &|a, b| a && b,
        &|a, b| a && b,
        &|a, _| a,
    )
}
