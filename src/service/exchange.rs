//! `Exchange`: the specification's request message in, its feedback message out, from the same engine.
//!
//! Each BDCCXQQ is an inquiry of its own: a bad one among many is answered by its own 2040 (D34), the others are answered.

use crate::{
    domain::{
        answer::Answer,
        inquiry::{Door, Violation},
    },
    service::{
        engine::{AnswerError, Engine},
        policy::Gateway,
    },
    spec::{
        FeedbackOptions, Leaves,
        feedback::{self, Feedback, ResultItem},
        request::{self, RequestItem},
    },
};

/// Why a message gets no feedback.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// It is no request message of the specification.
    #[error("the request message cannot be read")]
    Unreadable(#[from] request::ReadError),
    /// An inquiry could not be answered for a reason that passes: the whole message is to be sent again.
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

/// Speaks the specification, in the form that the court side agreed to.
pub struct Exchange {
    options: FeedbackOptions,
}

impl Exchange {
    /// Feedback messages in this form.
    #[must_use]
    pub fn new(options: FeedbackOptions) -> Self {
        Self { options }
    }

    /// The feedback to `message` of `gateway`, in the order of its requests.
    ///
    /// # Errors
    ///
    /// Where the message cannot be read, or the engine does not answer.
    pub async fn feedback(&self, engine: &Engine, gateway: &Gateway, message: &[u8]) -> Result<Vec<u8>, ExchangeError> {
        let message = request::read(message)?;
        let mut results = Vec::with_capacity(message.requests.len());
        for item in &message.requests {
            results.push(self.result(engine, gateway, item, message.leaves).await?);
        }
        let create_time = jiff::Zoned::now().strftime("%Y/%m/%d %H:%M:%S").to_string();
        let feedback = Feedback { create_time, results, ..Feedback::default() };
        Ok(feedback::write(&feedback, &self.options, message.leaves))
    }

    async fn result(
        &self,
        engine: &Engine,
        gateway: &Gateway,
        item: &RequestItem,
        leaves: Leaves,
    ) -> Result<ResultItem, ExchangeError> {
        let refused = |reason: &str| Ok(feedback::refused(&item.request_number, reason, &self.options));
        let mut inquiry = match item.to_draft().check(Door::Exchange) {
            Ok(inquiry) => inquiry,
            Err(violations) => return refused(&told(&violations)),
        };
        let Some(court) = gateway.court_by_name(&inquiry.court_name) else {
            return refused("查询方未获授权代表该法院（FYMC）查询，请联系不动产登记机构核对授权法院名称。");
        };
        inquiry.court_code.clone_from(&court.code);
        let bytes = engine.answer(inquiry).await?;
        match Answer::decode(&bytes) {
            Ok(answer) => Ok(feedback::found(&answer, &self.options, leaves)),
            Err(_) => refused("查询结果无法读取，请联系不动产登记机构。"),
        }
    }
}

/// Every bad element, in one sentence of the court's language.
fn told(violations: &[Violation]) -> String {
    let elements: Vec<_> = violations.iter().map(|violation| violation.field).collect();
    format!("请求要素缺失或者不合格式：{}。请补正后重新发送。", elements.join("、"))
}
