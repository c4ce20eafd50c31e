//! `cargo xtask layering`: the rules of the design that a program can check.
//!
//! - Crates depend on one another only in one direction.
//! - `kernels` never sees a transcript, a circuit or an async runtime; nobody but `cluster` has one.
//! - Only `cluster` and `cli` (and these tasks) read the environment.
//! - Unsafe code lives in `kernels`.
//! - Files stay readable.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    error::TaskError,
    root,
    run::{command, output},
};

/// For each crate of the workspace, those of the workspace that it may depend upon.
const DIRECTION: &[(&str, &[&str])] = &[
    ("zomma-gadgets", &[]),
    ("zomma-kernels", &[]),
    ("zomma-circuits", &["zomma-gadgets"]),
    ("zomma-prover", &["zomma-kernels", "zomma-gadgets", "zomma-circuits"]),
    ("zomma-cluster", &["zomma-kernels", "zomma-gadgets", "zomma-circuits", "zomma-prover"]),
    ("zomma", &["zomma-kernels", "zomma-gadgets", "zomma-circuits", "zomma-prover", "zomma-cluster", "zomma-benches"]),
    ("zomma-benches", &["zomma-kernels", "zomma-gadgets", "zomma-circuits", "zomma-prover"]),
    ("zomma-docs", &["zomma-kernels", "zomma-gadgets", "zomma-circuits", "zomma-prover", "zomma-cluster"]),
    ("zomma-fuzz", &["zomma-kernels", "zomma-gadgets", "zomma-circuits", "zomma-prover", "zomma-cluster"]),
    ("xtask", &[]),
];

/// Packages from outside that a crate must not depend upon, by the start of their names; tests may.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("zomma-gadgets", &["tokio", "async-", "clap", "snark-verifier", "tonic"]),
    (
        "zomma-kernels",
        &["tokio", "async-", "clap", "snark-verifier", "halo2-axiom", "halo2-base", "halo2-ecc", "tonic"],
    ),
    ("zomma-circuits", &["tokio", "async-", "clap", "snark-verifier", "tonic"]),
    ("zomma-prover", &["tokio", "async-", "clap", "indicatif", "tonic"]),
];

/// Crates that may read the environment.
const READ_ENVIRONMENT: &[&str] = &["zomma-cluster", "zomma", "xtask", "zomma-fuzz", "zomma-benches"];
/// Crates that may hold unsafe code.
const UNSAFE: &[&str] = &["zomma-kernels"];
/// Lines after which a file must be divided.
const MAX_LINES: usize = 700;

pub(crate) fn check() -> Result<(), TaskError> {
    let json = output(command("cargo", &["metadata", "--no-deps", "--format-version", "1", "--quiet"]))?;
    let metadata: Value = serde_json::from_slice(&json)
        .map_err(|error| TaskError::Malformed { what: "cargo metadata", reason: error.to_string() })?;
    let packages = packages(&metadata)?;
    let mut broken = broken_directions(&packages);
    for package in &packages {
        for (path, source) in sources(&package.folder)? {
            broken.extend(broken_in_file(package, &path, &source));
        }
    }
    if broken.is_empty() {
        println!("{} crates keep the rules of the design", packages.len());
        return Ok(());
    }
    Err(TaskError::Broken(broken))
}

/// A crate of the workspace.
#[derive(Debug)]
struct Package {
    name: String,
    folder: PathBuf,
    /// Names of the packages that it depends upon, with whether only its tests do.
    dependencies: BTreeMap<String, bool>,
}

fn packages(metadata: &Value) -> Result<Vec<Package>, TaskError> {
    let malformed = |reason: &str| TaskError::Malformed { what: "cargo metadata", reason: reason.to_owned() };
    let list = metadata["packages"].as_array().ok_or_else(|| malformed("no packages"))?;
    list.iter()
        .map(|package| {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let name = text(&package["name"]).ok_or_else(|| malformed("a package without a name"))?;
            let manifest = text(&package["manifest_path"]).ok_or_else(|| malformed("a package without a manifest"))?;
            let mut dependencies = BTreeMap::new();
            for dependency in package["dependencies"].as_array().into_iter().flatten() {
                if let Some(name) = text(&dependency["name"]) {
                    let for_tests = dependency["kind"].as_str() == Some("dev");
                    dependencies.entry(name).and_modify(|only| *only &= for_tests).or_insert(for_tests);
                }
            }
            let folder = Path::new(&manifest).parent().map(PathBuf::from).unwrap_or_default();
            Ok(Package { name, folder, dependencies })
        })
        .collect()
}

fn broken_directions(packages: &[Package]) -> Vec<String> {
    let mut broken = vec![];
    let of = |table: &'static [(&str, &'static [&str])], name: &str| {
        table.iter().find(|(key, _)| *key == name).map(|(_, values)| *values)
    };
    for package in packages {
        let name = &package.name;
        let Some(allowed) = of(DIRECTION, name) else {
            broken.push(format!("{name}: not listed in xtask/src/layering.rs: say what it may depend upon"));
            continue;
        };
        for (dependency, only_tests) in &package.dependencies {
            let ours = packages.iter().any(|package| package.name == *dependency);
            if ours && !allowed.contains(&dependency.as_str()) {
                broken.push(format!("{name} depends on {dependency}: against the direction of the design"));
            }
            let forbidden = of(FORBIDDEN, name).unwrap_or_default();
            if !only_tests && forbidden.iter().any(|start| dependency.starts_with(start)) {
                broken.push(format!("{name} depends on {dependency}: it has no business there"));
            }
        }
    }
    broken
}

/// What one source file breaks.
fn broken_in_file(package: &Package, path: &Path, source: &str) -> Vec<String> {
    let mut broken = vec![];
    let shown = path.strip_prefix(root()).unwrap_or(path).display();
    let lines = source.lines().count();
    if lines > MAX_LINES {
        broken.push(format!("{shown}: {lines} lines, more than {MAX_LINES}: divide it"));
    }
    let may = |list: &[&str]| list.contains(&package.name.as_str());
    let is_root = ["src/lib.rs", "src/main.rs"].iter().any(|root| path == package.folder.join(root));
    if is_root && !may(UNSAFE) && !source.contains("#![forbid(unsafe_code)]") {
        broken.push(format!("{shown}: #![forbid(unsafe_code)] is missing"));
    }
    let is_test = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .any(|part| ["tests", "tests.rs", "build.rs", "benches"].contains(&&*part) || part.ends_with("_tests.rs"));
    if !is_test && !may(READ_ENVIRONMENT) {
        // Test modules at the end of a file may look for tools and at ZOMMA_FULL.
        let code = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for word in ["env::var", "env::args", "env::vars"] {
            if let Some(line) =
                code.lines().position(|line| line.contains(word) && !line.trim_start().starts_with("//"))
            {
                broken.push(format!("{shown}:{}: {word}: only cluster and cli read the environment", line + 1));
            }
        }
    }
    broken
}

/// Every Rust file of a crate, with its text.
fn sources(folder: &Path) -> Result<Vec<(PathBuf, String)>, TaskError> {
    let mut found = vec![];
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(TaskError::io("read", &folder))? {
            let path = entry.map_err(TaskError::io("read", &folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).map_err(TaskError::io("read", &path))?;
                found.push((path, text));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_keeps_the_rules() {
        check().unwrap();
    }

    fn package(name: &str, dependencies: &[(&str, bool)]) -> Package {
        let dependencies = dependencies.iter().map(|(name, only)| ((*name).to_owned(), *only)).collect();
        Package { name: name.to_owned(), folder: PathBuf::from("/crate"), dependencies }
    }

    #[test]
    fn dependencies_against_the_direction_are_found() {
        let packages = [
            package("zomma-gadgets", &[("zomma-prover", false), ("serde", false)]),
            package("zomma-kernels", &[("halo2-axiom", false), ("tokio", true)]),
            package("zomma-prover", &[("zomma-kernels", false), ("halo2-axiom", false)]),
            package("stranger", &[]),
        ];
        assert_eq!(
            broken_directions(&packages),
            [
                "zomma-gadgets depends on zomma-prover: against the direction of the design",
                "zomma-kernels depends on halo2-axiom: it has no business there",
                "stranger: not listed in xtask/src/layering.rs: say what it may depend upon",
            ]
        );
    }

    #[test]
    fn files_that_break_rules_are_found() {
        let prover = package("zomma-prover", &[]);
        let broken = |path: &str, source: &str| broken_in_file(&prover, Path::new(path), source);
        assert_eq!(
            broken("/crate/src/lib.rs", "//! Room.\n"),
            ["/crate/src/lib.rs: #![forbid(unsafe_code)] is missing"]
        );
        assert_eq!(broken("/crate/src/a.rs", "fn f() {}\n"), [""; 0]);
        assert_eq!(
            broken("/crate/src/a.rs", "\nlet x = std::env::var(\"X\");\n"),
            ["/crate/src/a.rs:2: env::var: only cluster and cli read the environment"]
        );
        assert_eq!(broken("/crate/src/a.rs", "#[cfg(test)]\nmod tests { env::var }\n"), [""; 0]);
        assert_eq!(broken("/crate/src/tests.rs", "env::var\n"), [""; 0]);
        let long = "\n".repeat(701);
        assert_eq!(broken("/crate/src/a.rs", &long), ["/crate/src/a.rs: 701 lines, more than 700: divide it"]);
        let kernels = package("zomma-kernels", &[]);
        assert_eq!(broken_in_file(&kernels, Path::new("/crate/src/lib.rs"), ""), [""; 0]);
        let cli = package("zomma", &[]);
        assert_eq!(broken_in_file(&cli, Path::new("/crate/src/a.rs"), "env::var"), [""; 0]);
    }
}
