//! The circuit: what the chip has recorded, and halo2-base's scalars beside it.

use std::collections::BTreeSet;

use halo2_base::{gates::circuit::builder::BaseCircuitBuilder, virtual_region::manager::VirtualRegionManager};
use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Circuit, ConstraintSystem, Error},
};
use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{
    Chip,
    config::{FoldConfig, is_key},
    limbs::PIECE_BITS,
    tape::Tape,
};
use crate::error::ProverError;

/// The shape of a folding circuit; leaf, node and wrap have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldShape {
    /// The size: $2^k$ rows.
    pub k: u32,
    /// Columns for scalars.
    pub scalar_columns: usize,
}

/// Rows that cannot be used: more than halo2 blinds.
const UNUSABLE_ROWS: usize = 64;

impl FoldShape {
    /// The smallest shape that holds so many rows of the chip and cells of scalars, in few columns.
    #[must_use]
    pub fn for_cost(cost: &FoldCost) -> Self {
        let least = PIECE_BITS as u32 + 1;
        let k = (least..)
            .find(|k| (1 << k) - UNUSABLE_ROWS >= cost.constants + cost.chip_rows)
            .expect("rows are far below 2^64");
        Self { k, scalar_columns: cost.scalar_cells.div_ceil((1 << k) - UNUSABLE_ROWS - 8) }
    }

    /// The shape that holds whatever fits into one of both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let k = self.k.max(other.k);
        let columns = |shape: Self| (shape.scalar_columns << shape.k).div_ceil(1 << k);
        Self { k, scalar_columns: columns(self).max(columns(other)) }
    }
}

/// What a folding circuit takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldCost {
    /// Rows of the chip's two columns.
    pub chip_rows: usize,
    /// Cells of scalars.
    pub scalar_cells: usize,
    /// Distinct constants of scalars.
    pub constants: usize,
}

/// A folding circuit with its witness.
#[derive(Debug, Clone)]
pub struct FoldCircuit {
    shape: FoldShape,
    scalars: BaseCircuitBuilder<Fr>,
    tape: Tape,
    known: bool,
}

impl FoldCircuit {
    /// `known` says whether there is a witness, or only values that look like one.
    pub(in super::super) fn new(shape: FoldShape, known: bool, scalars: BaseCircuitBuilder<Fr>, chip: Chip) -> Self {
        Self { shape, scalars, tape: chip.tape, known }
    }

    /// The instance column that this witness claims.
    #[must_use]
    pub fn instance(&self) -> Vec<Fr> {
        self.scalars.assigned_instances[0].iter().map(|scalar| *scalar.value()).collect()
    }

    /// The pairs of cells that should be equal and are not: what a wrong statement about right proofs breaks. Lookups and gates are left
    /// to `MockProver`, which takes a hundred times as long.
    #[cfg(test)]
    pub(in super::super) fn broken_copies(&self) -> Vec<[Fr; 2]> {
        use halo2_base::ContextCell;

        let core = self.scalars.core();
        let threads = &core.phase_manager[0].threads;
        let scalar = |cell: &ContextCell| threads[cell.context_id].advice[cell.offset].evaluate();
        let copies = core.copy_manager.lock().expect("nothing panics while it is held");
        let equal = copies.advice_equalities.iter().map(|(a, b)| [scalar(a), scalar(b)]);
        let constant = copies.constant_equalities.iter().map(|(value, cell)| [*value, scalar(cell)]);
        let pairs: Vec<_> = equal.chain(constant).chain(self.tape.copied_values(&scalar)).collect();
        pairs.into_iter().filter(|[a, b]| a != b).collect()
    }

    /// The distinct constants of scalars.
    fn constants(&self) -> BTreeSet<Fr> {
        let copies = self.scalars.core().copy_manager.lock().expect("nothing panics while it is held");
        copies.constant_equalities.iter().map(|(constant, _)| *constant).collect()
    }

    /// What the circuit takes.
    #[must_use]
    pub fn cost(&self) -> FoldCost {
        let statistics = self.scalars.statistics().gate;
        FoldCost {
            chip_rows: self.tape.rows(),
            scalar_cells: statistics.total_advice_per_phase.iter().sum(),
            constants: self.constants().len(),
        }
    }

    /// Checks that the circuit fits its shape: synthesis panics when it does not.
    ///
    /// # Errors
    /// [`ProverError::NotEnoughRows`].
    pub fn check_fits(&self) -> Result<(), ProverError> {
        let cost = self.cost();
        let available = (1 << self.shape.k) - UNUSABLE_ROWS;
        let needed =
            (cost.constants + cost.chip_rows).max(cost.scalar_cells.div_ceil(self.shape.scalar_columns.max(1)) + 8);
        if needed <= available {
            return Ok(());
        }
        Err(ProverError::NotEnoughRows { needed, available, k: self.shape.k })
    }
}

impl Circuit<Fr> for FoldCircuit {
    type Config = FoldConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = FoldShape;

    fn params(&self) -> FoldShape {
        self.shape
    }

    fn without_witnesses(&self) -> Self {
        Self { known: false, ..self.clone() }
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, shape: FoldShape) -> FoldConfig {
        FoldConfig::configure(meta, shape.k as usize, shape.scalar_columns)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> FoldConfig {
        Self::configure_with_params(meta, FoldShape { k: PIECE_BITS as u32 + 1, scalar_columns: 1 })
    }

    fn synthesize(&self, config: FoldConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "pieces",
            |mut table| {
                (0..1usize << PIECE_BITS).try_for_each(|piece| {
                    table.assign_cell(|| "piece", config.pieces, piece, || Value::known(Fr::from(piece as u64)))
                })
            },
        )?;
        let core = self.scalars.core();
        layouter.assign_region(
            || "all",
            |mut region| {
                let scalars = (config.scalars.basic_gates[0].clone(), config.scalars.max_rows);
                core.phase_manager[0].assign_raw(&scalars, &mut region);
                let constants = self.constants();
                // Theirs are the first labels, and none may be mistaken for the key of a point.
                if constants.iter().any(is_key) {
                    return Err(Error::Synthesis);
                }
                core.copy_manager.assign_raw(&config.scalars.constants, &mut region);
                let placed = core.copy_manager.lock().expect("nothing panics while it is held");
                self.tape.assign(&config, &mut region, constants.len(), self.known, &placed.assigned_advices)
            },
        )?;
        self.scalars.assign_instances(&[config.instance], layouter.namespace(|| "instance"));
        Ok(())
    }
}
