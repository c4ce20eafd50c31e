//! Progress on standard error: a bar on a terminal, one line per stage elsewhere.

use std::{
    io::IsTerminal,
    sync::Mutex,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use zomma_prover::progress::Progress;

use crate::output::seconds;

/// Draws what is reported.
#[derive(Debug)]
pub(crate) struct Bars {
    mode: Mode,
    stage: Mutex<Option<Stage>>,
    times: Mutex<Vec<(String, Duration)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Quiet,
    Lines,
    Terminal,
}

#[derive(Debug)]
struct Stage {
    name: String,
    start: Instant,
    bar: Option<ProgressBar>,
}

impl Bars {
    /// Bars for this process's standard error; none with `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        let mode = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Mode::Quiet,
            (false, true) => Mode::Terminal,
            (false, false) => Mode::Lines,
        };
        Self { mode, stage: Mutex::new(None), times: Mutex::default() }
    }

    /// Ends the current stage.
    pub(crate) fn finish(&self) {
        let Ok(mut stage) = self.stage.lock() else { return };
        if let Some(Stage { name, start, bar }) = stage.take() {
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
            let time = start.elapsed();
            if self.mode != Mode::Quiet {
                eprintln!("{name}: {}", seconds(time));
            }
            if let Ok(mut times) = self.times.lock() {
                times.push((name, time));
            }
        }
    }

    /// The stages so far, with how long each took.
    pub(crate) fn times(&self) -> Vec<(String, Duration)> {
        self.times.lock().map(|times| times.clone()).unwrap_or_default()
    }

    /// Says something beside the stages.
    pub(crate) fn note(&self, text: &str) {
        self.finish();
        if self.mode != Mode::Quiet {
            eprintln!("{text}");
        }
    }
}

impl Progress for Bars {
    fn stage(&self, name: &str, total: u64) {
        self.finish();
        let bar = (self.mode == Mode::Terminal).then(|| bar(name, total));
        if let Ok(mut stage) = self.stage.lock() {
            *stage = Some(Stage { name: name.to_owned(), start: Instant::now(), bar });
        }
    }

    fn advance(&self, steps: u64) {
        if let Ok(stage) = self.stage.lock()
            && let Some(Stage { bar: Some(bar), .. }) = &*stage
        {
            bar.inc(steps);
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.finish();
    }
}

fn bar(name: &str, total: u64) -> ProgressBar {
    let (bar, template) = match total {
        0 => (ProgressBar::new_spinner(), "{spinner} {msg} {elapsed}"),
        _ => (ProgressBar::new(total), "{msg} [{bar:40}] {percent}% {eta}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
