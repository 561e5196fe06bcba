//! Keys: the keys that sign notes (`note`), the one secret that seals what is on disk, and what is derived from it.
//!
//! The rooms that write sealed files, `mirror` and `ledger`, draw a salt for each file and derive their keys here, one for
//! each purpose; how they seal is their own matter.

mod master;
pub mod note;

pub use master::{KEY_BYTES, KeyError, MasterKey, SALT_BYTES, random, read_secret, write_secret};
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};

/// An AES-256-GCM key of these bytes.
///
/// # Panics
///
/// Never: the bytes are as many as the algorithm takes.
#[must_use]
pub fn aead_key(bytes: &[u8; KEY_BYTES]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("AES-256 takes 32 bytes"))
}
