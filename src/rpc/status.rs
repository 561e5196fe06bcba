//! Every refusal as a `google.rpc.Status`: a code, a stable reason, and what to do; never a value of the inquiry.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{domain::inquiry::Violation, ledger::AppendError, service::answer::AnswerError};

/// The domain of every `ErrorInfo`.
const DOMAIN: &str = "bdcd";

/// How long a caller waits before it asks again where too many ask.
const RETRY: Duration = Duration::from_millis(200);

/// Why a call is refused before anything is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No certificate was shown.
    NoCertificate,
    /// The certificate is not of the client authority, or has expired.
    ForeignCertificate,
    /// The certificate is listed with no gateway.
    UnknownGateway,
    /// The gateway may not speak for the court.
    CourtNotAllowed,
    /// Fields are missing or malformed.
    BadInquiry(Vec<Violation>),
    /// The message is no request message of the specification.
    UnreadableMessage(String),
    /// The answer is larger than one message may be.
    AnswerTooLarge,
    /// Something else was asked under the request number.
    RequestNumberReused {
        /// The ledger entry that stands under it.
        entry: u64,
    },
    /// It was answered, and the answer is not kept any more.
    AnswerRemoved {
        /// The ledger entry that stands for it.
        entry: u64,
    },
}

impl Refusal {
    /// The stable word for it, in `ErrorInfo` and in the ledger.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::NoCertificate => "NO_CERTIFICATE",
            Self::ForeignCertificate => "FOREIGN_CERTIFICATE",
            Self::UnknownGateway => "UNKNOWN_GATEWAY",
            Self::CourtNotAllowed => "COURT_NOT_ALLOWED",
            Self::BadInquiry(_) => "BAD_INQUIRY",
            Self::UnreadableMessage(_) => "UNREADABLE_MESSAGE",
            Self::AnswerTooLarge => "ANSWER_TOO_LARGE",
            Self::RequestNumberReused { .. } => "REQUEST_NUMBER_REUSED",
            Self::AnswerRemoved { .. } => "ANSWER_REMOVED",
        }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let reason = refusal.reason();
        let (code, text) = match &refusal {
            Refusal::NoCertificate => (
                Code::Unauthenticated,
                "no client certificate: connect with the gateway's certificate".into(),
            ),
            Refusal::ForeignCertificate => (
                Code::Unauthenticated,
                "the client certificate is not of this registration authority's client CA, or has expired: ask for a new one".into(),
            ),
            Refusal::UnknownGateway => (
                Code::PermissionDenied,
                "the client certificate is listed with no gateway: ask the registration authority to list it".into(),
            ),
            Refusal::CourtNotAllowed => (
                Code::PermissionDenied,
                "the gateway may not speak for this court: ask the registration authority to list it".into(),
            ),
            Refusal::BadInquiry(violations) => {
                let fields: Vec<_> =
                    violations.iter().map(|one| format!("`{}` {}", one.field, one.description)).collect();
                (Code::InvalidArgument, format!("the inquiry cannot be asked: {}", fields.join("; ")))
            }
            Refusal::UnreadableMessage(why) => {
                (Code::InvalidArgument, format!("the request message cannot be read: {why}"))
            }
            Refusal::AnswerTooLarge => (Code::ResourceExhausted, AnswerError::TooLarge.to_string()),
            Refusal::RequestNumberReused { entry } => {
                (Code::AlreadyExists, AnswerError::Reused { entry: *entry }.to_string())
            }
            Refusal::AnswerRemoved { entry } => {
                (Code::FailedPrecondition, AnswerError::Removed { entry: *entry }.to_string())
            }
        };
        let mut details = details(reason);
        if let Refusal::BadInquiry(violations) = refusal {
            for violation in violations {
                details.add_bad_request_violation(violation.field, violation.description);
            }
        }
        Self::with_error_details(code, text, details)
    }
}

/// The same status, naming the ledger entry that records it.
pub(super) fn with_entry(status: &Status, entry: u64) -> Status {
    let mut details = status.get_error_details();
    if let Some(info) = details.error_info() {
        let metadata = HashMap::from([("entry".to_owned(), entry.to_string())]);
        details.set_error_info(info.reason.clone(), DOMAIN, metadata);
    }
    Status::with_error_details(status.code(), status.message(), details)
}

/// The status of a call that found no answer for a reason that is none of its own.
pub(super) fn of_answer(error: &AnswerError) -> Status {
    match error {
        AnswerError::Overloaded(_) => retry(Code::ResourceExhausted, "OVERLOADED", error.to_string()),
        AnswerError::Ledger(error) => ledger_unavailable(*error),
        AnswerError::Stopped => retry(Code::Unavailable, "STOPPED", error.to_string()),
        AnswerError::Evidence(_) => retry(
            Code::Unavailable,
            "LEDGER_UNREADABLE",
            "what was answered before cannot be read: the authority's operators find the cause in their log".into(),
        ),
        AnswerError::Draft(_) => Status::with_error_details(
            Code::Internal,
            "the register's mirror could not be read: the authority's operators find the cause in their log",
            details("MIRROR_UNREADABLE"),
        ),
        AnswerError::Reused { entry } => Refusal::RequestNumberReused { entry: *entry }.into(),
        AnswerError::Removed { entry } => Refusal::AnswerRemoved { entry: *entry }.into(),
        AnswerError::TooLarge => Refusal::AnswerTooLarge.into(),
    }
}

/// The status of whatever could not be recorded: nothing is told before its evidence is on disk.
pub(super) fn ledger_unavailable(error: AppendError) -> Status {
    match error {
        AppendError::Overloaded => retry(Code::ResourceExhausted, "OVERLOADED", error.to_string()),
        AppendError::Unavailable => retry(Code::Unavailable, "LEDGER_UNAVAILABLE", error.to_string()),
    }
}

/// A refusal of the daemon's own socket.
pub(super) fn refused_admin(reason: &str, text: &str) -> Status {
    let code = if reason == "NOT_THE_DAEMONS_USER" { Code::PermissionDenied } else { Code::InvalidArgument };
    Status::with_error_details(code, text, details(reason))
}

fn retry(code: Code, reason: &str, text: String) -> Status {
    let mut details = details(reason);
    details.set_retry_info(Some(RETRY));
    Status::with_error_details(code, text, details)
}

fn details(reason: &str) -> ErrorDetails {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, HashMap::new());
    details
}
