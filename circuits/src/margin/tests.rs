use ff::{Field, PrimeField};
use halo2curves::bn256::Fr;
use num_bigint::{BigInt, BigUint, Sign};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{health::*, row::*};
use crate::state::ids::{InstrumentId, MarketId, OptionKind};

fn rules() -> MarginRules {
    MarginRules {
        weights: vec![10_000; SCENARIOS],
        mm_factor: 8_000,
        perp_mm: 100,
        perp_im: 200,
        naked_mm: 300,
        naked_im: 400,
    }
}

fn instrument(market: u32, strike: u32, kind: OptionKind) -> InstrumentId {
    InstrumentId::option(MarketId(market), strike, kind).unwrap()
}

/// A row whose prices are `base` but for the given scenarios, counted from 1.
fn row(instrument: InstrumentId, base: u64, spot: u64, scenarios: &[(usize, u64)]) -> RiskRow {
    let mut prices = [base; PRICES];
    for (scenario, price) in scenarios {
        prices[*scenario] = *price;
    }
    RiskRow { instrument, expiry: 1, strike: 1, spot, prices, greeks: Fr::zero() }
}

fn holding(row: &RiskRow, qty: i64) -> Holding<'_> {
    Holding { instrument: row.instrument, qty, perpetual: false, funding_index: 0, row }
}

fn perpetual(row: &RiskRow, qty: i64, funding_index: i64) -> Holding<'_> {
    Holding { instrument: row.instrument, qty, perpetual: true, funding_index, row }
}

#[test]
fn cash_alone_needs_no_margin() {
    let health = assess(&rules(), -5, 7, &[]).unwrap();
    assert_eq!(health, Health { equity: -5, worst: 0, maintenance: 0, initial: 7 });
    assert!(!health.mm_ok() && !health.im_ok());
}

/// A worked example, by hand: short 10 calls at 50, scenario 4 prices them at 83.
#[test]
fn a_short_call_by_hand() {
    let call = row(instrument(1, 3, OptionKind::Call), 50, 1_000, &[(4, 83), (7, 20)]);
    let health = assess(&rules(), 1_000, 11, &[holding(&call, -10)]).unwrap();
    // E = 1000 - 500; L = -10 * 33; C_mm = 3% of 10 * 1000, C_im = 4% of it; M = 264 + 300; N = 330 + 300 + 400 + 11.
    assert_eq!(health, Health { equity: 500, worst: -330, maintenance: 564, initial: 1_041 });
    assert_eq!(health.shortfall(), 541);
}

#[test]
fn rounding_is_against_the_account() {
    let mut rules = rules();
    rules.weights = vec![3_333; SCENARIOS];
    let call = row(instrument(1, 3, OptionKind::Call), 50, 1, &[(4, 51)]);
    let health = assess(&rules, 0, 0, &[holding(&call, -1)]).unwrap();
    // -0.3333 is floored to -1, 0.8 of it to -1; 3% and 4% of 1 are raised to 1.
    assert_eq!(health, Health { equity: -50, worst: -1, maintenance: 2, initial: 3 });
}

#[test]
fn weights_count_scenario_by_scenario() {
    let call = row(instrument(1, 3, OptionKind::Call), 50, 1_000, &[(1, 90), (2, 80)]);
    let mut rules = rules();
    rules.weights[0] = 5_000;
    assert_eq!(assess(&rules, 0, 0, &[holding(&call, -10)]).unwrap().worst, -300);
    rules.weights[1] = 0;
    assert_eq!(assess(&rules, 0, 0, &[holding(&call, -10)]).unwrap().worst, -200);
}

#[test]
fn naked_shorts_are_netted_by_strike_only() {
    let call = row(instrument(1, 3, OptionKind::Call), 50, 1_000, &[]);
    let put = row(instrument(1, 3, OptionKind::Put), 50, 1_000, &[]);
    let other = row(instrument(1, 4, OptionKind::Call), 50, 1_000, &[]);
    let maintenance = |holdings: &[Holding<'_>]| assess(&rules(), 0, 0, holdings).unwrap().maintenance;
    assert_eq!(maintenance(&[holding(&call, -10)]), 300);
    assert_eq!(maintenance(&[holding(&call, -10), holding(&put, 4)]), 180);
    assert_eq!(maintenance(&[holding(&call, -10), holding(&put, 14)]), 0);
    assert_eq!(maintenance(&[holding(&call, 10), holding(&put, -14)]), 120);
    assert_eq!(maintenance(&[holding(&call, -10), holding(&put, -4)]), 420);
    // Another strike does not net, nor do the put of one strike and the call of the next, though they are neighbours.
    assert_eq!(maintenance(&[holding(&call, -10), holding(&other, 10)]), 300);
    assert_eq!(maintenance(&[holding(&put, -10), holding(&other, 10)]), 300);
}

#[test]
fn perpetuals_pay_funding_and_notional() {
    let perp = row(instrument(0, 0, OptionKind::Call), 1_000, 1_010, &[(1, 900), (2, 1_100)]);
    let health = assess(&rules(), 100, 0, &[perpetual(&perp, 10, 7)]).unwrap();
    // 1% and 2% of 10 * 1010.
    assert_eq!(
        health,
        Health { equity: 100 + 10_000 - 70, worst: -1_000, maintenance: 800 + 101, initial: 1_000 + 303 }
    );
    let short = assess(&rules(), 100, 0, &[perpetual(&perp, -10, 7)]).unwrap();
    assert_eq!((short.equity, short.worst), (100 - 10_000 + 70, -1_000));
}

#[test]
fn bounds_are_typed() {
    let limit = 1u64 << 63;
    let rich = row(instrument(1, 3, OptionKind::Call), limit - 1, limit - 1, &[]);
    let total = i128::try_from(rich.total()).unwrap();
    let most = ((1i128 << 83) - 1) / total;
    assert!(assess(&rules(), 0, 0, &[holding(&rich, most as i64)]).is_ok());
    assert_eq!(assess(&rules(), 0, 0, &[holding(&rich, most as i64 + 1)]), Err(MarginError::ExposureTooLarge));
    let all: Vec<RiskRow> = (0..64)
        .flat_map(|strike| [OptionKind::Call, OptionKind::Put].map(|kind| instrument(1, strike, kind)))
        .map(|id| row(id, limit - 1, limit - 1, &[]))
        .collect();
    let holdings: Vec<_> = all.iter().map(|row| holding(row, -((1 << 53) - 1))).collect();
    assert_eq!(assess(&rules(), 0, 0, &holdings), Err(MarginError::ExposureTooLarge));
    let free = row(instrument(0, 0, OptionKind::Call), 0, 0, &[]);
    let heavy = [perpetual(&free, (1 << 53) - 1, (1 << 62) - 1)];
    assert_eq!(assess(&rules(), 0, 0, &heavy), Err(MarginError::EquityOverflow));
    // The contingency can only be that large when the two rows of a strike disagree about the spot.
    let (call, put) =
        (row(instrument(1, 3, OptionKind::Call), 0, limit - 1, &[]), row(instrument(1, 3, OptionKind::Put), 0, 0, &[]));
    let wide = [holding(&call, -1), holding(&put, -((1 << 53) - 1))];
    assert_eq!(assess(&rules(), 0, 0, &wide), Err(MarginError::EquityOverflow));
}

#[test]
fn ranges_of_rules_are_checked() {
    assert_eq!(rules().check(), Ok(()));
    let mut few = rules();
    few.weights.pop();
    assert_eq!(few.check(), Err("weights"));
    let mut heavy = rules();
    heavy.weights[5] = 10_001;
    assert_eq!(heavy.check(), Err("weights"));
    assert_eq!(MarginRules { naked_im: 10_001, ..rules() }.check(), Err("naked_im"));
    assert_eq!(MarginRules { mm_factor: 10_001, ..rules() }.check(), Err("mm_factor"));
}

#[test]
fn health_compares_as_a_ratio() {
    let health = |equity, maintenance| Health { equity, worst: 0, maintenance, initial: 0 };
    assert!(health(5, 10).not_worse_than(&health(50, 100)));
    assert!(!health(49, 100).not_worse_than(&health(5, 10)));
    assert!(health(51, 100).not_worse_than(&health(5, 10)));
    // With negative equity, less risk is a lower ratio.
    assert!(!health(-10, 50).not_worse_than(&health(-10, 100)));
    assert!(!health(-10, 0).not_worse_than(&health(-10, 100)));
    assert!(health(0, 0).not_worse_than(&health(-10, 100)));
    // Where nothing is required a ratio is none, and where equity is negative it allows any loss that raises the requirement as much.
    assert!(!health(-1, 0).not_worse_than(&health(0, 0)) && !health(-1, 5).not_worse_than(&health(0, 0)));
    assert!(health(0, 0).not_worse_than(&health(7, 0)) && !health(-1, 0).not_worse_than(&health(7, 0)));
    assert!(!health(-1_000, 1_000).not_worse_than(&health(-1, 1)) && health(-1, 1_000).not_worse_than(&health(-1, 1)));
    assert!(health(9, 100).below_close_out(1_000) && !health(10, 100).below_close_out(1_000));
    assert!(health(-1, 0).below_close_out(0) && !health(0, 0).below_close_out(0));
}

#[test]
fn a_leaf_binds_every_field_and_reads_back() {
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let mut sample = row(instrument(5, 9, OptionKind::Put), 0, rng.r#gen::<u64>() >> 1, &[]);
    sample.prices = core::array::from_fn(|_| rng.r#gen::<u64>() >> 1);
    sample.greeks = Fr::random(&mut *rng);
    assert_eq!(RiskRow::from_leaf_words(&sample.leaf_words()), Some(sample.clone()));
    let mut changed = vec![sample.clone(); 6 + PRICES];
    changed[0].instrument = instrument(5, 9, OptionKind::Call);
    changed[1].expiry += 1;
    changed[2].strike += 1;
    changed[3].spot ^= 1;
    changed[4].greeks += Fr::one();
    for (index, other) in changed[5..5 + PRICES].iter_mut().enumerate() {
        other.prices[index] ^= 1;
    }
    changed.pop();
    assert!(changed.iter().all(|other| other.leaf() != sample.leaf()));
    for word in 0..WORDS + 2 {
        let mut words = sample.leaf_words();
        words[word] = -Fr::one();
        let read = RiskRow::from_leaf_words(&words);
        assert_eq!(read.is_some(), word == WORDS + 1, "word {word} is checked, the digest of the Greeks is free");
    }
    assert_eq!(RiskRow::from_leaf_words(&sample.leaf_words()[..WORDS]), None);
}

#[test]
fn ranges_of_rows_are_checked() {
    let good = row(instrument(1, 1, OptionKind::Call), 1, 1, &[]);
    let limit = 1 << 63;
    assert_eq!(good.check(), Ok(()));
    assert_eq!(RiskRow { expiry: 1 << 40, ..good.clone() }.check(), Err(RowError("expiry out of range")));
    assert_eq!(RiskRow { strike: limit, ..good.clone() }.check(), Err(RowError("strike out of range")));
    assert_eq!(RiskRow { spot: limit, ..good.clone() }.check(), Err(RowError("spot out of range")));
    assert_eq!(RiskRow { prices: [limit; PRICES], ..good }.check(), Err(RowError("prices out of range")));
}

/// Takes a field element apart into three lanes, each in `(-2^83, 2^83)`.
fn lanes(word: Fr) -> [BigInt; LANES_PER_WORD] {
    let modulus = BigInt::parse_bytes(Fr::MODULUS.trim_start_matches("0x").as_bytes(), 16).unwrap();
    let mut rest = BigInt::from(BigUint::from_bytes_le(&word.to_repr()));
    if &rest * 2 > modulus {
        rest -= modulus;
    }
    let lane = BigInt::from(1) << LANE_BITS;
    let half = BigInt::from(1) << (LANE_BITS - 1);
    core::array::from_fn(|_| {
        let mut low = ((&rest % &lane) + &lane) % &lane;
        if low >= half {
            low -= &lane;
        }
        rest = (&rest - &low) / &lane;
        low
    })
}

/// Section 4 of the chapter: one product of quantity and word carries three sums, which come apart exactly while gross
/// exposure is below 2^83.
#[test]
fn sums_of_words_come_apart_into_sums_of_prices() {
    let rng = &mut ChaCha8Rng::seed_from_u64(4);
    for case in 0..50 {
        let bits = [62, 30, 20][case % 3];
        let rows: Vec<RiskRow> = (0..20)
            .map(|strike| {
                let mut sample =
                    row(instrument(1, strike, OptionKind::Call), 0, rng.r#gen::<u64>() >> (64 - bits), &[]);
                sample.prices = core::array::from_fn(|_| rng.r#gen::<u64>() >> (64 - bits));
                sample
            })
            .collect();
        let largest = (1u64 << (83 - 5 - 6 - bits)) as i64;
        let quantities: Vec<i64> = rows.iter().map(|_| rng.gen_range(-largest..=largest)).collect();
        let holdings: Vec<_> = rows.iter().zip(&quantities).map(|(row, qty)| holding(row, *qty)).collect();
        assert!(assess(&rules(), 0, 0, &holdings).is_ok(), "within the exposure bound");
        let signed = |qty: i64| if qty < 0 { -Fr::from(qty.unsigned_abs()) } else { Fr::from(qty as u64) };
        for word in 0..WORDS {
            let sum: Fr = rows.iter().zip(&quantities).map(|(row, qty)| signed(*qty) * row.words()[word]).sum();
            let expected: [BigInt; LANES_PER_WORD] = core::array::from_fn(|lane| {
                let price = |row: &RiskRow| match LANES_PER_WORD * word + lane {
                    index if index < PRICES => BigInt::from(row.prices[index]),
                    PRICES => BigInt::from(row.spot),
                    _ => BigInt::from_biguint(Sign::Plus, row.total().into()),
                };
                rows.iter().zip(&quantities).map(|(row, qty)| price(row) * qty).sum()
            });
            assert_eq!(lanes(sum), expected);
        }
    }
}

proptest! {
    #[test]
    fn health_compares_as_big_integers(values in any::<[i128; 4]>(), shifts in any::<[u8; 4]>()) {
        let [equity, maintenance, old_equity, old_maintenance] =
            core::array::from_fn(|index| values[index] >> (shifts[index] % 127));
        let health = |equity, maintenance| Health { equity, worst: 0, maintenance, initial: 0 };
        let ratio = BigInt::from(equity) * old_maintenance >= BigInt::from(old_equity) * maintenance;
        let expected = ratio && equity >= old_equity.min(0);
        let found = health(equity, maintenance).not_worse_than(&health(old_equity, old_maintenance));
        prop_assert_eq!(found, expected);
        prop_assert!(health(equity, maintenance).not_worse_than(&health(equity, maintenance)));
    }
}
