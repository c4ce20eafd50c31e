//! Wall time, processor time and peak memory of a run.

use std::fs;
use std::time::Instant;

/// Seconds that something took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Elapsed {
    /// By the clock on the wall.
    pub wall: f64,
    /// Of all processors together; `None` where the system does not tell.
    pub cpu: Option<f64>,
}

/// Runs `work` and says how long it took.
pub fn time<T>(work: impl FnOnce() -> T) -> (T, Elapsed) {
    let cpu = cpu_seconds();
    let start = Instant::now();
    let result = std::hint::black_box(work());
    let wall = start.elapsed().as_secs_f64();
    let cpu = cpu.zip(cpu_seconds()).map(|(before, after)| after - before);
    (result, Elapsed { wall, cpu })
}

/// Processor seconds of the threads that are alive, from Linux's scheduler statistics.
pub fn cpu_seconds() -> Option<f64> {
    let mut nanoseconds = 0u64;
    for task in fs::read_dir("/proc/self/task").ok()? {
        let statistics = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += statistics.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(nanoseconds as f64 * 1e-9)
}

/// Most bytes that this process has had in memory so far; `None` where the system does not tell.
pub fn peak_memory() -> Option<u64> {
    status_bytes("VmHWM:")
}

/// Forgets the peak of memory so far, so that [`peak_memory`] tells that of what follows; says whether the system did.
pub fn reset_peak_memory() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// Bytes that this process has in memory now; `None` where the system does not tell.
pub fn memory_now() -> Option<u64> {
    status_bytes("VmRSS:")
}

fn status_bytes(field: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The median; the mean of the middle two for an even number.
///
/// # Panics
/// If there are no values.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}
