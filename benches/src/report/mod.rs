//! The comparison as a page: one file without references to others, with tables and plots.

mod plot;

use std::fmt::Write as _;

use crate::compare::Report;
use crate::interleaved::{Spread, Timing};
use crate::kernels::Comparison;
use crate::machine::Machine;
use crate::proofs::ProofComparison;
use plot::{Bar, Line, bars, escape, lines};

/// The page of one or several reports, each with its machine and build.
pub fn page(reports: &[Report]) -> String {
    let mut body = String::new();
    for report in reports {
        section(&mut body, report);
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>zomma: comparison</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>zomma beside other provers</h1>\n{INTRODUCTION}{body}</main>\n</body>\n</html>\n"
    )
}

const STYLE: &str = "body{margin:0;background:#fbfbfa;color:#1c1c1c;font:15px/1.5 system-ui,sans-serif}\
main{max-width:60rem;margin:0 auto;padding:2rem 1rem}h1{font-size:1.7rem}h2{margin-top:2.5rem;border-top:1px solid #ddd;padding-top:1.5rem}\
h3{margin-top:2rem}table{border-collapse:collapse;margin:.8rem 0;font-variant-numeric:tabular-nums}\
td,th{padding:.2rem .8rem .2rem 0;text-align:right;font-weight:normal}td:first-child,th:first-child{text-align:left}\
thead th{border-bottom:1px solid #bbb;color:#666;font-size:.85rem}tr.ours td{font-weight:600}svg{max-width:100%;height:auto}\
.scroll{overflow-x:auto}.note{color:#666}";

const INTRODUCTION: &str = "<p>Competitors run in one process and take turns, A B C C B A, so that a slow moment of the machine strikes \
all alike. Before anything is timed every output is compared: proofs byte for byte, given the choices that halo2-axiom does not take from \
its random number generator. One run of each warms up and is not counted. Ratios say how many times longer a competitor takes than zomma's \
fastest without caches, run by run: the median, and the quartiles in brackets. Processor time is that of all threads.</p>\n";

fn section(out: &mut String, report: &Report) {
    let Machine { processor, threads, commit, assembly, .. } = &report.machine;
    let arithmetic = if *assembly { "halo2curves with assembly" } else { "halo2curves by default" };
    let title = format!(
        "{}, {threads} threads, commit {}, {arithmetic}",
        processor.as_deref().unwrap_or("unknown processor"),
        commit.as_deref().unwrap_or("unknown")
    );
    _ = writeln!(out, "<h2>{}</h2>", escape(&title));
    machine(out, &report.machine);
    for proof in &report.proofs {
        whole_proof(out, proof);
    }
    let mut named: Vec<&str> = report.kernels.iter().map(|comparison| comparison.what.as_str()).collect();
    named.dedup();
    named.sort_unstable();
    named.dedup();
    named.sort_by_key(|name| report.kernels.iter().position(|comparison| comparison.what == *name));
    for name in named {
        let sizes: Vec<&Comparison> = report.kernels.iter().filter(|comparison| comparison.what == name).collect();
        kernel(out, name, &sizes);
    }
}

fn machine(out: &mut String, machine: &Machine) {
    let unknown = || "not known".to_owned();
    let rows = [
        ("processor", machine.processor.clone().unwrap_or_else(unknown)),
        ("processors, threads used", format!("{}, {}", machine.processors, machine.threads)),
        ("features", machine.features.join(" ")),
        ("memory", machine.memory.map_or_else(unknown, mebibytes)),
        ("system", machine.system.clone()),
        ("compiler", machine.compiler.clone().unwrap_or_else(unknown)),
        ("commit", machine.commit.clone().unwrap_or_else(unknown)),
        ("backends of zomma", machine.backends.join(", ")),
    ];
    out.push_str("<table>");
    for (name, value) in rows {
        _ = writeln!(
            out,
            "<tr><td class=\"note\">{name}</td><td style=\"text-align:left\">{}</td></tr>",
            escape(&value)
        );
    }
    out.push_str("</table>\n");
}

fn whole_proof(out: &mut String, proof: &ProofComparison) {
    let ProofComparison { name, k, advice, lookups, permuted, work, proof_bytes, .. } = proof;
    _ = writeln!(out, "<h3>Whole proof: {}, k = {k}</h3>", escape(name));
    let about =
        work.as_ref().map_or(String::new(), |work| format!(" The proof is about {} {}.", work.count, work.unit));
    _ = writeln!(
        out,
        "<p>{advice} advice columns, {lookups} lookups, {permuted} permuted columns; {proof_bytes} bytes, SHPLONK, Blake2b.{}</p>",
        escape(&about)
    );
    times(out, &proof.timings, work.as_ref().map(|work| (work.count, work.unit.as_str())));
    let bar = |phase: &crate::phases::PhaseTime| Bar {
        name: phase.phase.clone(),
        value: phase.wall * 1e3,
        label: format!("{:.0} ms", phase.wall * 1e3),
    };
    out.push_str("<p class=\"note\">Where the time of zomma's fastest backend goes, without caches, in one run:</p>\n");
    out.push_str(&bars(&proof.phases.iter().map(bar).collect::<Vec<_>>()));
    if proof.memory.is_empty() {
        out.push_str("<p>Peak memory: not measured.</p>\n");
        return;
    }
    out.push_str(
        "<p class=\"note\">Peak memory of one proof in a process of its own, caches off, with key and parameters:</p>\n",
    );
    let bar = |memory: &crate::proofs::PeakMemory| Bar {
        name: memory.name.clone(),
        value: memory.peak as f64,
        label: format!("{} ({} of it before)", mebibytes(memory.peak), mebibytes(memory.before)),
    };
    out.push_str(&bars(&proof.memory.iter().map(bar).collect::<Vec<_>>()));
}

fn kernel(out: &mut String, name: &str, sizes: &[&Comparison]) {
    _ = writeln!(out, "<h3>{}</h3>", escape(name));
    if sizes.len() > 1 {
        let line = |position: usize| {
            let at = |comparison: &&Comparison| {
                let timing = comparison.timings.get(position)?;
                Some((f64::from(comparison.log_n), Spread::of(&timing.wall)?.median * 1e3))
            };
            Line { name: sizes[0].timings[position].name.clone(), points: sizes.iter().filter_map(at).collect() }
        };
        out.push_str(&lines("log2 n", "ms", &(0..sizes[0].timings.len()).map(line).collect::<Vec<_>>()));
    }
    for comparison in sizes {
        _ = writeln!(out, "<p class=\"note\">2^{}</p>", comparison.log_n);
        times(out, &comparison.timings, None);
    }
}

/// A table of times and ratios; ours is the first.
fn times(out: &mut String, timings: &[Timing], work: Option<(usize, &str)>) {
    out.push_str("<div class=\"scroll\"><table><thead><tr><th></th><th>elapsed, ms</th><th>ratio</th><th>processor, ms</th><th>ratio</th>");
    if let Some((_, unit)) = work {
        _ = write!(out, "<th>{} per second</th>", escape(unit));
    }
    out.push_str("</tr></thead>\n");
    for timing in timings {
        let class = if timing.name.starts_with("zomma") { " class=\"ours\"" } else { "" };
        let milliseconds = |values: &[f64]| {
            Spread::of(values).map_or("not measured".to_owned(), |spread| format!("{:.3}", spread.median * 1e3))
        };
        _ = write!(
            out,
            "<tr{class}><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>",
            escape(&timing.name),
            milliseconds(&timing.wall),
            ratio(timings[0].speedup_over(timing)),
            milliseconds(&timing.cpu),
            ratio(timings[0].cpu_speedup_over(timing)),
        );
        if let Some((count, _)) = work {
            let median = Spread::of(&timing.wall).map(|spread| spread.median);
            let rate = median.map_or("not measured".to_owned(), |seconds| format!("{:.1}", count as f64 / seconds));
            _ = write!(out, "<td>{rate}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table></div>\n");
}

/// A ratio with its quartiles, for people.
pub fn ratio(spread: Option<Spread>) -> String {
    spread.map_or("not measured".to_owned(), |Spread { lower, median, upper }| {
        format!("{median:.2} ({lower:.2} to {upper:.2})")
    })
}

/// Bytes, for people.
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Plan;
    use crate::proofs::{PeakMemory, Work};

    fn report() -> Report {
        let timing = |name: &str, seconds: f64| Timing {
            name: name.to_owned(),
            wall: vec![seconds, 1.1 * seconds],
            cpu: if name == "arkworks" { Vec::new() } else { vec![seconds] },
        };
        let timings = vec![timing("zomma", 0.001), timing("<other>", 0.008), timing("arkworks", 0.004)];
        let comparison = |log_n| Comparison { what: "NTT".into(), log_n, timings: timings.clone() };
        Report {
            machine: Machine::here(),
            plan: Plan::quick(),
            kernels: vec![comparison(12), comparison(14)],
            proofs: vec![ProofComparison {
                name: "price".into(),
                k: 14,
                advice: 4,
                lookups: 2,
                permuted: 4,
                work: Some(Work { count: 100, unit: "options".into() }),
                proof_bytes: 4096,
                timings: timings.clone(),
                phases: crate::phases::summary(&[]),
                memory: vec![PeakMemory { name: "zomma".into(), before: 1 << 20, peak: 7 << 20 }],
            }],
        }
    }

    #[test]
    fn pages_hold_figures_and_no_references() {
        let page = page(&[report()]);
        assert!(page.contains("8.00 (8.00 to 8.00)"), "ratio of the other");
        assert!(page.contains("&lt;other&gt;") && !page.contains("<other>"), "names are text");
        assert!(page.contains("not measured"), "what is missing is not 0");
        assert!(page.contains("95238.1"), "options per second: 100 in 1.05 ms");
        assert!(page.contains("7 MiB (1 MiB of it before)"));
        assert!(!page.contains("href") && !page.contains("src="), "one file");
        assert_eq!(page.matches("<svg").count(), 3, "phases, memory, sizes");
        assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    }

    #[test]
    fn reports_are_read_as_they_were_written() {
        let text = serde_json::to_string(&report()).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report());
    }
}
