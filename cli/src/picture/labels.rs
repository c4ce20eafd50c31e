//! What each cell of a layout belongs to: its region, or where a circuit has but one for all of its witness, the gate that was last
//! switched on.

use std::collections::{BTreeMap, BTreeSet};

use halo2_proofs::plonk::Expression;
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
        let gates = gates_of_selectors(layout);
        let mut labels = Self::new(layout);
        let selectors: Vec<&ColumnUse> = layout.columns_of(ColumnKind::Selector).collect();
        let advice: Vec<&ColumnUse> = layout.columns_of(ColumnKind::Advice).collect();
        let mut current = 0;
        for row in 0..labels.rows.len() {
            let on = selectors.iter().find(|selector| selector.owners[row] != 0);
            if let Some(name) = on.and_then(|selector| gates.get(&selector.index)) {
                current = labels.label(name.clone());
            }
            if advice.iter().any(|column| column.owners[row] != 0) {
                labels.rows[row] = current;
            }
        }
        labels
    }
}

/// For each selector, the first gate that it switches on.
fn gates_of_selectors(layout: &Layout) -> BTreeMap<usize, String> {
    let mut gates = BTreeMap::new();
    for gate in layout.constraints.gates() {
        for selector in gate.polynomials().iter().flat_map(selectors) {
            gates.entry(selector).or_insert_with(|| gate.name().to_owned());
        }
    }
    gates
}

/// Indices of the selectors in an expression.
fn selectors(expression: &Expression<Fr>) -> BTreeSet<usize> {
    let both = |mut a: BTreeSet<usize>, b: BTreeSet<usize>| {
        a.extend(b);
        a
    };
    expression.evaluate(
        &|_| BTreeSet::new(),
        &|selector| BTreeSet::from([selector.index()]),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|_| BTreeSet::new(),
        &|a| a,
        &both,
        &both,
        &|a, _| a,
    )
}
