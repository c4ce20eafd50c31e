//! Range checks on blocks.

use ethnum::I256;

use super::RangeInstructions;
use crate::frame::integer::CellId;
use crate::frame::lanes::RANGE_TAGS;
use crate::frame::{BlockBuilder, Integer};

/// Widths of the limbs of a `bits`-bit value where a full limb has `limb_bits`, low limb first.
pub fn limb_widths(bits: u32, limb_bits: u32) -> impl Iterator<Item = u32> {
    (0..bits.div_ceil(limb_bits)).map(move |index| (bits - index * limb_bits).min(limb_bits))
}

/// Limbs of one part, filled from an integer at a bit offset.
struct Limbs {
    cells: Vec<(CellId, u32)>,
    /// The last limb, times what fills it up to a full one.
    scaled: Option<(CellId, u32)>,
    sum: Integer,
}

impl Limbs {
    fn new(builder: &mut BlockBuilder, bits: u32) -> Self {
        let full = builder.limb_bits();
        let mut limbs = Self { cells: Vec::new(), scaled: None, sum: Integer::constant(0) };
        for (index, width) in limb_widths(bits, full).enumerate() {
            let tagged = RANGE_TAGS.contains(&width);
            let (id, limb) = builder.limb(if tagged { width } else { full });
            if !tagged {
                // The width has no tag of its own: limb < 2^14 and 2^(14 - width) limb < 2^14 bound it instead.
                let (scaled_id, scaled) = builder.limb(full);
                builder.require_zero("scaled limb = limb 2^(14 - width)", scaled - limb.shift(full - width));
                limbs.scaled = Some((scaled_id, full - width));
            }
            let limb = limb.with_bounds(0, (num_bigint::BigInt::from(1) << width) - 1);
            limbs.sum = limbs.sum + limb.shift(index as u32 * full);
            limbs.cells.push((id, width));
        }
        limbs
    }

    fn fill(&self, mut value: I256, cells: &mut [I256]) -> I256 {
        for (id, width) in &self.cells {
            cells[id.0] = value & ((I256::ONE << *width) - 1);
            value >>= *width;
        }
        if let (Some((scaled, shift)), Some((id, _))) = (self.scaled, self.cells.last()) {
            cells[scaled.0] = cells[id.0] << shift;
        }
        value
    }
}

impl RangeInstructions for BlockBuilder {
    fn decompose(&mut self, name: &str, of: &Integer, bits: &[u32]) -> Vec<Integer> {
        let limbs: Vec<Limbs> = bits.iter().map(|bits| Limbs::new(self, *bits)).collect();
        let parts: Vec<Integer> = limbs.iter().map(|limbs| limbs.sum.clone()).collect();
        let mut offset = 0;
        let mut sum = Integer::constant(0);
        for (part, bits) in parts.iter().zip(bits) {
            sum = sum + part.shift(offset);
            offset += bits;
        }
        self.require_zero(format!("{name} = sum of limbs"), of - sum);
        let of = of.clone();
        self.hint(move |cells| {
            let mut value = of.evaluate(cells);
            for part in &limbs {
                value = part.fill(value, cells);
            }
        });
        parts
    }

    fn unsigned(&mut self, bits: u32, hint: impl Fn(&[I256]) -> I256 + Send + Sync + 'static) -> Integer {
        let limbs = Limbs::new(self, bits);
        let sum = limbs.sum.clone();
        self.hint(move |cells| {
            let value = hint(cells);
            limbs.fill(value, cells);
        });
        sum
    }

    fn bit(&mut self, name: &str, hint: impl Fn(&[I256]) -> bool + Send + Sync + 'static) -> Integer {
        let bit = self.free(0, 1, move |cells| I256::from(hint(cells)));
        // The bounds of the cell hold because of this very identity, so they cannot be used to show that it does not wrap; a
        // product of two field elements is zero only if a factor is.
        self.require_zero(format!("{name} is a bit"), &bit * bit.not());
        bit
    }
}
