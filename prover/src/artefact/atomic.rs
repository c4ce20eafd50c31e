//! Writing that is never half done: content goes to a temporary neighbour, reaches the disk, and is renamed into place.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use crate::error::ProverError;

/// Writes `parts`, one after the other, to `path`, so that a reader sees the old file or the whole new one.
///
/// Missing parent folders are created. Safe against other processes that write the same path: the last one wins.
///
/// # Errors
/// [`ProverError::Io`]; nothing is left behind then.
pub fn write(path: &Path, parts: &[&[u8]]) -> Result<(), ProverError> {
    let folder = parent(path);
    fs::create_dir_all(&folder).map_err(ProverError::io("create", &folder))?;
    let mut file = tempfile::Builder::new()
        .prefix(".zomma-")
        .suffix(".tmp")
        .tempfile_in(&folder)
        .map_err(ProverError::io("create a temporary file in", &folder))?;
    for part in parts {
        file.write_all(part).map_err(ProverError::io("write", path))?;
    }
    file.as_file().sync_all().map_err(ProverError::io("write", path))?;
    make_readable(file.as_file()).map_err(ProverError::io("write", path))?;
    file.persist(path).map_err(|error| ProverError::io("write", path)(error.error))?;
    Ok(())
}

/// Temporary files are private to their owner; artefacts are as readable as any other file.
#[cfg(unix)]
fn make_readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &File) -> std::io::Result<()> {
    Ok(())
}

/// The folder that holds `path`.
pub(super) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Writes a folder of files, so that a reader sees the old folder or the whole new one.
///
/// A folder that exists is replaced if all it holds is among `known`.
///
/// # Errors
/// [`ProverError::Io`]; [`ProverError::Malformed`] when the folder holds anything else. Nothing is left behind then.
pub(super) fn write_folder(folder: &Path, files: &[(&str, Vec<u8>)], known: &[&str]) -> Result<(), ProverError> {
    let replaces = check_replaceable(folder, known)?;
    let above = parent(folder);
    fs::create_dir_all(&above).map_err(ProverError::io("create", &above))?;
    let temporary = |prefix| {
        tempfile::Builder::new()
            .prefix(prefix)
            .suffix(".tmp")
            .tempdir_in(&above)
            .map_err(ProverError::io("create a temporary folder in", &above))
    };
    // Removed when dropped, whatever goes wrong.
    let new = temporary(".zomma-new-")?;
    let inside = new.path().join("content");
    fs::create_dir(&inside).map_err(ProverError::io("create", &inside))?;
    for (name, content) in files {
        write(&inside.join(name), &[content])?;
    }
    let old = temporary(".zomma-old-")?;
    if replaces {
        fs::rename(folder, old.path().join("content")).map_err(ProverError::io("replace", folder))?;
    }
    fs::rename(&inside, folder).map_err(|error| {
        if replaces {
            // Put back what was there; if that fails too, the first error is the one to tell.
            let _ = fs::rename(old.path().join("content"), folder);
        }
        ProverError::io("create", folder)(error)
    })
}

/// Whether there is a folder to replace.
fn check_replaceable(folder: &Path, known: &[&str]) -> Result<bool, ProverError> {
    if !folder.exists() {
        return Ok(false);
    }
    for entry in fs::read_dir(folder).map_err(ProverError::io("read", folder))? {
        let name = entry.map_err(ProverError::io("read", folder))?.file_name();
        if !known.iter().any(|known| name == *known) {
            let reason = format!("it holds {}, which is no part of a proof; nothing was written", name.display());
            return Err(ProverError::malformed("output folder", reason).in_file(folder));
        }
    }
    Ok(true)
}
