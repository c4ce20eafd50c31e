//! `zomma inspect`: says what a file is, and checks what can be checked without knowing more.

use std::{
    fmt::Write as _,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use zomma_circuits::{Statement, with_statement};
use zomma_prover::{
    accumulate::FoldProof,
    artefact::{Kind, Proof},
    keys::{KeyHeader, StatementProvingKey, StatementVerifyingKey, inspect_verifying_key},
    srs::{Ptau, Srs},
};

use super::Failure;
use crate::{error::CliError, output};

/// Arguments of `zomma inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A parameter file, a key, a proof, or a .ptau file.
    file: PathBuf,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let path = &arguments.file;
    let mut start = vec![];
    let file = File::open(path).map_err(|error| CliError::input(path, error))?;
    file.take(8).read_to_end(&mut start).map_err(|error| CliError::input(path, error))?;
    let text = match Kind::from_magic(&start) {
        Some(Kind::Srs) => srs(path)?,
        Some(Kind::VerifyingKey) => verifying_key(path)?,
        Some(Kind::ProvingKey) => proving_key(path)?,
        Some(Kind::Proof) => proof(path)?,
        Some(Kind::Fold) => fold(path)?,
        None if start.starts_with(b"ptau") => ptau(path)?,
        None => {
            let reason = format!("not a file of zomma's: it starts with 0x{}", hex::encode(&start));
            return Err(CliError::input(path, reason));
        }
    };
    output::print(&text)
}

/// Lines of a table: a name, and what it is.
struct Table(String);

impl Table {
    fn new(kind: impl std::fmt::Display) -> Self {
        Self(format!("{kind}\n"))
    }

    fn line(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        writeln!(self.0, "{name:<15} {value}").expect("strings take everything");
        self
    }
}

fn srs(path: &Path) -> Result<String, Failure> {
    let srs = Srs::read(path)?;
    let id = srs.id();
    let table = Table::new(Kind::Srs).line("k", id.k).line("sha256", id.sha256).line("origin", &id.origin);
    Ok(table.0 + "digest and points are good; `zomma srs check` checks the relations between them too\n")
}

fn ptau(path: &Path) -> Result<String, Failure> {
    let ptau = Ptau::open(path)?;
    let table = Table::new("powers-of-tau file")
        .line("power", ptau.power())
        .line("ceremony power", ptau.ceremony_power())
        .line("contributions", ptau.contributions());
    Ok(table.0 + "header and lengths are good; `zomma srs import-ptau` checks the points\n")
}

fn key_lines(table: Table, header: &KeyHeader) -> Table {
    table
        .line("statement", format_args!("{} (version {})", header.statement, header.version))
        .line("k", header.k)
        .line("circuit", header.circuit)
        .line("instances", format_args!("{:?}", header.instances))
        .line("parameters", &header.srs.origin)
        .line("srs sha256", header.srs.sha256)
}

fn verifying_key(path: &Path) -> Result<String, Failure> {
    fn points<S: Statement>(path: &Path) -> Result<usize, Failure> {
        let key = StatementVerifyingKey::<S>::read(path)?;
        Ok(key.key().fixed_commitments().len() + key.key().permutation().commitments().len())
    }
    let envelope = inspect_verifying_key(path)?;
    let table = key_lines(Table::new(Kind::VerifyingKey), &envelope.header).line("key digest", envelope.digest);
    // A statement that this build does not know is no reason not to say what the file is.
    Ok(match with_statement!(&envelope.header.statement, S => points::<S>(path)) {
        Ok(points) => table.line("commitments", points?).0 + "digest and points are good\n",
        Err(unknown) => table.0 + &format!("digest is good; points not checked: {unknown}\n"),
    })
}

fn proving_key(path: &Path) -> Result<String, Failure> {
    fn describe<S: Statement>(path: &Path) -> Result<String, Failure> {
        let key = StatementProvingKey::<S>::read(path)?;
        let table = key_lines(Table::new(Kind::ProvingKey), key.header());
        let table = table.line("key digest", format_args!("{} (of its verifying key)", key.verifying_key().digest()));
        Ok(table.0 + "digest, points and field elements are good\n")
    }
    let name = zomma_prover::keys::inspect_proving_key(path)?.key.statement;
    with_statement!(&name, S => describe::<S>(path))?
}

fn proof(path: &Path) -> Result<String, Failure> {
    let proof = Proof::inspect(path)?;
    let header = &proof.header;
    let mut table = Table::new(Kind::Proof)
        .line("statement", format_args!("{} (version {})", header.statement, header.version))
        .line("k", header.k)
        .line("key digest", header.verifying_key)
        .line("parameters", &header.srs.origin)
        .line("srs sha256", header.srs.sha256)
        .line("transcript", header.transcript)
        .line("backend", &header.backend)
        .line("made by", &header.made_by)
        .line("proof", output::bytes(proof.bytes.len() as u64));
    for (i, column) in header.instances.iter().enumerate() {
        for (j, public) in column.iter().enumerate() {
            table = table.line(&format!("instance {i},{j}"), public);
        }
    }
    Ok(table.0 + "digest is good; `zomma verify` checks the proof\n")
}

fn fold(path: &Path) -> Result<String, Failure> {
    let (header, proof) = FoldProof::inspect(path)?;
    let mut table = Table::new(Kind::Fold)
        .line("layer", header.layer)
        .line("k", header.srs.k)
        .line("parameters", &header.srs.origin)
        .line("srs sha256", header.srs.sha256)
        .line("backend", &header.backend)
        .line("made by", &header.made_by)
        .line("proof", output::bytes(proof.proof.proof.len() as u64));
    for (i, public) in header.instance.iter().enumerate() {
        table = table.line(&format!("instance {i}"), public);
    }
    Ok(table.0 + "digest is good; the proof itself is not checked\n")
}
