//! Transactions with one field changed: at random, or to every extreme in turn.

use halo2curves::bn256::Fr;
use rand::{Rng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::venue::Venue;
use crate::{
    encoding::hex_fr,
    state::{
        ids::{AccountId, Owner},
        keys::Signature,
        oracle::{Report, fixing_message, report_message},
        tx::Tx,
    },
};

/// A step into a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A field of an object.
    Key(String),
    /// An item of an array.
    Index(usize),
}

/// Where a field is.
pub type Path = Vec<Step>;

/// The paths to all fields of a value that are none of values themselves, types of transactions apart.
pub fn paths(value: &Value) -> Vec<Path> {
    let under = |step: Step, inner: &Value| {
        paths(inner).into_iter().map(|path| core::iter::once(step.clone()).chain(path).collect()).collect::<Vec<Path>>()
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| *key != "type")
            .flat_map(|(key, inner)| under(Step::Key(key.clone()), inner))
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, inner)| under(Step::Index(index), inner)).collect()
        }
        _ => vec![Vec::new()],
    }
}

/// The field at a path.
pub fn at<'v>(value: &'v mut Value, path: &Path) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    })
}

fn changed_number(rng: &mut ChaCha8Rng, number: i128) -> i128 {
    match rng.gen_range(0..6) {
        0 => number + 1,
        1 => number - 1,
        2 => 0,
        3 => 1 << rng.gen_range(0..64),
        4 => number * 2,
        _ => number / 2,
    }
}

fn changed(rng: &mut ChaCha8Rng, field: &Value) -> Value {
    match field {
        Value::Number(number) => {
            let number = changed_number(rng, number.as_u64().unwrap_or_default().into());
            u64::try_from(number).unwrap_or_default().into()
        }
        Value::String(text) if text == "buy" => "sell".into(),
        Value::String(text) if text == "sell" => "buy".into(),
        Value::String(text) => match (hex_fr::parse(text), text.parse::<i128>()) {
            (Ok(word), _) => hex_fr::to_string(&(word + Fr::one())).into(),
            (_, Ok(number)) => changed_number(rng, number).to_string().into(),
            _ => Owner(rng.r#gen()).to_string().into(),
        },
        other => other.clone(),
    }
}

/// Extreme values of a field's type.
pub fn extremes(field: &Value) -> Vec<Value> {
    match field {
        Value::Number(_) => {
            let powers = [0u32, 10, 16, 20, 31, 32, 40, 52, 53, 62, 63];
            let powers = powers.into_iter().flat_map(|bits| [(1u64 << bits) - 1, 1 << bits]);
            powers.chain([u64::MAX, 10_000, 10_001]).map(Value::from).collect()
        }
        Value::String(text) if hex_fr::parse(text).is_ok() => {
            [Fr::zero(), Fr::one(), -Fr::one()].map(|word| hex_fr::to_string(&word).into()).to_vec()
        }
        Value::String(text) if text.parse::<i128>().is_ok() => {
            let near = [1i128 << 94, 1 << 95, i128::MAX, i128::MIN + 1, 0];
            near.into_iter()
                .flat_map(|value| [value, value - 1, -value])
                .map(|value| value.to_string().into())
                .collect()
        }
        Value::String(text) if text == "buy" || text == "sell" => vec!["buy".into(), "sell".into()],
        Value::String(_) => vec![Owner([0; 20]).to_string().into(), Owner([255; 20]).to_string().into()],
        _ => Vec::new(),
    }
}

/// The transaction with each field replaced by each extreme of its type, one at a time, where that still can be read.
pub fn extreme_variants(tx: &Tx) -> Vec<Tx> {
    let Ok(value) = serde_json::to_value(tx) else { return Vec::new() };
    let mut variants = Vec::new();
    for path in paths(&value) {
        let mut changed = value.clone();
        let Some(field) = at(&mut changed, &path) else { continue };
        for extreme in extremes(field) {
            let mut variant = value.clone();
            if let Some(field) = at(&mut variant, &path) {
                *field = extreme;
            }
            variants.extend(serde_json::from_value(variant));
        }
    }
    variants
}

impl Venue {
    /// The transaction with one field changed at random, when that still can be read; half of the time signed again.
    pub fn spoil(&mut self, tx: &Tx) -> Option<Tx> {
        let mut value = serde_json::to_value(tx).ok()?;
        let path = paths(&value).choose(&mut self.rng)?.clone();
        let field = at(&mut value, &path)?;
        *field = changed(&mut self.rng, field);
        let spoilt = serde_json::from_value(value).ok()?;
        Some(if self.rng.r#gen() { self.sign_again(spoilt) } else { spoilt })
    }

    fn signed(&self, account: AccountId, message: Fr, old: Signature) -> Signature {
        self.actors.iter().find(|actor| actor.id == account).map_or(old, |actor| actor.key.sign(message))
    }

    fn reported(&self, reports: &mut [Report], message: impl Fn(u64) -> Fr) {
        for report in reports {
            if let Some(key) = self.oracles.get(report.signer as usize) {
                report.signature = key.sign(message(report.price));
            }
        }
    }

    /// The transaction with good signatures by whom it names, so that a changed field is judged for itself.
    ///
    /// Fields that are out of range are not packed but reduced or refused by debug assertions, so those transactions are
    /// left as they are.
    pub fn sign_again(&self, mut tx: Tx) -> Tx {
        let venue = self.state.params().venue();
        let in_range = |value: u64, bits: u32| value >> bits == 0;
        match &mut tx {
            Tx::Withdraw(tx) => tx.signature = self.signed(tx.account, tx.message(venue), tx.signature),
            Tx::RotateKey(tx) => tx.signature = self.signed(tx.account, tx.message(venue), tx.signature),
            Tx::Register(tx) => tx.signature = self.signed(tx.account, tx.message(venue), tx.signature),
            Tx::Cancel(tx) => tx.signature = self.signed(tx.account, tx.message(venue), tx.signature),
            Tx::Reserve(tx) => tx.signature = self.signed(tx.account, tx.message(venue), tx.signature),
            Tx::Transfer(tx) => tx.signature = self.signed(tx.from, tx.message(venue), tx.signature),
            Tx::Fill(tx) => {
                for order in [&mut tx.maker, &mut tx.taker] {
                    if in_range(order.order.size, 56) && in_range(order.order.expiry, 40) {
                        let message = order.order.message(venue);
                        order.signature = self.signed(order.order.account, message, order.signature);
                    }
                }
            }
            Tx::Liquidate(tx) if in_range(tx.bid.expiry, 40) && tx.bid.pay.unsigned_abs() >> 95 == 0 => {
                tx.signature = self.signed(tx.bid.liquidator, tx.bid.message(venue), tx.signature);
            }
            Tx::OracleUpdate(tx) if in_range(tx.market.0.into(), 20) && in_range(tx.time, 40) => {
                let (market, time, marks) = (tx.market, tx.time, tx.marks);
                self.reported(&mut tx.reports, |price| report_message(market, time, price, marks, venue));
            }
            Tx::FixExpiry(tx) => {
                let market = tx.market;
                if let Some(found) = self.state.cached_market(market) {
                    self.reported(&mut tx.reports, |price| fixing_message(market, found.expiry, price, venue));
                }
            }
            _ => {}
        }
        tx
    }
}
