//! The day's market: series of the example book, and one that expires before the day is over.

use crate::pricing::csv::Row;
use crate::pricing::scenario::ScenarioSet;
use crate::pricing::statements::{Listing, RiskInputs};
use crate::pricing::{Kind, RATE_BITS};
use crate::state::ids::{InstrumentId, MarketId, OptionKind};
use crate::state::tx::List;

use super::script::DayError;

/// The perpetual market that carries the index. It is not traded: its row is none of the `risk` statement's.
pub(super) const INDEX: MarketId = MarketId(0);
/// Strikes of a series that are listed with the array, around the spot.
pub const STRIKES: usize = 12;
/// Strikes of the series that expires within the day.
const SHORT_STRIKES: usize = 4;
/// Strikes of the first series that are traded, beside that one: nobody holds more than 16 positions, as many as a proof takes.
const LIQUID_STRIKES: usize = 4;
/// When that series expires, in seconds after the start.
const SHORT_SECONDS: u64 = 6 * 3_600;
/// The smallest and the largest volatility, Q38, that marks are kept within.
const VOLATILITIES: (u64, u64) = ((1 << RATE_BITS) / 50, 4 << RATE_BITS);

/// A series with its marks at the start.
#[derive(Debug, Clone)]
struct Series {
    market: MarketId,
    expiry: u64,
    base: u64,
    step: u64,
    /// Strike index, volatility, rate, dividend of each strike that is priced.
    strikes: Vec<(u32, u64, i64, i64)>,
}

/// What the oracle knows: series, spot, volatilities.
#[derive(Debug, Clone)]
pub struct DayMarket {
    series: Vec<Series>,
    /// The index, in ticks.
    pub spot: u64,
    /// The clock, Unix seconds.
    pub time: u64,
    /// Volatilities relative to the start's, in bp.
    pub volatility: u64,
}

impl DayMarket {
    /// The market of a chain at a time.
    ///
    /// # Errors
    /// [`DayError::Book`] when the chain is not one of options on one spot whose strikes are evenly spaced.
    pub fn new(chain: &[Row], time: u64) -> Result<Self, DayError> {
        let refuse = |reason: &str| DayError::Book(reason.to_owned());
        let spot = chain.first().map(|row| row.spot).ok_or_else(|| refuse("it is empty"))?;
        if chain.iter().any(|row| row.spot != spot) {
            return Err(refuse("its options are not on one spot"));
        }
        let mut expiries: Vec<u32> = chain.iter().map(|row| row.expiry_seconds).collect();
        expiries.sort_unstable();
        expiries.dedup();
        let mut series: Vec<Series> = vec![];
        for seconds in &expiries {
            let calls = chain.iter().filter(|row| row.expiry_seconds == *seconds && row.kind == Kind::Call);
            let mut rows: Vec<&Row> = calls.collect();
            rows.sort_by_key(|row| row.strike);
            let [first, second, ..] = rows[..] else { return Err(refuse("an expiry has fewer than two strikes")) };
            let (base, step) = (first.strike, second.strike - first.strike);
            if step == 0 || rows.iter().enumerate().any(|(index, row)| row.strike != base + step * index as u64) {
                return Err(refuse("strikes of an expiry are not evenly spaced"));
            }
            let mut near: Vec<usize> = (0..rows.len()).collect();
            near.sort_by_key(|index| rows[*index].strike.abs_diff(spot));
            near.truncate(STRIKES);
            near.sort_unstable();
            series.push(Series {
                market: MarketId(series.len() as u32 + 1),
                expiry: time + u64::from(*seconds),
                base,
                step,
                strikes: near
                    .into_iter()
                    .map(|index| (index as u32, rows[index].vol, rows[index].rate, rows[index].dividend))
                    .collect(),
            });
        }
        // The day's own series has the strikes and marks nearest to the spot of the first expiry.
        let mut short = series.first().cloned().ok_or_else(|| refuse("it is empty"))?;
        short.strikes.sort_by_key(|(index, ..)| (short.base + short.step * u64::from(*index)).abs_diff(spot));
        short.strikes.truncate(SHORT_STRIKES);
        short.strikes.sort_unstable();
        series.push(Series { market: MarketId(series.len() as u32 + 1), expiry: time + SHORT_SECONDS, ..short });
        Ok(Self { series, spot, time, volatility: 10_000 })
    }

    /// The transactions that list the index and every series.
    pub(super) fn listings(&self) -> Vec<List> {
        let index = List { market: INDEX, underlying: INDEX, expiry: 0, strike_base: 0, strike_step: 0 };
        let series = self.series.iter().map(|series| List {
            market: series.market,
            underlying: INDEX,
            expiry: series.expiry,
            strike_base: series.base,
            strike_step: series.step,
        });
        [index].into_iter().chain(series).collect()
    }

    /// The series that expires within the day.
    pub(super) fn short_series(&self) -> (MarketId, u64) {
        self.series.last().map_or((INDEX, 0), |series| (series.market, series.expiry))
    }

    /// What is traded: the day's own series, and the first one near the spot.
    pub(super) fn liquid(&self) -> Vec<Listing> {
        let (short, _) = self.short_series();
        let first = self.series.first().map(|series| series.market);
        let market = |listing: &Listing| InstrumentId(listing.id).market();
        let listings = self.marks().listings;
        let mut near: Vec<u64> =
            listings.iter().filter(|listing| Some(market(listing)) == first).map(|listing| listing.strike).collect();
        near.sort_unstable_by_key(|strike| (strike.abs_diff(self.spot), *strike));
        near.dedup();
        near.truncate(LIQUID_STRIKES);
        let liquid = |listing: &Listing| {
            market(listing) == short || (Some(market(listing)) == first && near.contains(&listing.strike))
        };
        listings.into_iter().filter(liquid).collect()
    }

    /// The present marks of all that has not expired.
    #[must_use]
    pub fn marks(&self) -> RiskInputs {
        let mut listings = vec![];
        for series in self.series.iter().filter(|series| series.expiry > self.time) {
            for (index, vol, rate, dividend) in &series.strikes {
                for (kind, option) in [(Kind::Call, OptionKind::Call), (Kind::Put, OptionKind::Put)] {
                    let Some(id) = InstrumentId::option(series.market, *index, option) else { continue };
                    let scaled = u128::from(*vol) * u128::from(self.volatility) / 10_000;
                    let vol = u64::try_from(scaled).unwrap_or(u64::MAX).clamp(VOLATILITIES.0, VOLATILITIES.1);
                    listings.push(Listing {
                        id: id.0,
                        kind,
                        strike: series.base + series.step * u64::from(*index),
                        expiry: series.expiry,
                        spot: self.spot,
                        vol,
                        rate: *rate,
                        dividend: *dividend,
                    });
                }
            }
        }
        RiskInputs { time: self.time, scenarios: ScenarioSet::standard(), listings }
    }
}
