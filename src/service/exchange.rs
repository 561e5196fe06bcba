//! `Exchange`: the specification's request message in, its feedback message out, from the same engine.
//!
//! Each BDCCXQQ is an inquiry of its own: a bad one among many is answered by its own 2040 (D34), the others are answered.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use super::{
    answer::{self, AnswerError, Claimant, Outcome, Responder, Unavailable},
    policy::Gateway,
    record::{Call, Refused},
    refusal::Refusal,
};
use crate::{
    domain::{answer::Answer, inquiry::Violation},
    ledger::Answered,
    spec::{
        FeedbackOptions, Leaves,
        feedback::{self, Feedback, ResultItem},
        request::{self, ReadError, RequestItem, RequestMessage},
    },
};

/// Speaks the specification, in the form that the court side agreed to.
pub struct Exchange {
    options: FeedbackOptions,
}

/// The result of one request, and whether it is an answer.
struct Resulting {
    item: ResultItem,
    is_answer: bool,
}

impl Exchange {
    /// Feedback messages in this form.
    #[must_use]
    pub fn new(options: FeedbackOptions) -> Self {
        Self { options }
    }

    /// The feedback to `message` of `gateway`, in the order of its requests, with its evidence.
    ///
    /// Each request has an entry of its own, and the message as a whole another. The same message again gets the same
    /// feedback, unless one of its requests was refused: that may be mended meanwhile. An empty list of requests, the reply to a
    /// poll where nothing waits, gets a feedback with an empty BDCFKLIST and is recorded as every other (invariant 1, D53).
    pub async fn feedback(&self, responder: &Responder, gateway: &Arc<Gateway>, message: Vec<u8>) -> Outcome {
        let message = Arc::new(message);
        match self.answered(responder, gateway, &message).await {
            Ok(answered) => Outcome::Answered(answered),
            Err(AnswerError::Unavailable(why)) => Outcome::Unavailable(why),
            Err(AnswerError::Refused(refusal)) => {
                let gateway = gateway.name.as_str();
                let refused = Refused { call: Call::Exchange, gateway, request: &message, draft: None };
                responder.refuse(refusal, refused).await
            }
        }
    }

    async fn answered(
        &self,
        responder: &Responder,
        gateway: &Arc<Gateway>,
        message: &Arc<Vec<u8>>,
    ) -> Result<Answered, AnswerError> {
        // Up to 16 MiB of XML: on the runtime's thread every other call would wait for it.
        let parsed = Arc::clone(message);
        let read = responder.aside(move || request::read(&parsed)).await?.map_err(|error| match error {
            ReadError::Reported(text) => Refusal::CourtSystemError(text),
            why => Refusal::UnreadableMessage(why.to_string()),
        })?;
        match responder.claim_message(&gateway.name, message).await? {
            Claimant::Stored(answered) => Ok(*answered),
            Claimant::First(claim) => {
                let feedback = self.compose(responder, gateway, &read).await?;
                responder.record_feedback(&gateway.name, message, claim, feedback).await
            }
        }
    }

    /// The feedback to a message, each of whose requests is on record.
    ///
    /// # Errors
    ///
    /// Where one could not be answered for a reason that passes: then the whole message is to be sent again.
    async fn compose(
        &self,
        responder: &Responder,
        gateway: &Arc<Gateway>,
        message: &RequestMessage,
    ) -> Result<answer::Feedback, Unavailable> {
        let mut results = Vec::with_capacity(message.requests.len());
        let mut answer_count = 0;
        for item in &message.requests {
            let resulting = self.result(responder, gateway, item, message.leaves).await?;
            answer_count += usize::from(resulting.is_answer);
            results.push(resulting.item);
        }
        let create_time = jiff::Zoned::now().strftime("%Y/%m/%d %H:%M:%S").to_string();
        let mut feedback = Feedback { create_time, results, ..Feedback::default() };
        let mut bytes = feedback::write(&feedback, &self.options, message.leaves);
        if self.options.digital_sign {
            feedback.digital_sign = BASE64.encode(responder.ledger().sign(&bytes));
            bytes = feedback::write(&feedback, &self.options, message.leaves);
        }
        let refused = message.requests.len() - answer_count;
        let numbers = message.requests.iter().map(|item| item.request_number.trim().to_owned());
        Ok(answer::Feedback {
            bytes,
            is_final: refused == 0,
            detail: if message.requests.is_empty() {
                "nothing asked".to_owned()
            } else {
                format!("{answer_count} answered, {refused} refused")
            },
            numbers: numbers.filter(|number| !number.is_empty()).collect(),
        })
    }

    async fn result(
        &self,
        responder: &Responder,
        gateway: &Arc<Gateway>,
        item: &RequestItem,
        leaves: Leaves,
    ) -> Result<Resulting, Unavailable> {
        let draft = Arc::new(item.to_draft());
        let refusal = match responder.answer(Call::Exchange, gateway, &draft).await {
            Outcome::Refused { refusal, .. } => refusal,
            Outcome::Unavailable(why) => return Err(why),
            Outcome::Answered(answered) => {
                if let Ok(answer) = Answer::decode(&answered.answer) {
                    let item = feedback::found(&answer, &self.options, leaves);
                    return Ok(Resulting { item, is_answer: true });
                }
                let (gateway, request) = (gateway.name.as_str(), draft.encode());
                let refused = Refused { call: Call::Exchange, gateway, request: &request, draft: Some(&draft) };
                if let Outcome::Unavailable(why) = responder.refuse(Refusal::AnswerUnreadable, refused).await {
                    return Err(why);
                }
                Refusal::AnswerUnreadable
            }
        };
        let item = feedback::refused(&item.request_number, &told(&refusal), &self.options);
        Ok(Resulting { item, is_answer: false })
    }
}

/// Why a request is refused, in the court's language.
fn told(refusal: &Refusal) -> String {
    match refusal {
        Refusal::BadInquiry(violations) => bad_elements(violations),
        Refusal::CourtNotAllowed => {
            "查询方未获授权代表该法院（FYMC）查询，请联系不动产登记机构核对授权法院名称。".to_owned()
        }
        Refusal::AnswerTooLarge => "查询结果超过单个报文的最大长度，请通过 Query 接口分项查询。".to_owned(),
        Refusal::RequestNumberReused { entry } => {
            format!("查询请求单号（CXQQDH）已用于其他查询内容（存证条目 {entry}），请更换单号后重新发送。")
        }
        Refusal::AnswerRemoved { entry } => {
            format!("该请求已答复（存证条目 {entry}），答复内容已过保存期限，请更换查询请求单号后重新查询。")
        }
        Refusal::AnswerUnreadable
        | Refusal::NoCertificate
        | Refusal::ForeignCertificate
        | Refusal::ExpiredCertificate
        | Refusal::UnknownGateway { .. }
        | Refusal::CourtSystemError(_)
        | Refusal::UnreadableMessage(_) => "查询结果无法以本报文答复，请联系不动产登记机构。".to_owned(),
    }
}

/// Every bad element, in one sentence of the court's language; why a document number is refused, in another (D42).
fn bad_elements(violations: &[Violation]) -> String {
    let elements: Vec<_> = violations.iter().map(|violation| violation.field).collect();
    let number = if elements.contains(&"ZJH") {
        "其中证件号码（ZJH）无效：为空、为占位字符，或者不可能是所填证件种类（ZJZL）的一个号码。"
    } else {
        ""
    };
    format!("请求要素缺失或者不合格式：{}。{number}请补正后重新发送。", elements.join("、"))
}
