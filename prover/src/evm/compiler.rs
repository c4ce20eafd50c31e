//! The Solidity compiler, as a command.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::error::ProverError;

/// Most bytes of code that a contract may have (EIP-170).
pub const MAX_CODE: usize = 24_576;

/// A Solidity compiler: a command that with `--bin -` takes a source on standard input and prints the creation code in hex.
#[derive(Debug, Clone)]
pub struct Compiler {
    command: PathBuf,
}

/// What it makes of a source.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    /// Code that deploys the contract.
    pub(super) creation: Vec<u8>,
    /// Bytes of the contract's own code.
    pub(super) runtime_len: usize,
}

impl Compiler {
    /// The compiler at a path.
    #[must_use]
    pub fn new(command: impl Into<PathBuf>) -> Self {
        Self { command: command.into() }
    }

    /// The command.
    #[must_use]
    pub fn command(&self) -> &Path {
        &self.command
    }

    /// Compiles the one contract of a source, without optimisation: the assembly is generated as it should be, and the optimiser would
    /// take minutes.
    pub(super) fn compile(&self, source: &str) -> Result<Compiled, ProverError> {
        let failed = |reason: String| ProverError::malformed(format!("{} --bin -", self.command.display()), reason);
        let mut child = Command::new(&self.command)
            .args(["--bin", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(ProverError::io("run", &self.command))?;
        let mut input = child.stdin.take().ok_or_else(|| failed("no standard input".to_owned()))?;
        // A compiler that stops reading says why on standard error.
        let written = input.write_all(source.as_bytes());
        drop(input);
        let output = child.wait_with_output().map_err(ProverError::io("run", &self.command))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        written.map_err(ProverError::io("write to", &self.command))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let creation = hex::decode(text.trim()).map_err(|error| failed(error.to_string()))?;
        let runtime_len = runtime_len(&creation).ok_or_else(|| failed("no code that it would deploy".to_owned()))?;
        Ok(Compiled { creation, runtime_len })
    }
}

/// Creation code ends with the contract's code, behind the first INVALID that follows its own RETURN.
fn runtime_len(creation: &[u8]) -> Option<usize> {
    const RETURN_INVALID: [u8; 2] = [0xf3, 0xfe];
    let end = creation.windows(2).position(|pair| pair == RETURN_INVALID)? + 2;
    Some(creation.len() - end)
}
