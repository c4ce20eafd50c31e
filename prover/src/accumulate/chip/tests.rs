//! Equations against integers, multiplications against halo2curves, and what a cheating prover could put into cells.

use ff::Field;
use halo2curves::{
    bn256::{Fq, Fr, G1, G1Affine},
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use num_bigint::{BigInt, BigUint};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zomma_gadgets::testing::{failures, free_cells};

use super::{
    formulas::{self, Q_CHORD, Q_ROOT},
    limbs::{MODULUS, Truncated, quotient, reduce, split, to_integer},
    *,
};
use crate::accumulate::{circuit::build, instance::split_limbs};

const SHAPE: FoldShape = FoldShape { k: 18, scalar_columns: 1 };

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(11)
}

fn number(value: &BigUint) -> Truncated<Fr> {
    Truncated::number(split(value).map(Fr::from_u128))
}

fn integer(value: &Fq) -> BigInt {
    to_integer(value).into()
}

/// Whether an equation holds with the carries that belong to it.
fn holds(equation: Truncated<Fr>) -> bool {
    let carries = equation.carries().map(Fr::from_u128);
    equation.vanishes(carries) == [Fr::ZERO; 3]
}

/// A point and the slope of the line through it and another one.
struct Line {
    points: [G1Affine; 2],
    slope: Fq,
}

impl Line {
    fn chord(rng: &mut ChaCha20Rng) -> Self {
        let points = [(); 2].map(|()| G1::random(&mut *rng).to_affine());
        let [a, b] = points;
        Self { points, slope: (b.y - a.y) * (b.x - a.x).invert().unwrap() }
    }

    fn chord_holds(&self, slope: Fq) -> bool {
        let [a, b] = self.points;
        let value = integer(&slope) * (integer(&b.x) - integer(&a.x)) - integer(&b.y) + integer(&a.y);
        let [x1, y1, x2, y2, s] = [a.x, a.y, b.x, b.y, slope].map(|value| number(&to_integer(&value)));
        holds(formulas::chord(s, x1, x2, y1, y2, number(&quotient(&value, &Q_CHORD))))
    }

    fn root_holds(&self, third: Fq) -> bool {
        let [a, b] = self.points;
        let value = integer(&self.slope) * integer(&self.slope) - integer(&a.x) - integer(&b.x) - integer(&third);
        let [x1, x2, x3, s] = [a.x, b.x, third, self.slope].map(|value| number(&to_integer(&value)));
        holds(formulas::root(s, x1, x2, x3, number(&quotient(&value, &Q_ROOT))))
    }
}

#[test]
fn lines_have_one_slope_and_one_third_point() {
    let mut rng = rng();
    for _ in 0..20 {
        let line = Line::chord(&mut rng);
        assert!(line.chord_holds(line.slope));
        assert!(!line.chord_holds(line.slope + Fq::ONE));
        assert!(!line.chord_holds(Fq::random(&mut rng)));
        let [a, b] = line.points;
        let sum = (a.to_curve() + b).to_affine();
        assert!(line.root_holds(sum.x));
        assert!(!line.root_holds(sum.x + Fq::ONE));
        // The ordinate, up to a multiple of the modulus.
        let [x1, x3, y1, s] = [a.x, sum.x, a.y, line.slope].map(|value| number(&to_integer(&value)));
        let y3 = integer(&line.slope) * (integer(&a.x) - integer(&sum.x)) - integer(&a.y);
        let ordinate = formulas::third(s, x1, x3, y1);
        let reduced = number(&to_integer(&sum.y));
        let q = number(&quotient(&(&y3 - integer(&sum.y)), &Q_CHORD));
        assert!(holds(formulas::reduce(ordinate.clone(), reduced, q.clone())));
        assert!(!holds(formulas::reduce(ordinate, number(&to_integer(&(sum.y + Fq::ONE))), q)));

        let double = a.to_curve().double().to_affine();
        let tangent = a.x.square() * Fq::from(3) * a.y.double().invert().unwrap();
        for (slope, expected) in [(tangent, true), (-tangent, false), (tangent + Fq::ONE, false)] {
            let value = integer(&slope) * 2u32 * integer(&a.y) - integer(&a.x) * integer(&a.x) * 3u32;
            let [x1, y1, s] = [a.x, a.y, slope].map(|value| number(&to_integer(&value)));
            let q = number(&quotient(&value, &Q_CHORD));
            assert_eq!(holds(formulas::tangent(s, x1, y1, q)), expected);
        }
        let line = Line { points: [a, a], slope: tangent };
        assert!(line.root_holds(double.x) && !line.root_holds(a.x));
    }
}

/// An equation is checked modulo $2^{272}$ and modulo r, and neither alone is enough.
#[test]
fn both_congruences_are_needed() {
    let power = BigUint::from(1u32) << 272;
    let r = to_integer(&-Fr::ONE) + 1u32;
    let zero = || Truncated::<Fr>::constant(&BigUint::from(0u32));
    assert!(holds(zero()));
    // 2^272: all four coefficients vanish, the value modulo r does not.
    let multiple = Truncated { native: reduce(&power), ..zero() };
    assert_eq!(
        multiple.clone().vanishes(multiple.carries().map(Fr::from_u128)).map(|x| x == Fr::ZERO),
        [true, true, false]
    );
    // r: the value modulo r vanishes, the coefficients do not.
    let multiple = number(&r);
    let checks = multiple.clone().vanishes(multiple.carries().map(Fr::from_u128));
    assert_eq!(checks[2], Fr::ZERO);
    assert_ne!(checks[0], Fr::ZERO);
    // No multiple of both is as small as the bounds of the equations.
    let bound = BigUint::from(1u32) << 525;
    assert!(power * r > bound);
}

#[test]
fn numbers_below_the_modulus_have_a_complement_and_others_none() {
    let last = &*MODULUS - 1u32;
    let satisfied = |x: &BigUint, complement: &BigUint| {
        let [x, complement] = [x, complement].map(split);
        let mut carry = 0;
        let carries: [Fr; LIMBS - 1] = std::array::from_fn(|i| {
            carry = u128::from(x[i] + complement[i] + carry != split(&last)[i]);
            Fr::from_u128(carry)
        });
        let equations = formulas::below(x.map(Fr::from_u128), complement.map(Fr::from_u128), carries);
        equations.iter().all(|value| *value == Fr::ZERO)
    };
    let mut rng = rng();
    let mut small = vec![BigUint::from(0u32), BigUint::from(1u32), last.clone()];
    small.extend((0..20).map(|_| to_integer(&Fq::random(&mut rng))));
    for x in &small {
        assert!(satisfied(x, &(&last - x)));
    }
    // For larger ones, the equations leave one complement for each choice of carries, and a limb of it is out of range.
    let above = (0..20u32).map(|i| &*MODULUS + (BigUint::from(i) << (12 * i)));
    for x in above.chain([(BigUint::from(1u32) << 255) - 1u32]) {
        for bits in 0..1u64 << (LIMBS - 1) {
            let carry = |i: usize| if i < LIMBS - 1 { Fr::from(bits >> i & 1) } else { Fr::ZERO };
            let complement: [Fr; LIMBS] = std::array::from_fn(|i| {
                let target = Fr::from_u128(split(&last)[i]) + carry(i) * *limbs::BASE;
                target - Fr::from_u128(split(&x)[i]) - if i == 0 { Fr::ZERO } else { carry(i - 1) }
            });
            let carries = std::array::from_fn(carry);
            let equations = formulas::below(split(&x).map(Fr::from_u128), complement, carries);
            assert!(equations.iter().all(|value| *value == Fr::ZERO));
            let bits = [LIMB_BITS, LIMB_BITS, LIMB_BITS, 51];
            let out_of_range = complement.iter().zip(bits).any(|(limb, bits)| to_integer(limb).bits() > bits as u64);
            assert!(out_of_range, "{x} with carries {bits:?}");
        }
    }
}

#[test]
fn equal_abscissas_have_no_inverse() {
    let p: Fr = reduce(&MODULUS);
    let inverse = |difference: Fr| {
        // The product that has to have an inverse: the second equation is linear in it.
        let square = difference.square();
        let [_, at_zero] = formulas::distinct(difference, square, Fr::ZERO);
        let [_, at_one] = formulas::distinct(difference, square, Fr::ONE);
        (at_one - at_zero).invert().into_option()
    };
    for multiple in [Fr::ZERO, p, -p, p.double(), -p.double()] {
        assert_eq!(inverse(multiple), None);
    }
    for other in [Fr::ONE, p + Fr::ONE, p.double() - Fr::ONE] {
        let [square, product] = formulas::distinct(other, other.square(), inverse(other).unwrap());
        assert_eq!([square, product], [Fr::ZERO; 2]);
    }
}

/// A circuit that multiplies points by scalars and exposes the limbs of the sum.
fn multiplication(points: &[G1Affine], scalars: &[Fr]) -> FoldCircuit {
    build(true, SHAPE, |loader| {
        let (ecc, mut pool) = (loader.ecc_chip(), loader.ctx_mut());
        let ctx = pool.main();
        let loaded: Vec<_> = points.iter().map(|point| ecc.chip().load(ctx, *point)).collect();
        let scalars: Vec<_> = scalars.iter().map(|scalar| ctx.load_witness(*scalar)).collect();
        let pairs: Vec<_> = loaded.iter().zip(scalars).collect();
        let sum = ecc.chip().multiply(ctx, &pairs);
        Ok(ecc.instance_limbs(ctx, &sum))
    })
    .unwrap()
}

fn limbs_of(point: G1Affine) -> Vec<Fr> {
    [point.x, point.y].iter().flat_map(split_limbs).collect()
}

#[test]
fn sums_of_scaled_points_are_those_of_halo2curves() {
    let mut rng = rng();
    for count in [1, 2, 6, 7, 13] {
        let points: Vec<_> = (0..count).map(|_| G1::random(&mut rng).to_affine()).collect();
        let mut scalars: Vec<_> = (0..count).map(|_| Fr::random(&mut rng)).collect();
        scalars[0] = [-Fr::ONE, Fr::ONE, Fr::from(rng.r#gen::<u64>())][count % 3];
        if count > 2 {
            scalars[1] = Fr::ZERO;
        }
        let expected: G1 = points.iter().zip(&scalars).map(|(point, scalar)| *point * *scalar).sum();
        let circuit = multiplication(&points, &scalars);
        assert_eq!(circuit.instance(), limbs_of(expected.to_affine()), "{count} points");
        assert_eq!(circuit.broken_copies(), [] as [[Fr; 2]; 0]);
    }
    // Equal and opposite points, and the one that tables start from is none of anybody's.
    let point = G1::random(&mut rng).to_affine();
    let circuit = multiplication(&[point, point, -point], &[Fr::from(3), Fr::from(4), Fr::from(5)]);
    assert_eq!(circuit.instance(), limbs_of((point * Fr::from(2)).to_affine()));
    assert_eq!(circuit.broken_copies(), [] as [[Fr; 2]; 0]);
}

/// One column holds keys, and what is none; were another label a key, a step could select cells that nobody has checked.
#[test]
fn no_constant_is_a_key() {
    let constants = &zomma_gadgets::poseidon::Permutation::width_3().parameters().round_constants;
    assert!(!constants.as_flattened().iter().any(config::is_key));
    assert!(!config::is_key(&Fr::ZERO));
    let [key, selects] = [1, config::SELECTS].map(|number| *config::KEYS + Fr::from(number));
    assert!(config::is_key(&key) && config::is_key(&selects));
    // A constant of scalars that is one stops synthesis.
    let circuit = |constant: Fr| {
        build(true, SHAPE, |loader| {
            let (ecc, mut pool) = (loader.ecc_chip(), loader.ctx_mut());
            let ctx = pool.main();
            ctx.load_constant(constant);
            let point = ecc.chip().load(ctx, G1Affine::generator());
            Ok(ecc.instance_limbs(ctx, &point))
        })
        .unwrap()
    };
    let run = |constant: Fr| {
        let circuit = circuit(constant);
        let instance = vec![circuit.instance()];
        halo2_proofs::dev::MockProver::run(SHAPE.k, &circuit, instance)
            .map(|_| ())
            .map_err(|error| format!("{error:?}"))
    };
    assert_eq!(run(Fr::from(5)), Ok(()));
    assert_eq!(run(key), Err("Synthesis".to_owned()));
}

#[test]
fn costs_are_what_they_were() {
    let cost = |count: usize| {
        let points: Vec<_> = (1..=count as u64).map(|i| (G1Affine::generator() * Fr::from(i)).to_affine()).collect();
        multiplication(&points, &vec![Fr::from(7); count]).cost().chip_rows
    };
    let [one, two, six, seven, twelve] = [1, 2, 6, 7, 12].map(cost);
    // One clump up to six points, two from seven on.
    assert_eq!([one, two, six, seven, twelve], [52_609, 53_034, 61_130, 82_277, 90_798]);
}

/// The identity has no witness: what is left of a sum that is none is off the curve.
#[test]
fn sums_are_not_the_identity() {
    let point = G1Affine::generator();
    let circuit = multiplication(&[point, -point], &[Fr::from(9), Fr::from(9)]);
    assert_ne!(circuit.broken_copies(), [] as [[Fr; 2]; 0]);
}

/// Everything that is assigned matters. Takes minutes.
#[test]
fn no_cell_is_free() {
    if std::env::var_os("ZOMMA_FULL").is_none() {
        eprintln!("not run: set ZOMMA_FULL=1");
        return;
    }
    let point = (G1Affine::generator() * Fr::from(5)).to_affine();
    let circuit = multiplication(&[point], &[Fr::from(0x1234_5678_9abc)]);
    let instance = [circuit.instance()];
    assert_eq!(failures(SHAPE.k, &circuit, &instance, &[]), []);
    assert_eq!(free_cells(SHAPE.k, &circuit, &instance), []);
}
