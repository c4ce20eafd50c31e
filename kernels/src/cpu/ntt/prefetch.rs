//! Asking for memory ahead of time, a little with every butterfly.
//!
//! The passes touch rows that are far apart, which hardware prefetchers do not follow. All requests at once would stall:
//! a core can only wait for some sixteen lines. So a kernel asks for a few lines after each butterfly for what comes next.

use std::marker::PhantomData;

/// Bytes of a cache line.
const LINE: usize = 64;

/// The lines of equally spaced runs of memory, to be asked for one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Prefetch<'a> {
    next: *const u8,
    /// Lines left in this run.
    lines: usize,
    /// Lines of each run.
    run: usize,
    /// From the end of a run to the next.
    gap: usize,
    /// Runs after this one.
    runs: usize,
    memory: PhantomData<&'a [u8]>,
}

impl<'a> Prefetch<'a> {
    /// Nothing.
    pub(crate) fn none() -> Self {
        Self { next: std::ptr::null(), lines: 0, run: 0, gap: 0, runs: 0, memory: PhantomData }
    }

    /// `count` runs of `len` entries of a slice that starts at `start`, from one to the next `stride` entries.
    pub(crate) fn runs<T>(start: *const T, stride: usize, count: usize, len: usize) -> Self {
        // One line more, because a run need not begin at the start of a line.
        let run = (len * size_of::<T>()).div_ceil(LINE) + usize::from(!start.addr().is_multiple_of(LINE));
        let gap = (stride * size_of::<T>()).wrapping_sub(run * LINE);
        let (lines, runs) = if count == 0 { (0, 0) } else { (run, count - 1) };
        Self { next: start.cast(), lines, run, gap, runs, memory: PhantomData }
    }

    /// Asks for up to `count` more lines, to read them or to write them.
    #[inline(always)]
    pub(crate) fn advance(&mut self, count: usize) {
        for _ in 0..count {
            if self.lines == 0 {
                if self.runs == 0 {
                    return;
                }
                self.runs -= 1;
                self.lines = self.run;
                self.next = self.next.wrapping_add(self.gap);
            }
            self.lines -= 1;
            request(self.next);
            self.next = self.next.wrapping_add(LINE);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn request(address: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch is a hint; it neither faults nor changes memory, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn request(_: *const u8) {}
