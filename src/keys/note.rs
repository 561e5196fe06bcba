//! Keys that sign notes, and notes: texts signed in the form that any implementation of C2SP reads.
//!
//! [`Ed25519Signer`] is a key, [`VerifierKey`] its public half. What a text means is left to the room that signs it: the ledger its
//! checkpoints, `package` its manifests. A reader ignores lines of keys that it does not know.
//!
//! Source: <https://c2sp.org/signed-note>.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    digest,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use zeroize::Zeroizing;

/// Signature lines that a note may have: what C2SP asks every reader to take.
pub const NOTE_SIGNATURES_MAX: usize = 16;

/// Bytes that a note may have: room for 16 post-quantum signatures, each up to 7 KiB in base64.
pub const NOTE_BYTES_MAX: usize = 128 * 1024;

/// The byte that says Ed25519, in keys and in what a key id is the hash of.
const ED25519_TYPE: u8 = 0x01;

const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;
const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";
const LINE_PREFIX: &str = "— ";

/// What signs checkpoints: a key with a name, of whatever algorithm its id stands for.
pub trait Signer: Send + Sync {
    /// The key's name; one for which [`is_key_name`] holds.
    fn name(&self) -> &str;

    /// The id that stands before its signatures.
    fn key_id(&self) -> [u8; 4];

    /// Signs the text of a note, from its first byte to the line feed before the blank line.
    fn sign(&self, text: &[u8]) -> Vec<u8>;
}

/// Why a text is no key, or a name none for a key. Texts of keys are never quoted: they may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name cannot be a key's.
    #[error("`{name}` cannot name a key: use one word without spaces, plus signs or control characters")]
    Name {
        /// The name.
        name: String,
    },
    /// The text has not the form of a private key.
    #[error("text is not a private key: it has the form `PRIVATE+KEY+<name>+<8 hexadecimal digits>+<base64>`")]
    Signer,
    /// The text has not the form of a public key.
    #[error("text is not a public key: it has the form `<name>+<8 hexadecimal digits>+<base64>`")]
    Verifier,
    /// A private key stands where a public one belongs.
    #[error("text is a private key where a public one belongs: keep it secret, and give the public key")]
    Private,
    /// The key is of another algorithm.
    #[error("key `{name}` is of type {algorithm:#04x}, not Ed25519 (0x01): use an Ed25519 key")]
    Algorithm {
        /// The key's name.
        name: String,
        /// Its type byte.
        algorithm: u8,
    },
    /// The id does not belong to name and key.
    #[error("key `{name}` does not belong to its id: it was altered or mistyped, copy it again")]
    Id {
        /// The key's name.
        name: String,
    },
}

/// Why a note is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is past its limits.
    #[error(
        "note has over {NOTE_SIGNATURES_MAX} signatures or {NOTE_BYTES_MAX} bytes: ask for one with fewer signatures"
    )]
    TooLong,
    /// The note is no text, a blank line and lines of signatures.
    #[error("text is not a signed note: it was altered or cut short, get it again from where it came")]
    Form,
    /// The signed text is no checkpoint.
    #[error("signed text is not a checkpoint of three lines, origin, size and root: get it again from where it came")]
    Text,
    /// None of the signatures is by the key.
    #[error("checkpoint has no signature by key `{name}`: verify it with the public key of the ledger that issued it")]
    Unsigned {
        /// The key's name.
        name: String,
    },
    /// The key has signed more than once.
    #[error("checkpoint has two signatures by key `{name}`: no ledger writes that, get it again from where it came")]
    Twice {
        /// The key's name.
        name: String,
    },
    /// The key's signature is not one of this text.
    #[error("signature by key `{name}` is not one of this checkpoint: checkpoint or signature was altered")]
    Signature {
        /// The key's name.
        name: String,
    },
    /// The checkpoint is of another ledger.
    #[error("checkpoint is of ledger `{origin}`, the key is of `{name}`: verify it with that ledger's public key")]
    Origin {
        /// What the checkpoint says.
        origin: String,
        /// The key's name.
        name: String,
    },
}

/// Whether a name can be a key's: not empty, no white space of any script, no plus sign, no control characters.
#[must_use]
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|char| char.is_whitespace() || char.is_control() || char == '+')
}

/// The first four bytes of the SHA-256 of name, line feed, type and public key.
fn key_id(name: &str, public: &[u8; KEY_BYTES]) -> [u8; KEY_ID_BYTES] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(name.as_bytes());
    context.update(&[b'\n', ED25519_TYPE]);
    context.update(public);
    *context.finish().as_ref().first_chunk().expect("SHA-256 gives more than four bytes")
}

/// The text `<name>+<id>+<base64 of type and key>`.
fn key_text(name: &str, id: [u8; KEY_ID_BYTES], key: &[u8; KEY_BYTES]) -> String {
    let mut typed = [ED25519_TYPE; 1 + KEY_BYTES];
    typed[1..].copy_from_slice(key);
    format!("{name}+{:08x}+{}", u32::from_be_bytes(id), STANDARD.encode(typed))
}

/// The pair of a seed, and its public key.
fn pair_of(seed: &[u8; KEY_BYTES]) -> (Ed25519KeyPair, [u8; KEY_BYTES]) {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are a seed");
    let public = pair.public_key().as_ref().try_into().expect("a public key has 32 bytes");
    (pair, public)
}

/// Name, id and key of a key's text. The key may be a secret: where it was decoded to is wiped when it is dropped.
type KeyParts<'a> = (&'a str, [u8; KEY_ID_BYTES], Zeroizing<Vec<u8>>);

/// The parts of a key's text; `malformed` where it has not the form.
fn parse_key(text: &str, malformed: KeyError) -> Result<KeyParts<'_>, KeyError> {
    // A name has no plus sign, but base64 may.
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(malformed) };
    let is_lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if !is_key_name(name) || id.len() != 2 * KEY_ID_BYTES || !id.bytes().all(is_lower_hex) {
        return Err(malformed);
    }
    let (Ok(id), Ok(key)) = (u32::from_str_radix(id, 16), STANDARD.decode(key)) else { return Err(malformed) };
    let mut key = Zeroizing::new(key);
    match key.first() {
        Some(&ED25519_TYPE) => {
            key.remove(0);
            Ok((name, id.to_be_bytes(), key))
        }
        Some(&algorithm) => Err(KeyError::Algorithm { name: name.to_owned(), algorithm }),
        None => Err(malformed),
    }
}

/// An Ed25519 key that signs notes.
pub struct Ed25519Signer {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Ed25519Signer({}, …)", self.verifier)
    }
}

impl Ed25519Signer {
    /// The key of this name and secret seed.
    ///
    /// # Errors
    ///
    /// [`KeyError::Name`] where the name cannot be a key's.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let (pair, public) = pair_of(seed);
        Ok(Self { verifier: VerifierKey::new(name, public)?, pair })
    }

    /// Reads `PRIVATE+KEY+<name>+<id>+<base64 of 0x01 and seed>`, the form of Go's note keys; no line feed follows.
    ///
    /// # Errors
    ///
    /// [`KeyError::Signer`] where the text has not that form; [`KeyError::Algorithm`] where the key is not Ed25519;
    /// [`KeyError::Id`] where the id does not belong to it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let rest = text.strip_prefix(PRIVATE_PREFIX).ok_or(KeyError::Signer)?;
        let (name, id, seed) = parse_key(rest, KeyError::Signer)?;
        let signer = Self::from_seed(name, seed.as_slice().try_into().map_err(|_| KeyError::Signer)?)?;
        if signer.verifier.key_id != id {
            return Err(KeyError::Id { name: name.to_owned() });
        }
        Ok(signer)
    }

    /// Writes the form that [`Self::parse`] reads. The text is the secret itself.
    ///
    /// # Errors
    ///
    /// [`KeyError::Name`] where the name cannot be a key's.
    pub fn encode(name: &str, seed: &[u8; 32]) -> Result<String, KeyError> {
        let signer = Self::from_seed(name, seed)?;
        Ok(format!("{PRIVATE_PREFIX}{}", key_text(name, signer.verifier.key_id, seed)))
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.verifier.clone()
    }
}

impl Signer for Ed25519Signer {
    fn name(&self) -> &str {
        &self.verifier.name
    }

    fn key_id(&self) -> [u8; 4] {
        self.verifier.key_id
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.pair.sign(text).as_ref().to_vec()
    }
}

/// The public half of an Ed25519 key that signs notes. Displays as `<name>+<id>+<base64 of 0x01 and key>`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key_id: [u8; KEY_ID_BYTES],
    public: [u8; KEY_BYTES],
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&key_text(&self.name, self.key_id, &self.public))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "VerifierKey({self})")
    }
}

impl VerifierKey {
    fn new(name: &str, public: [u8; KEY_BYTES]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Name { name: name.to_owned() });
        }
        Ok(Self { name: name.to_owned(), key_id: key_id(name, &public), public })
    }

    /// Reads the form that it displays as; no line feed follows.
    ///
    /// # Errors
    ///
    /// [`KeyError::Private`] where the text is a private key; [`KeyError::Verifier`] where it has not the form of a public one;
    /// [`KeyError::Algorithm`] where the key is not Ed25519; [`KeyError::Id`] where the id does not belong to it.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(PRIVATE_PREFIX) {
            return Err(KeyError::Private);
        }
        let (name, id, public) = parse_key(text, KeyError::Verifier)?;
        let key = Self::new(name, public.as_slice().try_into().map_err(|_| KeyError::Verifier)?)?;
        if key.key_id != id {
            return Err(KeyError::Id { name: name.to_owned() });
        }
        Ok(key)
    }

    /// The key's name, and the origin of the checkpoints it signs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id that stands before its signatures.
    #[must_use]
    pub fn key_id(&self) -> [u8; 4] {
        self.key_id
    }

    /// Whether the signature is this key's of that text.
    #[must_use]
    pub fn verify(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public).verify(text, signature).is_ok()
    }
}

/// A note's parts. Its lines are well-formed; whose they are and whether they hold is not known yet.
pub struct Note<'a> {
    /// What is signed, with its last line feed.
    text: &'a str,
    signatures: Vec<SignatureLine<'a>>,
}

struct SignatureLine<'a> {
    name: &'a str,
    key_id: [u8; KEY_ID_BYTES],
    signature: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    ///
    /// # Errors
    ///
    /// [`NoteError::Form`] where it is no signed note, [`NoteError::TooLong`] where it is past the limits.
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong);
        }
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::Form);
        }
        // The last blank line parts text from signatures; the text keeps its own line feed, the first of the two.
        let blank = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, rest) = note.split_at_checked(blank + 1).ok_or(NoteError::Form)?;
        let lines = rest.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n')).ok_or(NoteError::Form)?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == NOTE_SIGNATURES_MAX {
                return Err(NoteError::TooLong);
            }
            signatures.push(SignatureLine::parse(line).ok_or(NoteError::Form)?);
        }
        Ok(Self { text, signatures })
    }

    /// What is signed, with its last line feed.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Names and ids of the keys that the note says have signed it, whether or not they have.
    pub fn signers(&self) -> impl Iterator<Item = (&'a str, [u8; 4])> {
        self.signatures.iter().map(|line| (line.name, line.key_id))
    }

    /// Whether the note has a line of this key, right or wrong.
    #[must_use]
    pub fn names(&self, key: &VerifierKey) -> bool {
        self.signatures.iter().any(|line| line.name == key.name && line.key_id == key.key_id)
    }

    /// Verifies that `key` has signed the text, once.
    ///
    /// # Errors
    ///
    /// [`NoteError::Unsigned`] where the key has not signed it, [`NoteError::Twice`] where it has twice,
    /// [`NoteError::Signature`] where its signature is wrong.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NoteError> {
        let name = || key.name.clone();
        let mut by_key = self.signatures.iter().filter(|line| line.name == key.name && line.key_id == key.key_id);
        let line = by_key.next().ok_or_else(|| NoteError::Unsigned { name: name() })?;
        if by_key.next().is_some() {
            return Err(NoteError::Twice { name: name() });
        }
        if !key.verify(self.text.as_bytes(), &line.signature) {
            return Err(NoteError::Signature { name: name() });
        }
        Ok(())
    }
}

impl<'a> SignatureLine<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(LINE_PREFIX)?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (key_id, signature) = bytes.split_first_chunk()?;
        (is_key_name(name) && !signature.is_empty()).then(|| Self {
            name,
            key_id: *key_id,
            signature: signature.to_vec(),
        })
    }
}

/// Writes a note: the text, which ends with a line feed, a blank line, and a line for each signer in their order.
///
/// [`Note::parse`] takes it where the text has no other control characters, and there are between one and
/// [`NOTE_SIGNATURES_MAX`] signers.
#[must_use]
pub fn sign(text: &str, signers: &[&dyn Signer]) -> String {
    let mut note = String::with_capacity(text.len() + 1 + signers.len() * 200);
    note.push_str(text);
    note.push('\n');
    let mut signed = Vec::with_capacity(KEY_ID_BYTES + 64);
    for signer in signers {
        signed.clear();
        signed.extend_from_slice(&signer.key_id());
        signed.extend_from_slice(&signer.sign(text.as_bytes()));
        note.push_str(LINE_PREFIX);
        note.push_str(signer.name());
        note.push(' ');
        STANDARD.encode_string(&signed, &mut note);
        note.push('\n');
    }
    note
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A note that is the specification's own example of one.
    const EXAMPLE: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

    #[test]
    fn the_specifications_example_is_read() {
        let note = Note::parse(EXAMPLE).unwrap();
        assert!(note.text.ends_with("\n\ned è subito sera.\n"));
        assert_eq!(note.signatures.len(), 1);
        assert_eq!(note.signatures[0].name, "quasimodo.example/salvatore");
        assert_eq!(note.signatures[0].key_id, [0x36, 0x7b, 0xa0, 0x4b]);
        assert_eq!(note.signatures[0].signature.len(), 64);
    }
}
