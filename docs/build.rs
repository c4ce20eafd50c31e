//! Turns the Rust samples of the chapters that `src/SUMMARY.md` lists into documented modules, and notes which chapters are
//! missing or forgotten. Only blocks marked ```` ```rust ```` are samples.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    let source = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("src");
    println!("cargo::rerun-if-changed={}", source.display());
    let summary = fs::read_to_string(source.join("SUMMARY.md"))?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut listed = vec![];
    let mut modules = String::new();
    for link in links(&summary) {
        let chapter = source.join(link);
        if !chapter.is_file() {
            return Err(format!("docs/src/SUMMARY.md lists {link}, which does not exist").into());
        }
        let name = link.trim_end_matches(".md").replace(['/', '-'], "_");
        let samples = out.join(format!("{name}.md"));
        fs::write(&samples, rust_samples(&fs::read_to_string(&chapter)?))?;
        writeln!(modules, "/// Samples of `{link}`.\n#[doc = include_str!({samples:?})]\npub mod {name} {{}}")?;
        listed.push(chapter);
    }
    // Not an error here: a chapter may be written before it is listed, but a test tells.
    listed.push(source.join("SUMMARY.md"));
    let mut forgotten: Vec<PathBuf> =
        chapters(&source)?.into_iter().filter(|chapter| !listed.contains(chapter)).collect();
    forgotten.sort();
    writeln!(modules, "#[cfg(test)]\nconst FORGOTTEN: &[&str] = &{forgotten:?};")?;
    fs::write(out.join("chapters.rs"), modules)?;
    Ok(())
}

/// The chapter with every line blanked that is not in a block of Rust, so that samples keep their order and distance.
fn rust_samples(chapter: &str) -> String {
    let mut samples = String::new();
    let mut fence: Option<bool> = None;
    for line in chapter.lines() {
        let is_fence = line.trim_start().starts_with("```");
        let keep = match fence {
            None if is_fence => {
                let is_rust = line.trim_start().trim_start_matches('`').starts_with("rust");
                fence = Some(is_rust);
                is_rust
            }
            None => false,
            Some(is_rust) => {
                if is_fence {
                    fence = None;
                }
                is_rust
            }
        };
        samples.push_str(if keep { line } else { "" });
        samples.push('\n');
    }
    samples
}

/// Targets of Markdown links to chapters.
fn links(summary: &str) -> impl Iterator<Item = &str> {
    summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| link.ends_with(".md"))
}

fn chapters(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = vec![];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(chapters(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    Ok(found)
}
