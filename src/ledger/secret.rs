//! The ledger's keys: what seals bodies, opens commitments and turns search terms into tags.
//!
//! All derive from the master key and the ledger's random salt, one for each purpose. A body is sealed by AES-256-GCM; its
//! nonce is the first 12 of the 16 random bytes in its leaf, all of which are authenticated with it, so a body moved to
//! another entry does not open. Random nonces under one key are safe for more than four thousand million entries.

use ring::{
    aead::{Aad, LessSafeKey, NONCE_LEN, Nonce as AeadNonce},
    hmac,
};

use super::{
    leaf::{Nonce, Opening},
    runs::Tag,
};
use crate::keys::{MasterKey, SALT_BYTES, aead_key};

/// What an entry is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// Gateway and request number of an answer, or gateway and digest of a message: what is asked once is answered once.
    Once = 1,
    /// 查询请求单号
    Request = 2,
    /// 法院代码
    Court = 3,
    /// 执行案号
    Case = 4,
    /// The handler's name.
    HandlerName = 5,
    /// A certificate number of the handler.
    HandlerCertificate = 6,
    /// The subject's name, in normal form.
    SubjectName = 7,
    /// A key of the subject's number, as matching works it out.
    SubjectNumber = 8,
    /// The kind of an entry, for kinds that are few: changes of generation, administration.
    Kind = 9,
}

impl Term {
    /// Every term.
    pub const ALL: [Self; 9] = [
        Self::Once,
        Self::Request,
        Self::Court,
        Self::Case,
        Self::HandlerName,
        Self::HandlerCertificate,
        Self::SubjectName,
        Self::SubjectNumber,
        Self::Kind,
    ];
}

/// The body does not open: another master key, or it was altered or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DoesNotOpen;

/// The keys of one ledger, prepared once.
pub(super) struct Secrets {
    body: LessSafeKey,
    opening: hmac::Key,
    term: hmac::Key,
    runs: hmac::Key,
    meta: hmac::Key,
    witness: hmac::Key,
}

impl Secrets {
    /// Derives the keys of the ledger with this salt.
    pub(super) fn derive(master: &MasterKey, salt: &[u8; SALT_BYTES]) -> Self {
        let key = |purpose| hmac::Key::new(hmac::HMAC_SHA256, &*master.derive(salt, purpose));
        Self {
            body: aead_key(&master.derive(salt, "bdcd ledger 1 body")),
            opening: key("bdcd ledger 1 opening"),
            term: key("bdcd ledger 1 term"),
            runs: key("bdcd ledger 1 runs"),
            meta: key("bdcd ledger 1 meta"),
            witness: key("bdcd ledger 1 witness"),
        }
    }

    /// What opens the commitments of the entry with this nonce.
    pub(super) fn opening(&self, nonce: &Nonce) -> Opening {
        digest(&self.opening, nonce)
    }

    /// The tag by which entries with this term are found.
    pub(super) fn tag(&self, term: Term, text: &str) -> Tag {
        let mut context = hmac::Context::with_key(&self.term);
        context.update(&[term as u8]);
        context.update(text.as_bytes());
        let mut tag = Tag::default();
        let length = tag.len();
        tag.copy_from_slice(&context.sign().as_ref()[..length]);
        tag
    }

    /// The key that authenticates the files of the search index.
    pub(super) fn runs(&self) -> &hmac::Key {
        &self.runs
    }

    /// The key that authenticates the witness of the head.
    pub(super) fn witness(&self) -> &hmac::Key {
        &self.witness
    }

    /// The digest that binds what the ledger says of itself.
    pub(super) fn meta(&self, text: &str) -> [u8; 32] {
        digest(&self.meta, text.as_bytes())
    }

    /// Seals the body of the entry with this nonce where it stands.
    pub(super) fn seal(&self, nonce: &Nonce, body: &mut Vec<u8>) {
        self.body
            .seal_in_place_append_tag(aead_nonce(nonce), Aad::from(nonce), body)
            .expect("a body is far below the 64 GiB that AES-GCM seals at once");
    }

    /// Opens a body where it stands, and cuts the seal off.
    pub(super) fn open(&self, nonce: &Nonce, body: &mut Vec<u8>) -> Result<(), DoesNotOpen> {
        let length = self.body.open_in_place(aead_nonce(nonce), Aad::from(nonce), body).map_err(|_| DoesNotOpen)?.len();
        body.truncate(length);
        Ok(())
    }
}

fn digest(key: &hmac::Key, bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(hmac::sign(key, bytes).as_ref());
    digest
}

fn aead_nonce(nonce: &Nonce) -> AeadNonce {
    let mut bytes = [0; NONCE_LEN];
    bytes.copy_from_slice(&nonce[..NONCE_LEN]);
    AeadNonce::assume_unique_for_key(bytes)
}
