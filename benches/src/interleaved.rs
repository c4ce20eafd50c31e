//! Interleaved timing: A B C C B A, again and again, so that a slow moment of the machine strikes all alike.

use serde::Serialize;

use crate::clock::time;

/// One of several ways to compute the same thing.
pub struct Competitor<'a> {
    name: &'static str,
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
    pub fn new<T: Clone + 'a>(name: &'static str, input: T, run: impl FnMut(&mut T) + 'a) -> Self {
        Self { name, trial: Box::new(Work { work: input.clone(), input, run }) }
    }
}

impl std::fmt::Debug for Competitor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Competitor").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Seconds of one competitor, sorted.
#[derive(Clone, Debug, Serialize)]
pub struct Timing {
    /// Name of the competitor.
    pub name: &'static str,
    /// Elapsed time of each run.
    pub wall: Vec<f64>,
    /// Processor time of all threads in each run, on a shared machine the steadier of the two; empty where the system
    /// does not tell.
    pub cpu: Vec<f64>,
}

/// The median and the quartiles of sorted values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// A quarter of the values is below.
    pub lower: f64,
    /// Half of the values is below.
    pub median: f64,
    /// A quarter of the values is above.
    pub upper: f64,
}

impl Spread {
    /// Of values in ascending order, at least one.
    pub fn of(sorted: &[f64]) -> Self {
        let at = |quarter: usize| sorted[(sorted.len() - 1) * quarter / 4];
        Self { lower: at(1), median: at(2), upper: at(3) }
    }
}

impl Timing {
    /// How many times longer `other` takes, by the medians of elapsed time.
    pub fn speedup_over(&self, other: &Timing) -> f64 {
        Spread::of(&other.wall).median / Spread::of(&self.wall).median
    }

    /// The same by processor time, where the system tells it.
    pub fn cpu_speedup_over(&self, other: &Timing) -> Option<f64> {
        let known = !self.cpu.is_empty() && !other.cpu.is_empty();
        known.then(|| Spread::of(&other.cpu).median / Spread::of(&self.cpu).median)
    }
}

/// Runs every competitor `2 * rounds` times, after one run that warms up and is not counted.
pub fn run(competitors: &mut [Competitor<'_>], rounds: usize) -> Vec<Timing> {
    let mut timings: Vec<Timing> =
        competitors.iter().map(|c| Timing { name: c.name, wall: Vec::new(), cpu: Vec::new() }).collect();
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
    for timing in &mut timings {
        timing.wall.sort_by(f64::total_cmp);
        timing.cpu.sort_by(f64::total_cmp);
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
        assert!(timings.iter().all(|timing| timing.wall.len() == 6 && timing.wall.is_sorted()));
    }

    #[test]
    fn spread_of_odd_and_even_counts() {
        assert_eq!(Spread::of(&[1.0, 2.0, 3.0, 4.0, 5.0]), Spread { lower: 2.0, median: 3.0, upper: 4.0 });
        assert_eq!(Spread::of(&[7.0]), Spread { lower: 7.0, median: 7.0, upper: 7.0 });
    }
}
