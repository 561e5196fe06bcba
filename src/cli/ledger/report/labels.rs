//! The words of a report in the courts' language.

use super::count::{Court, Handler};
use crate::ledger::leaf::Kind;

/// What came of a query: the word of the ledger, as a person says it; a word that is not known here as it stands.
pub(super) fn outcome(word: &str) -> &str {
    match word {
        "found" => "查有登记",
        "nothing-found" => "未查到登记",
        "BAD_INQUIRY" => "查询要素缺失或不合格式",
        "COURT_NOT_ALLOWED" => "未获授权代表该法院",
        "NO_CERTIFICATE" => "未出示证书",
        "FOREIGN_CERTIFICATE" => "证书不受信任或已过期",
        "EXPIRED_CERTIFICATE" => "证书已过期",
        "UNKNOWN_GATEWAY" => "证书未登记为查询方",
        "UNREADABLE_MESSAGE" => "报文无法读取",
        "COURT_SYSTEM_ERROR" => "法院系统报错",
        "ANSWER_TOO_LARGE" => "结果超过报文上限",
        "REQUEST_NUMBER_REUSED" => "请求单号已用于其他查询",
        "ANSWER_REMOVED" => "原答复已过保存期限",
        "ANSWER_UNREADABLE" => "答复无法读取",
        other => other,
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
