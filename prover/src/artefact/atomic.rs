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
