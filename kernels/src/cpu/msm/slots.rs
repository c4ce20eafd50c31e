//! Memory for many slots.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::slot::Slot;

/// A large page.
const PAGE: usize = 1 << 21;

/// A fixed number of slots in large pages where the system has them.
///
/// The kernels read slots in random order, and with pages of 4 KiB the processor spends a third of its time on finding them.
#[derive(Debug)]
pub(crate) struct Slots {
    start: NonNull<Slot>,
    len: usize,
}

impl Slots {
    pub(crate) fn new(len: usize) -> Self {
        let Some(layout) = Self::layout(len) else { return Self { start: NonNull::dangling(), len } };
        // SAFETY: the layout's size is not zero.
        let start = unsafe { alloc(layout) };
        let Some(start) = NonNull::new(start.cast::<Slot>()) else { handle_alloc_error(layout) };
        #[cfg(target_os = "linux")]
        if layout.align() == PAGE {
            // SAFETY: the range is ours. This is advice: that it may fail is of no consequence.
            unsafe { libc::madvise(start.as_ptr().cast(), layout.size(), libc::MADV_HUGEPAGE) };
        }
        // Only now, so that the pages are made large when they are first touched.
        // SAFETY: `len` slots were allocated; all zero is the identity.
        unsafe { start.as_ptr().write_bytes(0, len) };
        Self { start, len }
    }

    fn layout(len: usize) -> Option<Layout> {
        let size = len.checked_mul(size_of::<Slot>()).expect("slots fit the address space");
        let align = if size < PAGE { align_of::<Slot>() } else { PAGE };
        (len > 0).then(|| Layout::from_size_align(size, align).expect("slots fit the address space"))
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        if let Some(layout) = Self::layout(self.len) {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

impl Deref for Slots {
    type Target = [Slot];

    fn deref(&self) -> &[Slot] {
        // SAFETY: `len` slots, all zero at first, which is the identity.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Slots {
    fn deref_mut(&mut self) -> &mut [Slot] {
        // SAFETY: as above, and they are borrowed from the only owner.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

// SAFETY: the memory belongs to this value alone and is plain data.
unsafe impl Send for Slots {}
// SAFETY: as above; shared references only read.
unsafe impl Sync for Slots {}
