//! The native engine against mpmath: `tools/oracle/price_cases.py` over seeded cases of the whole domain, 20,000 of
//! them or, with `ZOMMA_FULL=1`, a million.

use std::{env, path::Path, process::Command};

#[test]
fn engine_is_within_its_published_bounds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace");
    let python = root.join(".tools/venv/bin/python");
    if !python.exists() {
        let required = env::var_os("ZOMMA_REQUIRE_TOOLS").is_some();
        assert!(!required, "{} is missing: run `cargo xtask setup`", python.display());
        eprintln!("not run: {} is missing, `cargo xtask setup` installs it", python.display());
        return;
    }
    let cases = if env::var_os("ZOMMA_FULL").is_some() { "1000000" } else { "20000" };
    let output = Command::new(python)
        .current_dir(root)
        .args(["tools/oracle/price_cases.py", "--cases", cases])
        .output()
        .expect("the oracle starts");
    let report = String::from_utf8_lossy(&output.stdout);
    println!("{report}");
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains("\n0 violations\n"), "{report}");
}
