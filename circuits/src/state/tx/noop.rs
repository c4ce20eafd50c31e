//! Padding: changes nothing at all.

use halo2curves::bn256::Fr;
use serde::{Deserialize, Serialize};

use super::{ApplyError, Draft, Event, Transaction};

/// Padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noop {}

impl Transaction for Noop {
    const TYPE: u8 = 0;

    fn apply(&self, _draft: &mut Draft<'_>) -> Result<Event, ApplyError> {
        Ok(Event::Noop)
    }

    fn encode(&self) -> Vec<Fr> {
        Vec::new()
    }
}
