use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::evm::{Machine, assembler::assemble, yul::parse};

const MODULUS: &str = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
const START: usize = 0x80;

fn optimised(text: &str) -> Result<(String, usize), ProverError> {
    let mut statements = parse(text)?;
    let modulus = BigUint::from_bytes_le((-Fr::ONE).to_repr().as_ref()) + 1u32;
    let ends = optimise(&mut statements, "f_q", &modulus, START)?;
    let lines: Vec<String> = statements.iter().map(Statement::to_string).collect();
    Ok((lines.join("\n"), ends.first().copied().unwrap_or(START)))
}

fn lines(text: &str) -> String {
    optimised(text).unwrap().0
}

/// Runs a text; what it returns, or `None` when it reverts.
fn run(text: &str, leave: &str, data: &[u8]) -> Option<Vec<u8>> {
    let code = assemble(&format!("let f_q := {MODULUS}\nlet success := true\n{text}\n{leave}")).unwrap();
    let mut machine = Machine::default();
    let at = machine.deploy(&code.creation).unwrap();
    let outcome = machine.call(at, data).unwrap();
    outcome.success.then_some(outcome.output)
}

#[test]
fn words_are_replaced_by_what_they_hold() {
    let cases = [
        // Written once and read once, in a chain.
        (
            "mstore(0x200, calldataload(0)) mstore(0x220, mulmod(mload(0x200), 5, f_q)) mstore(0x240, addmod(mload(0x220), mload(0x220), f_q))",
            "mstore(0xa0, mulmod(calldataload(0x0), 0x5, f_q))\nmstore(0x80, addmod(mload(0xa0), mload(0xa0), f_q))",
        ),
        // What it is made of changes in between; the last word lies where one did that is no longer needed.
        (
            "mstore(0x200, 1) mstore(0x220, mulmod(mload(0x200), 5, f_q)) mstore(0x200, 2) mstore(0x240, mload(0x220))",
            "mstore(0xa0, 0x1)\nmstore(0x80, mulmod(mload(0xa0), 0x5, f_q))\nmstore(0xa0, 0x2)\nmstore(0xa0, mload(0x80))",
        ),
        // Something else reads it.
        (
            "mstore(0x200, 1) mstore(0x220, 2) mstore(0x240, keccak256(0x200, 0x40)) mstore(0x300, mload(0x220))",
            "mstore(0xa0, 0x1)\nmstore(0xc0, 0x2)\nmstore(0x80, keccak256(0xa0, 0x40))\nmstore(0x80, mload(0xc0))",
        ),
        // A sum in a variable.
        (
            "{ let sum := mload(0x200) sum := addmod(mload(0x220), sum, f_q) mstore(0x240, sum) }",
            "mstore(0xc0, addmod(mload(0x80), mload(0xa0), f_q))",
        ),
        // Neutral elements, where the other operand is known to be reduced.
        (
            "mstore(0x200, mulmod(1, addmod(3, calldataload(0), f_q), f_q)) mstore(0x220, mulmod(1, calldataload(0), f_q))",
            "mstore(0x80, addmod(0x3, calldataload(0x0), f_q))\nmstore(0x80, mulmod(0x1, calldataload(0x0), f_q))",
        ),
    ];
    for (text, expected) in cases {
        let (mut found, mut expected) = (lines(text), expected.to_owned());
        // Where words come to lie is nothing to rely on.
        for text in [&mut found, &mut expected] {
            *text = anonymous(text);
        }
        assert_eq!(found, expected, "{text}");
    }
    let error = optimised("mstore(add(1, 2), 3)").unwrap_err().to_string();
    assert!(error.contains("an address that is not a number: mstore(add(0x1, 0x2), 0x3)"), "{error}");
}

/// A text with addresses named in the order of their appearance.
fn anonymous(text: &str) -> String {
    let mut names: Vec<String> = vec![];
    let mut out = String::new();
    for (i, piece) in text.split("0x").enumerate() {
        if i == 0 {
            out.push_str(piece);
            continue;
        }
        let end = piece.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(piece.len());
        let (digits, rest) = piece.split_at(end);
        if usize::from_str_radix(digits, 16).is_ok_and(|number| (START..0x1000).contains(&number)) {
            let known = names.iter().position(|name| name == digits).unwrap_or_else(|| {
                names.push(digits.to_owned());
                names.len() - 1
            });
            out.push_str(&format!("m{known}{rest}"));
        } else {
            out.push_str(&format!("0x{digits}{rest}"));
        }
    }
    out
}

#[test]
fn numbers_near_the_modulus_are_differences() {
    let near = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593efffff00";
    let text = format!("mstore(0x80, addmod(calldataload(0), {near}, f_q)) mstore(0xa0, {MODULUS})");
    assert_eq!(lines(&text), "mstore(0x80, addmod(calldataload(0x0), sub(f_q, 0x101), f_q))\nmstore(0x80, f_q)");
}

/// The generator scaled and added up, by words in calldata: as it is written, and gathered.
#[test]
fn sums_of_points_grow_in_place() {
    let mut text = String::new();
    let mut next = 0x100;
    let mut allocate = |words: usize| {
        next += words * 0x20;
        next - words * 0x20
    };
    let call = |number: usize, at: usize, length: usize| {
        format!("success := and(eq(staticcall(gas(), {number}, {at}, {length}, {at}, 0x40), 1), success)\n")
    };
    let mut sum = 0;
    for i in 0..4 {
        let product = allocate(3);
        text += &format!("mstore({product}, 1)\nmstore({}, 2)\n", product + 0x20);
        text += &format!("mstore({}, calldataload({}))\n", product + 0x40, i * 0x20);
        text += &call(7, product, 0x60);
        if i == 0 {
            sum = product;
            continue;
        }
        let out = allocate(4);
        for (to, from) in [(0, sum), (0x20, sum + 0x20), (0x40, product), (0x60, product + 0x20)] {
            text += &format!("mstore({}, mload({from}))\n", out + to);
        }
        text += &call(6, out, 0x80);
        sum = out;
    }
    let data: Vec<u8> = [3u8, 5, 7, 11].iter().flat_map(|scalar| [[0; 31].as_slice(), &[*scalar]].concat()).collect();
    let leave = format!("mstore(0, mload({sum})) return(0, 0x20)");
    let x = run(&text, &leave, &data).unwrap();
    let checked = format!("{text}success := and(eq(mload({sum}), 0x{}), success)\n", hex::encode(&x));
    let (short, end) = optimised(&checked).unwrap();
    // Two points are copied to the first sum, and none to the others: five words, and the first product's three.
    assert_eq!((short.matches("mload").count(), end), (3, START + 8 * WORD), "{short}");
    let leave = "if iszero(success) { revert(0, 0) } return(0, 0)";
    assert!(run(&short, leave, &data).is_some());
    let mut bad = data.clone();
    bad[127] ^= 1;
    assert!(run(&short, leave, &bad).is_none());
}

/// Random programs have the same result.
#[test]
fn results_are_the_same() {
    let mut rng = StdRng::seed_from_u64(20);
    let mut saved = 0;
    for round in 0..60 {
        let mut text = String::new();
        let cells = 24;
        let place = |cell: usize| 0x400 + 0x20 * cell;
        for cell in 0..4 {
            text += &format!("mstore({}, mod(calldataload({}), f_q))\n", place(cell), 0x20 * (cell + 1));
        }
        for cell in 4..cells {
            let read = |rng: &mut StdRng| match rng.gen_range(0..8) {
                0 => format!("{}", rng.gen_range(0..3)),
                1 => format!("sub(f_q, mload({}))", place(rng.gen_range(0..cell))),
                2 => format!("calldataload({})", 0x20 * rng.gen_range(1..4)),
                _ => format!("mload({})", place(rng.gen_range(0..cell))),
            };
            let [a, b, c] = [(); 3].map(|()| read(&mut rng));
            let to = place(cell);
            text += &match rng.gen_range(0..8) {
                0 => format!(
                    "{{\nlet sum := mulmod({a}, {b}, f_q)\nsum := addmod({c}, sum, f_q)\nsum := addmod(mulmod(sum, 3, f_q), {a}, f_q)\nmstore({to}, sum)\n}}\n"
                ),
                1 => format!("mstore({to}, keccak256({}, 0x40))\n", place(rng.gen_range(0..cell - 1))),
                2 => {
                    // Something is replaced.
                    let old = place(rng.gen_range(0..cell));
                    format!(
                        "mstore({to}, {a})\n{{\nlet old := mload({old})\nmstore({old}, mulmod(old, {b}, f_q))\n}}\n"
                    )
                }
                3..6 => format!("mstore({to}, addmod({a}, {b}, f_q))\n"),
                _ => format!("mstore({to}, mulmod({a}, {b}, f_q))\n"),
            };
        }
        let mut data = vec![0u8; 0xa0];
        rng.fill(data.as_mut_slice());
        let last = place(cells - 1);
        let value = run(&text, &format!("mstore(0, mload({last})) return(0, 0x20)"), &data).unwrap();
        let (short, _) =
            optimised(&format!("{text}success := and(eq(mload({last}), calldataload(0)), success)")).unwrap();
        let stores = |text: &str| text.matches("mstore").count();
        saved += stores(&text) - stores(&short);
        data[..0x20].copy_from_slice(&value);
        let leave = "if iszero(success) { revert(0, 0) } return(0, 0)";
        assert!(run(&short, leave, &data).is_some(), "round {round}: {text} became {short}");
        data[31] ^= 1;
        assert!(run(&short, leave, &data).is_none(), "round {round}");
    }
    println!("{saved} words of memory less");
    assert!(saved > 60);
}
