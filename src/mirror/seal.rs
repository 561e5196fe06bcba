//! Sealing records and making tags: what turns names and numbers into bytes that tell nothing.
//!
//! A record is sealed by AES-256-GCM under a key of its file alone. Its nonce is the unit's id, which is unique in the file;
//! no two files share a key, because each draws its own salt, and a file is written once. So no nonce ever meets its key
//! twice. The id is authenticated as well: a record moved to another id does not open.
//!
//! A tag is the first 16 bytes of an HMAC-SHA-256. Subjects and locators have keys of their own, so that equal texts in the
//! two tables do not show as equal.

use ring::{
    aead::{Aad, LessSafeKey, NONCE_LEN, Nonce},
    hmac,
};

use super::index::{Index, TAG_BYTES, Tag};
use crate::keys::{MasterKey, SALT_BYTES, aead_key};

/// Sealed bytes do not open: another master key, or the file was altered or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes do not open: they were altered or damaged, or sealed under another key")]
pub(super) struct DoesNotOpen;

/// The keys of one generation, prepared once.
pub(super) struct Keys {
    record: LessSafeKey,
    shortcut: LessSafeKey,
    quarantine: LessSafeKey,
    subject_block: LessSafeKey,
    locator_block: LessSafeKey,
    fence: LessSafeKey,
    meta: hmac::Key,
    subject: hmac::Key,
    locator: hmac::Key,
}

impl Keys {
    /// Derives the keys of the generation with this salt.
    pub(super) fn derive(master: &MasterKey, salt: &[u8; SALT_BYTES]) -> Self {
        let tag_key = |purpose| hmac::Key::new(hmac::HMAC_SHA256, &*master.derive(salt, purpose));
        Self {
            record: aead_key(&master.derive(salt, "bdcd mirror 1 record")),
            shortcut: aead_key(&master.derive(salt, "bdcd mirror 1 shortcut")),
            quarantine: aead_key(&master.derive(salt, "bdcd mirror 1 quarantine")),
            subject_block: aead_key(&master.derive(salt, "bdcd mirror 1 subject block")),
            locator_block: aead_key(&master.derive(salt, "bdcd mirror 1 locator block")),
            fence: aead_key(&master.derive(salt, "bdcd mirror 1 fence")),
            meta: tag_key("bdcd mirror 1 meta"),
            subject: tag_key("bdcd mirror 1 subject"),
            locator: tag_key("bdcd mirror 1 locator"),
        }
    }

    /// Seals the plain bytes of record `id` where they stand.
    pub(super) fn seal(&self, id: i64, record: &mut Vec<u8>) {
        self.record
            .seal_in_place_append_tag(nonce(id), Aad::from(id.to_be_bytes()), record)
            .expect("a record is far below the 64 GiB that AES-GCM seals at once");
    }

    /// Opens record `id` where it stands, and cuts the seal off.
    pub(super) fn open(&self, id: i64, record: &mut Vec<u8>) -> Result<(), DoesNotOpen> {
        let aad = Aad::from(id.to_be_bytes());
        let length = self.record.open_in_place(nonce(id), aad, record).map_err(|_| DoesNotOpen)?.len();
        record.truncate(length);
        Ok(())
    }

    /// Seals a chunk of the shortcuts where it stands. Chunks are numbered, so no nonce meets their key twice.
    pub(super) fn seal_shortcuts(&self, chunk: i64, shortcuts: &mut Vec<u8>) {
        self.shortcut
            .seal_in_place_append_tag(nonce(chunk), Aad::empty(), shortcuts)
            .expect("a chunk is far below the 64 GiB that AES-GCM seals at once");
    }

    /// Opens a chunk of the shortcuts where it stands, and cuts the seal off.
    pub(super) fn open_shortcuts(&self, chunk: i64, shortcuts: &mut Vec<u8>) -> Result<(), DoesNotOpen> {
        let opened = self.shortcut.open_in_place(nonce(chunk), Aad::empty(), shortcuts);
        let length = opened.map_err(|_| DoesNotOpen)?.len();
        shortcuts.truncate(length);
        Ok(())
    }

    /// Seals a row of the quarantine where it stands. Rows are numbered, so no nonce meets their key twice.
    pub(super) fn seal_quarantined(&self, number: i64, row: &mut Vec<u8>) {
        self.quarantine
            .seal_in_place_append_tag(nonce(number), Aad::empty(), row)
            .expect("a row is far below the 64 GiB that AES-GCM seals at once");
    }

    /// Opens a row of the quarantine where it stands, and cuts the seal off.
    pub(super) fn open_quarantined(&self, number: i64, row: &mut Vec<u8>) -> Result<(), DoesNotOpen> {
        let opened = self.quarantine.open_in_place(nonce(number), Aad::empty(), row);
        let length = opened.map_err(|_| DoesNotOpen)?.len();
        row.truncate(length);
        Ok(())
    }

    fn block_key(&self, index: Index) -> &LessSafeKey {
        match index {
            Index::Subject => &self.subject_block,
            Index::Locator => &self.locator_block,
        }
    }

    /// Seals a block of an index where it stands. Blocks are numbered, so no nonce meets their key twice.
    pub(super) fn seal_block(&self, index: Index, number: i64, block: &mut Vec<u8>) {
        self.block_key(index)
            .seal_in_place_append_tag(nonce(number), Aad::empty(), block)
            .expect("a block is far below the 64 GiB that AES-GCM seals at once");
    }

    /// Opens a block of an index where it stands, and cuts the seal off.
    pub(super) fn open_block(&self, index: Index, number: i64, block: &mut Vec<u8>) -> Result<(), DoesNotOpen> {
        let opened = self.block_key(index).open_in_place(nonce(number), Aad::empty(), block);
        let length = opened.map_err(|_| DoesNotOpen)?.len();
        block.truncate(length);
        Ok(())
    }

    /// Seals the fences of an index where they stand; each index has a number of its own.
    pub(super) fn seal_fences(&self, index: Index, fences: &mut Vec<u8>) {
        self.fence
            .seal_in_place_append_tag(nonce(index.number()), Aad::empty(), fences)
            .expect("fences are far below the 64 GiB that AES-GCM seals at once");
    }

    /// Opens the fences of an index where they stand, and cuts the seal off.
    pub(super) fn open_fences(&self, index: Index, fences: &mut Vec<u8>) -> Result<(), DoesNotOpen> {
        let opened = self.fence.open_in_place(nonce(index.number()), Aad::empty(), fences);
        let length = opened.map_err(|_| DoesNotOpen)?.len();
        fences.truncate(length);
        Ok(())
    }

    /// The seal of what a file says of itself.
    pub(super) fn meta_seal(&self, said: &[u8]) -> Vec<u8> {
        hmac::sign(&self.meta, said).as_ref().to_vec()
    }

    /// Whether this is the seal of what a file says of itself.
    pub(super) fn is_meta_seal(&self, said: &[u8], seal: &[u8]) -> bool {
        hmac::verify(&self.meta, said, seal).is_ok()
    }

    /// The tag of a key by which a party is found.
    pub(super) fn subject_tag(&self, key: &str) -> Tag {
        tag(&self.subject, key)
    }

    /// The tag of a unit number or a certificate number.
    pub(super) fn locator_tag(&self, key: &str) -> Tag {
        tag(&self.locator, key)
    }
}

/// The nonce that is this number.
pub(super) fn nonce(number: i64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[NONCE_LEN - 8..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

fn tag(key: &hmac::Key, text: &str) -> Tag {
    let digest = hmac::sign(key, text.as_bytes());
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&digest.as_ref()[..TAG_BYTES]);
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_under_its_own_id_and_key_only() {
        let keys = Keys::derive(&MasterKey::from_bytes([1; 32]), &[2; 16]);
        let mut sealed = b"plain text".to_vec();
        keys.seal(7, &mut sealed);
        assert!(!sealed.windows(5).any(|bytes| bytes == b"plain"));
        let mut opened = sealed.clone();
        assert_eq!(keys.open(7, &mut opened), Ok(()));
        assert_eq!(opened, b"plain text");
        assert_eq!(keys.open(8, &mut sealed.clone()), Err(DoesNotOpen));
        let others = Keys::derive(&MasterKey::from_bytes([3; 32]), &[2; 16]);
        assert_eq!(others.open(7, &mut sealed), Err(DoesNotOpen));
    }

    #[test]
    fn subjects_and_locators_do_not_share_tags() {
        let keys = Keys::derive(&MasterKey::from_bytes([1; 32]), &[2; 16]);
        assert_ne!(keys.subject_tag("x"), keys.locator_tag("x"));
        assert_ne!(keys.subject_tag("x"), keys.subject_tag("y"));
    }
}
