//! Fixed-point integers on blocks.

use ethnum::I256;

use super::{FixedPointInstructions, native};
use crate::frame::{BlockBuilder, Integer};
use crate::range::RangeInstructions;

impl FixedPointInstructions for BlockBuilder {
    fn named(&mut self, name: &str, of: &Integer) -> Integer {
        let (low, high) = of.bounds();
        let hint = of.clone();
        let cell = self.free(low.clone(), high.clone(), move |cells| hint.evaluate(cells));
        self.require_zero(name, &cell - of);
        cell
    }

    fn floor(&mut self, name: &str, of: &Integer, shift: u32, bits: u32) -> Integer {
        self.decompose(name, of, &[shift, bits]).remove(1)
    }

    fn round(&mut self, name: &str, of: &Integer, shift: u32, bits: u32) -> Integer {
        let biased = of + Integer::power_of_two(shift - 1);
        self.floor(name, &biased, shift, bits)
    }

    fn round_signed(&mut self, name: &str, of: &Integer, shift: u32, bits: u32) -> (Integer, Integer) {
        let sign = {
            let of = of.clone();
            self.bit(&format!("sign of {name}"), move |cells| of.evaluate(cells) < 0)
        };
        // (1 - 2 sign) (limbs - half) = of holds with sign^2 = sign if and only if limbs = |of| + half.
        let half = Integer::power_of_two(shift - 1);
        let hint = of.clone();
        let bias = I256::ONE << (shift - 1);
        let low = self.unsigned(shift, {
            let hint = hint.clone();
            move |cells| (hint.evaluate(cells).abs() + bias) & ((I256::ONE << shift) - 1)
        });
        let high = self.unsigned(bits, move |cells| (hint.evaluate(cells).abs() + bias) >> shift);
        let magnitude = low + high.shift(shift) - half;
        self.require_zero(format!("{name} = sign * (limbs - half)"), of - sign.sign() * magnitude);
        (sign, high)
    }

    fn sign_magnitude(&mut self, name: &str, of: &Integer, bits: u32) -> (Integer, Integer) {
        let hint = of.clone();
        let sign = self.bit(&format!("sign of {name}"), move |cells| hint.evaluate(cells) < 0);
        let hint = of.clone();
        let magnitude = self.unsigned(bits, move |cells| hint.evaluate(cells).abs());
        self.require_zero(format!("{name} = sign * magnitude"), of - sign.sign() * &magnitude);
        (sign, magnitude)
    }

    fn div_rem(
        &mut self,
        name: &str,
        numerator: &Integer,
        denominator: &Integer,
        bits: u32,
        denominator_bits: u32,
    ) -> (Integer, Integer) {
        let (n, d) = (numerator.clone(), denominator.clone());
        let quotient = self.unsigned(bits, move |cells| native::div_floor(n.evaluate(cells), d.evaluate(cells)));
        let (n, d) = (numerator.clone(), denominator.clone());
        let remainder = self.unsigned(denominator_bits, move |cells| {
            let (n, d) = (n.evaluate(cells), d.evaluate(cells));
            n - native::div_floor(n, d) * d
        });
        self.require_zero(
            format!("{name}: numerator = quotient denominator + remainder"),
            numerator - &quotient * denominator - &remainder,
        );
        self.range(
            &format!("{name}: remainder < denominator"),
            &(denominator - Integer::constant(1) - &remainder),
            denominator_bits,
        );
        (quotient, remainder)
    }

    fn less_than(&mut self, name: &str, a: &Integer, b: &Integer, bits: u32) -> Integer {
        let difference = a - b;
        let hint = difference.clone();
        let less = self.bit(&format!("{name}: less"), move |cells| hint.evaluate(cells) < 0);
        // less: b - a - 1 >= 0; otherwise a - b >= 0. The two exclude each other, so the bit is determined.
        let slack = self.select(&less, &(-difference.clone() - Integer::constant(1)), &difference);
        self.range(&format!("{name}: order"), &slack, bits);
        less
    }

    fn select(&self, bit: &Integer, a: &Integer, b: &Integer) -> Integer {
        let low = a.bounds().0.min(b.bounds().0).clone();
        let high = a.bounds().1.max(b.bounds().1).clone();
        (b + bit * (a - b)).with_bounds(low, high)
    }

    fn sqrt_ratio(&mut self, name: &str, of: &Integer, scale: u32, bits: u32) -> Integer {
        let hint = of.clone();
        let factor = I256::from(scale);
        let root =
            self.unsigned(bits, move |cells| native::sqrt_floor(native::div_floor(hint.evaluate(cells), factor)));
        let scale_bits = 32 - scale.leading_zeros();
        let slack_bits = bits + 1 + scale_bits;
        let below = of - (&root * &root).scale(factor);
        let above = root.scale(2 * factor) + Integer::constant(factor - 1) - &below;
        self.range(&format!("{name}: scale s^2 <= v"), &below, slack_bits);
        self.range(&format!("{name}: v < scale (s + 1)^2"), &above, slack_bits);
        root
    }
}
