//! `cargo xtask setup`: the oracles that tests compare against, into `.tools/`. Does nothing where all is in place.

use std::{fs, path::Path};

use crate::{
    error::TaskError,
    root,
    run::{command, run, succeeds},
};

/// Where the tools go; ignored by git.
pub(crate) const TOOLS: &str = ".tools";

pub(crate) fn setup() -> Result<(), TaskError> {
    let tools = root().join(TOOLS);
    fs::create_dir_all(&tools).map_err(TaskError::io("create", &tools))?;
    python(&tools)?;
    npm(&tools)
}

/// A virtual environment with the packages of `requirements.txt`.
fn python(tools: &Path) -> Result<(), TaskError> {
    let requirements = root().join("xtask/requirements.txt");
    let venv = tools.join("venv");
    let stamp = venv.join("installed.txt");
    if same(&requirements, &stamp) {
        println!("python packages: in place");
        return Ok(());
    }
    // A system Python may come without the means to make environments; only trying tells.
    let make = || command("python3", &["-m", "venv", "--clear", &venv.to_string_lossy()]);
    if !succeeds(make()) {
        install("Python 3 with venv", "python3 python3-venv", || succeeds(make()))?;
    }
    let pip = venv.join("bin/python").to_string_lossy().into_owned();
    let file = requirements.to_string_lossy().into_owned();
    run(command(&pip, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", &file]))?;
    fs::copy(&requirements, &stamp).map_err(TaskError::io("write", &stamp))?;
    println!("python packages: installed");
    Ok(())
}

/// The packages of `npm/package-lock.json`, exactly.
fn npm(tools: &Path) -> Result<(), TaskError> {
    let folder = tools.join("npm");
    let lock = root().join("xtask/npm/package-lock.json");
    let stamp = folder.join("installed.json");
    if same(&lock, &stamp) {
        println!("npm packages: in place");
        return Ok(());
    }
    let node = || succeeds(command("node", &["--version"])) && succeeds(command("npm", &["--version"]));
    if !node() {
        install("Node.js with npm", "nodejs npm", node)?;
    }
    fs::create_dir_all(&folder).map_err(TaskError::io("create", &folder))?;
    for file in ["package.json", "package-lock.json"] {
        let (from, to) = (root().join("xtask/npm").join(file), folder.join(file));
        fs::copy(&from, &to).map_err(TaskError::io("copy", from))?;
    }
    let mut install = command("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
    install.current_dir(&folder);
    run(install)?;
    fs::copy(&lock, &stamp).map_err(TaskError::io("write", &stamp))?;
    println!("npm packages: installed");
    Ok(())
}

/// Installs Debian packages where that is possible, and tries again.
fn install(what: &'static str, packages: &'static str, works: impl Fn() -> bool) -> Result<(), TaskError> {
    let missing = || TaskError::Missing { what, packages };
    // Without a password, or not at all: nobody is there to type one.
    let prefix: &[&str] = match succeeds(command("sh", &["-c", "test \"$(id -u)\" = 0"])) {
        true => &[],
        false => &["sudo", "-n"],
    };
    if !succeeds(command("apt-get", &["--version"])) {
        return Err(missing());
    }
    println!("{what}: missing, installing {packages}");
    let apt = |arguments: &[&str]| {
        let words = [prefix, &["apt-get", "--quiet", "--yes"], arguments].concat();
        let mut command = command(words[0], &words[1..]);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        run(command)
    };
    apt(&["update"]).map_err(|_| missing())?;
    let list: Vec<&str> = packages.split(' ').collect();
    apt(&[&["install", "--no-install-recommends"], list.as_slice()].concat()).map_err(|_| missing())?;
    if works() { Ok(()) } else { Err(missing()) }
}

/// Whether two files hold the same.
fn same(a: &Path, b: &Path) -> bool {
    matches!((fs::read(a), fs::read(b)), (Ok(a), Ok(b)) if a == b)
}
