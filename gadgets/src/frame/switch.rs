//! Gates that are never on in the same row, switched by a few fixed columns.
//!
//! Keys are made without halo2's selector compression, so a selector is a column: a commitment to open, and to verify in a
//! circuit. A circuit of degree 5 leaves $5 - d$ factors for the switch of a gate whose constraints are of degree $d$: its *room*.
//!
//! [`Switches`] gives each gate a *pattern*, a multiset of columns as large as its room: where the gate is on, each column holds how
//! often it is in the pattern, and the columns outside of it hold 0. The gate is multiplied by $\prod_j s_j (s_j - 1) \cdots (s_j -
//! \alpha_j + 1)$ for multiplicities $\alpha_j$, which is zero at the pattern $\beta$ unless $\alpha_j \le \beta_j$ for all $j$. So
//! patterns switch one gate each as long as none contains another. $c$ columns have $\binom{c + r - 1}{r}$ patterns of size $r$ where
//! values of one column would give $r c$.
//!
//! | room | pattern |
//! |---|---|
//! | 1 | a column of its own |
//! | 2 | a pair with at least one of the *first* columns |
//! | 3 or more | three of the *second* columns |
//!
//! No triple contains a pair, as the pair has a first column. [`share_column`] is for few gates: one column whose values 1 to $m$ switch one each.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use halo2_proofs::{
    circuit::Region,
    plonk::{Column, ConstraintSystem, Expression, Fixed, VirtualCells},
    poly::Rotation,
};
use halo2curves::bn256::Fr;

/// The largest degree of a switched constraint, its switch included: that of the circuits.
pub const CIRCUIT_DEGREE: usize = 5;

/// The most columns that a pattern has.
const PATTERN: usize = 3;

/// The columns of a circuit's gates, which chips fill up while they are configured.
#[derive(Debug, Clone, Default)]
pub struct Switches(Arc<Mutex<Columns>>);

#[derive(Debug, Default)]
struct Columns {
    first: Vec<Column<Fixed>>,
    second: Vec<Column<Fixed>>,
    taken: HashSet<Vec<Column<Fixed>>>,
}

/// What a column holds where a gate is on, and the other values, up to `top`, where it is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Cell {
    column: Column<Fixed>,
    value: u64,
    top: u64,
}

/// What switches one gate on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position([Option<Cell>; PATTERN]);

impl Switches {
    /// A switch for a gate whose constraints have this degree at most. No other gate that has one may begin in the same row.
    ///
    /// # Panics
    /// When the degree leaves none for the switch.
    pub fn position(&self, meta: &mut ConstraintSystem<Fr>, degree: usize) -> Position {
        let mut columns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pattern = match room(degree) {
            1 => vec![meta.fixed_column()],
            room => loop {
                let free = if room == 2 { columns.pair() } else { columns.triple() };
                match free {
                    Some(pattern) => break pattern,
                    // A first column makes more pairs, a second one serves both.
                    None if room == 2 && 2 * columns.first.len() < columns.second.len() => {
                        columns.first.push(meta.fixed_column());
                    }
                    None => columns.second.push(meta.fixed_column()),
                }
            },
        };
        columns.taken.insert(pattern.clone());
        Position::of(&pattern)
    }
}

impl Columns {
    fn pair(&self) -> Option<Vec<Column<Fixed>>> {
        let all = self.first.iter().chain(&self.second);
        let pairs = self.first.iter().enumerate().flat_map(|(i, &a)| all.clone().skip(i).map(move |&b| vec![a, b]));
        self.unused(pairs)
    }

    fn triple(&self) -> Option<Vec<Column<Fixed>>> {
        let second = &self.second;
        let from = |start: usize| (start..second.len()).map(|i| (i, second[i]));
        let triples =
            from(0).flat_map(|(i, a)| from(i).flat_map(move |(j, b)| from(j).map(move |(_, c)| vec![a, b, c])));
        self.unused(triples)
    }

    fn unused(&self, mut patterns: impl Iterator<Item = Vec<Column<Fixed>>>) -> Option<Vec<Column<Fixed>>> {
        patterns.find(|pattern| !self.taken.contains(pattern))
    }
}

/// Switches for gates of which never two are on in the same row, by the degrees of their constraints, in one column of their own.
///
/// # Panics
/// When the degrees leave none for so many switches.
pub fn share_column(meta: &mut ConstraintSystem<Fr>, degrees: &[usize]) -> Vec<Position> {
    let top = degrees.len() as u64;
    for &degree in degrees {
        assert!(top <= room(degree) as u64, "{top} gates, one of degree {degree}, cannot share a column");
    }
    let column = meta.fixed_column();
    (1..=top).map(|value| Position([Some(Cell { column, value, top }), None, None])).collect()
}

/// The largest degree of a gate's switch.
fn room(degree: usize) -> usize {
    assert!(degree < CIRCUIT_DEGREE, "constraints of degree {degree} cannot be switched at degree {CIRCUIT_DEGREE}");
    CIRCUIT_DEGREE - degree.max(1)
}

impl Position {
    /// The switch with a pattern, equal columns one after the other.
    fn of(pattern: &[Column<Fixed>]) -> Self {
        let mut cells = pattern.chunk_by(PartialEq::eq).map(|equal| {
            let times = equal.len() as u64;
            Cell { column: equal[0], value: times, top: times }
        });
        Self(std::array::from_fn(|_| cells.next()))
    }

    fn cells(self) -> impl Iterator<Item = Cell> {
        self.0.into_iter().flatten()
    }

    /// The expression that multiplies the gate's constraints: zero unless the gate is on.
    pub fn query(self, meta: &mut VirtualCells<'_, Fr>) -> Expression<Fr> {
        let factors = self.cells().flat_map(|Cell { column, value, top }| {
            let holds = meta.query_fixed(column, Rotation::cur());
            (0..=top).filter(move |other| *other != value).map(move |other| match other {
                0 => holds.clone(),
                other => holds.clone() - Expression::Constant(Fr::from(other)),
            })
        });
        factors.reduce(|product, factor| product * factor).expect("a switch has a column")
    }

    /// Switches the gate on at a row.
    pub fn enable(self, region: &mut Region<'_, Fr>, row: usize) {
        for Cell { column, value, .. } in self.cells() {
            region.assign_fixed(column, row, Fr::from(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use halo2_proofs::plonk::Constraints;

    use super::*;

    /// Gates with switches for constraints of these degrees.
    fn switched(
        degrees: &[usize],
        switch: impl Fn(&mut ConstraintSystem<Fr>) -> Vec<Position>,
    ) -> (ConstraintSystem<Fr>, Vec<Position>) {
        let mut meta = ConstraintSystem::default();
        let advice = meta.advice_column();
        let positions = switch(&mut meta);
        for (position, &degree) in positions.iter().zip(degrees) {
            meta.create_gate("gate", |meta| {
                let cell = meta.query_advice(advice, Rotation::cur());
                let body = (1..degree).fold(cell.clone(), |power, _| power * cell.clone());
                Constraints::with_selector(position.query(meta), [body])
            });
        }
        (meta, positions)
    }

    fn pooled(degrees: &[usize]) -> (ConstraintSystem<Fr>, Vec<Position>) {
        let switches = Switches::default();
        switched(degrees, |meta| degrees.iter().map(|&degree| switches.position(meta, degree)).collect())
    }

    /// Which gates are on, with advice 1, where `on` is switched on.
    fn gates_on(meta: &ConstraintSystem<Fr>, on: Option<Position>) -> Vec<bool> {
        let held = |index: usize| {
            let cells = on.into_iter().flat_map(Position::cells);
            cells.into_iter().find(|cell| cell.column.index() == index).map_or(0, |cell| cell.value)
        };
        let on = meta.gates().iter().map(|gate| {
            let value = gate.polynomials()[0].evaluate(
                &|constant| constant,
                &|_| unreachable!("there are no selectors"),
                &|query| Fr::from(held(query.column_index())),
                &|_| Fr::one(),
                &|_| Fr::one(),
                &|_| Fr::one(),
                &|a| -a,
                &|a, b| a + b,
                &|a, b| a * b,
                &|a, factor| a * factor,
            );
            value != Fr::zero()
        });
        on.collect()
    }

    fn each_switches_one((meta, positions): (ConstraintSystem<Fr>, Vec<Position>)) {
        assert!(!gates_on(&meta, None).contains(&true), "an empty row");
        for (index, position) in positions.iter().enumerate() {
            let expected: Vec<bool> = (0..positions.len()).map(|other| other == index).collect();
            assert_eq!(gates_on(&meta, Some(*position)), expected, "gate {index}");
        }
        for gate in meta.gates() {
            assert!(gate.polynomials()[0].degree() <= CIRCUIT_DEGREE);
        }
    }

    #[test]
    fn each_pattern_switches_one_gate() {
        let degrees: Vec<usize> = (0..60).map(|i| [3, 2, 1, 2, 3][i % 5]).chain([4, 4]).collect();
        each_switches_one(pooled(&degrees));
    }

    #[test]
    fn each_value_switches_one_gate() {
        each_switches_one(switched(&[2, 2, 1], |meta| share_column(meta, &[2, 2, 1])));
    }

    #[test]
    fn patterns_take_few_columns() {
        let columns = |degrees: &[usize]| pooled(degrees).0.num_fixed_columns();
        // One; two columns with pairs aa and ab; ten triples of three.
        assert_eq!([columns(&[4]), columns(&[3, 3]), columns(&[2; 10])], [1, 2, 3]);
        // 84 triples of seven, and 38 pairs of four with these and one another.
        let many: Vec<usize> = [3, 2, 2].repeat(37).into_iter().collect();
        assert_eq!(columns(&many), 11);
    }

    #[test]
    #[should_panic(expected = "constraints of degree 5 cannot be switched at degree 5")]
    fn a_degree_must_leave_room() {
        pooled(&[5]);
    }

    #[test]
    #[should_panic(expected = "3 gates, one of degree 3, cannot share a column")]
    fn a_column_has_values_for_few() {
        share_column(&mut ConstraintSystem::default(), &[2, 3, 2]);
    }
}
