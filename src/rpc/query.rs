//! `bdcd.query.v1.QueryService`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tonic::{Code, Request, Response, Status};

use super::{
    contract::{self, ExchangeRequest, QueryRequest, query_service_server},
    peer::Peer,
    status::{ledger_unavailable, of_answer, of_refusal, too_many_strangers},
    wire,
};
use crate::{
    domain::inquiry::Draft,
    keys::hex,
    ledger::{Answered, AppendError},
    service::{
        answer::{AnswerError, Responder},
        exchange::{Exchange, ExchangeError, ReadError},
        policy::{Gateway, Policy},
        record::{self, Call, Refused},
        refusal::Refusal,
        strangers::{Admission, Strangers},
    },
};

/// Answers the calls of gateways.
#[derive(Clone)]
pub struct QueryService {
    responder: Responder,
    policy: Arc<Policy>,
    exchange: Arc<Exchange>,
    strangers: Arc<Strangers>,
    requests: Arc<AtomicU64>,
}

impl QueryService {
    /// A service of `responder`, for the gateways of `policy`.
    #[must_use]
    pub fn new(responder: Responder, policy: Arc<Policy>, exchange: Exchange) -> Self {
        Self { responder, policy, exchange: Arc::new(exchange), strangers: Arc::default(), requests: Arc::default() }
    }

    /// The gateway at the other end.
    fn gateway<T>(&self, request: &Request<T>) -> Result<&Arc<Gateway>, Refusal> {
        match request.extensions().get::<Peer>() {
            Some(Peer::Verified(sha256)) => {
                self.policy.gateway(sha256).ok_or_else(|| Refusal::UnknownGateway { certificate: hex(sha256) })
            }
            Some(Peer::Foreign) => Err(Refusal::ForeignCertificate),
            Some(Peer::Anonymous) | None => Err(Refusal::NoCertificate),
        }
    }

    async fn query(&self, gateway: &Arc<Gateway>, request: QueryRequest) -> Result<Answered, Status> {
        let draft = Arc::new(draft(request));
        let refusal = match self.responder.ask(Call::Query, gateway, &draft).await {
            Ok(answered) => return Ok(answered),
            Err(AnswerError::Refused(refusal)) => refusal,
            Err(error) => return Err(of_answer(&error)),
        };
        let (gateway, request) = (gateway.name.as_str(), draft.encode());
        let refused = Refused { call: Call::Query, gateway, refusal: &refusal, request: &request, draft: Some(&draft) };
        Err(self.refuse(refused).await)
    }

    async fn feedback(&self, gateway: &Arc<Gateway>, message: Vec<u8>) -> Result<Answered, Status> {
        let refusal = match self.exchange.feedback(&self.responder, gateway, &message).await {
            Ok(answered) => return Ok(answered),
            Err(ExchangeError::Unreadable(ReadError::Reported(text))) => Refusal::CourtSystemError(text),
            Err(ExchangeError::Unreadable(why)) => Refusal::UnreadableMessage(why.to_string()),
            Err(ExchangeError::Answer(AnswerError::Refused(refusal))) => refusal,
            Err(ExchangeError::Answer(error)) => return Err(of_answer(&error)),
        };
        let gateway = gateway.name.as_str();
        Err(self
            .refuse(Refused { call: Call::Exchange, gateway, refusal: &refusal, request: &message, draft: None })
            .await)
    }

    /// Records a refusal, and only then tells it.
    async fn refuse(&self, refused: Refused<'_>) -> Status {
        let refusal = refused.refusal;
        match record::refusal(self.responder.ledger(), refused).await {
            Ok(entry) => of_refusal(refusal, Some(entry)),
            Err(error) => ledger_unavailable(error),
        }
    }

    /// The same for a caller that is no listed gateway, unless too many come: then it is turned away, and counted.
    async fn refuse_stranger(&self, start: Instant, call: Call, refusal: &Refusal) -> Status {
        let unrecorded = match self.strangers.admit(refusal, start) {
            Admission::Refused { unrecorded } => unrecorded,
            Admission::TurnedAway { is_news } => {
                if is_news {
                    let reason = refusal.reason();
                    tracing::warn!(reason, "callers who are no listed gateway keep calling, and are turned away");
                }
                return too_many_strangers();
            }
        };
        let (service, refusal) = (self.clone(), refusal.clone());
        // A task of its own: a caller who hangs up shall not take the count along.
        let recorded = tokio::spawn(async move {
            let recorded = record::stranger(service.responder.ledger(), call, &refusal, unrecorded).await;
            let status = match recorded {
                Ok(entry) => of_refusal(&refusal, Some(entry)),
                Err(error) => {
                    service.strangers.count_unrecorded(&refusal, unrecorded + 1);
                    ledger_unavailable(error)
                }
            };
            service.log(call, "", start, status.code());
            status
        });
        recorded.await.unwrap_or_else(|_| ledger_unavailable(AppendError::Unavailable))
    }

    /// Tells the log of a call that ended: who, what became of it, how long it took; nothing of what was asked.
    ///
    /// An answer is told at `debug` alone: it stands in the ledger, and where many come a line for each would bury, or by the
    /// rate limit of the system's journal cost, what an operator needs to know.
    fn log(&self, call: Call, gateway: &str, start: Instant, code: Code) {
        let request_id = self.requests.fetch_add(1, Ordering::Relaxed);
        let took_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let method = call.word();
        if code == Code::Ok {
            tracing::debug!(request_id, method, gateway, ?code, took_us, "call ended");
        } else {
            tracing::info!(request_id, method, gateway, ?code, took_us, "call ended");
        }
    }

    /// Tells the log of a gateway's call, and its caller the result.
    fn tell(
        &self,
        call: Call,
        gateway: &Gateway,
        start: Instant,
        result: Result<Answered, Status>,
    ) -> Result<Response<wire::Response>, Status> {
        self.log(call, &gateway.name, start, result.as_ref().err().map_or(Code::Ok, Status::code));
        result.map(respond)
    }
}

#[tonic::async_trait]
impl query_service_server::QueryService for QueryService {
    async fn query(&self, request: Request<QueryRequest>) -> Result<Response<wire::Response>, Status> {
        let start = now();
        match self.gateway(&request) {
            Ok(gateway) => {
                let result = self.query(gateway, request.into_inner()).await;
                self.tell(Call::Query, gateway, start, result)
            }
            Err(refusal) => Err(self.refuse_stranger(start, Call::Query, &refusal).await),
        }
    }

    async fn exchange(&self, request: Request<ExchangeRequest>) -> Result<Response<wire::Response>, Status> {
        let start = now();
        match self.gateway(&request) {
            Ok(gateway) => {
                let result = self.feedback(gateway, request.into_inner().message).await;
                self.tell(Call::Exchange, gateway, start, result)
            }
            Err(refusal) => Err(self.refuse_stranger(start, Call::Exchange, &refusal).await),
        }
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
fn draft(request: QueryRequest) -> Draft {
    let contract::Inquiry { request_number, court, case_number, handler, notice_number, subject, items, include_ended } =
        request.inquiry.unwrap_or_default();
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
