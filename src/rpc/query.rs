//! `bdcd.query.v1.QueryService`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tonic::{Request, Response, Status};

use super::{
    contract::{self, ExchangeRequest, ExchangeResponse, QueryRequest, query_service_server},
    peer::Peer,
    status::{Refusal, of_answer},
    wire::QueryResponse,
};
use crate::{
    domain::inquiry::{Door, Draft},
    service::{
        engine::Engine,
        exchange::{self, Exchange},
        policy::{Gateway, Policy},
    },
};

/// Answers the calls of gateways.
#[derive(Clone)]
pub struct QueryService {
    engine: Arc<Engine>,
    policy: Arc<Policy>,
    exchange: Arc<Exchange>,
    answer_bytes_max: usize,
    requests: Arc<AtomicU64>,
}

impl QueryService {
    /// A service over `engine`, for the gateways of `policy`.
    #[must_use]
    pub fn new(engine: Arc<Engine>, policy: Arc<Policy>, exchange: Exchange, answer_bytes_max: usize) -> Self {
        Self { engine, policy, exchange: Arc::new(exchange), answer_bytes_max, requests: Arc::default() }
    }

    /// The gateway at the other end.
    fn gateway<T>(&self, request: &Request<T>) -> Result<&Gateway, Status> {
        match request.extensions().get::<Peer>() {
            Some(Peer::Verified(sha256)) => Ok(self.policy.gateway(sha256).ok_or(Refusal::UnknownGateway)?),
            Some(Peer::Foreign) => Err(Refusal::ForeignCertificate.into()),
            Some(Peer::Anonymous) | None => Err(Refusal::NoCertificate.into()),
        }
    }

    async fn answer(&self, request: Request<QueryRequest>) -> Result<QueryResponse, Status> {
        let gateway = self.gateway(&request)?;
        let inquiry = draft(request.into_inner()).check(Door::Query).map_err(Refusal::BadInquiry)?;
        gateway.court_by_code(&inquiry.court_code).ok_or(Refusal::CourtNotAllowed)?;
        let answer = self.engine.answer(inquiry).await.map_err(|error| of_answer(&error))?;
        if answer.len() > self.answer_bytes_max {
            return Err(Refusal::AnswerTooLarge.into());
        }
        Ok(QueryResponse { answer: answer.into() })
    }

    async fn feedback(&self, request: Request<ExchangeRequest>) -> Result<ExchangeResponse, Status> {
        let gateway = self.gateway(&request)?;
        let message = &request.get_ref().message;
        let feedback = self.exchange.feedback(&self.engine, gateway, message).await.map_err(|error| match error {
            exchange::ExchangeError::Unreadable(why) => Refusal::UnreadableMessage(why.to_string()).into(),
            exchange::ExchangeError::Answer(error) => of_answer(&error),
        })?;
        if feedback.len() > self.answer_bytes_max {
            return Err(Refusal::AnswerTooLarge.into());
        }
        Ok(ExchangeResponse { message: feedback })
    }

    /// Tells the log of a call that ended: who, what became of it, how long it took; nothing of what was asked.
    fn log<T>(&self, method: &'static str, gateway: &str, start: Instant, result: &Result<T, Status>) {
        let request_id = self.requests.fetch_add(1, Ordering::Relaxed);
        let took_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let code = result.as_ref().err().map_or(tonic::Code::Ok, Status::code);
        tracing::info!(request_id, method, gateway, ?code, took_us, "call ended");
    }
}

#[tonic::async_trait]
impl query_service_server::QueryService for QueryService {
    async fn query(&self, request: Request<QueryRequest>) -> Result<Response<QueryResponse>, Status> {
        let (start, gateway) = (now(), self.gateway(&request).map_or(String::new(), |one| one.name.clone()));
        let result = self.answer(request).await;
        self.log("query", &gateway, start, &result);
        result.map(Response::new)
    }

    async fn exchange(&self, request: Request<ExchangeRequest>) -> Result<Response<ExchangeResponse>, Status> {
        let (start, gateway) = (now(), self.gateway(&request).map_or(String::new(), |one| one.name.clone()));
        let result = self.feedback(request).await;
        self.log("exchange", &gateway, start, &result);
        result.map(Response::new)
    }
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
