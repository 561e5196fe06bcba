//! `bdcd.query.v1.QueryService`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use prost::Message as _;
use tonic::{Request, Response, Status};

use super::{
    contract::{self, ExchangeRequest, QueryRequest, query_service_server},
    peer::Peer,
    status::{Refusal, ledger_unavailable, of_answer, with_entry},
    wire,
};
use crate::{
    domain::inquiry::{Door, Draft},
    keys::hex,
    ledger::Answered,
    service::{
        answer::{AnswerError, Responder},
        exchange::{Exchange, ExchangeError},
        policy::{Gateway, Policy},
        record::{self, Call, Refused},
    },
};

/// Answers the calls of gateways.
#[derive(Clone)]
pub struct QueryService {
    responder: Responder,
    policy: Arc<Policy>,
    exchange: Arc<Exchange>,
    answer_bytes_max: usize,
    requests: Arc<AtomicU64>,
}

/// What is refused, with what the ledger is to know of it.
struct Turned {
    refusal: Refusal,
    detail: String,
}

impl From<Refusal> for Turned {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, detail: String::new() }
    }
}

impl QueryService {
    /// A service of `responder`, for the gateways of `policy`.
    #[must_use]
    pub fn new(responder: Responder, policy: Arc<Policy>, exchange: Exchange, answer_bytes_max: usize) -> Self {
        Self { responder, policy, exchange: Arc::new(exchange), answer_bytes_max, requests: Arc::default() }
    }

    /// The gateway at the other end.
    fn gateway<T>(&self, request: &Request<T>) -> Result<&Gateway, Turned> {
        match request.extensions().get::<Peer>() {
            Some(Peer::Verified(sha256)) => self.policy.gateway(sha256).ok_or_else(|| Turned {
                refusal: Refusal::UnknownGateway,
                detail: format!("certificate sha256 {}", hex(sha256)),
            }),
            Some(Peer::Foreign) => Err(Refusal::ForeignCertificate.into()),
            Some(Peer::Anonymous) | None => Err(Refusal::NoCertificate.into()),
        }
    }

    async fn query(&self, gateway: &Gateway, request: QueryRequest) -> Result<Answered, Status> {
        // Kept for the case that it is refused.
        let asked = request.inquiry.clone().unwrap_or_default();
        let turned = match draft(request.inquiry.unwrap_or_default()).check(Door::Query) {
            Err(violations) => Refusal::BadInquiry(violations).into(),
            Ok(inquiry) if gateway.court_by_code(&inquiry.court_code).is_none() => Refusal::CourtNotAllowed.into(),
            Ok(inquiry) => match self.responder.answer(&gateway.name, Call::Query, inquiry).await {
                Ok(answered) => return Ok(answered),
                Err(AnswerError::Reused { entry }) => {
                    Turned { refusal: Refusal::RequestNumberReused { entry }, detail: format!("entry {entry}") }
                }
                Err(AnswerError::Removed { entry }) => {
                    Turned { refusal: Refusal::AnswerRemoved { entry }, detail: format!("entry {entry}") }
                }
                Err(AnswerError::TooLarge) => Refusal::AnswerTooLarge.into(),
                Err(error) => return Err(of_answer(&error)),
            },
        };
        let refused = Refused {
            gateway: Some(&gateway.name),
            request: &asked.encode_to_vec(),
            draft: Some(&draft(asked.clone())),
            ..Refused::of(Call::Query)
        };
        Err(self.refuse(turned, refused).await)
    }

    async fn feedback(&self, gateway: &Gateway, message: Vec<u8>) -> Result<Answered, Status> {
        let answered = match self.exchange.feedback(&self.responder, gateway, &message).await {
            Ok(answered) if answered.answer.len() <= self.answer_bytes_max => return Ok(answered),
            Ok(_) => Refusal::AnswerTooLarge,
            Err(ExchangeError::Unreadable(why)) => Refusal::UnreadableMessage(why.to_string()),
            Err(ExchangeError::Answer(error)) => return Err(of_answer(&error)),
        };
        let refused = Refused { gateway: Some(&gateway.name), request: &message, ..Refused::of(Call::Exchange) };
        Err(self.refuse(answered.into(), refused).await)
    }

    /// Records a refusal, and only then tells it.
    async fn refuse(&self, turned: Turned, refused: Refused<'_>) -> Status {
        let refused = Refused { reason: turned.refusal.reason(), detail: &turned.detail, ..refused };
        match record::refusal(self.responder.ledger(), refused).await {
            Ok(entry) => with_entry(&turned.refusal.into(), entry),
            Err(error) => ledger_unavailable(error),
        }
    }

    /// Tells the log of a call that ended: who, what became of it, how long it took; nothing of what was asked.
    ///
    /// An answer is told at `debug` alone: it stands in the ledger, and where many come a line for each would bury, or by the
    /// rate limit of the system's journal cost, what an operator needs to know.
    fn log<T>(&self, method: &'static str, gateway: &str, start: Instant, result: &Result<T, Status>) {
        let request_id = self.requests.fetch_add(1, Ordering::Relaxed);
        let took_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let code = result.as_ref().err().map_or(tonic::Code::Ok, Status::code);
        if code == tonic::Code::Ok {
            tracing::debug!(request_id, method, gateway, ?code, took_us, "call ended");
        } else {
            tracing::info!(request_id, method, gateway, ?code, took_us, "call ended");
        }
    }
}

#[tonic::async_trait]
impl query_service_server::QueryService for QueryService {
    async fn query(&self, request: Request<QueryRequest>) -> Result<Response<wire::Response>, Status> {
        let start = now();
        let (gateway, result) = match self.gateway(&request) {
            Ok(gateway) => (gateway.name.as_str(), self.query(gateway, request.into_inner()).await),
            Err(turned) => ("", Err(self.refuse(turned, Refused::of(Call::Query)).await)),
        };
        self.log("query", gateway, start, &result);
        result.map(respond)
    }

    async fn exchange(&self, request: Request<ExchangeRequest>) -> Result<Response<wire::Response>, Status> {
        let start = now();
        let (gateway, result) = match self.gateway(&request) {
            Ok(gateway) => (gateway.name.as_str(), self.feedback(gateway, request.into_inner().message).await),
            Err(turned) => ("", Err(self.refuse(turned, Refused::of(Call::Exchange)).await)),
        };
        self.log("exchange", gateway, start, &result);
        result.map(respond)
    }
}

fn respond(answered: Answered) -> Response<wire::Response> {
    let Answered { answer, receipt, opening } = answered;
    Response::new(wire::Response { answer: answer.into(), receipt, opening: opening.to_vec().into() })
}

fn now() -> Instant {
    Instant::now()
}

/// The inquiry as it came; what the contract leaves out is empty.
fn draft(inquiry: contract::Inquiry) -> Draft {
    let contract::Inquiry { request_number, court, case_number, handler, notice_number, subject, items, include_ended } =
        inquiry;
    let (court, handler, subject) =
        (court.unwrap_or_default(), handler.unwrap_or_default(), subject.unwrap_or_default());
    Draft {
        request_number,
        court_name: court.name,
        court_code: court.code,
        case_number,
        handler_name: handler.name,
        work_certificate_number: handler.work_certificate_number,
        official_certificate_number: handler.official_certificate_number,
        handler_contact: handler.contact,
        notice_number,
        subject_name: subject.name,
        document_kind: subject.document_kind,
        document_number: subject.document_number,
        items,
        include_ended,
    }
}
