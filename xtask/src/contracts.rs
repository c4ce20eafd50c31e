//! The Solidity contracts: formatted, built without warnings, tested with forge, and used once on a chain of anvil's.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::{
    error::TaskError,
    root,
    run::{command, run, succeeds},
    setup::TOOLS,
};

/// Where the sources are.
const FOLDER: &str = "contracts";

/// Contracts whose code is committed, for what runs where no compiler is: name of the source, name of the contract.
const COMMITTED: &[(&str, &str)] =
    &[("FoldVerifier", "FoldVerifier"), ("Settlement", "Settlement"), ("Doubles", "Token")];

/// Checks the format, builds, tests, compares the committed code, and settles batches with a real proof.
pub(crate) fn check() -> Result<(), TaskError> {
    let forge = forge()?;
    for arguments in [["fmt", "--check"].as_slice(), &["test"]] {
        run_here(&forge, arguments)?;
    }
    for (path, code) in built()? {
        if fs::read_to_string(&path).map_err(TaskError::io("read", &path))? != code {
            let reason = format!("{} is not what forge builds; `cargo xtask golden` writes it", path.display());
            return Err(TaskError::Malformed { what: "committed contracts", reason });
        }
    }
    run(command("node", &["contracts/script/settle.js"]))
}

/// Builds, and yields the files of committed code with what they must hold.
pub(crate) fn build() -> Result<Vec<(PathBuf, String)>, TaskError> {
    run_here(&forge()?, &["build", "--quiet"])?;
    built()
}

fn run_here(forge: &str, arguments: &[&str]) -> Result<(), TaskError> {
    let mut command = command(forge, arguments);
    command.current_dir(root().join(FOLDER));
    run(command)
}

/// What forge has built: creation code in hex.
fn built() -> Result<Vec<(PathBuf, String)>, TaskError> {
    let code = |(source, name): &(&str, &str)| {
        let path = root().join(format!("out/forge/{source}.sol/{name}.json"));
        let text = fs::read_to_string(&path).map_err(TaskError::io("read", &path))?;
        let malformed = |reason: String| TaskError::Malformed { what: "forge's output", reason };
        let json: Value = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        let object = json["bytecode"]["object"].as_str().and_then(|code| code.strip_prefix("0x"));
        let object = object.ok_or_else(|| malformed(format!("{} has no code", path.display())))?;
        Ok((root().join(format!("{FOLDER}/artefacts/{name}.hex")), format!("{object}\n")))
    };
    COMMITTED.iter().map(code).collect()
}

/// The forge that setup installed, else the one of the search path: not every platform has packages.
fn forge() -> Result<String, TaskError> {
    let installed = format!("{TOOLS}/npm/node_modules/@foundry-rs/forge-linux-amd64/bin/forge");
    let candidates = [root().join(installed), PathBuf::from("forge")];
    let mut names = candidates.iter().map(|path| path.to_string_lossy().into_owned());
    names
        .find(|name| succeeds(command(name, &["--version"])))
        .ok_or(TaskError::Missing { what: "forge, of Foundry 1.7,", packages: "nodejs npm" })
}
