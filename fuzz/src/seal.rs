//! Making a mutated file consistent again, so that its mutation gets past the digest.

use sha2::{Digest, Sha256};

/// Length of the fixed part of a file, and where things lie in it; see `zomma_prover::artefact`.
const PREFIX: usize = 56;

/// The same content under fitting lengths and a fitting digest; `None` if there is no room for a prefix.
///
/// The header's length is kept as far as it fits.
#[must_use]
pub fn reseal(input: &[u8]) -> Option<Vec<u8>> {
    if input.len() < PREFIX {
        return None;
    }
    let mut file = input.to_vec();
    let rest = file.len() - PREFIX;
    let header = u32::from_le_bytes(std::array::from_fn(|i| file[12 + i])) as usize;
    let header = header.min(rest);
    file[12..16].copy_from_slice(&(header as u32).to_le_bytes());
    file[16..24].copy_from_slice(&((rest - header) as u64).to_le_bytes());
    let mut hasher = Sha256::new();
    hasher.update(&file[..24]);
    hasher.update(&file[PREFIX..]);
    file[24..PREFIX].copy_from_slice(&hasher.finalize());
    Some(file)
}
