//! One file per command.

pub(crate) mod demo;
pub(crate) mod price;
pub(crate) mod proofs;
pub(crate) mod risk;
pub(crate) mod srs;

use std::path::PathBuf;

/// Why a command failed: what is printed on stderr.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// Where parameters and keys lie.
#[derive(Debug, clap::Args)]
pub(crate) struct Folders {
    /// Folder of structured reference strings, pins and scenario sets.
    #[arg(long, default_value = "params")]
    pub(crate) params: PathBuf,
    /// Folder in which proving keys are cached.
    #[arg(long, default_value = ".zomma")]
    pub(crate) cache: PathBuf,
}

impl Folders {
    /// Folder of proving keys.
    pub(crate) fn keys(&self) -> PathBuf {
        self.cache.join("keys")
    }
}
