//! Why a call is refused: one list, whoever tells it: `rpc` as a status, `exchange` as a sentence in a feedback message, the
//! ledger as an entry.

use crate::domain::inquiry::Violation;

/// Why a call, or one request of a message, is refused on its merits. What passes by itself (load, disk) is none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No certificate was shown.
    #[error("no client certificate: connect with the gateway's certificate")]
    NoCertificate,
    /// The certificate is not of the client authority.
    #[error("the client certificate is not of this registration authority's client CA: ask for one that is")]
    ForeignCertificate,
    /// The certificate has expired.
    #[error("the client certificate has expired: ask the registration authority to list a new one, and connect again")]
    ExpiredCertificate,
    /// The certificate is listed with no gateway.
    #[error("the client certificate is listed with no gateway: ask the registration authority to list it")]
    UnknownGateway {
        /// Its SHA-256, hexadecimal.
        certificate: String,
    },
    /// The gateway may not speak for the court.
    #[error("the gateway may not speak for this court: ask the registration authority to list it")]
    CourtNotAllowed,
    /// Fields are missing or malformed; every one is named.
    #[error("the inquiry cannot be asked: {}", told(.0))]
    BadInquiry(Vec<Violation>),
    /// The message is no request message of the specification.
    #[error("the request message cannot be read: {0}")]
    UnreadableMessage(String),
    /// The message reports an error of the court side's system (`ErrorMSG`, SOAP Fault), in that system's words, cut short.
    #[error("the court side's system reports an error instead of requests: {0}")]
    CourtSystemError(String),
    /// The answer is larger than one message may be.
    #[error(
        "the answer is larger than one message may be: ask for fewer items, or raise `limits.message-bytes-max` on both sides"
    )]
    AnswerTooLarge,
    /// The answer cannot be told in a message of the specification.
    #[error("the answer cannot be told in this form of message")]
    AnswerUnreadable,
    /// Something else was asked under the request number.
    #[error(
        "the request number stands for another inquiry, ledger entry {entry}: give each inquiry a number of its own"
    )]
    RequestNumberReused {
        /// The entry that stands under the number.
        entry: u64,
    },
    /// It was answered, and the answer is not kept any more.
    #[error(
        "this was answered in ledger entry {entry}, whose answer was removed after its retention: ask under a new request number"
    )]
    AnswerRemoved {
        /// The entry that stands for it.
        entry: u64,
    },
}

impl Refusal {
    /// Whether the caller is no listed gateway.
    #[must_use]
    pub fn is_of_stranger(&self) -> bool {
        matches!(
            self,
            Self::NoCertificate | Self::ForeignCertificate | Self::ExpiredCertificate | Self::UnknownGateway { .. }
        )
    }

    /// Its reason, without what it is about.
    #[must_use]
    pub fn kind(&self) -> Reason {
        match self {
            Self::NoCertificate => Reason::NoCertificate,
            Self::ForeignCertificate => Reason::ForeignCertificate,
            Self::ExpiredCertificate => Reason::ExpiredCertificate,
            Self::UnknownGateway { .. } => Reason::UnknownGateway,
            Self::CourtNotAllowed => Reason::CourtNotAllowed,
            Self::BadInquiry(_) => Reason::BadInquiry,
            Self::UnreadableMessage(_) => Reason::UnreadableMessage,
            Self::CourtSystemError(_) => Reason::CourtSystemError,
            Self::AnswerTooLarge => Reason::AnswerTooLarge,
            Self::AnswerUnreadable => Reason::AnswerUnreadable,
            Self::RequestNumberReused { .. } => Reason::RequestNumberReused,
            Self::AnswerRemoved { .. } => Reason::AnswerRemoved,
        }
    }

    /// The stable word for its reason, in `ErrorInfo` and in the ledger.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.kind().word()
    }

    /// What the ledger tells beside the reason; nothing that a caller wrote.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::UnknownGateway { certificate } => format!("certificate sha256 {certificate}"),
            Self::RequestNumberReused { entry } | Self::AnswerRemoved { entry } => format!("entry {entry}"),
            _ => String::new(),
        }
    }
}

/// Why a call is refused, without what it is about: what statuses, entries and reports have a word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the refusal of the same name")]
pub enum Reason {
    NoCertificate,
    ForeignCertificate,
    ExpiredCertificate,
    UnknownGateway,
    CourtNotAllowed,
    BadInquiry,
    UnreadableMessage,
    CourtSystemError,
    AnswerTooLarge,
    AnswerUnreadable,
    RequestNumberReused,
    AnswerRemoved,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::NoCertificate,
        Self::ForeignCertificate,
        Self::ExpiredCertificate,
        Self::UnknownGateway,
        Self::CourtNotAllowed,
        Self::BadInquiry,
        Self::UnreadableMessage,
        Self::CourtSystemError,
        Self::AnswerTooLarge,
        Self::AnswerUnreadable,
        Self::RequestNumberReused,
        Self::AnswerRemoved,
    ];

    /// The stable word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NoCertificate => "NO_CERTIFICATE",
            Self::ForeignCertificate => "FOREIGN_CERTIFICATE",
            Self::ExpiredCertificate => "EXPIRED_CERTIFICATE",
            Self::UnknownGateway => "UNKNOWN_GATEWAY",
            Self::CourtNotAllowed => "COURT_NOT_ALLOWED",
            Self::BadInquiry => "BAD_INQUIRY",
            Self::UnreadableMessage => "UNREADABLE_MESSAGE",
            Self::CourtSystemError => "COURT_SYSTEM_ERROR",
            Self::AnswerTooLarge => "ANSWER_TOO_LARGE",
            Self::AnswerUnreadable => "ANSWER_UNREADABLE",
            Self::RequestNumberReused => "REQUEST_NUMBER_REUSED",
            Self::AnswerRemoved => "ANSWER_REMOVED",
        }
    }

    /// The reason of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

fn told(violations: &[Violation]) -> String {
    let fields: Vec<_> = violations.iter().map(|one| format!("`{}` {}", one.field, one.description)).collect();
    fields.join("; ")
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn every_reason_is_read_from_its_own_word() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_word(reason.word()), Some(reason));
        }
        assert_eq!(Reason::from_word("found"), None);
    }
}
