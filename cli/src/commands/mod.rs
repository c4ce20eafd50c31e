//! One file per command.

pub(crate) mod cost;
pub(crate) mod demo;
pub(crate) mod inspect;
pub(crate) mod keygen;
pub(crate) mod layout;
pub(crate) mod mock;
pub(crate) mod price;
pub(crate) mod prove;
pub(crate) mod risk;
pub(crate) mod srs;
pub(crate) mod verify;

use std::path::PathBuf;

use zomma_prover::{
    keys::KeyCache,
    srs::{Pin, Srs, SrsLock},
};

use crate::{error::CliError, progress::Bars};

/// Why a command failed.
pub(crate) type Failure = CliError;

/// What every command may need.
#[derive(Debug, clap::Args)]
pub(crate) struct Shared {
    /// Folder of parameters and pins.
    #[arg(long, global = true, env = "ZOMMA_PARAMS", default_value = "params", value_name = "DIR")]
    pub(crate) params: PathBuf,
    /// Folder in which proving keys are kept.
    #[arg(long, global = true, env = "ZOMMA_CACHE", default_value = ".zomma/keys", value_name = "DIR")]
    pub(crate) cache: PathBuf,
    /// No progress on standard error.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

impl Shared {
    /// The cache of proving keys.
    pub(crate) fn keys(&self) -> KeyCache {
        KeyCache::new(&self.cache)
    }

    /// The parameters of size `k`, and says if they prove nothing.
    pub(crate) fn srs(&self, k: u32, bars: &Bars) -> Result<Srs, Failure> {
        let lock = SrsLock::load(&self.params)?;
        let (srs, pin) = Srs::load(&self.params, k, &lock, bars)?;
        let pinned = if pin == Pin::Pinned { "pinned" } else { "not pinned" };
        bars.note(&format!("parameters for k = {k}: {}, {pinned}", srs.id().origin));
        Ok(srs)
    }

    /// Development parameters of size `k`: those in the parameter folder, or made now and put there. Only for commands that say so.
    pub(crate) fn development_srs(&self, k: u32, bars: &Bars) -> Result<Srs, Failure> {
        let path = self.params.join(Srs::file_name(k));
        if !path.exists() {
            let srs = Srs::development(k, 0, bars)?;
            SrsLock::load(&self.params)?.check(srs.id())?;
            srs.write(&path)?;
        }
        self.srs(k, bars)
    }
}
