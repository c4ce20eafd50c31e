//! Interleaved timing: A B C C B A, again and again, so that a slow moment of the machine strikes all alike.

use serde::{Deserialize, Serialize};

use crate::clock::time;

/// One of several ways to compute the same thing.
pub struct Competitor<'a> {
    name: String,
    trial: Box<dyn Trial + 'a>,
}

trait Trial {
    fn prepare(&mut self);
    fn run(&mut self);
}

struct Work<T, F> {
    input: T,
    work: T,
    run: F,
}

impl<T: Clone, F: FnMut(&mut T)> Trial for Work<T, F> {
    fn prepare(&mut self) {
        self.work.clone_from(&self.input);
    }

    fn run(&mut self) {
        (self.run)(&mut self.work);
    }
}

impl<'a> Competitor<'a> {
    /// `run` is timed; what it works on is set back to `input` before, which is not.
    pub fn new<T: Clone + 'a>(name: impl Into<String>, input: T, run: impl FnMut(&mut T) + 'a) -> Self {
        Self { name: name.into(), trial: Box::new(Work { work: input.clone(), input, run }) }
    }
}

impl std::fmt::Debug for Competitor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Competitor").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Seconds of one competitor, in the order of the runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Name of the competitor.
    pub name: String,
    /// Elapsed time of each run.
    pub wall: Vec<f64>,
    /// Processor time of all threads in each run, on a shared machine the steadier of the two; empty where the system
    /// does not tell.
    pub cpu: Vec<f64>,
}

/// The median and the quartiles of some values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// A quarter of the values is below.
    pub lower: f64,
    /// Half of the values is below.
    pub median: f64,
    /// A quarter of the values is above.
    pub upper: f64,
}

impl Spread {
    /// Of values in any order; `None` if there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |quarter: usize| {
            let position = (sorted.len() - 1) * quarter;
            let (below, share) = (position / 4, (position % 4) as f64 / 4.0);
            sorted[below] + share * (sorted[(below + 1).min(sorted.len() - 1)] - sorted[below])
        };
        (!sorted.is_empty()).then(|| Self { lower: at(1), median: at(2), upper: at(3) })
    }
}

impl Timing {
    /// How many times longer `other` takes, run by run: elapsed time.
    pub fn speedup_over(&self, other: &Timing) -> Option<Spread> {
        ratios(&other.wall, &self.wall)
    }

    /// The same by processor time, where the system tells it.
    pub fn cpu_speedup_over(&self, other: &Timing) -> Option<Spread> {
        ratios(&other.cpu, &self.cpu)
    }
}

/// Of runs that were close to each other in time.
fn ratios(above: &[f64], below: &[f64]) -> Option<Spread> {
    Spread::of(&above.iter().zip(below).map(|(above, below)| above / below).collect::<Vec<_>>())
}

/// Runs every competitor `runs` times, A B B A, without a run that warms up: for what takes minutes and has run before. `say` is told how many
/// runs there were.
pub fn take_turns(competitors: &mut [Competitor<'_>], runs: usize, say: impl Fn(usize)) -> Vec<Timing> {
    let mut timings: Vec<Timing> =
        competitors.iter().map(|c| Timing { name: c.name.clone(), wall: Vec::new(), cpu: Vec::new() }).collect();
    let count = competitors.len();
    for done in 0..runs * count {
        let (round, place) = (done / count, done % count);
        let index = if round % 2 == 0 { place } else { count - 1 - place };
        say(done);
        competitors[index].trial.prepare();
        let ((), elapsed) = time(|| competitors[index].trial.run());
        timings[index].wall.push(elapsed.wall);
        timings[index].cpu.extend(elapsed.cpu);
    }
    timings
}

/// Runs every competitor `2 * rounds` times, after one run that warms up and is not counted.
pub fn run(competitors: &mut [Competitor<'_>], rounds: usize) -> Vec<Timing> {
    let mut timings: Vec<Timing> =
        competitors.iter().map(|c| Timing { name: c.name.clone(), wall: Vec::new(), cpu: Vec::new() }).collect();
    for competitor in &mut *competitors {
        competitor.trial.prepare();
        competitor.trial.run();
    }
    let order: Vec<usize> = (0..competitors.len()).chain((0..competitors.len()).rev()).collect();
    for _ in 0..rounds {
        for &index in &order {
            let competitor = &mut competitors[index];
            competitor.trial.prepare();
            let ((), elapsed) = time(|| competitor.trial.run());
            timings[index].wall.push(elapsed.wall);
            timings[index].cpu.extend(elapsed.cpu);
        }
    }
    timings
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn competitors_take_turns_and_are_counted() {
        let order = RefCell::new(String::new());
        let competitor = |name: &'static str| {
            let order = &order;
            Competitor::new(name, 7, move |work| {
                assert_eq!(*work, 7, "prepared before each run");
                *work = 0;
                order.borrow_mut().push_str(name);
            })
        };
        let timings = run(&mut [competitor("a"), competitor("b")], 3);
        assert_eq!(*order.borrow(), "ababbaabbaabba");
        assert!(timings.iter().all(|timing| timing.wall.len() == 6));
        order.borrow_mut().clear();
        let timings = take_turns(&mut [competitor("a"), competitor("b")], 3, |done| {
            assert_eq!(done, order.borrow().len(), "told before each run");
        });
        assert_eq!(*order.borrow(), "abbaab");
        assert!(timings.iter().all(|timing| timing.wall.len() == 3));
    }

    #[test]
    fn spread_of_odd_and_even_counts() {
        assert_eq!(Spread::of(&[5.0, 1.0, 3.0, 4.0, 2.0]), Some(Spread { lower: 2.0, median: 3.0, upper: 4.0 }));
        assert_eq!(Spread::of(&[7.0]), Some(Spread { lower: 7.0, median: 7.0, upper: 7.0 }));
        assert_eq!(Spread::of(&[1.0, 2.0]), Some(Spread { lower: 1.25, median: 1.5, upper: 1.75 }));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn ratios_are_of_runs_side_by_side() {
        let timing = |wall: &[f64]| Timing { name: String::new(), wall: wall.to_vec(), cpu: Vec::new() };
        // The machine was ten times slower during the second run, for both.
        let ratio = timing(&[1.0, 10.0, 1.0]).speedup_over(&timing(&[4.0, 40.0, 4.0]));
        assert_eq!(ratio, Some(Spread { lower: 4.0, median: 4.0, upper: 4.0 }));
        assert_eq!(timing(&[1.0]).cpu_speedup_over(&timing(&[4.0])), None, "not measured, not 0");
    }
}
