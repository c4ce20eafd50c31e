//! Where the time of a proof goes, by `tracing` span.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::clock::cpu_seconds;

/// Time in the spans of one name inside one parent.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Names from the outermost span to this one.
    pub path: Vec<&'static str>,
    /// How often it was entered.
    pub count: usize,
    /// Time inside, phases within it included.
    pub wall: Duration,
    /// Processor time of all threads in that time; zero where the system does not tell.
    pub cpu: f64,
}

/// A subscriber that adds up the time between entering and leaving spans. Made for one thread at a time: spans of the
/// prover are entered on the thread that asked for the proof.
#[derive(Clone, Debug, Default)]
pub struct Phases(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    names: Vec<&'static str>,
    open: Vec<(u64, Instant, f64)>,
    phases: Vec<Phase>,
}

impl Phases {
    /// What was measured since the last call, in the order in which phases began.
    pub fn take(&self) -> Vec<Phase> {
        std::mem::take(&mut self.0.lock().expect("no panic while the lock is held").phases)
    }
}

impl Subscriber for Phases {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target().starts_with("zomma")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut state = self.0.lock().expect("no panic while the lock is held");
        state.names.push(span.metadata().name());
        Id::from_u64(state.names.len() as u64)
    }

    fn enter(&self, span: &Id) {
        let mut state = self.0.lock().expect("no panic while the lock is held");
        state.open.push((span.into_u64(), Instant::now(), cpu_seconds().unwrap_or_default()));
        let path: Vec<&'static str> = state.open.iter().map(|(id, ..)| state.names[*id as usize - 1]).collect();
        if state.phases.iter().all(|phase| phase.path != path) {
            state.phases.push(Phase { path, count: 0, wall: Duration::ZERO, cpu: 0.0 });
        }
    }

    fn exit(&self, _: &Id) {
        let mut state = self.0.lock().expect("no panic while the lock is held");
        let path: Vec<&'static str> = state.open.iter().map(|(id, ..)| state.names[*id as usize - 1]).collect();
        if let Some((_, start, cpu)) = state.open.pop() {
            let (wall, cpu) = (start.elapsed(), cpu_seconds().unwrap_or_default() - cpu);
            if let Some(phase) = state.phases.iter_mut().find(|phase| phase.path == path) {
                phase.count += 1;
                phase.wall += wall;
                phase.cpu += cpu;
            }
        }
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}
}

/// Time of one phase of a proof, commitments apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseTime {
    /// witness, commit, lookup, product, quotient or opening.
    pub phase: String,
    /// Seconds.
    pub wall: f64,
    /// Processor seconds of all threads; 0 where the system does not tell.
    pub cpu: f64,
}

/// The phases under which reports show spans.
const GROUPS: [(&str, &[&str]); 6] = [
    ("witness", &["witness"]),
    ("commit", &["commit"]),
    ("lookup", &["lookup"]),
    ("product", &["permutation", "product"]),
    ("quotient", &["vanishing", "coefficients", "quotient"]),
    ("opening", &["evaluation", "opening"]),
];

/// Sums up by phase. Commitments count as such, in whichever phase they are made.
pub fn summary(phases: &[Phase]) -> Vec<PhaseTime> {
    let group = |(name, spans): &(&str, &[&str])| {
        let mut total = PhaseTime { phase: (*name).to_owned(), wall: 0.0, cpu: 0.0 };
        for phase in phases {
            let is_commit = phase.path.last() == Some(&"commit");
            let of_group = phase.path.get(1).is_some_and(|span| spans.contains(span)) && phase.path.len() == 2;
            let (wall, cpu) = (phase.wall.as_secs_f64(), phase.cpu);
            let inside = phase.path.get(1).is_some_and(|span| spans.contains(span)) && is_commit;
            let sign = match (*name == "commit", is_commit, of_group, inside) {
                (true, true, ..) | (false, false, true, _) => 1.0,
                (false, true, _, true) => -1.0,
                _ => continue,
            };
            total.wall += sign * wall;
            total.cpu += sign * cpu;
        }
        total
    };
    GROUPS.iter().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commitments_are_a_phase_of_their_own() {
        let phase = |path: &[&'static str], seconds: u64| Phase {
            path: path.to_vec(),
            count: 1,
            wall: Duration::from_secs(seconds),
            cpu: 2.0 * seconds as f64,
        };
        let phases = [
            phase(&["proof"], 100),
            phase(&["proof", "witness"], 10),
            phase(&["proof", "witness", "commit"], 7),
            phase(&["proof", "permutation"], 5),
            phase(&["proof", "product"], 6),
            phase(&["proof", "quotient"], 50),
            phase(&["proof", "quotient", "cosets"], 30),
            phase(&["proof", "quotient", "commit"], 8),
        ];
        let found: Vec<(String, f64)> = summary(&phases).into_iter().map(|p| (p.phase, p.wall)).collect();
        let expected = [("witness", 3.0), ("commit", 15.0), ("lookup", 0.0), ("product", 11.0), ("quotient", 42.0)];
        for ((name, wall), (expected_name, expected_wall)) in found.iter().zip(expected) {
            assert_eq!((name.as_str(), *wall), (expected_name, expected_wall));
        }
        assert_eq!(found[5], ("opening".to_owned(), 0.0));
    }
}
