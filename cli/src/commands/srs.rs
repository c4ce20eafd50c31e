//! `zomma srs`: structured reference strings.

use std::path::PathBuf;

use clap::Subcommand;
use zomma_prover::progress::Progress;
use zomma_prover::srs::{Ptau, Srs, SrsLock};

use super::{Failure, Folders};
use crate::progress::Bars;

/// Subcommands of `zomma srs`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make parameters from a public seed, for development only: everybody can forge proofs made with them.
    Dev {
        /// Size: 2^k powers.
        #[arg(long)]
        k: u32,
        /// The seed.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        #[command(flatten)]
        folders: Folders,
    },
    /// Import parameters from a snarkjs .ptau file, checking every point and the pairing relations.
    ImportPtau {
        /// The file.
        file: PathBuf,
        /// Size: 2^k powers; at most the ceremony's.
        #[arg(long)]
        k: u32,
        #[command(flatten)]
        folders: Folders,
    },
    /// Check a file: header, digest, every point, the relations between them.
    Check {
        /// The file.
        file: PathBuf,
    },
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<(), Failure> {
    let bars = Bars::new();
    match command {
        Command::Dev { k, seed, folders } => {
            let srs = Srs::development(*k, *seed, &bars)?;
            store(&srs, folders)
        }
        Command::ImportPtau { file, k, folders } => {
            let mut reader = Ptau::open(file)?;
            let digest = reader.digest(&bars)?;
            let srs = reader.import(*k, digest, &bars)?;
            store(&srs, folders)
        }
        Command::Check { file } => {
            let srs = Srs::read(file)?;
            srs.check_relations(&bars)?;
            drop(bars);
            println!("{}: k = {}, sha256 {}, {}", file.display(), srs.k(), srs.id().sha256, srs.id().origin);
            Ok(())
        }
    }
}

/// Writes parameters to the folder, if the lock does not contradict them.
fn store(srs: &Srs, folders: &Folders) -> Result<(), Failure> {
    let pin = SrsLock::load(&folders.params)?.check(srs.id())?;
    let path = folders.params.join(Srs::file_name(srs.k()));
    srs.write(&path)?;
    let id = srs.id();
    println!("{}: k = {}, sha256 {}, {} ({pin:?})", path.display(), id.k, id.sha256, id.origin);
    Ok(())
}

/// The parameters for `k`; development ones are made only when the caller says so.
pub(crate) fn load(folders: &Folders, k: u32, make: bool, progress: &dyn Progress) -> Result<Srs, Failure> {
    let lock = SrsLock::load(&folders.params)?;
    let path = folders.params.join(Srs::file_name(k));
    if make && !path.exists() {
        let srs = Srs::development(k, 0, progress)?;
        lock.check(srs.id())?;
        srs.write(&path)?;
    }
    Ok(Srs::load(&folders.params, k, &lock, progress)?.0)
}
