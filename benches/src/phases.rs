//! Where the time of a proof goes, by `tracing` span.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::clock::cpu_seconds;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

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
