//! Every refusal as a `google.rpc.Status`: a code, a stable reason, and what to do; never a value of the inquiry.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{
    ledger::AppendError,
    service::{answer::Unavailable, calls::Cut, refusal::Refusal},
};

/// The domain of every `ErrorInfo`.
const DOMAIN: &str = "bdcd";

/// How long a caller waits before it asks again where too many ask.
const RETRY: Duration = Duration::from_millis(200);

/// The same for strangers, of whom one a second is told why.
const STRANGERS_RETRY: Duration = Duration::from_secs(5);

/// The status of a refusal; it names the ledger entry that records it to whoever is listed.
pub(super) fn of_refusal(refusal: &Refusal, entry: u64) -> Status {
    let code = match refusal {
        Refusal::NoCertificate | Refusal::ForeignCertificate | Refusal::ExpiredCertificate => Code::Unauthenticated,
        Refusal::UnknownGateway { .. } | Refusal::CourtNotAllowed => Code::PermissionDenied,
        Refusal::BadInquiry(_) | Refusal::UnreadableMessage(_) => Code::InvalidArgument,
        Refusal::AnswerTooLarge => Code::ResourceExhausted,
        Refusal::AnswerUnreadable => Code::Internal,
        Refusal::RequestNumberReused { .. } => Code::AlreadyExists,
        Refusal::CourtSystemError(_) | Refusal::AnswerRemoved { .. } => Code::FailedPrecondition,
    };
    let mut details = ErrorDetails::new();
    // A stranger would see by the numbers how much the registry is asked.
    let told = (!refusal.is_of_stranger()).then(|| ("entry".to_owned(), entry.to_string()));
    let metadata = HashMap::from_iter(told);
    details.set_error_info(refusal.reason(), DOMAIN, metadata);
    if let Refusal::BadInquiry(violations) = refusal {
        for violation in violations {
            details.add_bad_request_violation(violation.field, violation.description.as_str());
        }
    }
    Status::with_error_details(code, refusal.to_string(), details)
}

/// The status of a call about which nothing was decided.
pub(super) fn of_unavailable(why: &Unavailable) -> Status {
    let (code, retry, text) = match why {
        Unavailable::Overloaded(_) | Unavailable::Ledger(AppendError::Overloaded) => {
            (Code::ResourceExhausted, Some(RETRY), why.to_string())
        }
        Unavailable::Ledger(AppendError::Unavailable) | Unavailable::Stopped => {
            (Code::Unavailable, Some(RETRY), why.to_string())
        }
        // What an operator is to do is no caller's matter.
        Unavailable::Ledger(AppendError::Clock(_)) => {
            (Code::Unavailable, Some(RETRY), AppendError::Unavailable.to_string())
        }
        Unavailable::Evidence(_) => (
            Code::Unavailable,
            Some(RETRY),
            "what was answered before cannot be read: the authority's operators find the cause in their log".into(),
        ),
        Unavailable::Draft(_) => (
            Code::Internal,
            None,
            "the register's mirror could not be read: the authority's operators find the cause in their log".into(),
        ),
        Unavailable::TooManyStrangers => (Code::ResourceExhausted, Some(STRANGERS_RETRY), why.to_string()),
    };
    let mut details = details(why.reason());
    if retry.is_some() {
        details.set_retry_info(retry);
    }
    Status::with_error_details(code, text, details)
}

/// The status of a call whose message is longer than the transport takes.
pub(super) fn too_large() -> Status {
    let text = "the message is longer than `limits.message-bytes-max`: send fewer requests a message";
    Status::with_error_details(Code::ResourceExhausted, text, details(Cut::TooLarge.reason()))
}

/// The status of a call that took too long.
pub(super) fn timed_out() -> Status {
    let mut details = details(Cut::TimedOut.reason());
    details.set_retry_info(Some(RETRY));
    let text = "the call took longer than `limits.call-timeout`: ask again under the same request number";
    Status::with_error_details(Code::DeadlineExceeded, text, details)
}

/// A refusal of the daemon's own socket.
pub(super) fn refused_admin(reason: &str, text: &str) -> Status {
    let code = if reason == "NOT_THE_DAEMONS_USER" { Code::PermissionDenied } else { Code::InvalidArgument };
    Status::with_error_details(code, text, details(reason))
}

fn details(reason: &str) -> ErrorDetails {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, HashMap::new());
    details
}
