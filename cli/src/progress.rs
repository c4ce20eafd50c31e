//! Progress on stderr.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use zomma_prover::progress::Progress;

/// Draws stages as bars or spinners on stderr; nothing when that is not a terminal.
#[derive(Debug)]
pub(crate) struct Bars {
    current: Mutex<ProgressBar>,
}

impl Bars {
    pub(crate) fn new() -> Self {
        Self { current: Mutex::new(ProgressBar::hidden()) }
    }

    fn current(&self) -> ProgressBar {
        self.current.lock().map_or_else(|poisoned| poisoned.into_inner().clone(), |bar| bar.clone())
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.current().finish_and_clear();
    }
}

impl Progress for Bars {
    fn stage(&self, name: &str, total: u64) {
        self.current().finish_and_clear();
        let bar = if total == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(total) };
        let template = if total == 0 { "{spinner} {msg} {elapsed}" } else { "{bar:30} {percent:>3}% {msg} {elapsed}" };
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        if let Ok(mut current) = self.current.lock() {
            *current = bar;
        }
    }

    fn advance(&self, steps: u64) {
        self.current().inc(steps);
    }
}
