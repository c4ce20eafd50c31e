//! How long-running work reports how far it is. The command line draws it; everybody else stays silent.

/// Receives progress. Stages follow one another; within one, steps may come from several threads.
pub trait Progress: Sync {
    /// A stage of `total` steps begins; the one before it is over. With 0 the number is not known.
    fn stage(&self, name: &str, total: u64);

    /// `steps` more of the current stage are done.
    fn advance(&self, steps: u64);
}

/// Reports nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
}
