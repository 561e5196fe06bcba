//! What an entry says: its leaf, the bytes that the tree hashes and a receipt carries.
//!
//! A leaf is text, a line a fact, so that it can be read in twenty years with nothing but eyes:
//!
//! ```text
//! bdcd ledger entry 1
//! kind answer
//! nonce 5f0c…                     16 random bytes, hexadecimal: what the entry's keys derive from
//! gateway provincial court gateway
//! court 苏01
//! …
//! inquiry Yx3…=                   commitment to the bytes of the inquiry
//! answer 9tR…=                    commitment to the bytes of the answer
//! terms k0v…=                     commitment to what the entry is found by
//! time 2026-11-24T05:42:39.123Z
//! ```
//!
//! Lines stand in this order, each at most once; a value is not empty and has no control character. It says nothing of a
//! person: who is asked about and who asks stand in the sealed body, and the leaf commits to it. A commitment is
//! HMAC-SHA-256 under the entry's *opening*, 32 bytes that the gateway gets with its answer: it can prove what the leaf
//! commits to, and nobody else can even guess. What a caller wrote stands in plain only where policy has checked it.

use std::{fmt::Write as _, str};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use data_encoding::HEXLOWER;
use ring::hmac;

/// The first line: what this is, and the version of its form.
const TITLE: &str = "bdcd ledger entry 1";

/// A point in time, in milliseconds since 1970 in UTC.
pub type UtcMillis = i64;

/// Length of a nonce, in bytes.
pub const NONCE_BYTES: usize = 16;

/// Random bytes that make an entry's keys its own.
pub type Nonce = [u8; NONCE_BYTES];

/// What opens the commitments of one entry.
pub type Opening = [u8; 32];

/// A keyed digest that binds an entry to bytes without showing them.
pub type Commitment = [u8; 32];

/// What an entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An inquiry and its answer.
    Answer,
    /// A request message of the specification and its feedback message.
    Feedback,
    /// A call that was refused.
    Refusal,
    /// Another generation serves.
    Generation,
    /// Something that an operator did, or the daemon on an operator's behalf.
    Administration,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Answer, Self::Feedback, Self::Refusal, Self::Generation, Self::Administration];

    /// Its word in a leaf.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Feedback => "feedback",
            Self::Refusal => "refusal",
            Self::Generation => "generation",
            Self::Administration => "administration",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A fact that a leaf tells in plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// By which call it came: `query` or `exchange`.
    Call,
    /// The operator's name for the gateway.
    Gateway,
    /// 法院代码
    Court,
    /// 法院名称
    CourtName,
    /// 执行案号
    Case,
    /// 查询请求单号
    Request,
    /// The generation's folder: sequence and the first digits of its package's identity.
    Generation,
    /// The identity of its package, SHA-256 in hexadecimal.
    Package,
    /// The time of its data, RFC 3339.
    AsOf,
    /// Version of the rules of matching and reporting.
    Rules,
    /// What came of it: `found`, `nothing-found`, or the reason of a refusal.
    Outcome,
    /// What was done: `create`, `reveal`, `remove-bodies`, …
    Act,
    /// What the act was done to.
    Detail,
    /// Who did it: `uid 1000`, or `bdcd` of itself.
    By,
}

impl Fact {
    const ALL: [Self; 14] = [
        Self::Call,
        Self::Gateway,
        Self::Court,
        Self::CourtName,
        Self::Case,
        Self::Request,
        Self::Generation,
        Self::Package,
        Self::AsOf,
        Self::Rules,
        Self::Outcome,
        Self::Act,
        Self::Detail,
        Self::By,
    ];

    /// The name of its line, and of its column in exports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Gateway => "gateway",
            Self::Court => "court",
            Self::CourtName => "court-name",
            Self::Case => "case",
            Self::Request => "request",
            Self::Generation => "generation",
            Self::Package => "package",
            Self::AsOf => "as-of",
            Self::Rules => "rules",
            Self::Outcome => "outcome",
            Self::Act => "act",
            Self::Detail => "detail",
            Self::By => "by",
        }
    }

    /// Every fact, in the order of a leaf.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter()
    }
}

/// Facts, each at most once; an empty text is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The lines that tell them, in the order of a leaf: most are written once, in order, and never read here.
    lines: String,
    last: Option<Fact>,
}

/// What the lines of an answer take, about.
const FACTS_BYTES: usize = 512;

impl Facts {
    /// The text of a fact; empty where absent.
    #[must_use]
    pub fn get(&self, fact: Fact) -> &str {
        let told = |line: &'_ str| line.split_once(' ').is_some_and(|(name, _)| name == fact.name());
        self.lines.lines().find(|line| told(line)).and_then(|line| line.split_once(' ')).map_or("", |(_, text)| text)
    }

    /// The same facts with one more. What would break a line is left out of it.
    #[must_use]
    pub fn with(mut self, fact: Fact, text: &str) -> Self {
        if self.last.is_some_and(|last| last >= fact) {
            return self.with_between(fact, text);
        }
        // Every control character has a byte of these; so have a few others, and few texts have any.
        let may_break = text.bytes().any(|byte| matches!(byte, 0..0x20 | 0x7f | 0xc2));
        if may_break && text.chars().any(char::is_control) {
            let text: String = text.chars().filter(|one| !one.is_control()).collect();
            return self.with(fact, &text);
        }
        if !text.is_empty() {
            if self.lines.is_empty() {
                self.lines.reserve(FACTS_BYTES);
            }
            for part in [fact.name(), " ", text, "\n"] {
                self.lines.push_str(part);
            }
            self.last = Some(fact);
        }
        self
    }

    /// The same, of a fact that is not the last.
    fn with_between(self, fact: Fact, text: &str) -> Self {
        Fact::all().fold(Self::default(), |facts, one| facts.with(one, if one == fact { text } else { self.get(one) }))
    }
}

/// An entry's leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What it tells of.
    pub kind: Kind,
    /// What its keys derive from.
    pub nonce: Nonce,
    /// What it tells in plain.
    pub facts: Facts,
    /// To the inquiry's bytes.
    pub inquiry: Option<Commitment>,
    /// To the answer's bytes.
    pub answer: Option<Commitment>,
    /// To what the entry is found by.
    pub terms: Commitment,
    /// When it was written; never before that of the entry before it.
    pub time: UtcMillis,
}

/// Bytes that are no leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bytes are no ledger entry of version 1")]
pub struct MalformedLeaf;

impl Leaf {
    /// Whether the entry was written with a body, which retention may have removed since.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.inquiry.is_some() || self.answer.is_some()
    }

    /// Its bytes without the time, which the ledger sets when it writes the entry.
    #[must_use]
    pub fn undated(&self) -> Vec<u8> {
        // Room for the time as well.
        let mut text = String::with_capacity(1024);
        for part in [TITLE, "\nkind ", self.kind.word(), "\nnonce ", &HEXLOWER.encode(&self.nonce), "\n"] {
            text.push_str(part);
        }
        text.push_str(&self.facts.lines);
        for (name, commitment) in [("inquiry", self.inquiry), ("answer", self.answer), ("terms", Some(self.terms))] {
            if let Some(commitment) = commitment {
                text.push_str(name);
                text.push(' ');
                BASE64.encode_string(commitment, &mut text);
                text.push('\n');
            }
        }
        text.into_bytes()
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.undated();
        bytes.extend_from_slice(time_line(self.time).as_bytes());
        bytes
    }

    /// Reads the bytes of a leaf; what is written back is the same to the byte.
    ///
    /// # Errors
    ///
    /// [`MalformedLeaf`] where they are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedLeaf> {
        let text = str::from_utf8(bytes).map_err(|_| MalformedLeaf)?;
        let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        let mut line = |name: &str| -> Option<&str> {
            let mut ahead = lines.clone();
            let value = ahead.next()?.strip_prefix(name)?.strip_prefix(' ')?;
            lines = ahead;
            Some(value)
        };
        let (title, version) = TITLE.rsplit_once(' ').ok_or(MalformedLeaf)?;
        if line(title) != Some(version) {
            return Err(MalformedLeaf);
        }
        let kind = line("kind").and_then(Kind::from_word).ok_or(MalformedLeaf)?;
        let nonce = line("nonce").and_then(read_nonce).ok_or(MalformedLeaf)?;
        let mut facts = Facts::default();
        for fact in Fact::all() {
            facts = facts.with(fact, line(fact.name()).unwrap_or_default());
        }
        let mut commitment = |name| line(name).map(|text| read_commitment(text).ok_or(MalformedLeaf)).transpose();
        let (inquiry, answer) = (commitment("inquiry")?, commitment("answer")?);
        let terms = commitment("terms")?.ok_or(MalformedLeaf)?;
        let time = line("time").and_then(|text| text.parse::<jiff::Timestamp>().ok()).ok_or(MalformedLeaf)?;
        let leaf = Self { kind, nonce, facts, inquiry, answer, terms, time: time.as_millisecond() };
        // One form alone: no line in another place, no empty value, nothing behind.
        if leaf.encode() == bytes { Ok(leaf) } else { Err(MalformedLeaf) }
    }
}

/// The line that ends a leaf.
pub(super) fn time_line(time: UtcMillis) -> String {
    format!("time {}\n", rfc3339(time))
}

/// A time as leaves and commands write it: RFC 3339 in UTC, with milliseconds.
#[must_use]
pub fn rfc3339(time: UtcMillis) -> String {
    let time = jiff::Timestamp::from_millisecond(time).unwrap_or(jiff::Timestamp::MAX);
    let mut text = String::with_capacity(24);
    // Writing into a text cannot fail.
    write!(text, "{time:.3}").unwrap_or_default();
    text
}

/// The commitment to `bytes` as `what`: HMAC-SHA-256 under the opening, over the word, a line feed and the bytes.
#[must_use]
pub fn commit(opening: &Opening, what: &str, bytes: &[u8]) -> Commitment {
    commit_under(&hmac::Key::new(hmac::HMAC_SHA256, opening), what, bytes)
}

/// The same under a key that is prepared already.
pub(super) fn commit_under(key: &hmac::Key, what: &str, bytes: &[u8]) -> Commitment {
    let mut context = hmac::Context::with_key(key);
    context.update(what.as_bytes());
    context.update(b"\n");
    context.update(bytes);
    let mut commitment = [0; 32];
    commitment.copy_from_slice(context.sign().as_ref());
    commitment
}

fn read_nonce(text: &str) -> Option<Nonce> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn read_commitment(text: &str) -> Option<Commitment> {
    BASE64.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaf() -> Leaf {
        Leaf {
            kind: Kind::Answer,
            nonce: [7; 16],
            facts: Facts::default()
                .with(Fact::Gateway, "a gateway")
                .with(Fact::Request, "1\n2")
                .with(Fact::Outcome, "found"),
            inquiry: Some([1; 32]),
            answer: Some([2; 32]),
            terms: [3; 32],
            time: 1_764_000_000_007,
        }
    }

    #[test]
    fn a_leaf_is_text_that_reads_back() {
        let bytes = leaf().encode();
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.starts_with("bdcd ledger entry 1\nkind answer\nnonce 0707"), "{text}");
        assert!(text.contains("\nrequest 12\n") && text.ends_with("time 2025-11-24T16:00:00.007Z\n"), "{text}");
        assert_eq!(Leaf::decode(&bytes).unwrap(), leaf());
    }

    #[test]
    fn no_byte_can_change_without_another_leaf_or_none() {
        let bytes = leaf().encode();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[at] ^= 1 << bit;
                assert_ne!(Leaf::decode(&altered), Ok(leaf()), "byte {at}, bit {bit}");
            }
            assert!(Leaf::decode(&bytes[..at]).is_err());
        }
    }

    #[test]
    fn a_commitment_binds_the_word_the_bytes_and_the_opening() {
        let one = commit(&[1; 32], "answer", b"x");
        assert_ne!(one, commit(&[1; 32], "inquiry", b"x"));
        assert_ne!(one, commit(&[1; 32], "answer", b"y"));
        assert_ne!(one, commit(&[2; 32], "answer", b"x"));
    }

    proptest! {
        #[test]
        fn any_facts_read_back(texts in proptest::collection::vec("\\PC{0,12}", 14), time in 0_i64..4_000_000_000_000) {
            let facts = Fact::all().zip(&texts).fold(Facts::default(), |facts, (fact, text)| facts.with(fact, text));
            let leaf = Leaf { facts, inquiry: None, time, ..leaf() };
            prop_assert_eq!(Leaf::decode(&leaf.encode()), Ok(leaf));
        }

        #[test]
        fn any_bytes_are_a_leaf_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Leaf::decode(&bytes).is_err() || bytes.starts_with(b"bdcd"));
        }
    }
}
