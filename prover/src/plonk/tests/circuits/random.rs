//! Satisfied circuits drawn at random: phases, challenges, gates of any degree over any rotation, lookups into fixed and
//! advice columns, copies between all kinds of columns. Nobody chose what they exercise.

use ff::Field;
use halo2_proofs::circuit::{Layouter, Region, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{
    Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed, Instance, SecondPhase,
    Selector, TableColumn, ThirdPhase,
};
use halo2_proofs::poly::Rotation;
use halo2curves::bn256::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// What is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draw {
    pub(crate) seed: u64,
    pub(crate) k: u32,
    /// Most phases there may be; with 0 there is one phase and no challenge, as several circuits in one proof need it.
    pub(crate) phases: usize,
}

impl Draw {
    /// Stream `purpose` of the seed, so that constraints, values and witnesses are drawn independently.
    fn rng(self, purpose: u64) -> ChaCha20Rng {
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed);
        rng.set_stream(purpose);
        rng
    }
}

#[derive(Clone, Debug)]
struct Gate {
    /// `output = value` where the selector is on.
    output: Column<Advice>,
    value: Expression<Fr>,
    selector: Selector,
}

#[derive(Clone, Debug)]
struct RangeLookup {
    input: Column<Advice>,
    selector: Selector,
    table: [TableColumn; 2],
}

#[derive(Clone, Debug)]
pub(crate) struct Config {
    draw: Draw,
    /// Columns with values of their own, by phase.
    free: Vec<Vec<Column<Advice>>>,
    gates: Vec<Gate>,
    fixed: Vec<Column<Fixed>>,
    instance: Vec<Column<Instance>>,
    challenges: Vec<Challenge>,
    range: Option<RangeLookup>,
    /// Every value of the first column occurs in the second.
    dynamic: Option<[Column<Advice>; 2]>,
    last_row: usize,
}

/// Rows at either end where no gate is on, so that rotations stay inside.
const MARGIN: usize = 4;
const RANGE: u64 = 6;
/// What the second column of the range table holds.
const IMAGE: u64 = 77;

fn advice_in(meta: &mut ConstraintSystem<Fr>, phase: usize) -> Column<Advice> {
    match phase {
        0 => meta.advice_column_in(FirstPhase),
        1 => meta.advice_column_in(SecondPhase),
        _ => meta.advice_column_in(ThirdPhase),
    }
}

fn challenge_after(meta: &mut ConstraintSystem<Fr>, phase: usize) -> Challenge {
    match phase {
        0 => meta.challenge_usable_after(FirstPhase),
        1 => meta.challenge_usable_after(SecondPhase),
        _ => meta.challenge_usable_after(ThirdPhase),
    }
}

/// A random expression of at most the given degree over `leaves`.
fn expression(rng: &mut impl Rng, leaves: &[Expression<Fr>], degree: usize) -> Expression<Fr> {
    let leaf = |rng: &mut _| -> Expression<Fr> { leaves[Rng::gen_range(rng, 0..leaves.len())].clone() };
    match rng.gen_range(0..7) {
        0 if degree > 0 => leaf(rng),
        1 | 2 if degree > 1 => {
            let left = rng.gen_range(1..degree);
            expression(rng, leaves, left) * expression(rng, leaves, degree - left)
        }
        3 if degree > 0 => expression(rng, leaves, degree) + leaf(rng),
        4 if degree > 0 => expression(rng, leaves, degree) - leaf(rng),
        5 if degree > 0 => -expression(rng, leaves, degree),
        6 if degree > 0 => expression(rng, leaves, degree) * Fr::from(rng.gen_range(0..4)),
        _ => Expression::Constant(Fr::from(rng.gen_range(0..3))),
    }
}

impl Config {
    fn draw(meta: &mut ConstraintSystem<Fr>, draw: Draw) -> Self {
        let rng = &mut draw.rng(0);
        let phases = if draw.phases > 0 { rng.gen_range(1..=draw.phases) } else { 1 };
        let fixed: Vec<_> = (0..rng.gen_range(1..4)).map(|_| meta.fixed_column()).collect();
        let instance: Vec<_> = (0..rng.gen_range(0..3)).map(|_| meta.instance_column()).collect();
        let mut free = Vec::new();
        let mut outputs = Vec::new();
        let mut challenges = Vec::new();
        for phase in 0..phases {
            free.push((0..rng.gen_range(1..4)).map(|_| advice_in(meta, phase)).collect::<Vec<_>>());
            outputs.push((0..rng.gen_range(0..3)).map(|_| advice_in(meta, phase)).collect::<Vec<_>>());
            if draw.phases > 0 {
                challenges.push((0..rng.gen_range(0..3)).map(|_| challenge_after(meta, phase)).collect::<Vec<_>>());
            }
        }

        let degree = rng.gen_range(2..9);
        let mut gates = Vec::new();
        for (phase, outputs) in outputs.iter().enumerate() {
            for output in outputs {
                let selector = if rng.gen_bool(0.5) { meta.selector() } else { meta.complex_selector() };
                let mut value = Expression::Constant(Fr::ZERO);
                meta.create_gate(format!("output of column {}", output.index()), |meta| {
                    let mut leaves = Vec::new();
                    for column in free[..=phase].iter().flatten() {
                        leaves.push(meta.query_advice(*column, Rotation(rng.gen_range(-3..4))));
                    }
                    for column in &fixed {
                        leaves.push(meta.query_fixed(*column, Rotation(rng.gen_range(-1..2))));
                    }
                    for column in &instance {
                        leaves.push(meta.query_instance(*column, Rotation(rng.gen_range(-2..3))));
                    }
                    leaves.extend(challenges.iter().take(phase).flatten().map(|challenge| challenge.expr()));
                    value = expression(rng, &leaves, degree - 1);
                    let output = meta.query_advice(*output, Rotation::cur());
                    vec![meta.query_selector(selector) * (output - value.clone())]
                });
                gates.push(Gate { output: *output, value, selector });
            }
        }

        let range = rng.gen_bool(0.6).then(|| {
            let selector = meta.complex_selector();
            let (input, table) = (free[0][0], [(); 2].map(|()| meta.lookup_table_column()));
            meta.lookup("range", |meta| {
                let input = meta.query_advice(input, Rotation::cur()) * meta.query_selector(selector);
                vec![(input.clone(), table[0]), (input * Fr::from(IMAGE), table[1])]
            });
            RangeLookup { input, selector, table }
        });
        let dynamic = rng.gen_bool(0.6).then(|| {
            let columns = [(); 2].map(|()| advice_in(meta, 0));
            meta.lookup_any("dynamic", |meta| {
                let [input, table] = columns.map(|column| meta.query_advice(column, Rotation::cur()));
                vec![(input.clone() + input.clone(), table.clone() + table.clone()), (input, table)]
            });
            columns
        });

        for columns in &free {
            columns.iter().filter(|_| rng.gen_bool(0.7)).for_each(|column| meta.enable_equality(*column));
        }
        // Copies are made between the first of each kind.
        meta.enable_equality(free[0][0]);
        meta.enable_equality(fixed[0]);
        instance.iter().for_each(|column| meta.enable_equality(*column));
        if degree > 5 || rng.gen_bool(0.2) {
            meta.set_minimum_degree(degree.max(5));
        }
        let last_row = (1 << draw.k) - (meta.blinding_factors() + 1) - MARGIN;
        let challenges = challenges.concat();
        Self { draw, free, gates, fixed, instance, challenges, range, dynamic, last_row }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Random {
    draw: Draw,
    /// Distinguishes witnesses of one circuit.
    witness: u64,
    instance: Vec<Vec<Fr>>,
}

impl Random {
    /// The circuit that `draw` stands for, with one of its witnesses.
    pub(crate) fn new(draw: Draw, witness: u64) -> Self {
        let mut meta = ConstraintSystem::default();
        let config = Config::draw(&mut meta, draw);
        let usable = (1 << draw.k) - (meta.blinding_factors() + 1);
        let mut rng = draw.rng(10 + witness);
        let column = |_: &Column<Instance>| {
            let len = [0, 1, MARGIN, usable][rng.gen_range(0..4)];
            (0..len).map(|_| Fr::random(&mut rng)).collect()
        };
        Self { draw, witness, instance: config.instance.iter().map(column).collect() }
    }

    pub(crate) fn instance(&self) -> Vec<Vec<Fr>> {
        self.instance.clone()
    }
}

/// All cells, by column and row; what is not assigned is zero.
struct Grid<'c> {
    advice: Vec<Vec<Fr>>,
    fixed: Vec<Vec<Fr>>,
    instance: &'c [Vec<Fr>],
    challenges: Vec<Option<Fr>>,
}

impl Grid<'_> {
    /// The value of an expression in a row; `None` if it depends on a challenge that is not known yet.
    fn value(&self, expression: &Expression<Fr>, row: usize) -> Option<Fr> {
        let at = |column: &[Fr], rotation: Rotation| {
            Some(column.get((row as i32 + rotation.0) as usize).copied().unwrap_or_default())
        };
        expression.evaluate(
            &|constant| Some(constant),
            &|_| unreachable!("gate values have no selectors"),
            &|query| at(&self.fixed[query.column_index()], query.rotation()),
            &|query| at(&self.advice[query.column_index()], query.rotation()),
            &|query| at(&self.instance[query.column_index()], query.rotation()),
            &|challenge| self.challenges[challenge.index()],
            &|a| Some(-a?),
            &|a, b| Some(a? + b?),
            &|a, b| Some(a? * b?),
            &|a, factor| Some(a? * factor),
        )
    }
}

impl Circuit<Fr> for Random {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Draw;

    fn params(&self) -> Draw {
        self.draw
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, draw: Draw) -> Config {
        Config::draw(meta, draw)
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("configured with parameters")
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        if let Some(range) = &config.range {
            layouter.assign_table(
                || "range",
                |mut table| {
                    for (column, factor) in range.table.into_iter().zip([1, IMAGE]) {
                        for row in 0..RANGE {
                            table.assign_cell(|| "", column, row as usize, || Value::known(Fr::from(row * factor)))?;
                        }
                    }
                    Ok(())
                },
            )?;
        }
        layouter.assign_region(|| "all", |mut region| self.assign(&config, &mut region))
    }
}

impl Random {
    fn assign(&self, config: &Config, region: &mut Region<'_, Fr>) -> Result<(), Error> {
        let rows = config.last_row;
        let mut grid = Grid {
            advice: vec![vec![Fr::ZERO; rows]; region_columns(config)],
            fixed: Vec::new(),
            instance: &self.instance,
            challenges: vec![None; config.challenges.len()],
        };
        let rng = &mut config.draw.rng(1);
        for column in &config.fixed {
            let values: Vec<Fr> = (0..rows).map(|_| Fr::from(rng.gen_range(0..3)) * Fr::random(&mut *rng)).collect();
            for (row, value) in values.iter().enumerate() {
                region.assign_fixed(*column, row, *value);
            }
            grid.fixed.push(values);
        }
        for selector in config.gates.iter().map(|gate| gate.selector) {
            for row in (MARGIN..rows - MARGIN).filter(|row| (row * 7 + selector.index()) % 5 < 3) {
                selector.enable(region, row)?;
            }
        }
        if let Some(range) = &config.range {
            (0..rows).step_by(3).try_for_each(|row| range.selector.enable(region, row))?;
        }
        let rng = &mut config.draw.rng(1000 + self.witness);
        for (phase, columns) in config.free.iter().enumerate() {
            for column in columns {
                for row in 0..rows {
                    let small = config.range.as_ref().is_some_and(|range| range.input == *column);
                    let value = if small { Fr::from(rng.gen_range(0..RANGE)) } else { Fr::random(&mut *rng) };
                    grid.advice[column.index()][row] = value;
                    region.assign_advice(*column, row, Value::known(value));
                }
            }
            if phase == 0 {
                self.dynamic(config, region, rng);
                self.copies(config, region, &mut grid);
            }
            for gate in config.gates.iter().filter(|gate| gate.output.column_type().phase() as usize == phase) {
                for row in MARGIN..rows - MARGIN {
                    if let Some(value) = grid.value(&gate.value, row) {
                        region.assign_advice(gate.output, row, Value::known(value));
                    }
                }
            }
            // Half of the circuits end phases themselves, the others are synthesized once for each.
            if config.free.len() > 1 && config.draw.seed.is_multiple_of(2) {
                region.next_phase();
            }
            for (value, challenge) in grid.challenges.iter_mut().zip(&config.challenges) {
                region.get_challenge(*challenge).map(|challenge| *value = Some(challenge));
            }
        }
        Ok(())
    }

    fn dynamic(&self, config: &Config, region: &mut Region<'_, Fr>, rng: &mut impl Rng) {
        let Some([input, table]) = config.dynamic else { return };
        let values: Vec<Fr> = (0..config.last_row).map(|_| Fr::random(&mut *rng)).collect();
        for row in 0..config.last_row {
            region.assign_advice(table, row, Value::known(values[row]));
            region.assign_advice(input, row, Value::known(values[rng.gen_range(0..values.len())]));
        }
    }

    /// Overwrites cells of the first column with what other columns hold, and constrains them to be equal.
    fn copies(&self, config: &Config, region: &mut Region<'_, Fr>, grid: &mut Grid<'_>) {
        let column = config.free[0][0];
        if config.range.is_some() {
            // Its values must stay in range: copy within the column.
            for row in (0..config.last_row - 1).step_by(5) {
                let value = grid.advice[column.index()][row];
                let cells = [row, row + 1].map(|row| region.assign_advice(column, row, Value::known(value)).cell());
                grid.advice[column.index()][row + 1] = value;
                region.constrain_equal(cells[0], cells[1]);
            }
            return;
        }
        for row in (0..config.last_row).step_by(2) {
            let value = grid.fixed[0][row];
            let cell = region.assign_advice(column, row, Value::known(value)).cell();
            let fixed = region.assign_fixed(config.fixed[0], row, value);
            grid.advice[column.index()][row] = value;
            region.constrain_equal(fixed, cell);
        }
        for (index, instance) in config.instance.iter().enumerate() {
            // Odd rows were not copied above.
            for row in (1..config.last_row.min(self.instance[index].len())).step_by(2).skip(index).step_by(2) {
                let value = self.instance[index][row];
                let assigned = region.assign_advice_from_instance(|| "", *instance, row, column, row);
                if assigned.is_ok() {
                    grid.advice[column.index()][row] = value;
                }
            }
        }
    }
}

/// One more than the highest advice column.
fn region_columns(config: &Config) -> usize {
    let columns = config.free.iter().flatten().chain(config.gates.iter().map(|gate| &gate.output));
    columns.chain(config.dynamic.iter().flatten()).map(|column| column.index() + 1).max().unwrap_or(0)
}
