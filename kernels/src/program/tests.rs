use halo2curves::bn256::Fr;
use proptest::prelude::*;

use super::*;
use crate::{Domain, naive};

/// An expression as a tree, evaluated directly: what the graph, the scheduler and the interpreter must preserve.
#[derive(Clone, Debug)]
enum Tree {
    Constant(u64),
    Argument(u32),
    Column(u32, i32),
    Coordinate,
    Neg(Box<Tree>),
    Add(Box<Tree>, Box<Tree>),
    Sub(Box<Tree>, Box<Tree>),
    Mul(Box<Tree>, Box<Tree>),
}

const COLUMNS: u32 = 3;
const ARGUMENTS: u32 = 2;

impl Tree {
    fn build(&self, builder: &mut Builder) -> Value {
        match self {
            Tree::Constant(constant) => builder.constant(Fr::from(*constant)),
            Tree::Argument(index) => builder.argument(*index),
            Tree::Column(column, rotation) => builder.column(*column, *rotation),
            Tree::Coordinate => builder.coordinate(),
            Tree::Neg(a) => {
                let a = a.build(builder);
                builder.neg(a)
            }
            Tree::Add(a, b) | Tree::Sub(a, b) | Tree::Mul(a, b) => {
                let (x, y) = (a.build(builder), b.build(builder));
                match self {
                    Tree::Add(..) => builder.add(x, y),
                    Tree::Sub(..) => builder.sub(x, y),
                    _ => builder.mul(x, y),
                }
            }
        }
    }

    fn value(&self, columns: &[Vec<Fr>], arguments: &[Fr], points: &[Fr], row: usize) -> Fr {
        let at = |tree: &Tree| tree.value(columns, arguments, points, row);
        match self {
            Tree::Constant(constant) => Fr::from(*constant),
            Tree::Argument(index) => arguments[*index as usize],
            Tree::Column(column, rotation) => {
                let n = points.len() as i32;
                columns[*column as usize][(row as i32 + rotation).rem_euclid(n) as usize]
            }
            Tree::Coordinate => points[row],
            Tree::Neg(a) => -at(a),
            Tree::Add(a, b) => at(a) + at(b),
            Tree::Sub(a, b) => at(a) - at(b),
            Tree::Mul(a, b) => at(a) * at(b),
        }
    }
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        (0..4u64).prop_map(Tree::Constant),
        (0..ARGUMENTS).prop_map(Tree::Argument),
        (0..COLUMNS, -9..9i32).prop_map(|(column, rotation)| Tree::Column(column, rotation)),
        Just(Tree::Coordinate),
    ];
    leaf.prop_recursive(8, 96, 2, |inner| {
        let pair = (inner.clone(), inner.clone()).prop_map(|(a, b)| (Box::new(a), Box::new(b)));
        prop_oneof![
            inner.prop_map(|a| Tree::Neg(Box::new(a))),
            pair.clone().prop_map(|(a, b)| Tree::Add(a, b)),
            pair.clone().prop_map(|(a, b)| Tree::Sub(a, b)),
            pair.prop_map(|(a, b)| Tree::Mul(a, b)),
        ]
    })
}

fn columns(n: usize) -> Vec<Vec<Fr>> {
    (0..COLUMNS as usize)
        .map(|c| (0..n).map(|row| Fr::from((row * row + 31 * c + 5) as u64).square()).collect())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn programs_compute_what_their_expressions_say(trees in proptest::collection::vec(tree(), 1..4)) {
        let domain = Domain::new(3, 1).unwrap();
        let shift = Fr::from(7);
        let (columns, arguments) = (columns(domain.n()), [Fr::from(11), -Fr::from(13)]);
        let points: Vec<Fr> = (0..domain.n()).map(|row| domain.rotate(shift, row as i32)).collect();

        let mut builder = Builder::new();
        let outputs: Vec<Value> = trees.iter().map(|tree| tree.build(&mut builder)).collect();
        let program = builder.finish(COLUMNS as usize, ARGUMENTS as usize, &outputs);
        let slices: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
        let found = naive::evaluate(&program, &domain, &slices, &arguments, shift).unwrap();
        for (tree, found) in trees.iter().zip(found) {
            let expected: Vec<Fr> =
                (0..domain.n()).map(|row| tree.value(&columns, &arguments, &points, row)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

#[test]
fn common_subexpressions_are_computed_once() {
    let mut builder = Builder::new();
    let (a, b) = (builder.column(0, 0), builder.column(1, 0));
    let ab = builder.mul(a, b);
    let ba = builder.mul(b, a);
    assert_eq!(ab, ba);
    let square = builder.mul(ab, ba);
    let program = builder.finish(2, 0, &[ab, square]);
    assert_eq!(program.multiplications(), 2);
    assert_eq!(program.registers(), 2);
}

#[test]
fn sums_of_products_are_one_instruction_and_scalars_leave_the_rows() {
    let mut builder = Builder::new();
    let (x, y) = (builder.argument(0), builder.argument(1));
    let xy = builder.mul(x, y);
    let terms: Vec<Value> = (0..4)
        .map(|column| {
            let column = builder.column(column, 0);
            builder.mul(xy, column)
        })
        .collect();
    let minus = builder.neg(terms[3]);
    let sum = builder.sum([terms[0], terms[1], terms[2], minus]);
    let program = builder.finish(4, 2, &[sum]);
    let dots: Vec<_> =
        program.instructions().iter().filter(|instruction| matches!(instruction, Instruction::Dot { .. })).collect();
    assert_eq!(dots.len(), 1);
    assert_eq!(program.multiplications(), 4);
    // Arguments, their product and its negation.
    assert_eq!(program.scalar_table(&[Fr::from(2), Fr::from(3)]).unwrap()[2..], [Fr::from(6), -Fr::from(6)]);
}

#[test]
fn long_sums_are_cut_so_that_few_registers_live() {
    let mut builder = Builder::new();
    let terms: Vec<Value> = (0..200)
        .map(|i| {
            let (a, b) = (builder.column(i, 0), builder.column(i, 1));
            builder.mul(a, b)
        })
        .collect();
    let sum = builder.sum(terms);
    let program = builder.finish(200, 0, &[sum]);
    assert!(program.registers() <= 2 * Program::MAX_PRODUCTS + 1, "{} registers", program.registers());
}

#[test]
fn wrong_arguments_are_refused() {
    let mut builder = Builder::new();
    let x = builder.argument(0);
    let program = builder.finish(0, 1, &[x]);
    let expected = Error::Length { what: "arguments of a constraint program", expected: 1, found: 0 };
    assert_eq!(program.scalar_table(&[]), Err(expected));
}
