//! `cargo xtask asan`: the kernels' tests under the address sanitizer.

use crate::{
    error::TaskError,
    run::{command, output, run},
};

/// Runs the tests of `kernels`, the one crate with unsafe code, with every access to memory checked. `filter` picks tests by name.
///
/// The sanitizer is not stable; `RUSTC_BOOTSTRAP` lets the toolchain of this repository use it all the same.
pub(crate) fn asan(filter: Option<&str>) -> Result<(), TaskError> {
    let version = output(command("rustc", &["--version", "--verbose"]))?;
    let version = String::from_utf8_lossy(&version);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or("x86_64-unknown-linux-gnu");
    // With a target named, build scripts and procedural macros are left alone.
    let mut tests = command("cargo", &["test", "--package", "zomma-kernels", "--lib", "--target", host]);
    tests.args(["--target-dir", "target/asan"]).args(filter);
    tests.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    run(tests)
}
