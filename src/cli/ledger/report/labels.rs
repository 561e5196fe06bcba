//! The words of a report in the courts' language.

use super::count::{Court, Handler};
use crate::{
    ledger::leaf::Kind,
    service::{
        record::{FOUND, NOTHING_FOUND},
        refusal::Reason,
    },
};

/// What came of a query: the word of the ledger, as a person says it; a word that is not known here as it stands.
pub(super) fn outcome(word: &str) -> &str {
    match word {
        FOUND => "查有登记",
        NOTHING_FOUND => "未查到登记",
        other => Reason::from_word(other).map_or(other, |reason| refused(reason)),
    }
}

/// Why a query was refused.
fn refused(reason: Reason) -> &'static str {
    match reason {
        Reason::NoCertificate => "未出示证书",
        Reason::ForeignCertificate => "证书不受信任或已过期",
        Reason::ExpiredCertificate => "证书已过期",
        Reason::UnknownGateway => "证书未登记为查询方",
        Reason::CourtNotAllowed => "未获授权代表该法院",
        Reason::BadInquiry => "查询要素缺失或不合格式",
        Reason::UnreadableMessage => "报文无法读取",
        Reason::CourtSystemError => "法院系统报错",
        Reason::AnswerTooLarge => "结果超过报文上限",
        Reason::AnswerUnreadable => "答复无法读取",
        Reason::RequestNumberReused => "请求单号已用于其他查询",
        Reason::AnswerRemoved => "原答复已过保存期限",
    }
}

/// A kind of entry that is no query.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Answer => "答复",
        Kind::Refusal => "拒绝",
        Kind::Feedback => "反馈报文",
        Kind::Generation => "数据版本启用",
        Kind::Administration => "管理操作",
    }
}

/// A court by name and code.
pub(super) fn court(court: &Court) -> String {
    match (court.name.is_empty(), court.code.is_empty()) {
        (_, true) => "法院不明".to_owned(),
        (true, false) => court.code.clone(),
        (false, false) => format!("{}（{}）", court.name, court.code),
    }
}

/// A handler by name where it is revealed, else by pseudonym.
pub(super) fn handler(handler: &Handler, is_revealed: bool) -> String {
    match (&handler.name, handler.pseudonym.as_str()) {
        (_, "") => "承办人不明".to_owned(),
        (Some(name), pseudonym) => format!("{name}（{pseudonym}）"),
        (None, pseudonym) if is_revealed => format!("{pseudonym}（姓名已过保存期限）"),
        (None, pseudonym) => pseudonym.to_owned(),
    }
}
