//! `zomma srs`: structured reference strings.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use zomma_prover::srs::{Ptau, Srs, SrsLock};

use super::{Failure, Shared};
use crate::{error::CliError, output::print, progress::Bars};

/// Verbs of `zomma srs`.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make development parameters. Their secret is public: nothing made from them proves anything.
    Dev {
        /// Sizes: 2^k rows.
        #[arg(long, required = true, value_delimiter = ',')]
        k: Vec<u32>,
        /// What the secret is drawn from.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        #[command(flatten)]
        place: Place,
    },
    /// Import a powers-of-tau file, as snarkjs writes it, and check it.
    ImportPtau {
        /// The .ptau file.
        file: PathBuf,
        /// Sizes: 2^k rows. By default the largest that the file holds.
        #[arg(long, value_delimiter = ',')]
        k: Vec<u32>,
        #[command(flatten)]
        place: Place,
    },
    /// Check a parameter file: its digest, every point, and the relations between them.
    Check {
        /// The file.
        file: PathBuf,
    },
}

/// What happens to the files.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// Replace a file that holds parameters of another origin.
    #[arg(long)]
    force: bool,
    /// List the digest in srs.lock too.
    #[arg(long)]
    pin: bool,
    /// List the digest in srs.lock, and write no file.
    #[arg(long, conflicts_with = "pin")]
    pin_only: bool,
}

/// Runs the command.
pub(crate) fn run(verb: &Verb, shared: &Shared) -> Result<(), Failure> {
    let bars = Bars::new(shared.quiet);
    match verb {
        Verb::Dev { k, seed, place } => {
            for &k in k {
                let srs = Srs::development(k, *seed, &bars)?;
                bars.finish();
                place.put(&srs, shared)?;
            }
            Ok(())
        }
        Verb::ImportPtau { file, k, place } => {
            let in_file = |error: zomma_prover::ProverError| error.in_file(file);
            let mut ptau = Ptau::open(file)?;
            bars.note(&format!(
                "{}: power {} of a 2^{} ceremony, {} contribution(s)",
                file.display(),
                ptau.power(),
                ptau.ceremony_power(),
                ptau.contributions()
            ));
            let digest = ptau.digest(&bars).map_err(in_file)?;
            let sizes = if k.is_empty() { vec![ptau.power()] } else { k.clone() };
            for k in sizes {
                let srs = ptau.import(k, digest, &bars).map_err(in_file)?;
                bars.finish();
                place.put(&srs, shared)?;
            }
            Ok(())
        }
        Verb::Check { file } => check(file, shared, &bars),
    }
}

impl Place {
    /// Writes and pins parameters as asked.
    fn put(&self, srs: &Srs, shared: &Shared) -> Result<(), Failure> {
        let folder = &shared.params;
        let path = folder.join(Srs::file_name(srs.k()));
        let mut text = String::new();
        if !self.pin_only {
            self.check_replaceable(&path, srs)?;
            srs.write(&path)?;
            writeln!(text, "{}", path.display()).expect("strings take everything");
        }
        if self.pin || self.pin_only {
            let mut lock = SrsLock::load(folder)?;
            lock.pin(srs.id().clone());
            lock.write(folder)?;
        }
        describe(&mut text, srs);
        print(&text)
    }

    /// A file of another origin may be somebody's hours of download: it is only replaced by force.
    fn check_replaceable(&self, path: &Path, srs: &Srs) -> Result<(), Failure> {
        if self.force || !path.exists() {
            return Ok(());
        }
        let old = match Srs::read(path) {
            Ok(old) if old.id().origin == srs.id().origin => return Ok(()),
            Ok(old) => format!("holds parameters of another origin: {}", old.id().origin),
            Err(error) => format!("cannot be read ({})", error.root()),
        };
        Err(CliError::input(path, format!("exists and {old}; --force replaces it")))
    }
}

fn check(file: &Path, shared: &Shared, bars: &Bars) -> Result<(), Failure> {
    let in_file = |error: zomma_prover::ProverError| error.in_file(file);
    let srs = Srs::read(file)?;
    srs.check_relations(bars).map_err(in_file)?;
    bars.finish();
    let pin = SrsLock::load(&shared.params)?.check(srs.id()).map_err(in_file)?;
    let mut text = String::new();
    describe(&mut text, &srs);
    writeln!(text, "pin     {pin:?}").expect("strings take everything");
    text.push_str("ok: every point is good, and they are successive powers of one secret in both bases\n");
    print(&text)
}

fn describe(text: &mut String, srs: &Srs) {
    let id = srs.id();
    writeln!(text, "k       {}\nsha256  {}\norigin  {}", id.k, id.sha256, id.origin).expect("strings take everything");
}
