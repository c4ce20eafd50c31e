//! Poseidon's constants from their source: the Grain LFSR in self-shrinking mode.
//!
//! Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon", USENIX Security 2021, appendix F, and the authors'
//! `generate_parameters_grain.sage`, called as circomlib calls it: `1 0 254 t 8 R_P p`.

use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;

/// Bits of the scalar field's modulus.
const FIELD_BITS: u32 = Fr::NUM_BITS;

/// Length of the shift register.
const STATE_BITS: u32 = 80;

/// The register; bit `i` of `state` is the paper's $b_i$, the next one to leave being $b_0$.
#[derive(Debug)]
pub(super) struct Grain {
    state: u128,
}

impl Grain {
    /// The register initialised for a prime field, S-box $x^5$, `width` lanes and these round numbers.
    pub(super) fn new(width: usize, full_rounds: usize, partial_rounds: usize) -> Self {
        let parameters = [
            (1, 2), // a prime field
            (0, 4), // the S-box is a power
            (u128::from(FIELD_BITS), 12),
            (width as u128, 12),
            (full_rounds as u128, 10),
            (partial_rounds as u128, 10),
            ((1 << 30) - 1, 30),
        ];
        let mut state = 0;
        let mut position = 0;
        for (value, bits) in parameters {
            // Each parameter enters with its most significant bit first.
            for bit in (0..bits).rev() {
                state |= (value >> bit & 1) << position;
                position += 1;
            }
        }
        debug_assert_eq!(position, STATE_BITS);
        let mut grain = Self { state };
        for _ in 0..160 {
            grain.step();
        }
        grain
    }

    fn step(&mut self) -> bool {
        let bit = [62, 51, 38, 23, 13, 0].iter().fold(0, |bit, tap| bit ^ self.state >> tap) & 1;
        self.state = self.state >> 1 | bit << (STATE_BITS - 1);
        bit == 1
    }

    /// Self-shrinking: of each pair of bits the first says whether the second is used.
    fn bit(&mut self) -> bool {
        while !self.step() {
            self.step();
        }
        self.step()
    }

    /// An integer of [`FIELD_BITS`] bits, as four little-endian limbs.
    fn integer(&mut self) -> [u64; 4] {
        let mut limbs = [0u64; 4];
        for position in (0..FIELD_BITS as usize).rev() {
            limbs[position / 64] |= u64::from(self.bit()) << (position % 64);
        }
        limbs
    }

    /// The next round constant: integers are drawn until one is below the modulus.
    pub(super) fn round_constant(&mut self) -> Fr {
        loop {
            let bytes: Vec<u8> = self.integer().iter().flat_map(|limb| limb.to_le_bytes()).collect();
            let mut canonical = [0; 32];
            canonical.copy_from_slice(&bytes);
            if let Some(value) = Option::from(Fr::from_repr(canonical)) {
                return value;
            }
        }
    }

    /// The next field element for the matrix: an integer taken modulo p.
    fn reduced(&mut self) -> Fr {
        Fr::from_raw(self.integer())
    }

    /// The Cauchy matrix $M_{ij} = 1/(x_i + y_j)$ from the next $2t$ distinct elements.
    pub(super) fn matrix<const T: usize>(&mut self) -> [[Fr; T]; T] {
        loop {
            let drawn: Vec<Fr> = (0..2 * T).map(|_| self.reduced()).collect();
            let distinct = (0..2 * T).all(|i| (0..i).all(|j| drawn[i] != drawn[j]));
            if !distinct {
                continue;
            }
            let mut matrix = [[Fr::ZERO; T]; T];
            let mut invertible = true;
            for (i, row) in matrix.iter_mut().enumerate() {
                for (j, cell) in row.iter_mut().enumerate() {
                    match Option::from((drawn[i] + drawn[T + j]).invert()) {
                        Some(inverse) => *cell = inverse,
                        None => invertible = false,
                    }
                }
            }
            if invertible {
                return matrix;
            }
        }
    }
}
