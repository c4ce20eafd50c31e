//! Signatures in a circuit: those that the native twin and circomlibjs accept, and what each attack fails.

use ff::PrimeField;
use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{Circuit, Column, ConstraintSystem, Error, Instance},
};
use halo2curves::{bn256::Fr, ff::Field};
use num_bigint::BigUint;

use super::{
    EddsaChip, EddsaInstructions, PrivateKey, PublicKey, Signature, canonical::integer, chip::Claim, native::challenge,
    tests::torsion,
};
use crate::{
    edwards::{ORDER, Point, Scalar, base8},
    frame::{Cursor, Lanes, Word, lanes::Table},
    layout::Layout,
    testing::{Failure, circomlibjs::vectors, failures, free_cells},
};

/// The smallest size with a table of ranges.
const K: u32 = 14;

/// Rows from the first: zero, key and message; R8; the hash; 32 h; the ladder; S times the base; both comparisons.
const NONCE_POINT: usize = 1;
const LADDER: usize = NONCE_POINT + 1 + 267 + 1;
const BASE: usize = LADDER + 2 * 261;
const CHALLENGE: usize = BASE + 2 * 128;
const RESPONSE: usize = CHALLENGE + 2 + 6;
const END: usize = RESPONSE + 2 + 6;

/// Where the last sum is.
const LAST: usize = BASE + 2 * 127 + 1;

/// A claim about a key and a message; R8 and S are public.
#[derive(Debug, Clone)]
struct Verify {
    key: [Fr; 2],
    message: Fr,
    claim: Option<Claim>,
    /// By the instruction instead of the claim.
    signature: Option<Signature>,
}

impl Circuit<Fr> for Verify {
    type Config = (EddsaChip, Lanes, Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { claim: None, signature: None, ..self.clone() }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let lanes = Lanes::configure_over(meta, Table::SHORT_RANGES);
        let chip = EddsaChip::configure(meta, &lanes);
        let instance = meta.instance_column();
        meta.enable_equality(instance);
        (chip, lanes, instance)
    }

    fn synthesize(&self, (chip, lanes, instance): Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        lanes.load_table(&mut layouter)?;
        let words = layouter.assign_region(
            || "verify",
            |mut region| {
                let values = [Fr::ZERO, self.key[0], self.key[1], self.message];
                let words = [0, 1, 2, 3].map(|i| {
                    let cell = region.assign_advice(lanes.advice[i], 0, Value::known(values[i])).cell();
                    Word::digest(cell, Some(values[i]))
                });
                let [zero, x, y, message] = &words;
                let mut cursor = Cursor::new(&mut region, &lanes);
                cursor.row = NONCE_POINT;
                let signature = match &self.signature {
                    Some(signature) => chip.verify(&mut cursor, [x, y], message, Some(signature), zero),
                    None => chip.constrain(&mut cursor, [x, y], message, self.claim.as_ref(), zero),
                };
                let [r8_x, r8_y] = signature.r8;
                Ok([r8_x, r8_y, signature.s].into_iter().chain(words).collect::<Vec<_>>())
            },
        )?;
        for (row, word) in words.iter().enumerate() {
            layouter.constrain_instance(word.cell, instance, row);
        }
        Ok(())
    }
}

impl Verify {
    fn signed(key: &PublicKey, message: Fr, signature: Signature) -> Self {
        let key = [key.point().x(), key.point().y()];
        Self { key, message, claim: None, signature: Some(signature) }
    }

    fn claimed(key: Point, message: Fr, claim: Claim) -> Self {
        Self { key: [key.x(), key.y()], message, claim: Some(claim), signature: None }
    }

    /// R8, S, zero, key, message.
    fn instance(&self) -> Vec<Vec<Fr>> {
        let (r8, s) = match (&self.claim, &self.signature) {
            (Some(claim), _) => (claim.r8, element(&claim.s)),
            (None, Some(signature)) => {
                let s = BigUint::from_bytes_le(&signature.s.to_bytes());
                ([signature.r8.x(), signature.r8.y()], element(&s))
            }
            (None, None) => panic!("nothing is claimed"),
        };
        vec![vec![r8[0], r8[1], s, Fr::ZERO, self.key[0], self.key[1], self.message]]
    }

    fn failures(&self) -> Vec<Failure> {
        self.failures_with(&[])
    }

    fn failures_with(&self, edits: &[((usize, usize), Fr)]) -> Vec<Failure> {
        failures(K, self, &self.instance(), edits)
    }
}

fn element(integer: &BigUint) -> Fr {
    Fr::from_str_vartime(&integer.to_string()).unwrap()
}

fn order() -> BigUint {
    BigUint::from_bytes_le(&ORDER.map(u64::to_le_bytes).concat())
}

fn scalar(integer: &BigUint) -> Scalar {
    Scalar::reduce(&integer.to_bytes_le())
}

/// What somebody who knows the secret a of A = a B8 and picks R8 = r B8 claims when the challenge is used as it stands or with p added.
fn claim(a: u64, r: u64, message: Fr, beyond: bool) -> (Point, Claim) {
    let key = base8() * Scalar::reduce(&a.to_le_bytes());
    let r8 = base8() * Scalar::reduce(&r.to_le_bytes());
    let mut h = integer(challenge(&r8, &key, message));
    if beyond {
        h += integer(-Fr::ONE) + 1u8;
    }
    let s = (&h * 8u8 * a + r) % order();
    (key, Claim { eighth: key.eighth(), r8: [r8.x(), r8.y()], s, challenge: h })
}

fn copies_only(failures: &[Failure], cells: &[(usize, usize)]) {
    assert!(failures.iter().all(|failure| failure.name.starts_with("copy of ")), "{failures:?}");
    for (column, row) in cells {
        assert!(failures.contains(&Failure::new(&format!("copy of advice {column}"), *row)), "{failures:?}");
    }
    assert_eq!(failures.len(), 2 * cells.len(), "{failures:?}");
}

#[test]
fn signatures_of_circomlibjs_are_accepted() {
    for vector in &vectors().signatures[..2] {
        let key = PrivateKey::from_seed(&crate::testing::circomlibjs::bytes(&vector.seed)).public();
        let signature = Signature::from_bytes(&crate::testing::circomlibjs::bytes(&vector.packed_signature)).unwrap();
        let circuit = Verify::signed(&key, vector.message.0, signature);
        assert_eq!(circuit.failures(), []);
        // The same signature of another message: only the sum is another than R8.
        let wrong = Verify { message: vector.message.0 + Fr::ONE, ..circuit };
        copies_only(&wrong.failures(), &[(0, LAST), (1, LAST)]);
    }
}

#[test]
fn no_cell_is_free() {
    let key = PrivateKey::from_seed(&[1; 32]);
    let circuit = Verify::signed(&key.public(), Fr::from(77), key.sign(Fr::from(77)));
    assert_eq!(free_cells(K, &circuit, &circuit.instance()), []);
}

#[test]
fn neutral_sums_are_added_like_any_others() {
    // R8 the neutral element, so that the sum ends there; a key that is the base.
    for (a, r) in [(5, 0), (1, 1), (1, 0)] {
        let (key, claim) = claim(a, r, Fr::from(3), false);
        assert_eq!(Verify::claimed(key, Fr::from(3), claim).failures(), [], "{a} {r}");
    }
}

/// What is left of a comparison whose integer is above the largest.
fn above(row: usize) -> [Failure; 1] {
    [Failure::new("not negative: V = sum of limbs", row + 2)]
}

#[test]
fn a_malleated_signature_is_refused() {
    // S + l and S + 2 l are multiples of the base like S.
    let (key, mut claim) = claim(7, 9, Fr::from(3), false);
    for _ in 0..2 {
        claim.s += order();
        assert_eq!(Verify::claimed(key, Fr::from(3), claim.clone()).failures(), above(RESPONSE));
    }
    // So far above that there are no digits for it.
    claim.s += order() << 1u32;
    let failures = Verify::claimed(key, Fr::from(3), claim).failures();
    assert!(
        failures.contains(&Failure::new("edwards: digit of the base: z = 4 z' + digit", BASE + 2 * 126)),
        "{failures:?}"
    );
}

/// Nobody can find a signature with a given S, so the challenge here is that of another R8.
#[test]
fn responses_end_at_the_order() {
    let (key, mut claim) = claim(7, 9, Fr::from(3), false);
    let at_response = |claim: &Claim| -> Vec<Failure> {
        let failures = Verify::claimed(key, Fr::from(3), claim.clone()).failures();
        let sums = [("copy of advice 0", LAST), ("copy of advice 1", LAST)];
        assert!(sums.iter().all(|(name, row)| !failures.contains(&Failure::new(name, *row))), "{failures:?}");
        failures.into_iter().filter(|failure| failure.row >= RESPONSE).collect()
    };
    let r8 = |s: &BigUint, claim: &Claim| base8() * scalar(s) - key * scalar(&(&claim.challenge * 8u8));
    claim.s = order() - 1u8;
    let point = r8(&claim.s, &claim);
    claim.r8 = [point.x(), point.y()];
    assert_eq!(at_response(&claim), []);
    claim.s += 1u8;
    let point = r8(&claim.s, &claim);
    claim.r8 = [point.x(), point.y()];
    assert_eq!(at_response(&claim), above(RESPONSE));
}

#[test]
fn a_challenge_has_one_integer() {
    // A challenge h with h + p below 2^254, of which the ladder would make another multiple.
    let short = |message: &Fr| claim(7, 9, *message, true).1.challenge.bits() <= 254;
    let message = (0..).map(Fr::from).find(short).unwrap();
    let (key, claim) = claim(7, 9, message, true);
    let failures = Verify::claimed(key, message, claim).failures();
    assert_eq!(failures, above(CHALLENGE));
}

/// Under a key of low order, or with a part of it, whoever knows the rest can sign; circomlibjs accepts that.
#[test]
fn keys_outside_of_the_subgroup_are_refused() {
    let message = Fr::from(3);
    let forge = |key: Point| {
        let r8 = base8() * Scalar::reduce(&[9]);
        let h = integer(challenge(&r8, &key, message));
        Claim { eighth: key.eighth(), r8: [r8.x(), r8.y()], s: BigUint::from(9u8), challenge: h }
    };
    // The neutral element is its own eighth.
    let neutral = Verify::claimed(Point::IDENTITY, message, forge(Point::IDENTITY));
    assert_eq!(neutral.failures(), [Failure::new("at most: w v = c", CHALLENGE)]);
    let low = torsion();
    for low in [low, low + low, low + low + low + low] {
        let failures = Verify::claimed(low, message, forge(low)).failures();
        assert!(failures.contains(&Failure::new("copy of advice 3", LADDER + 6)), "{failures:?}");
        let ladder = failures.iter().filter(|failure| !failure.name.starts_with("copy of "));
        assert!(ladder.clone().all(|failure| failure.name == "at most: w v = c"), "{failures:?}");
    }
    // A proper key and a part of low order.
    let (key, mut claim) = claim(7, 9, message, false);
    let shifted = key + low;
    claim.challenge = integer(challenge(&Point::new(claim.r8[0], claim.r8[1]).unwrap(), &shifted, message));
    claim.s = (&claim.challenge * 56u8 + 9u8) % order();
    copies_only(&Verify::claimed(shifted, message, claim).failures(), &[(1, LADDER + 6), (3, LADDER + 6)]);
}

#[test]
fn points_off_the_curve_are_refused() {
    let message = Fr::from(3);
    let (key, claim) = claim(7, 9, message, false);
    // A key that is no point: its eighth has no point to be.
    let circuit = Verify { key: [Fr::ONE, Fr::ONE], ..Verify::claimed(key, message, claim.clone()) };
    let failures = circuit.failures();
    assert!(failures.contains(&Failure::new("copy of advice 1", LADDER + 6)), "{failures:?}");
    // An eighth that is none.
    let curve = Failure::new("edwards: step of a ladder: a p^2 + y^2 = 1 + d p^2 y^2", LADDER);
    let eighth = Point::unchecked(Fr::ONE, Fr::ONE);
    let failures = Verify::claimed(key, message, Claim { eighth, ..claim.clone() }).failures();
    assert!(failures.contains(&curve), "{failures:?}");
    // R8 with a part of low order, and coordinates that are no point, signed for as they are.
    let shifted = Point::new(claim.r8[0], claim.r8[1]).unwrap() + torsion();
    for r8 in [shifted, Point::unchecked(Fr::ONE, Fr::ONE)] {
        let h = integer(challenge(&r8, &key, message));
        let s = (&h * 56u8 + 9u8) % order();
        let claim = Claim { r8: [r8.x(), r8.y()], s, challenge: h, ..claim.clone() };
        copies_only(&Verify::claimed(key, message, claim).failures(), &[(0, LAST), (1, LAST)]);
    }
}

#[test]
fn each_gate_names_its_equation() {
    let key = PrivateKey::from_seed(&[2; 32]);
    let circuit = Verify::signed(&key.public(), Fr::from(5), key.sign(Fr::from(5)));
    let step = |name: &str, row| Failure::new(&format!("edwards: step of a ladder: {name}"), row);
    let add = |name: &str, row| Failure::new(&format!("edwards: addition: {name}"), row);
    let sums = |row| [add("X' (1 + k X Y) = X y + Y x", row), add("Y' (1 - k X Y) = Y y - a X x", row)];
    // k of the ladder's step 10: not d x y, so that both sums are others, and the curve's equation is not that.
    let row = LADDER + 20;
    let mut expected = sums(row).to_vec();
    expected.extend([step("a p^2 + y^2 = 1 + d p^2 y^2", row), step("k = d x y", row)]);
    assert_eq!(circuit.failures_with(&[((2, row + 1), Fr::from(5))]), expected);
    // x with the other sign.
    let failures = circuit.failures_with(&[((2, row), Fr::from(5))]);
    let mut expected = sums(row).to_vec();
    expected.extend(["a p^2 + y^2 = 1 + d p^2 y^2", "k = d x y", "x = (1 - 2 b) p"].map(|name| step(name, row)));
    assert_eq!(failures, expected);
    // A sum that is another: of the step before and of its own.
    let failures = circuit.failures_with(&[((0, row + 1), Fr::from(5))]);
    assert_eq!(failures, [&sums(row - 2)[..1], &sums(row)[..1], &sums(row)[1..]].concat());
    // What is left of the scalar: the bits before and after are none.
    let failures = circuit.failures_with(&[((0, row), Fr::from(5))]);
    let bits = [row - 2, row].map(|row| step("b (1 - b) = 0", row));
    assert_eq!(failures, [bits, [row - 2, row].map(|row| step("x = (1 - 2 b) p", row))].concat());
    // The base's digit 2: its signs, its multiples, what is left.
    let row = BASE + 4;
    let digit = |name: &str, row| Failure::new(&format!("edwards: digit of the base: {name}"), row);
    let [sign, three] = [(1, row), (3, row + 1)].map(|cell| circuit.failures_with(&[(cell, Fr::from(5))]));
    assert_eq!(sign, ["c (1 - c) = 0", "x of the multiple", "z = 4 z' + digit"].map(|name| digit(name, row)));
    let names = ["b (1 - b) = 0", "x of the multiple", "y of the multiple", "z = 4 z' + digit"];
    assert_eq!(three, names.map(|name| digit(name, row)));
    let left = circuit.failures_with(&[((0, row), Fr::from(5))]);
    assert_eq!(left, [row - 2, row].map(|row| digit("z = 4 z' + digit", row)));
    for (cell, name) in [((2, row), "x of the multiple"), ((3, row), "y of the multiple")] {
        let mut expected = sums(row).to_vec();
        expected.extend([digit("k = d x y", row), digit(name, row)]);
        assert_eq!(circuit.failures_with(&[(cell, Fr::from(5))]), expected);
    }
    // The bit that says whether upper parts are equal.
    let equal = circuit.failures_with(&[((0, RESPONSE + 1), Fr::ONE)]);
    let names = ["V = e (m_L - L) + (1 - e) (m_H - H - 1)", "e (m_H - H) = 0"];
    assert_eq!(equal, names.map(|name| Failure::new(&format!("at most: {name}"), RESPONSE)));
}

#[test]
fn the_top_bit_is_set() {
    // The ladder without its top bit, whose multiple is 2^260 more: what is left after it is not the constant.
    let (key, claim) = claim(7, 9, Fr::from(3), false);
    let circuit = Verify::claimed(key, Fr::from(3), claim);
    let last = (0, LADDER + 2 * 260);
    let failures = circuit.failures_with(&[(last, Fr::ZERO), ((3, CHALLENGE + 1), Fr::ZERO)]);
    let names: Vec<_> = failures.iter().map(|failure| failure.name.as_str()).collect();
    assert!(names.contains(&"at most: c is constant"), "{failures:?}");
    assert!(names.contains(&"edwards: step of a ladder: x = (1 - 2 b) p"), "{failures:?}");
}

#[test]
fn costs_are_as_stated() {
    let key = PrivateKey::from_seed(&[1; 32]);
    let circuit = Verify::signed(&key.public(), Fr::ONE, key.sign(Fr::ONE));
    let mut meta = ConstraintSystem::default();
    let cost = Verify::configure(&mut meta).0.cost();
    for circuit in [circuit.clone(), circuit.without_witnesses()] {
        let layout = Layout::record(K, &circuit).unwrap();
        assert_eq!((layout.rows(), layout.advice_cells()), (1 + cost.rows, 4 + cost.advice_cells));
        assert_eq!(layout.degrees().map(|(_, degree)| degree).max(), Some(5));
    }
    assert_eq!((END, cost.rows), (1 + cost.rows, 1063));
}
