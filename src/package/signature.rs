//! `manifest.sig`: who vouches for a package.
//!
//! It is a C2SP signed note whose text is the manifest, byte for byte, so that any implementation of signed notes verifies it, and
//! the manifest has the digest of every file. The keys that count are those that the configuration lists. Whoever can change
//! the files on the way can change the manifest with them, but cannot sign it.
//!
//! | the package has | without a reason for loading it unsigned | with one |
//! |---|---|---|
//! | a right signature by a listed key | loads | loads as signed |
//! | no signature, or signatures by other keys alone | is refused | loads; report and ledger say so, with the reason |
//! | a wrong signature by a listed key, a signature of another manifest, or a file that is no signature | is refused | is refused |
//!
//! Where no key is listed, every package is one without a signature by a listed key.

use crate::{
    domain::generation::Signature,
    keys::note::{NOTE_BYTES_MAX, Note, NoteError, Signer, VerifierKey, sign},
};

/// The signature's name in the folder.
pub const SIGNATURE_FILE: &str = "manifest.sig";

/// Characters that the reason for loading an unsigned package may have: it becomes a line of report and ledger.
pub const REASON_CHARACTERS_MAX: usize = 200;

/// Signers that an error names.
const NAMED_MAX: usize = 3;

/// Characters of a key's name that an error repeats.
const NAME_CHARACTERS_MAX: usize = 100;

/// On which terms a package is loaded.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The keys that the configuration lists.
    pub keys: &'a [VerifierKey],
    /// Why a package may be loaded that none of them has signed.
    pub unsigned: Option<&'a str>,
    /// Bytes that an archive may expand to.
    pub archive_bytes_max: u64,
}

/// Why a package is refused for who signed it, or a manifest cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the package is not signed: it has no `{SIGNATURE_FILE}`{}; {HOW}", no_keys(*.has_keys))]
    Unsigned {
        /// Whether the configuration lists a key.
        has_keys: bool,
    },
    /// Only keys that are not listed have signed.
    #[error("the package is signed by {signers}, which `package-keys` of the configuration does not list; {HOW}")]
    Unlisted {
        /// The names and ids of the keys.
        signers: String,
    },
    /// The signed text is not the manifest.
    #[error(
        "`{SIGNATURE_FILE}` is the signature of another manifest: the manifest was altered after it was sealed, or the two files \
         are of different packages; copy the package again, or seal it again by `bdcd package seal`"
    )]
    OtherManifest,
    /// The line of a listed key does not hold, or there are two.
    #[error(
        "`{SIGNATURE_FILE}` has a wrong signature by `{key}`: package or signature was altered, or the signer has not that key; do \
         not load it, and ask the bureau"
    )]
    Wrong {
        /// The key's name and id.
        key: String,
    },
    /// The file is no signed note.
    #[error("`{SIGNATURE_FILE}` is no signature: it was altered, or cut short on the way; copy the package again")]
    Form(#[source] NoteError),
    /// The file is no text, or too long for a signature.
    #[error("`{SIGNATURE_FILE}` is no text, or longer than {NOTE_BYTES_MAX} bytes; copy the package again")]
    NoText,
    /// The reason is none.
    #[error(
        "the reason for loading an unsigned package is empty, has a control character or more than \
         {REASON_CHARACTERS_MAX} characters; write one line that an auditor understands"
    )]
    Reason,
    /// The manifest is too long to be signed.
    #[error(
        "the manifest has {bytes} bytes; one of more than {MANIFEST_BYTES_MAX} cannot be signed, so shorten what it says of words"
    )]
    TooLong {
        /// Bytes of the manifest.
        bytes: usize,
    },
    /// The manifest is no text that a note may have.
    #[error(
        "the manifest has control characters or does not end with a line feed, so it cannot be signed; seal it again"
    )]
    NotSignable,
}

/// Bytes of a manifest that is signed: a note has room for signatures beside.
const MANIFEST_BYTES_MAX: usize = NOTE_BYTES_MAX - 16 * 1024;

const HOW: &str = "seal it by `bdcd package seal` with a listed key, or load it by `--unsigned=REASON`, which report and ledger repeat";

fn no_keys(has_keys: bool) -> &'static str {
    if has_keys { "" } else { ", and `package-keys` of the configuration lists no key" }
}

/// Signs a manifest.
///
/// # Errors
///
/// [`SignatureError::TooLong`] or [`SignatureError::NotSignable`] where it cannot be the text of a note.
pub(super) fn seal(manifest: &[u8], signer: &dyn Signer) -> Result<String, SignatureError> {
    if manifest.len() > MANIFEST_BYTES_MAX {
        return Err(SignatureError::TooLong { bytes: manifest.len() });
    }
    let text = std::str::from_utf8(manifest).map_err(|_| SignatureError::NotSignable)?;
    let is_signable = text.ends_with('\n') && !text.chars().any(|char| char.is_control() && char != '\n');
    if !is_signable {
        return Err(SignatureError::NotSignable);
    }
    Ok(sign(text, &[signer]))
}

/// Says who vouches for a manifest, by the bytes of its signature; `None` where the package has none.
pub(super) fn verify(manifest: &[u8], note: Option<&[u8]>, terms: Terms<'_>) -> Result<Signature, SignatureError> {
    let reason = terms.unsigned.map(reason).transpose()?;
    let missing = |error| match &reason {
        Some(reason) => Ok(Signature::Missing { reason: reason.clone() }),
        None => Err(error),
    };
    let Some(note) = note else {
        return missing(SignatureError::Unsigned { has_keys: !terms.keys.is_empty() });
    };
    if note.len() > NOTE_BYTES_MAX {
        return Err(SignatureError::NoText);
    }
    let note = Note::parse(std::str::from_utf8(note).map_err(|_| SignatureError::NoText)?);
    let note = note.map_err(SignatureError::Form)?;
    if note.text().as_bytes() != manifest {
        return Err(SignatureError::OtherManifest);
    }
    let mut signed = None;
    for key in terms.keys.iter().filter(|key| note.names(key)) {
        note.verify(key).map_err(|_| SignatureError::Wrong { key: named(key.name(), key.key_id()) })?;
        signed = signed.or(Some(key));
    }
    match signed {
        Some(key) => Ok(Signature::By { key: named(key.name(), key.key_id()) }),
        None => missing(SignatureError::Unlisted { signers: signers(&note) }),
    }
}

/// A reason as it is repeated.
fn reason(written: &str) -> Result<String, SignatureError> {
    let reason = written.trim();
    let is_unfilled = reason.is_empty() || reason.starts_with('<') && reason.ends_with('>');
    let is_line = !reason.chars().any(char::is_control) && reason.chars().count() <= REASON_CHARACTERS_MAX;
    if is_line && !is_unfilled { Ok(reason.to_owned()) } else { Err(SignatureError::Reason) }
}

fn signers(note: &Note<'_>) -> String {
    let named: Vec<String> = note.signers().map(|(name, id)| format!("`{}`", named(name, id))).collect();
    let more = named.len().saturating_sub(NAMED_MAX);
    let text = named[..named.len().min(NAMED_MAX)].join(", ");
    if more == 0 { text } else { format!("{text} and {more} more") }
}

/// A key's name and id, as its public text begins.
fn named(name: &str, id: [u8; 4]) -> String {
    let name: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
    format!("{name}+{:08x}", u32::from_be_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::note::Ed25519Signer;

    const MANIFEST: &[u8] = b"{\n  \"format\": 1,\n\n  \"none\": [\"\xe6\x9c\xaa\"]\n}\n";

    fn key(seed: u8) -> Ed25519Signer {
        Ed25519Signer::from_seed("test.example/990102/package", &[seed; 32]).unwrap()
    }

    fn verified(note: Option<&str>, keys: &[VerifierKey], unsigned: Option<&str>) -> Result<Signature, SignatureError> {
        verify(MANIFEST, note.map(str::as_bytes), Terms { keys, unsigned, archive_bytes_max: 0 })
    }

    #[test]
    fn a_listed_keys_signature_counts_and_any_reader_of_notes_takes_it() {
        let note = seal(MANIFEST, &key(1)).unwrap();
        let keys = [key(2).verifier(), key(1).verifier()];
        let Signature::By { key: by } = verified(Some(&note), &keys, Some("not needed")).unwrap() else {
            panic!("it is signed")
        };
        assert!(by.starts_with("test.example/990102/package+") && key(1).verifier().to_string().starts_with(&by));

        let verifier = signed_note::StandardVerifier::new(&key(1).verifier().to_string()).unwrap();
        let known = signed_note::VerifierList::new(vec![Box::new(verifier)]);
        let other = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        assert_eq!(other.verify(&known).unwrap().0.len(), 1);
        assert_eq!(other.text(), MANIFEST);
    }

    #[test]
    fn without_one_a_package_is_taken_with_a_reason_alone() {
        let foreign = seal(MANIFEST, &key(1)).unwrap();
        let keys = [key(2).verifier()];
        for note in [None, Some(foreign.as_str())] {
            let refused = verified(note, &keys, None).unwrap_err().to_string();
            assert!(refused.contains("--unsigned"), "{refused}");
            assert!(verified(note, &[], None).is_err());
            let taken = verified(note, &keys, Some(" first export, sent by hand ")).unwrap();
            assert_eq!(taken, Signature::Missing { reason: "first export, sent by hand".to_owned() });
        }
        assert!(verified(None, &[], None).unwrap_err().to_string().contains("lists no key"));
        assert!(
            verified(Some(&foreign), &keys, None).unwrap_err().to_string().contains("test.example/990102/package+")
        );
        for reason in ["", " ", "<why>", "a\nb", &"x".repeat(201)] {
            assert!(matches!(verified(None, &keys, Some(reason)), Err(SignatureError::Reason)), "{reason:?}");
        }
    }

    type Expected = fn(&SignatureError) -> bool;

    #[test]
    fn what_is_wrong_is_refused_whatever_the_reason() {
        let note = seal(MANIFEST, &key(1)).unwrap();
        let keys = [key(1).verifier()];
        let other = seal(b"{}\n", &key(1)).unwrap();
        let forged = note.replacen(&note[note.len() - 10..note.len() - 4], "AAAAAA", 1);
        let twice = format!("{note}{}", &note[note.rfind("\n\n").unwrap() + 2..]);
        let cut = &note[..note.len() - 1];
        let cases: [(&str, Expected); 5] = [
            (&other, |err| matches!(err, SignatureError::OtherManifest)),
            (&forged, |err| matches!(err, SignatureError::Wrong { .. } | SignatureError::Form(_))),
            (&twice, |err| matches!(err, SignatureError::Wrong { .. })),
            (cut, |err| matches!(err, SignatureError::Form(_))),
            ("", |err| matches!(err, SignatureError::Form(_))),
        ];
        for (note, is_so) in cases {
            for unsigned in [None, Some("a reason")] {
                let refused = verified(Some(note), &keys, unsigned).unwrap_err();
                assert!(is_so(&refused), "{refused:?}");
            }
        }
        for at in 0..MANIFEST.len() {
            let mut altered = MANIFEST.to_vec();
            altered[at] ^= 1;
            let terms = Terms { keys: &keys, unsigned: Some("a reason"), archive_bytes_max: 0 };
            let refused = verify(&altered, Some(note.as_bytes()), terms);
            assert!(matches!(refused, Err(SignatureError::OtherManifest)));
        }
    }

    #[test]
    fn what_no_note_can_hold_is_not_signed() {
        for manifest in [&b"{}"[..], b"{\r\n}\r\n", b"{\t}\n", b"\xff\n"] {
            assert!(matches!(seal(manifest, &key(1)), Err(SignatureError::NotSignable)), "{manifest:?}");
        }
        let long = vec![b'\n'; MANIFEST_BYTES_MAX + 1];
        assert!(matches!(seal(&long, &key(1)), Err(SignatureError::TooLong { .. })));
    }
}
