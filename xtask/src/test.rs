//! `cargo xtask test`: everything that continuous integration runs, one step after the other. A step that fails does not keep the others
//! from running; the last lines say how each went.

use std::time::{Duration, Instant};

use crate::{
    contracts,
    error::TaskError,
    layering,
    run::{command, run, run_keeping},
    setup,
};

/// Seconds of fuzzing, for all targets together.
const FUZZ_SECONDS: &str = "60";
const FUZZ_SECONDS_FULL: &str = "1200";

pub(crate) fn test(full: bool) -> Result<(), TaskError> {
    let mut report = Report::default();
    report.step("setup", setup::setup);
    report.step("format", || run(command("cargo", &["fmt", "--all", "--check"])));
    report.step("layering", layering::check);
    report.step("lints", || {
        run(command("cargo", &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))
    });
    report.step("documentation", || {
        let mut command = command("cargo", &["doc", "--workspace", "--no-deps", "--quiet"]);
        command.env("RUSTDOCFLAGS", "-D warnings");
        run(command)
    });
    let mut results = vec![];
    report.step("tests", || {
        let mut command = command("cargo", &["test", "--workspace", "--no-fail-fast"]);
        // Oracles are there now: a test that cannot find its own must fail.
        command.env("ZOMMA_REQUIRE_TOOLS", "1");
        if full {
            command.env("ZOMMA_FULL", "1");
        }
        let (lines, outcome) = run_keeping(command, |line| line.starts_with("test result:"));
        results = lines;
        outcome
    });
    report.step("contracts", contracts::check);
    report.step("fuzzing", || {
        let seconds = if full { FUZZ_SECONDS_FULL } else { FUZZ_SECONDS };
        run(command("cargo", &["run", "--quiet", "--package", "zomma-fuzz", "--", "--seconds", seconds]))
    });
    println!("\n{}", Totals::of(&results));
    report.close()
}

/// How the steps went.
#[derive(Default)]
struct Report {
    steps: Vec<(&'static str, Duration, Option<TaskError>)>,
}

impl Report {
    fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<(), TaskError>) {
        println!("\n==> {name}");
        let start = Instant::now();
        let error = work().err();
        if let Some(error) = &error {
            eprintln!("error: {error}");
        }
        self.steps.push((name, start.elapsed(), error));
    }

    fn close(self) -> Result<(), TaskError> {
        for (name, time, error) in &self.steps {
            let verdict = if error.is_some() { "FAILED" } else { "ok" };
            println!("{name:<14} {verdict:<7} {:>7.1} s", time.as_secs_f64());
        }
        let failed: Vec<String> =
            self.steps.iter().filter(|step| step.2.is_some()).map(|step| step.0.to_owned()).collect();
        if failed.is_empty() { Ok(()) } else { Err(TaskError::Steps(failed)) }
    }
}

/// Sums of cargo's closing lines.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    passed: usize,
    failed: usize,
    ignored: usize,
    suites: usize,
}

impl Totals {
    /// Adds up lines such as `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; ...`.
    fn of(lines: &[String]) -> Self {
        let mut totals = Self { suites: lines.len(), ..Self::default() };
        for line in lines {
            let mut words = line.split_whitespace();
            let mut previous = words.next().unwrap_or_default();
            for word in words {
                let count = previous.parse().unwrap_or(0);
                match word {
                    "passed;" => totals.passed += count,
                    "failed;" => totals.failed += count,
                    "ignored;" => totals.ignored += count,
                    _ => {}
                }
                previous = word;
            }
        }
        totals
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { passed, failed, ignored, suites } = self;
        let verdict = if *failed == 0 && *suites > 0 { "ok" } else { "FAILED" };
        write!(f, "test result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; in {suites} suites")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let lines = [
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.79s".to_owned(),
            "test result: FAILED. 14 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out; finished in 1s"
                .to_owned(),
        ];
        let totals = Totals::of(&lines);
        assert_eq!(totals, Totals { passed: 17, failed: 2, ignored: 1, suites: 2 });
        assert_eq!(totals.to_string(), "test result: FAILED. 17 passed; 2 failed; 1 ignored; in 2 suites");
        assert!(Totals::of(&[]).to_string().starts_with("test result: FAILED."), "no tests at all is a failure");
    }
}
