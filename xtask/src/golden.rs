//! `cargo xtask golden`: rewrites the files that tests compare with. What it writes is reviewed like any other change.

use std::{fs, path::Path, process::Command};

use crate::{
    error::TaskError,
    root,
    run::{command, output, run},
};

/// Files, and what cargo runs to print them.
const PRINTED: &[(&str, &[&str])] = &[
    ("params/cost.json", &["--package", "zomma", "--", "cost", "--json"]),
    ("contracts/src/Poseidon.sol", &["--package", "zomma-prover", "--example", "poseidon_library"]),
];

/// Sizes whose development parameters are pinned.
const SIZES: &str = "10,11,12,13,14,15,16,17,18,19,20";

pub(crate) fn golden() -> Result<(), TaskError> {
    run(zomma(&["srs", "dev", "--pin-only", "--k", SIZES]))?;
    run(zomma(&["keygen", "--all", "--dev", "--pin-only"]))?;
    for (file, arguments) in PRINTED {
        let text = output(cargo_run(arguments))?;
        write(&root().join(file), &text)?;
    }
    Ok(())
}

fn zomma(arguments: &[&str]) -> Command {
    cargo_run(&[&["--package", "zomma", "--"], arguments].concat())
}

fn cargo_run(arguments: &[&str]) -> Command {
    command("cargo", &[&["run", "--quiet", "--release"], arguments].concat())
}

fn write(path: &Path, text: &[u8]) -> Result<(), TaskError> {
    let changed = fs::read(path).map_or(true, |old| old != text);
    if changed {
        fs::write(path, text).map_err(TaskError::io("write", path))?;
    }
    println!("{}: {}", path.display(), if changed { "rewritten" } else { "as it was" });
    Ok(())
}
