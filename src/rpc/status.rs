//! Every refusal as a `google.rpc.Status`: a code, a stable reason, and what to do; never a value of the inquiry.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{domain::inquiry::Violation, service::engine::AnswerError};

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
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let (code, reason, text) = match &refusal {
            Refusal::NoCertificate => {
                (Code::Unauthenticated, "NO_CERTIFICATE", "no client certificate: connect with the gateway's certificate".into())
            }
            Refusal::ForeignCertificate => (
                Code::Unauthenticated,
                "FOREIGN_CERTIFICATE",
                "the client certificate is not of this registration authority's client CA, or has expired: ask for a new one".into(),
            ),
            Refusal::UnknownGateway => (
                Code::PermissionDenied,
                "UNKNOWN_GATEWAY",
                "the client certificate is listed with no gateway: ask the registration authority to list it".into(),
            ),
            Refusal::CourtNotAllowed => (
                Code::PermissionDenied,
                "COURT_NOT_ALLOWED",
                "the gateway may not speak for this court: ask the registration authority to list it".into(),
            ),
            Refusal::BadInquiry(violations) => {
                let fields: Vec<_> =
                    violations.iter().map(|one| format!("`{}` {}", one.field, one.description)).collect();
                (Code::InvalidArgument, "BAD_INQUIRY", format!("the inquiry cannot be asked: {}", fields.join("; ")))
            }
            Refusal::UnreadableMessage(why) => {
                (Code::InvalidArgument, "UNREADABLE_MESSAGE", format!("the request message cannot be read: {why}"))
            }
            Refusal::AnswerTooLarge => (
                Code::ResourceExhausted,
                "ANSWER_TOO_LARGE",
                "the answer is larger than one message may be: ask for fewer items, or raise `limits.message-bytes-max` on both sides".into(),
            ),
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

/// The status of an inquiry that found no answer.
pub(super) fn of_answer(error: &AnswerError) -> Status {
    match error {
        AnswerError::Overloaded => {
            let mut details = details("OVERLOADED");
            details.set_retry_info(Some(RETRY));
            Status::with_error_details(Code::ResourceExhausted, error.to_string(), details)
        }
        AnswerError::Stopped => {
            let mut details = details("STOPPED");
            details.set_retry_info(Some(RETRY));
            Status::with_error_details(Code::Unavailable, error.to_string(), details)
        }
        AnswerError::Draft(_) => Status::with_error_details(
            Code::Internal,
            "the register's mirror could not be read: the authority's operators find the cause in their log",
            details("MIRROR_UNREADABLE"),
        ),
    }
}

fn details(reason: &str) -> ErrorDetails {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, HashMap::new());
    details
}
