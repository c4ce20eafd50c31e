//! Every operation against big integers, on random numbers and at the ends of the allowed ranges.

use ff::{Field, PrimeField};
use halo2curves::bn256::{Fq, Fr};
use halo2curves::serde::SerdeObject;
use num_bigint::BigUint;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::layout::{transpose, words};
use super::*;

fn modulus<M: Modulus>() -> BigUint {
    from_limbs(M::P)
}

fn from_limbs(limbs: Limbs) -> BigUint {
    limbs.iter().rev().fold(BigUint::from(0u8), |acc, limb| (acc << LIMB_BITS) + limb)
}

fn to_limbs(x: &BigUint) -> Limbs {
    assert!(x.bits() <= 260);
    core::array::from_fn(|i| {
        let limb = (x >> (LIMB_BITS as usize * i)) & BigUint::from(LIMB_MASK);
        u64::try_from(limb).unwrap()
    })
}

fn to_words(x: &BigUint) -> [u64; 4] {
    let mut digits = x.to_u64_digits();
    digits.resize(4, 0);
    digits.try_into().unwrap()
}

fn lanes<M: Modulus>(ifma: Ifma, numbers: &[BigUint; 8]) -> Lanes<M> {
    Lanes::from_lanes(ifma, &core::array::from_fn(|i| to_limbs(&numbers[i])))
}

fn numbers<M: Modulus>(lanes: &Lanes<M>) -> [BigUint; 8] {
    core::array::from_fn(|i| {
        let limbs = lanes.lane(i);
        assert!(limbs.iter().all(|&limb| limb <= LIMB_MASK), "a limb left 52 bits");
        from_limbs(limbs)
    })
}

fn random_below(bound: &BigUint, rng: &mut ChaCha20Rng) -> BigUint {
    let mut bytes = [0; 48];
    rng.fill_bytes(&mut bytes);
    BigUint::from_bytes_le(&bytes) % bound
}

/// Eights of numbers below `multiple * p`: both ends, the multiples of p and their neighbours, all-ones limbs, random.
fn samples<M: Modulus>(multiple: u64, rng: &mut ChaCha20Rng) -> Vec<[BigUint; 8]> {
    let p = modulus::<M>();
    let bound = &p * multiple;
    let one = BigUint::from(1u8);
    let mut all = vec![BigUint::from(0u8), one.clone(), &bound - &one, &bound - 2u8];
    for k in [1, 2, multiple / 2, multiple - 1] {
        all.extend([&p * k, &p * k + &one]);
        if k > 0 {
            all.push(&p * k - &one);
        }
    }
    all.extend((1..=5).map(|limbs| (&one << (LIMB_BITS as usize * limbs)) - &one));
    all.retain(|x| *x < bound);
    all.extend((0..200).map(|_| random_below(&bound, rng)));
    all.resize(all.len() / 8 * 8, one);
    all.as_chunks::<8>().0.to_vec()
}

fn in_both_fields(test: impl Fn(Ifma, &mut ChaCha20Rng, bool)) {
    let ifma = crate::cpu::ifma::tests::ifma();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    test(ifma, &mut rng, true);
    test(ifma, &mut rng, false);
}

/// Instantiates a generic check for both moduli.
macro_rules! both {
    ($check:ident) => {
        in_both_fields(
            |ifma, rng, scalar| {
                if scalar { $check::<FrModulus>(ifma, rng) } else { $check::<FqModulus>(ifma, rng) }
            },
        )
    };
}

#[test]
#[cfg_attr(not(host_has_ifma), ignore = "not run: this machine has no AVX-512 IFMA")]
fn constants_follow_from_the_modulus() {
    fn check<M: Modulus>(hex: &str) {
        let p = BigUint::parse_bytes(hex.trim_start_matches("0x").as_bytes(), 16).unwrap();
        let one = BigUint::from(1u8);
        assert_eq!(modulus::<M>(), p);
        assert_eq!((&p * M::NEG_INV + &one) % (&one << 52usize), BigUint::from(0u8));
        assert_eq!((from_limbs(M::P_STEP) << 52usize) - &one, &p * M::NEG_INV);
        assert_eq!(from_limbs(M::ONE_260), (&one << 260usize) % &p);
        assert_eq!(from_limbs(M::SQUARE_260), (&one << 520usize) % &p);
        assert_eq!(from_limbs(M::FORM_256), (&one << 256usize) % &p);
        // The figures quoted in the module's documentation.
        assert!((&one << 260usize) > &p * 84u8 && (&one << 260usize) < &p * 85u8);
        assert!((M::NEG_INV as f64) / 2f64.powi(52) < 0.13);
    }
    check::<FrModulus>(Fr::MODULUS);
    check::<FqModulus>(Fq::MODULUS);
}

#[test]
#[cfg_attr(not(host_has_ifma), ignore = "not run: this machine has no AVX-512 IFMA")]
fn words_are_montgomery_form() {
    fn check<M: Modulus>(x: M::Field)
    where
        M::Field: PrimeField<Repr: AsRef<[u8]>> + SerdeObject,
    {
        let expected = (BigUint::from_bytes_le(x.to_repr().as_ref()) << 256usize) % modulus::<M>();
        assert_eq!(*words::<M>(&x), to_words(&expected));
        let bytes: Vec<u8> = words::<M>(&x).iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(M::Field::from_raw_bytes(&bytes), Some(x));
    }
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for _ in 0..20 {
        check::<FrModulus>(Fr::random(&mut rng));
        check::<FqModulus>(Fq::random(&mut rng));
    }
    check::<FrModulus>(-Fr::ONE);
    check::<FqModulus>(-Fq::ONE);
}

#[test]
#[cfg_attr(not(host_has_ifma), ignore = "not run: this machine has no AVX-512 IFMA")]
fn products_are_right_and_stay_below_their_bound() {
    fn check<M: Modulus>(ifma: Ifma, rng: &mut ChaCha20Rng) {
        let p = modulus::<M>();
        let radix = BigUint::from(1u8) << 260usize;
        for (bound_a, bound_b) in [(1, 1), (2, 2), (16, 1), (16, 16), (84, 1), (84, 84)] {
            for (a, b) in samples::<M>(bound_a, rng).iter().zip(samples::<M>(bound_b, rng).iter().rev()) {
                let (va, vb) = (lanes::<M>(ifma, a), lanes::<M>(ifma, b));
                let limit = &p * bound_a * bound_b * &p / &radix + &p * 113u32 / 100u32;
                let products = numbers(&va.mul(vb));
                let squares = numbers(&va.square());
                for i in 0..8 {
                    assert_eq!((&products[i] * &radix) % &p, (&a[i] * &b[i]) % &p);
                    assert!(products[i] <= limit);
                    assert_eq!((&squares[i] * &radix) % &p, (&a[i] * &a[i]) % &p);
                    assert!(squares[i] <= &a[i] * &a[i] / &radix + &p * 113u32 / 100u32);
                }
            }
        }
    }
    both!(check);
}

#[test]
#[cfg_attr(not(host_has_ifma), ignore = "not run: this machine has no AVX-512 IFMA")]
fn a_sum_of_256_products_shares_a_reduction() {
    fn check<M: Modulus>(ifma: Ifma, rng: &mut ChaCha20Rng) {
        let p = modulus::<M>();
        let radix = BigUint::from(1u8) << 260usize;
        // Below 4 p each, so that the sum is below 256 * 16 / 84.6 p + 1.13 p = 49.6 p; limbs of all ones among them.
        for (a, b) in samples::<M>(4, rng).iter().zip(samples::<M>(4, rng).iter()) {
            let (va, vb) = (lanes::<M>(ifma, a), lanes::<M>(ifma, b));
            let sum = (0..256).fold(Product::zero(ifma), |sum, _| sum.add_product(va, vb)).reduce().norm();
            for (i, sum) in numbers(&sum).iter().enumerate() {
                assert_eq!((sum * &radix) % &p, (&a[i] * &b[i] * 256u32) % &p);
            }
        }
    }
    both!(check);
}

#[test]
#[cfg_attr(not(host_has_ifma), ignore = "not run: this machine has no AVX-512 IFMA")]
fn sums_and_differences() {
    fn check<M: Modulus>(ifma: Ifma, rng: &mut ChaCha20Rng) {
        let p = modulus::<M>();
        for (a, b) in samples::<M>(42, rng).iter().zip(samples::<M>(42, rng).iter().rev()) {
            let (va, vb) = (lanes::<M>(ifma, a), lanes::<M>(ifma, b));
            let sum = numbers(&va.add(vb).norm());
            let difference = numbers(&va.sub::<42>(vb).norm());
            let double = numbers(&Loose::from(va).double().norm());
            // Its limbs overlap and some are negative.
            let mixed = va.sub::<42>(vb);
            let canonical = numbers(&mixed.canonical());
            let product = numbers(&vb.mul(mixed.carried()));
            for i in 0..8 {
                assert_eq!(sum[i], &a[i] + &b[i]);
                assert_eq!(difference[i], &a[i] + &p * 42u8 - &b[i]);
                assert_eq!(double[i], &a[i] * 2u8);
                let mixed = &a[i] + &p * 42u8 - &b[i];
                assert_eq!(canonical[i], &mixed % &p);
                assert_eq!((&product[i] << 260usize) % &p, &mixed * &b[i] % &p);
            }
        }
    }
    both!(check);
}

#[test]
#[cfg_attr(not(host_has_ifma), ignore = "not run: this machine has no AVX-512 IFMA")]
fn reductions_are_canonical_at_every_multiple() {
    fn check<M: Modulus>(ifma: Ifma, rng: &mut ChaCha20Rng) {
        let p = modulus::<M>();
        let one = BigUint::from(1u8);
        let last = (&one << 260usize) - &one;
        let mut all: Vec<BigUint> = vec![BigUint::from(0u8), last.clone(), &last - &one];
        for k in 0..=84u8 {
            all.extend([&p * k, &p * k + &one, &p * k + (&one << 208usize)]);
            if k > 0 {
                all.extend([&p * k - &one, &p * k - (&one << 200usize)]);
            }
        }
        all.extend((0..500).map(|_| random_below(&last, rng)));
        all.retain(|x| *x <= last);
        all.resize(all.len().next_multiple_of(8), one);
        for chunk in all.as_chunks::<8>().0 {
            let v = lanes::<M>(ifma, chunk);
            for (x, reduced) in chunk.iter().zip(numbers(&v.reduce())) {
                assert_eq!(reduced, x % &p);
            }
            for (x, reduced) in chunk.iter().zip(numbers(&Loose::from(v).canonical())) {
                assert_eq!(reduced, x % &p);
            }
            for (x, reduced) in chunk.iter().zip(numbers(&v.reduce_below_two_p())) {
                assert!(reduced < &p * 2u8 && &reduced % &p == x % &p);
            }
            assert_eq!(v.is_canonical(), chunk.iter().all(|x| *x < p));
        }
        for chunk in samples::<M>(2, rng) {
            for (x, reduced) in chunk.iter().zip(numbers(&lanes::<M>(ifma, &chunk).reduce_once())) {
                assert_eq!(reduced, x % &p);
            }
        }
    }
    both!(check);
}

#[test]
#[cfg_attr(not(host_has_ifma), ignore = "not run: this machine has no AVX-512 IFMA")]
fn memory_round_trips() {
    fn check<M: Modulus>(ifma: Ifma, rng: &mut ChaCha20Rng)
    where
        M::Field: Field + SerdeObject,
    {
        let mut elements: Vec<M::Field> = (0..64).map(|_| M::Field::random(&mut *rng)).collect();
        elements[3] = M::Field::ZERO;
        elements[9] = -M::Field::ONE;
        for (row, chunk) in elements.as_chunks::<8>().0.iter().enumerate() {
            let loaded = Lanes::<M>::load(ifma, chunk);
            let expected: [BigUint; 8] = chunk.map(|x| from_limbs(split(*words::<M>(&x))));
            assert_eq!(numbers(&loaded), expected);
            assert_eq!(numbers(&Lanes::<M>::load_260(ifma, chunk)), expected.clone().map(|x| x * 16u8));
            let mut stored = [M::Field::ZERO; 8];
            loaded.store(&mut stored);
            assert!(stored == *chunk && loaded.to_fields() == *chunk);

            let order: [usize; 8] = core::array::from_fn(|i| (row * 5 + i * 27) % 64);
            let gathered = Lanes::<M>::gather(ifma, order.map(|i| &elements[i]));
            assert!(gathered.to_fields() == order.map(|i| elements[i]));
            let gathered = Lanes::<M>::gather_260(ifma, order.map(|i| &elements[i]));
            let expected = order.map(|i| from_limbs(split(*words::<M>(&elements[i]))) * 16u8);
            assert_eq!(numbers(&gathered), expected);

            let splat = Lanes::<M>::splat_field(ifma, &chunk[1]);
            assert!(splat.to_fields() == [chunk[1]; 8]);
            let zeros = chunk.iter().enumerate().filter(|(_, x)| bool::from(x.is_zero())).map(|(i, _)| 1u8 << i).sum();
            assert_eq!(loaded.zero_mask(), zeros);
            let mixed = Lanes::select(0b1010_0110, loaded, splat).to_fields();
            for i in 0..8 {
                assert!(mixed[i] == if 0b1010_0110 >> i & 1 == 1 { chunk[i] } else { chunk[1] });
            }
        }
        let rows: [Lanes<M>; 8] = core::array::from_fn(|i| Lanes::load(ifma, &elements.as_chunks::<8>().0[i]));
        for (i, column) in transpose(&rows).iter().enumerate() {
            assert!(column.to_fields() == core::array::from_fn(|j| elements[8 * j + i]));
        }
    }
    both!(check);
}

#[test]
#[cfg_attr(not(host_has_ifma), ignore = "not run: this machine has no AVX-512 IFMA")]
fn products_of_halo2curves_elements() {
    fn check<M: Modulus>(ifma: Ifma, rng: &mut ChaCha20Rng)
    where
        M::Field: Field,
    {
        for _ in 0..50 {
            let a: [M::Field; 8] = core::array::from_fn(|_| M::Field::random(&mut *rng));
            let b: [M::Field; 8] = core::array::from_fn(|_| M::Field::random(&mut *rng));
            let product = Lanes::<M>::load_260(ifma, &a).mul(Lanes::load(ifma, &b));
            assert!(product.reduce_once().to_fields() == core::array::from_fn(|i| a[i] * b[i]));
        }
    }
    both!(check);
}
