//! The master key, and the keys of one file derived from it.
//!
//! The master key is a file (or a credential that the service manager hands over as one). It never seals anything itself:
//! each generation and each ledger draws a random salt, and HKDF-SHA-256 turns master key, salt and purpose into that file's
//! own keys. This module does not seal or open.

use std::{
    fs::{self, File, Permissions},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::{
    hkdf,
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

use crate::disk;

/// Length of the master key and of every derived key, in bytes.
pub const KEY_BYTES: usize = 32;

/// Bytes that a file with a secret may have; the longest is an RSA key in PEM form.
const SECRET_BYTES_MAX: usize = 16 * 1024;

/// Length of a file's salt, in bytes.
pub const SALT_BYTES: usize = 16;

/// The secret that all generations of a mirror, and the ledger, are sealed under: 32 bytes.
///
/// Whoever holds it and a file can read what is in it; without it the file shows neither names nor numbers.
/// Its bytes stand in one place, and are wiped when it is dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MasterKey(…)")
    }
}

/// Why a master key could not be read or created.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be opened, read or inspected.
    #[error("cannot read key `{path}`: check that it exists and that this user may read it")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error("key `{path}` has mode {mode:04o}, open to others than its owner: run `chmod 600` on it")]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold what it should: for the master key, 64 hexadecimal digits.
    #[error("key `{path}` is not of the form of its kind: restore it from its backup")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The file to create is there already.
    #[error(
        "key `{path}` exists and is not overwritten: what it was made for could not be read without it; use it, or name another file"
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("cannot create key `{path}`: check the folder and the space on its disk")]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for a key: try again once it has started up")]
    Random,
}

impl MasterKey {
    /// The key of these bytes, for callers that keep it elsewhere than in a file.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Reads the key from a file of 64 hexadecimal digits and an optional line feed.
    ///
    /// # Errors
    ///
    /// [`KeyError::Permissions`] where group or others may read or write the file; [`KeyError::Malformed`] where it holds
    /// something else; [`KeyError::Read`] where it cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        let path = path.as_ref();
        let text = read_secret(path)?;
        let digits = text.strip_suffix('\n').unwrap_or(&text);
        let mut key = Zeroizing::new(vec![0; KEY_BYTES]);
        let is_key = digits.len() == 2 * KEY_BYTES
            && HEXLOWER_PERMISSIVE.decode_mut(digits.as_bytes(), &mut key) == Ok(KEY_BYTES);
        if is_key { Ok(Self(key)) } else { Err(KeyError::Malformed { path: path.to_owned() }) }
    }

    /// Writes a fresh random key to a new file that only its owner may read, and returns it.
    ///
    /// # Errors
    ///
    /// [`KeyError::Exists`] where the file is there already; [`KeyError::Create`] where it cannot be written;
    /// [`KeyError::Random`] where the system gives no random bytes.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        let mut key = Zeroizing::new(vec![0; KEY_BYTES]);
        SystemRandom::new().fill(&mut key).map_err(|_| KeyError::Random)?;
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
        HEXLOWER.encode_append(&key, &mut text);
        text.push('\n');
        write_secret(path.as_ref(), &text)?;
        Ok(Self(key))
    }

    /// Derives the key for one purpose of the file with this salt.
    ///
    /// # Panics
    ///
    /// Never: the length asked for is within what HKDF gives.
    #[must_use]
    pub fn derive(&self, salt: &[u8; SALT_BYTES], purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
            .extract(&self.0)
            .expand(&[purpose.as_bytes()], KeyLength)
            .and_then(|material| material.fill(&mut *key))
            .expect("HKDF-SHA-256 gives up to 8160 bytes, and the buffer is as long as asked for");
        key
    }
}

/// Reads the text of a file that holds a secret; it is wiped when it is dropped.
///
/// # Errors
///
/// [`KeyError::Permissions`] where group or others may read or write the file; [`KeyError::Read`] where it cannot be read;
/// [`KeyError::Malformed`] where it is longer than any key, or no text.
pub fn read_secret(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let failed = |source| KeyError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & 0o066 != 0 {
        return Err(KeyError::Permissions { path: path.to_owned(), mode });
    }
    // Room from the start: what a growing text leaves behind is wiped by nobody.
    let mut text = Zeroizing::new(Vec::with_capacity(SECRET_BYTES_MAX + 1));
    file.take(SECRET_BYTES_MAX as u64 + 1).read_to_end(&mut text).map_err(failed)?;
    let read = std::str::from_utf8(&text).ok().filter(|_| text.len() <= SECRET_BYTES_MAX);
    read.map(|text| Zeroizing::new(text.to_owned())).ok_or_else(|| KeyError::Malformed { path: path.to_owned() })
}

/// Writes a secret to a new file that only its owner may read.
///
/// # Errors
///
/// [`KeyError::Exists`] where the file is there already; [`KeyError::Create`] where it cannot be written.
pub fn write_secret(path: &Path, text: &str) -> Result<(), KeyError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists { path: path.to_owned() },
        _ => KeyError::Create { path: path.to_owned(), source },
    };
    disk::create_private(path, text.as_bytes()).map_err(failed)?;
    // The umask may have taken bits away, never added any; the mode is set once more so that it is exactly this one.
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)
}

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

/// Random bytes of the system.
///
/// # Errors
///
/// [`KeyError::Random`] where the system gives none.
pub fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_created_key_reads_back_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let created = MasterKey::create(&path).unwrap();
        assert_eq!(MasterKey::read(&path).unwrap().0, created.0);
        assert!(matches!(MasterKey::create(&path), Err(KeyError::Exists { .. })));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(format!("{created:?}"), "MasterKey(…)");
    }

    #[test]
    fn a_key_open_to_others_or_malformed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        fs::write(&path, "ab".repeat(32)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(MasterKey::read(&path), Err(KeyError::Permissions { mode: 0o640, .. })));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(*MasterKey::read(&path).unwrap().0, [0xab; 32]);
        for text in ["ab".repeat(31), "ab".repeat(33), "xy".repeat(32), format!("{}\n\n", "ab".repeat(32))] {
            fs::write(&path, text).unwrap();
            assert!(matches!(MasterKey::read(&path), Err(KeyError::Malformed { .. })));
        }
    }

    #[test]
    fn keys_differ_by_salt_and_purpose() {
        let master = MasterKey::from_bytes([7; 32]);
        let keys = [master.derive(&[1; 16], "a"), master.derive(&[1; 16], "b"), master.derive(&[2; 16], "a")];
        assert_ne!(keys[0], keys[1]);
        assert_ne!(keys[0], keys[2]);
        assert_eq!(keys[0], master.derive(&[1; 16], "a"));
    }
}
