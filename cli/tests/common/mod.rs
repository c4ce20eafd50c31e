//! Running the command as a user does.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// The header of a chain.
pub(crate) const HEADER: &str = "id,kind,spot,strike,expiry_seconds,vol,rate,dividend";
/// Hull's option: S = K = 100, r = 5 %, sigma = 20 %, one year.
pub(crate) const OPTION: &str = "a,call,100,100,31536000,0.2,0.05,0";

/// A folder of its own, in which the command runs.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("the folder can be written");
    }

    #[allow(dead_code)] // Not every test binary reads.
    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).expect("the file is there")
    }

    /// Runs `zomma` with words.
    pub(crate) fn run(&self, words: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_zomma"))
            .args(words.split_whitespace())
            .current_dir(self.0.path())
            .env_remove("ZOMMA_BACKEND")
            .env_remove("ZOMMA_PARAMS")
            .env_remove("ZOMMA_CACHE")
            .output()
            .expect("the command starts")
    }

    /// What it prints when all is well.
    pub(crate) fn good(&self, words: &str) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "zomma {words}: {said}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Requires that it fails with nothing on standard output, and without a panic; returns what it complains of.
    pub(crate) fn bad(&self, words: &str) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "zomma {words}: {said}");
        assert!(output.stdout.is_empty(), "zomma {words}: {}", String::from_utf8_lossy(&output.stdout));
        assert!(!said.contains("panicked"), "zomma {words}: {said}");
        said
    }

    /// Requires that it fails for this reason.
    #[track_caller]
    pub(crate) fn complains(&self, words: &str, reason: &str) {
        let said = self.bad(words);
        assert!(said.contains(reason), "zomma {words}: {said}");
    }
}
