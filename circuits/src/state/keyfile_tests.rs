use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;

const SECRET: [u8; 32] = [7; 32];
/// As little work as Argon2 allows, so that the tests are quick.
const CHEAP: Work = Work { memory_kib: 8, passes: 1, lanes: 1 };

fn sealed() -> KeyFile {
    KeyFile::seal("account 5", &SECRET, b"correct horse", CHEAP, &mut ChaCha20Rng::seed_from_u64(1)).unwrap()
}

#[test]
fn a_key_comes_back_with_its_passphrase_only() {
    let file = sealed();
    assert_eq!(*file.open(b"correct horse").unwrap(), SECRET);
    assert!(matches!(file.open(b"correct house"), Err(KeyFileError::WrongPassphrase)));
    assert!(matches!(file.open(b""), Err(KeyFileError::EmptyPassphrase)));
    let empty = KeyFile::seal("", &SECRET, b"", CHEAP, &mut ChaCha20Rng::seed_from_u64(1));
    assert!(matches!(empty, Err(KeyFileError::EmptyPassphrase)));
}

#[test]
fn the_secret_is_not_in_the_file_and_no_two_files_are_alike() {
    let text = serde_json::to_string(&sealed()).unwrap();
    assert!(!text.contains(&hex::encode(SECRET)) && !text.contains("correct horse"));
    let other = KeyFile::seal("account 5", &SECRET, b"correct horse", CHEAP, &mut ChaCha20Rng::seed_from_u64(2));
    let other = other.unwrap();
    let file = sealed();
    assert!(file.salt != other.salt && file.nonce != other.nonce && file.sealed != other.sealed);
}

#[test]
fn every_part_is_authenticated() {
    let good = sealed();
    let mut changed = vec![good.clone(); 6];
    changed[0].label.push('5');
    changed[1].salt[3] ^= 1;
    changed[2].nonce[3] ^= 1;
    changed[3].sealed[3] ^= 1;
    changed[4].sealed.truncate(20);
    changed[5].work.passes = 2;
    for (index, file) in changed.iter().enumerate() {
        assert!(matches!(file.open(b"correct horse"), Err(KeyFileError::WrongPassphrase)), "part {index}");
    }
}

#[test]
fn files_are_private_and_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.json");
    let file = sealed();
    file.save(&path).unwrap();
    assert_eq!(KeyFile::load(&path).unwrap(), file);
    assert!(matches!(file.save(&path), Err(KeyFileError::Io(error)) if error.kind() == io::ErrorKind::AlreadyExists));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let missing = KeyFile::load(directory.path().join("none.json"));
    assert!(matches!(missing, Err(KeyFileError::Io(error)) if error.kind() == io::ErrorKind::NotFound));
    let long = directory.path().join("long.json");
    std::fs::write(&long, " ".repeat(5_000)).unwrap();
    assert_eq!(KeyFile::load(&long).unwrap_err().to_string(), "key file: longer than 4096 bytes");
}

#[test]
fn malformed_files_are_refused() {
    let text = serde_json::to_string(&sealed()).unwrap();
    let refused = |text: &str| KeyFile::parse(text).unwrap_err().to_string();
    assert_eq!(refused(&text.replace("\"version\":1", "\"version\":2")), "key file: version 2, but this build reads 1");
    let nonce = hex::encode(&sealed().nonce);
    assert_eq!(refused(&text.replace(&nonce, "00")), "key file: salt or nonce of the wrong length");
    for length in 0..text.len() {
        assert!(KeyFile::parse(&text[..length]).is_err());
    }
    let greedy = KeyFile { work: Work { memory_kib: u32::MAX, ..CHEAP }, ..sealed() };
    assert!(matches!(greedy.open(b"correct horse"), Err(KeyFileError::Format(_))), "no file makes us allocate at will");
}
