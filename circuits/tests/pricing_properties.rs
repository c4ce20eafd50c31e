//! What any option pricer must satisfy, for the native engine over its whole domain.
//!
//! Some properties hold exactly between integers; the others within the published error bounds of the prices
//! compared, which for prices below $2^{40}$ ticks is the rounding of the prices themselves.

use std::sync::LazyLock;

use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};
use zomma_circuits::pricing::{
    CARRY_BITS, Kind, RATE_BITS, YEAR,
    accuracy::{Constants, price_ticks},
    native::{DELTA_BITS, Terms, Valuation, carry, discounted, value},
};

const ONE: i64 = 1 << RATE_BITS;
const MAX_PRICE: u64 = (1 << 63) - 1;
const MAX_SECONDS: u32 = 5 * YEAR;
const LEAST_VOL: u64 = ONE as u64 / 100 + 1;
const GREATEST_VOL: u64 = 5 * ONE as u64;

fn config() -> Config {
    Config { cases: 4000, rng_seed: RngSeed::Fixed(20_240_607), failure_persistence: None, ..Config::default() }
}

/// Powers of two of any size, and what lies between them.
fn price() -> impl Strategy<Value = u64> {
    (0_u32..63, any::<u64>()).prop_map(|(bits, fill)| (1 << bits) | (fill & ((1 << bits) - 1)))
}

fn rate() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), Just(-ONE / 2), Just(ONE), -ONE / 2..=ONE]
}

fn seconds() -> impl Strategy<Value = u32> {
    prop_oneof![Just(1), Just(MAX_SECONDS), 1..86_400_u32, 1..=MAX_SECONDS]
}

fn vol() -> impl Strategy<Value = u64> {
    let low = LEAST_VOL..=ONE as u64;
    prop_oneof![Just(LEAST_VOL), Just(GREATEST_VOL), low, LEAST_VOL..=GREATEST_VOL]
}

/// Strikes anywhere, or up to four standard deviations from the spot.
fn terms() -> impl Strategy<Value = Terms> {
    let kind = prop_oneof![Just(Kind::Call), Just(Kind::Put)];
    let deviations = prop_oneof![Just(None), (-4.0..4.0_f64).prop_map(Some)];
    (kind, price(), price(), deviations, seconds(), vol(), rate(), rate()).prop_map(
        |(kind, spot, anywhere, deviations, seconds, vol, rate, dividend)| {
            let strike = deviations.map_or(anywhere, |deviations| near(spot, seconds, vol, deviations));
            Terms { kind, spot, strike, seconds, vol, rate, dividend }
        },
    )
}

fn total_vol(seconds: u32, vol: u64) -> f64 {
    vol as f64 / ONE as f64 * (f64::from(seconds) / f64::from(YEAR)).sqrt()
}

/// The strike whose logarithm is `deviations` total volatilities from the spot's.
fn near(spot: u64, seconds: u32, vol: u64, deviations: f64) -> u64 {
    let strike = spot as f64 * (deviations * total_vol(seconds, vol)).exp();
    (strike as u64).clamp(1, MAX_PRICE)
}

/// S Dq and K D, ticks with [`CARRY_BITS`] fractional bits.
fn legs(terms: &Terms) -> (i128, i128) {
    let carry = carry(terms.seconds, terms.rate, terms.dividend);
    let leg = |price, root| discounted(price, root) as i128;
    (leg(terms.spot, carry.yield_root), leg(terms.strike, carry.discount_root))
}

fn to_ticks(leg: i128) -> i128 {
    (leg + (1 << (CARRY_BITS - 1))) >> CARRY_BITS
}

fn price_of(terms: &Terms) -> i128 {
    value(terms).price as i128
}

static CONSTANTS: LazyLock<Constants> = LazyLock::new(Constants::compute);

/// Bound of the error of a discounted price, in ticks.
fn bound(terms: &Terms) -> f64 {
    let (spot_leg, strike_leg) = legs(terms);
    CONSTANTS.price() * spot_leg.max(strike_leg) as f64 / f64::from(1 << CARRY_BITS) + price_ticks()
}

/// The same option at another strike.
fn at_strike(terms: &Terms, strike: u64) -> Terms {
    Terms { strike, ..*terms }
}

proptest! {
    #![proptest_config(config())]

    /// max(0, D (F - K)) <= C <= D F and max(0, D (K - F)) <= P <= D K, exactly in the computed legs.
    #[test]
    fn prices_are_between_intrinsic_value_and_their_leg(terms in terms()) {
        let (spot_leg, strike_leg) = legs(&terms);
        let (gain, greatest) = match terms.kind {
            Kind::Call => (spot_leg - strike_leg, spot_leg),
            Kind::Put => (strike_leg - spot_leg, strike_leg),
        };
        let price = price_of(&terms);
        prop_assert!(to_ticks(gain.max(0)) <= price && price <= to_ticks(greatest), "{price} {gain} {greatest}");
    }

    /// C - P = D (F - K): exact before both are rounded to a tick.
    #[test]
    fn parity_holds_to_a_tick(terms in terms()) {
        let (spot_leg, strike_leg) = legs(&terms);
        let call = price_of(&Terms { kind: Kind::Call, ..terms });
        let put = price_of(&Terms { kind: Kind::Put, ..terms });
        let difference = ((call - put) << CARRY_BITS) - (spot_leg - strike_leg);
        prop_assert!(difference.abs() <= 1 << CARRY_BITS, "{difference} / 1024 ticks");
    }

    /// A call loses and a put gains with the strike.
    #[test]
    fn prices_are_monotone_in_the_strike(terms in terms(), step in prop_oneof![Just(1), price()]) {
        let higher = at_strike(&terms, terms.strike.saturating_add(step).min(MAX_PRICE));
        let gain = price_of(&higher) - price_of(&terms);
        let gain = if terms.kind == Kind::Put { gain } else { -gain };
        prop_assert!(gain as f64 >= -(bound(&terms) + bound(&higher)), "{gain}");
    }

    #[test]
    fn prices_grow_with_volatility(terms in terms(), step in prop_oneof![Just(1), 1..GREATEST_VOL]) {
        let wilder = Terms { vol: (terms.vol + step).min(GREATEST_VOL), ..terms };
        let gain = price_of(&wilder) - price_of(&terms);
        prop_assert!(gain as f64 >= -(bound(&terms) + bound(&wilder)), "{gain}");
    }

    /// An undiscounted price on a forward: rate and dividend yield are zero.
    #[test]
    fn prices_grow_with_time(terms in terms(), step in prop_oneof![Just(1), 1..MAX_SECONDS]) {
        let terms = Terms { rate: 0, dividend: 0, ..terms };
        let longer = Terms { seconds: (terms.seconds + step).min(MAX_SECONDS), ..terms };
        let gain = price_of(&longer) - price_of(&terms);
        prop_assert!(gain as f64 >= -(bound(&terms) + bound(&longer)), "{gain}");
    }

    #[test]
    fn prices_are_convex_in_the_strike(terms in terms(), step in prop_oneof![Just(1), price()]) {
        let step = step.min(terms.strike - 1).min(MAX_PRICE - terms.strike);
        let [below, above] = [terms.strike - step, terms.strike + step].map(|strike| at_strike(&terms, strike));
        let curvature = price_of(&below) + price_of(&above) - 2 * price_of(&terms);
        prop_assert!(curvature as f64 >= -(bound(&below) + bound(&above) + 2.0 * bound(&terms)), "{curvature}");
    }

    /// Below 2^40 ticks the bounds are the rounding of the prices: monotone within one tick, convex within two.
    #[test]
    fn small_prices_are_monotone_within_a_tick_and_convex_within_two(
        terms in terms(), shift in 25_u32..60, step in 1..1000_u64,
    ) {
        let small = |price: u64| (price >> shift).clamp(2000, 1 << 37);
        let terms = Terms { spot: small(terms.spot), strike: small(terms.strike), ..terms };
        let call = |strike| price_of(&Terms { kind: Kind::Call, ..at_strike(&terms, strike) });
        let [below, here, above] = [terms.strike - step, terms.strike, terms.strike + step].map(call);
        prop_assert!(above <= here + 1 && here <= below + 1, "{below} {here} {above}");
        prop_assert!(below + above - 2 * here >= -2, "{below} {here} {above}");
    }

    /// T = 0: intrinsic value, and Greeks of a payoff.
    #[test]
    fn expiry_is_exact(terms in terms(), at_the_money in any::<bool>()) {
        let strike = if at_the_money { terms.spot } else { terms.strike };
        let terms = Terms { seconds: 0, strike, ..terms };
        let call_pays = terms.spot >= terms.strike;
        let (sign, pays) = match terms.kind {
            Kind::Call => (1, call_pays),
            Kind::Put => (-1, !call_pays),
        };
        let sign = if pays { sign } else { 0 };
        let Valuation { price, delta, gamma, vega, theta, rho } = value(&terms);
        let (spot, strike) = (i128::from(terms.spot), i128::from(terms.strike));
        prop_assert_eq!(price as i128, i128::from(sign) * (spot - strike));
        prop_assert_eq!((delta, gamma, vega, rho), (sign << DELTA_BITS, 0, 0, 0));
        // q S - r K, halves away from zero.
        let carried = i128::from(sign) * (i128::from(terms.dividend) * spot - i128::from(terms.rate) * strike);
        let rounded = (carried.abs() + (1 << (RATE_BITS - 1))) >> RATE_BITS;
        prop_assert_eq!(theta, if carried < 0 { -rounded } else { rounded });
    }

    /// Beyond nine standard deviations the normal distribution is 0 or 1: the option is worth its forward, or nothing.
    #[test]
    fn nine_deviations_are_exact(
        terms in terms(), spot in 1_u64 << 35..1 << 55, seconds in 1..30 * 86_400_u32, vol in LEAST_VOL..=ONE as u64,
        deviations in 9.01..12.0_f64, up in any::<bool>(),
    ) {
        // With r = q, d1 = -ln(K / S) / w + w / 2 and d2 = d1 - w: either both are above 9 or both are below -9.
        let distance = deviations + total_vol(seconds, vol) / 2.0;
        let strike = near(spot, seconds, vol, if up { distance } else { -distance });
        let terms = Terms { spot, strike, seconds, vol, dividend: terms.rate, ..terms };
        let (spot_leg, strike_leg) = legs(&terms);
        let factor = i128::from(carry(seconds, terms.rate, terms.dividend).yield_discount);
        let (gain, slope) = if up { (strike_leg - spot_leg, -factor) } else { (spot_leg - strike_leg, factor) };
        let in_the_money = (terms.kind == Kind::Put) == up;
        let (worth, slope) = if in_the_money { (to_ticks(gain), slope) } else { (0, 0) };
        let Valuation { price, delta, gamma, vega, .. } = value(&terms);
        prop_assert_eq!((price as i128, i128::from(delta), gamma, vega), (worth, slope, 0, 0));
    }
}
