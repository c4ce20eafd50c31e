//! The Solidity contracts: formatted, built without warnings, tested with forge, and used once on a chain of anvil's.

use std::path::PathBuf;

use crate::{
    error::TaskError,
    root,
    run::{command, run, succeeds},
    setup::TOOLS,
};

/// Where the sources are.
const FOLDER: &str = "contracts";

/// Checks the format, builds, tests, and settles batches with a real proof.
pub(crate) fn check() -> Result<(), TaskError> {
    let forge = forge()?;
    for arguments in [["fmt", "--check"].as_slice(), &["test"]] {
        let mut command = command(&forge, arguments);
        command.current_dir(root().join(FOLDER));
        run(command)?;
    }
    run(command("node", &["contracts/script/settle.js"]))
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
