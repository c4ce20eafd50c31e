//! One file per command.

pub(crate) mod accumulate;
pub(crate) mod bench;
pub(crate) mod circuits;
pub(crate) mod cost;
pub(crate) mod day;
pub(crate) mod demo;
pub(crate) mod evm;
pub(crate) mod exchange;
pub(crate) mod inspect;
pub(crate) mod keygen;
pub(crate) mod layout;
pub(crate) mod mock;
pub(crate) mod price;
pub(crate) mod prove;
pub(crate) mod risk;
pub(crate) mod settle;
pub(crate) mod srs;
pub(crate) mod verify;

use std::path::PathBuf;

use zomma_prover::{
    engine::Engine,
    keys::KeyCache,
    plonk::Memory,
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
    /// Write a trace of what took how long, for ui.perfetto.dev or chrome://tracing.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
}

/// What computes proofs, and with how much memory.
#[derive(Debug, clap::Args)]
pub(crate) struct Computing {
    /// What computes: cpu, cpu:portable, cpu:avx512-ifma or halo2-axiom. One that is not there is an error.
    #[arg(long, env = "ZOMMA_BACKEND", default_value = "cpu")]
    backend: String,
    /// Most memory for a proof with its key and parameters, such as 4GiB. What would take more is refused before it begins.
    #[arg(long, env = "ZOMMA_MEMORY", value_name = "BYTES", value_parser = crate::input::bytes)]
    memory: Option<u64>,
}

impl Computing {
    pub(crate) fn engine(&self) -> Result<Engine, Failure> {
        Ok(self.backend.parse()?)
    }

    /// For a single proof.
    pub(crate) fn memory(&self) -> Memory {
        self.memory.map_or(Memory::Needed, Memory::AtMost)
    }

    /// For many proofs with one key.
    pub(crate) fn memory_with_caches(&self) -> Memory {
        self.memory.map_or(Memory::Needed, Memory::Cached)
    }
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
