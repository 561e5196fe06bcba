//! What is to be recorded, and the same made ready: leaf, tags and sealed body, worked out where the caller is, so that the
//! writer has little left to do.

use std::{borrow::Cow, cell::RefCell};

use ring::hmac;

use super::{
    claims::Claim,
    leaf::{Commitment, Fact, Facts, Kind, Leaf, NONCE_BYTES, Nonce, Opening, commit_under},
    runs::Tag,
    secret::{Secrets, Term},
};
use crate::{
    domain::wire::{Malformed, Reader, Writer},
    keys::{self, KeyError},
};

/// An event as the service tells it.
#[derive(Clone, Default)]
pub struct Evidence<'a> {
    /// What is told in plain. Nothing of a person may stand here.
    pub facts: Facts,
    /// The bytes asked with.
    pub inquiry: Option<&'a [u8]>,
    /// The bytes answered with.
    pub answer: Option<&'a [u8]>,
    /// What is asked once, where this answers it: whoever asks again finds it.
    pub claim: Option<&'a Claim>,
    /// What else it is found by.
    pub terms: Vec<(Term, Cow<'a, str>)>,
}

impl Evidence<'static> {
    /// That `by` does `act`; nothing of a person may stand in `detail`.
    #[must_use]
    pub fn act(act: &str, detail: &str, by: &str) -> Self {
        let facts = Facts::default().with(Fact::Act, act).with(Fact::Detail, detail).with(Fact::By, by);
        let terms = vec![(Term::Kind, Kind::Administration.word().into())];
        Self { facts, terms, ..Self::default() }
    }
}

/// An event ready to be written.
pub struct Prepared {
    pub(super) undated: Vec<u8>,
    pub(super) terms: Vec<u8>,
    pub(super) body: Option<Vec<u8>>,
    opening: Opening,
}

impl Prepared {
    /// What opens the entry's commitments.
    #[must_use]
    pub fn opening(&self) -> Opening {
        self.opening
    }

    /// The bytes that the entry will take in the database, about.
    pub(super) fn size_bytes(&self) -> usize {
        self.undated.len() + self.terms.len() + self.body.as_ref().map_or(0, Vec::len)
    }
}

/// Length of a term as an entry keeps it: its kind and its tag.
const TERM_BYTES: usize = 1 + size_of::<Tag>();

/// The act of an entry that says that bodies go.
pub(super) const REMOVE_BODIES: &str = "remove-bodies";

/// Commits to an event, seals it, and works out its tags.
pub(super) fn prepare(secrets: &Secrets, kind: Kind, evidence: Evidence<'_>) -> Result<Prepared, KeyError> {
    let nonce = nonce()?;
    let opening = secrets.opening(&nonce);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &opening);
    let Evidence { facts, inquiry, answer, claim, terms } = evidence;
    let terms = encode_terms(secrets, claim, &terms);
    let leaf = Leaf {
        kind,
        nonce,
        facts,
        inquiry: inquiry.map(|bytes| commit_under(&key, "inquiry", bytes)),
        answer: answer.map(|bytes| commit_under(&key, "answer", bytes)),
        terms: commit_under(&key, "terms", &terms),
        // The writer's.
        time: 0,
    };
    let body = (inquiry.is_some() || answer.is_some()).then(|| {
        let mut body = Body::encode(inquiry, answer);
        secrets.seal(&nonce, &mut body);
        body
    });
    Ok(Prepared { undated: leaf.undated(), terms, body, opening })
}

/// Nonces that a thread draws at once: a call to the system for each would cost as much as all that is hashed with it.
const NONCES_AT_ONCE: usize = 32;

/// The next nonce of this thread. It is no secret, only given out once.
fn nonce() -> Result<Nonce, KeyError> {
    thread_local! {
        static DRAWN: RefCell<Vec<Nonce>> = const { RefCell::new(Vec::new()) };
    }
    DRAWN.with_borrow_mut(|drawn| {
        if drawn.is_empty() {
            let bytes: [u8; NONCES_AT_ONCE * NONCE_BYTES] = keys::random()?;
            drawn.extend(bytes.as_chunks::<NONCE_BYTES>().0);
        }
        Ok(drawn.pop().expect("some were drawn where there was none"))
    })
}

fn encode_terms(secrets: &Secrets, claim: Option<&Claim>, terms: &[(Term, Cow<'_, str>)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity((1 + terms.len()) * TERM_BYTES);
    let claimed = claim.map(|claim| (Term::Once, *claim.tag()));
    for (term, tag) in claimed.into_iter().chain(terms.iter().map(|(term, text)| (*term, secrets.tag(*term, text)))) {
        bytes.push(term as u8);
        bytes.extend_from_slice(&tag);
    }
    bytes
}

/// The terms of an entry: the number of each kind, and its tag. What is cut short at the end is left out.
pub(super) fn decode_terms(bytes: &[u8]) -> impl Iterator<Item = (u8, Tag)> {
    bytes.chunks_exact(TERM_BYTES).filter_map(|term| {
        let (kind, tag) = term.split_first()?;
        Some((*kind, tag.try_into().ok()?))
    })
}

/// What an entry keeps sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The bytes asked with.
    pub inquiry: Option<Vec<u8>>,
    /// The bytes answered with.
    pub answer: Option<Vec<u8>>,
}

impl Body {
    fn encode(inquiry: Option<&[u8]>, answer: Option<&[u8]>) -> Vec<u8> {
        let length = inquiry.map_or(0, <[u8]>::len) + answer.map_or(0, <[u8]>::len);
        // Room for two prefixes and the seal.
        let mut writer = Writer::with_capacity(length + 40);
        for (tag, bytes) in [(1, inquiry), (2, answer)] {
            if let Some(bytes) = bytes {
                writer.delimited(tag, bytes);
            }
        }
        writer.finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut body = Self::default();
        for field in Reader::new(bytes) {
            match field? {
                (1, field) => body.inquiry = Some(field.bytes()?.to_vec()),
                (2, field) => body.answer = Some(field.bytes()?.to_vec()),
                _ => return Err(Malformed),
            }
        }
        Ok(body)
    }
}

/// Whether `commitment` is to `bytes`, both present or both absent.
pub(super) fn is_committed(
    opening: &Opening,
    what: &str,
    bytes: Option<&[u8]>,
    commitment: Option<&Commitment>,
) -> bool {
    bytes.map(|bytes| super::leaf::commit(opening, what, bytes)).as_ref() == commitment
}
