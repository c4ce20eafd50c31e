use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;
use num_bigint::BigUint;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::{error::GadgetError, testing::circomlibjs::vectors};

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(0xed)
}

/// circomlib's generator of the whole group, of order 8 l.
fn generator() -> Point {
    let coordinate = |text| Fr::from_str_vartime(text).unwrap();
    Point::new(
        coordinate("995203441582195749578291179787384436505546430278305826713579947235728471134"),
        coordinate("5472060717959818805561601436314318772137091100104008585924551046643952123905"),
    )
    .unwrap()
}

fn random_scalar(rng: &mut ChaCha20Rng) -> Scalar {
    Scalar::reduce(&rng.r#gen::<[u8; 32]>())
}

fn malformed<T>(result: Result<T, GadgetError>) -> &'static str {
    match result {
        Err(GadgetError::Malformed { reason, .. }) => reason,
        _ => panic!("accepted"),
    }
}

#[test]
fn multiples_are_circomlibjs() {
    for vector in vectors().multiples {
        let integer: BigUint = vector.scalar.parse().unwrap();
        let digits = integer.to_u64_digits();
        let limbs = std::array::from_fn(|i| digits.get(i).copied().unwrap_or(0));
        for (point, expected) in [(base8(), vector.base8), (generator(), vector.generator)] {
            let product = Point::from(Extended::from(point).times(&limbs));
            assert_eq!([product.x(), product.y()], expected.map(|x| x.0), "{integer}");
        }
        let reduced = Point::base8_times(Scalar::reduce(&integer.to_bytes_le()));
        assert_eq!([reduced.x(), reduced.y()], vector.base8.map(|x| x.0), "{integer}");
    }
}

#[test]
fn addition_is_the_affine_law() {
    let mut rng = rng();
    let mut points: Vec<Point> = (0..6).map(|_| generator() * random_scalar(&mut rng)).collect();
    points.extend([Point::IDENTITY, base8(), -base8(), points[0]]);
    for &p in &points {
        for &q in &points {
            let product = D * p.x() * q.x() * p.y() * q.y();
            let x = (p.x() * q.y() + p.y() * q.x()) * (Fr::ONE + product).invert().unwrap();
            let y = (p.y() * q.y() - A * p.x() * q.x()) * (Fr::ONE - product).invert().unwrap();
            let sum = p + q;
            assert_eq!((sum.x(), sum.y()), (x, y));
            assert_eq!(sum - q, p);
        }
        assert_eq!(Point::from(Extended::from(p).double()), p + p);
        assert_eq!(p + Point::IDENTITY, p);
    }
}

#[test]
fn scalars_act_as_integers_modulo_the_order() {
    let mut rng = rng();
    for _ in 0..10 {
        let (a, b) = (random_scalar(&mut rng), random_scalar(&mut rng));
        let b_integer = BigUint::from_bytes_le(&b.to_bytes());
        let product = Scalar::multiply_add(&a.to_bytes(), &b_integer, Scalar::default());
        assert_eq!(Point::base8_times(a) * b, Point::base8_times(product));
        let sum = Scalar::multiply_add(&a.to_bytes(), &1u8.into(), b);
        assert_eq!(Point::base8_times(a) + Point::base8_times(b), Point::base8_times(sum));
        assert_eq!(base8() * a, Point::base8_times(a));
    }
}

#[test]
fn the_eighth_of_a_point_is_in_the_subgroup() {
    let mut rng = rng();
    for _ in 0..3 {
        let point = Point::base8_times(random_scalar(&mut rng));
        assert_eq!(point.eighth().times_cofactor(), point);
        assert!(point.eighth().is_in_prime_subgroup());
    }
    assert_eq!(Point::IDENTITY.eighth(), Point::IDENTITY);
}

/// Multiples by any integer below 2^252, from the constants alone.
#[test]
fn odd_multiples_and_their_offset_make_any_multiple() {
    let mut rng = rng();
    let order = BigUint::from_bytes_le(&ORDER.map(u64::to_le_bytes).concat());
    let random = BigUint::from_bytes_le(&rng.r#gen::<[u8; 31]>());
    for scalar in [0u8.into(), 1u8.into(), order, (BigUint::from(1u8) << 252u32) - 1u8, random] {
        let start = Point::base8_times(random_scalar(&mut rng));
        let witness = witness::BaseWitness::new([start.x(), start.y()], &scalar);
        let expected = start + Point::base8_times(Scalar::reduce(&scalar.to_bytes_le()));
        assert_eq!(witness.sums.last(), Some(&expected), "{scalar}");
    }
}

#[test]
fn only_canonical_scalars_are_read() {
    let order = BigUint::from_slice(&ORDER.map(|limb| [limb as u32, (limb >> 32) as u32]).concat());
    let text = "2736030358979909402780800718157159386076813972158567259200215660948447373041";
    assert_eq!(order.to_string(), text);
    let mut bytes: [u8; 32] = order.to_bytes_le().try_into().unwrap();
    let reason = "it is not below the order of the subgroup";
    assert_eq!(malformed(Scalar::from_bytes(&bytes)), reason);
    assert_eq!(malformed(Scalar::from_bytes(&[0xff; 32])), reason);
    bytes[0] -= 1;
    assert_eq!(Scalar::from_bytes(&bytes).unwrap().to_bytes(), bytes);
}

#[test]
fn points_have_one_encoding() {
    let mut rng = rng();
    for _ in 0..50 {
        let point = generator() * random_scalar(&mut rng);
        for point in [point, -point] {
            assert_eq!(Point::from_bytes(&point.to_bytes()), Ok(point));
        }
    }
    // (0, 1) and (0, -1) with the sign bit.
    for point in [Point::IDENTITY, Point::new(Fr::ZERO, -Fr::ONE).unwrap()] {
        let mut bytes = point.to_bytes();
        assert_eq!(Point::from_bytes(&bytes), Ok(point));
        bytes[31] |= 0x80;
        assert_eq!(malformed(Point::from_bytes(&bytes)), "the sign bit is set on x = 0");
    }
    // y + p for y = 1.
    let modulus = BigUint::from_bytes_le(&(-Fr::ONE).to_repr()) + 1u8;
    let mut unreduced: [u8; 32] = (modulus.clone() + 1u8).to_bytes_le().try_into().unwrap();
    assert_eq!(malformed(Point::from_bytes(&unreduced)), "y is not below the modulus");
    // p itself, which circomlibjs's `unpackPoint` lets pass.
    unreduced = modulus.to_bytes_le().try_into().unwrap();
    assert_eq!(malformed(Point::from_bytes(&unreduced)), "y is not below the modulus");
}

#[test]
fn half_of_all_y_are_on_the_curve() {
    let read = (0..200u64).filter(|&y| match Point::from_bytes(&Fr::from(y).to_repr()) {
        Ok(point) => point.y() == Fr::from(y) && Point::new(point.x(), point.y()).is_ok(),
        Err(error) => {
            assert_eq!(malformed::<()>(Err(error)), "no point of the curve has this y");
            false
        }
    });
    let count = read.count();
    assert!((70..130).contains(&count), "{count} of 200");
}

#[test]
fn the_subgroup_is_told_from_the_group() {
    // The generator times l has order 8; its multiples are the points of low order.
    let torsion = Point::from(Extended::from(generator()).times(&ORDER));
    let mut point = Point::IDENTITY;
    for i in 0..8 {
        assert_eq!(point.is_in_prime_subgroup(), i == 0, "order-8 point times {i}");
        assert_eq!((base8() + point).is_in_prime_subgroup(), i == 0);
        assert_eq!(point.times_cofactor(), Point::IDENTITY);
        assert_eq!((base8() + point).times_cofactor(), base8().times_cofactor());
        point = point + torsion;
    }
    assert_eq!(point, Point::IDENTITY);
    assert_eq!(generator().times_cofactor(), base8());
    assert!(Point::new(Fr::ONE, Fr::ONE).is_err());
}
