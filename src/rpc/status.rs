//! Every refusal as a `google.rpc.Status`: a code, a stable reason, and what to do; never a value of the inquiry.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{
    ledger::AppendError,
    service::{answer::AnswerError, refusal::Refusal},
};

/// The domain of every `ErrorInfo`.
const DOMAIN: &str = "bdcd";

/// How long a caller waits before it asks again where too many ask.
const RETRY: Duration = Duration::from_millis(200);

/// The same for strangers, of whom one a second is told why.
const STRANGERS_RETRY: Duration = Duration::from_secs(5);

/// The status of a refusal, naming the ledger entry that records it.
pub(super) fn of_refusal(refusal: &Refusal, entry: Option<u64>) -> Status {
    let code = match refusal {
        Refusal::NoCertificate | Refusal::ForeignCertificate => Code::Unauthenticated,
        Refusal::UnknownGateway { .. } | Refusal::CourtNotAllowed => Code::PermissionDenied,
        Refusal::BadInquiry(_) | Refusal::UnreadableMessage(_) => Code::InvalidArgument,
        Refusal::AnswerTooLarge => Code::ResourceExhausted,
        Refusal::AnswerUnreadable => Code::Internal,
        Refusal::RequestNumberReused { .. } => Code::AlreadyExists,
        Refusal::CourtSystemError(_) | Refusal::AnswerRemoved { .. } => Code::FailedPrecondition,
    };
    let mut details = ErrorDetails::new();
    let metadata = entry.map(|entry| ("entry".to_owned(), entry.to_string()));
    details.set_error_info(refusal.reason(), DOMAIN, metadata.into_iter().collect::<HashMap<_, _>>());
    if let Refusal::BadInquiry(violations) = refusal {
        for violation in violations {
            details.add_bad_request_violation(violation.field, violation.description.as_str());
        }
    }
    Status::with_error_details(code, refusal.to_string(), details)
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
        AnswerError::Refused(refusal) => of_refusal(refusal, None),
    }
}

/// The status of whatever could not be recorded: nothing is told before its evidence is on disk.
pub(super) fn ledger_unavailable(error: AppendError) -> Status {
    match error {
        AppendError::Overloaded => retry(Code::ResourceExhausted, "OVERLOADED", error.to_string()),
        AppendError::Unavailable => retry(Code::Unavailable, "LEDGER_UNAVAILABLE", error.to_string()),
    }
}

/// The status of a caller that is no listed gateway, where too many such come: it is turned away, and not recorded.
pub(super) fn too_many_strangers() -> Status {
    let mut details = details("TOO_MANY_STRANGERS");
    details.set_retry_info(Some(STRANGERS_RETRY));
    let text = "callers who are no listed gateway call too often: connect with a listed gateway's certificate";
    Status::with_error_details(Code::ResourceExhausted, text, details)
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
