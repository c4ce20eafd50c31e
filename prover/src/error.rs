//! The one error type of this crate.

use std::{fmt, io, path::PathBuf};

use halo2_proofs::plonk;
use thiserror::Error;
use zomma_circuits::StatementError;

use crate::artefact::{Digest, Kind};

/// What goes wrong between inputs and a verdict. Every variant names what was looked at and why it was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProverError {
    /// The operating system refused to read or write.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, such as `read` or `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file that has to be made first is not there.
    #[error("{what} is missing: {} does not exist; make it with {run}", path.display())]
    Missing {
        /// What the file would have held.
        what: String,
        /// Where it was looked for.
        path: PathBuf,
        /// The command that makes it.
        run: String,
    },
    /// Something is wrong with a file; `source` says what.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<ProverError>,
    },
    /// Something is wrong with a part of what was handed in; `source` says what.
    #[error("{part}: {source}")]
    Part {
        /// The part.
        part: &'static str,
        /// What is wrong with it.
        source: Box<ProverError>,
    },
    /// The first bytes are not those of the artefact that was expected.
    #[error("not a {expected}: it starts with {found}")]
    Magic {
        /// The artefact that was asked for.
        expected: Kind,
        /// The first bytes, in hex and as the kind they belong to if there is one.
        found: String,
    },
    /// The file was written by another version of the format.
    #[error("{kind}: format version {found}, but this build reads version {supported}")]
    Version {
        /// The artefact.
        kind: Kind,
        /// The version in the file.
        found: u32,
        /// The version that can be read.
        supported: u32,
    },
    /// A part has another length than the format says.
    #[error("{part}: {expected} bytes expected, {found} found")]
    Length {
        /// Which part.
        part: &'static str,
        /// The length that it must have.
        expected: u64,
        /// The length that it has.
        found: u64,
    },
    /// A length or a size parameter is beyond what this build accepts; nothing was allocated for it.
    #[error("{field}: {found} is out of range ({range})")]
    OutOfRange {
        /// Which field.
        field: &'static str,
        /// What it holds.
        found: u64,
        /// What it may hold.
        range: String,
    },
    /// The content is not what its SHA-256 says: the file was damaged or edited.
    #[error("digest: the file says {stated}, its content has {computed}: damaged or edited")]
    Digest {
        /// The digest written in the file.
        stated: Digest,
        /// The digest of what the file holds.
        computed: Digest,
    },
    /// A field cannot be read.
    #[error("{field}: {reason}")]
    Malformed {
        /// Which field.
        field: String,
        /// Why it was refused.
        reason: String,
    },
    /// Two things that must agree do not.
    #[error("{field}: expected {expected}, found {found}")]
    Mismatch {
        /// What was compared.
        field: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A curve point is not acceptable.
    #[error("{basis}[{index}]: {fault}")]
    Point {
        /// The vector that it is in.
        basis: &'static str,
        /// Its index there.
        index: usize,
        /// What is wrong with it.
        fault: PointFault,
    },
    /// A field element is not below the modulus.
    #[error("{column}[{index}]: not below the field's modulus")]
    Scalar {
        /// The vector that it is in.
        column: String,
        /// Its index there.
        index: usize,
    },
    /// The points of a structured reference string are not successive powers of one secret.
    #[error("the parameters are not well formed: {relation} does not hold")]
    Relation {
        /// The relation that fails.
        relation: &'static str,
    },
    /// A gate's degree is above the one for which the proving system would lay out the quotient; proofs
    /// would not verify.
    #[error(
        "gate \"{gate}\" has degree {degree}, but keys are laid out for at most {limit}: proofs would not verify \
         (the limit is the environment's MAX_DEGREE, 5 by default)"
    )]
    DegreeTooHigh {
        /// Name of the gate, or of the lookup.
        gate: String,
        /// Its degree.
        degree: usize,
        /// The largest degree that the keys provide for.
        limit: usize,
    },
    /// The circuit does not fit.
    #[error("{needed} rows are needed, but k = {k} has {available} usable ones")]
    NotEnoughRows {
        /// Rows that the circuit occupies.
        needed: usize,
        /// Rows that may be assigned at this `k`.
        available: usize,
        /// The size parameter.
        k: u32,
    },
    /// The instances do not fit the circuits or the key.
    #[error("instances: {reason}")]
    Instances {
        /// What does not fit.
        reason: String,
    },
    /// A circuit assigned an advice cell that cannot be assigned so.
    #[error("advice column {column}, row {row}: {reason}")]
    Witness {
        /// Index of the advice column.
        column: usize,
        /// The row.
        row: usize,
        /// Why it was refused.
        reason: String,
    },
    /// A lookup's input is not in its table: the witness does not satisfy the circuit.
    #[error("lookup \"{lookup}\": an input value is not in the table")]
    NotInTable {
        /// Name of the lookup.
        lookup: String,
    },
    /// A proof needs more memory than it may have; nothing was started.
    #[error("a proof needs {needed} bytes of memory, the budget is {budget}")]
    Memory {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that may be used.
        budget: u64,
    },
    /// The transcript refused what was written to it.
    #[error("transcript: {0}")]
    Transcript(#[from] io::Error),
    /// The backend failed.
    #[error(transparent)]
    Kernel(#[from] zomma_kernels::Error),
    /// The inputs are refused by the statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The proving system reports an error of its own.
    #[error("{during}: {source}")]
    Halo2 {
        /// What was being done.
        during: &'static str,
        /// The proving system's error.
        source: plonk::Error,
    },
    /// The proof does not verify.
    #[error("the proof is not valid: {reason}")]
    Rejected {
        /// Which check it failed.
        reason: String,
    },
    /// The key inside an artefact could not be tied to anything that the verifier trusts.
    #[error(
        "the verifying key {digest} of {statement} at k = {k} is not pinned, and it cannot be regenerated here: {reason}"
    )]
    UntrustedKey {
        /// The statement that the key claims to be for.
        statement: String,
        /// Its size parameter.
        k: u32,
        /// The key's digest.
        digest: Digest,
        /// Why regenerating it is not possible.
        reason: String,
    },
}

/// What is wrong with a curve point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointFault {
    /// A coordinate is not below the base field's modulus, or the encoding has a spare bit set.
    NotCanonical,
    /// The coordinates do not satisfy the curve's equation.
    NotOnCurve,
    /// The point is on the curve but outside the subgroup of prime order.
    NotInSubgroup,
    /// The point is the identity.
    Identity,
}

impl fmt::Display for PointFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCanonical => "not a canonical point encoding",
            Self::NotOnCurve => "not on the curve",
            Self::NotInSubgroup => "not in the subgroup of prime order",
            Self::Identity => "the identity",
        })
    }
}

impl ProverError {
    /// A closure for `map_err` that says which file or folder the system refused to handle.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// Says in which file the error was found.
    #[must_use]
    pub fn in_file(self, path: impl Into<PathBuf>) -> Self {
        match self {
            // These name a path already.
            Self::Io { .. } | Self::Missing { .. } | Self::File { .. } => self,
            other => Self::File { path: path.into(), source: Box::new(other) },
        }
    }

    /// Says in which part the error was found.
    #[must_use]
    pub fn of(self, part: &'static str) -> Self {
        Self::Part { part, source: Box::new(self) }
    }

    /// The error itself, without the file or the part that it was found in.
    #[must_use]
    pub fn root(&self) -> &Self {
        match self {
            Self::File { source, .. } | Self::Part { source, .. } => source.root(),
            other => other,
        }
    }

    /// A field that cannot be read, and why.
    pub(crate) fn malformed(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed { field: field.into(), reason: reason.into() }
    }

    /// Two things that must agree and do not.
    pub(crate) fn mismatch(field: &'static str, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self::Mismatch { field, expected: expected.to_string(), found: found.to_string() }
    }
}
