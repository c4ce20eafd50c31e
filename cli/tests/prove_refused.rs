//! What `zomma prove` leaves behind when it does not come to a proof: nothing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, path::PathBuf};

const CHAIN: &str = "id,kind,spot,strike,expiry_seconds,vol,rate,dividend\nc1,call,100,105.5,2592000,0.2,0.05,0\n";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("chain.csv"), CHAIN).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn zomma(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zomma"));
        command.current_dir(self.0.path()).args(arguments).env_remove("ZOMMA_BACKEND").env_remove("ZOMMA_MEMORY");
        command
    }

    /// Everything in the folder, but locks, which are empty.
    fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found);
                } else if path.extension().is_none_or(|extension| extension != "lock") {
                    found.push(path.file_name().unwrap().to_string_lossy().into_owned());
                }
            }
        }
        let mut found = vec![];
        walk(self.0.path(), &mut found);
        found.sort();
        found
    }
}

const PROVE: [&str; 6] = ["prove", "price", "--input", "chain.csv", "--out", "proof"];

#[test]
fn too_little_memory_is_said_before_anything_is_looked_for() {
    let place = Place::new();
    let output = place.zomma(&PROVE).args(["--memory", "10MiB"]).output().unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    // There are no parameters here: that would have been the next thing to be said.
    let expected = "error: a proof needs ";
    assert!(error.starts_with(expected) && error.ends_with("bytes of memory, the budget is 10485760\n"), "{error}");
    assert_eq!(place.files(), ["chain.csv"]);
}

#[test]
fn an_absent_backend_is_an_error() {
    let place = Place::new();
    let output = place.zomma(&PROVE).args(["--backend", "cuda"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error, "error: unknown backend \"cuda\"; known ones: cpu, cpu:portable, cpu:avx512-ifma\n");
    assert_eq!(place.files(), ["chain.csv"]);
}

/// The key is made whole, the process ends in the middle of the proof, and no part of a proof is there. Another that does come to a proof
/// writes a trace.
#[test]
fn a_proof_that_is_cancelled_leaves_nothing() {
    let place = Place::new();
    assert!(place.zomma(&["srs", "dev", "--k", "16", "--quiet"]).status().unwrap().success());
    let mut child = place.zomma(&PROVE).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    // A stage is named when it ends; proving comes next.
    assert!(lines.any(|line| line.unwrap().starts_with("evaluating natively")));
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    let files = place.files();
    assert!(
        files.iter().all(|name| ["chain.csv", "srs"].contains(&name.as_str())
            || name.ends_with(".pk")
            || name.ends_with(".srs")),
        "{files:?}"
    );
    assert!(!place.path("proof").exists());

    let finished =
        place.zomma(&PROVE).args(["--quiet", "--profile", "trace.json", "--memory", "4GiB"]).status().unwrap();
    assert!(finished.success());
    assert!(place.path("proof").exists());
    let trace: serde_json::Value = serde_json::from_slice(&fs::read(place.path("trace.json")).unwrap()).unwrap();
    let begins = |name: &str| trace.as_array().unwrap().iter().any(|event| event["name"] == name && event["ph"] == "B");
    for phase in ["proof", "witness", "commit", "lookup", "permutation", "product", "quotient", "opening"] {
        assert!(begins(phase), "{phase}");
    }
}
