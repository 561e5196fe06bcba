//! Messages as courts' systems send them.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    stage::fresh_number,
    story::{Exchange, Message},
};
use crate::support::COURT;

/// The message of a court that asks about one subject.
pub(super) fn of_exchange(exchange: &Exchange) -> String {
    let request = request([&exchange.name, &exchange.kind, &exchange.number], &fresh_number(), &str::to_owned);
    whole("2026/11/23 09:00:00", &request)
}

/// The bytes of a message that a story writes.
pub(super) fn bytes(message: &Message) -> Vec<u8> {
    let leaf = |text: &str| match message.leaves.as_str() {
        "" => text.to_owned(),
        "base64" => STANDARD.encode(text),
        "base64 of gbk" => STANDARD.encode(encoding_rs::GBK.encode(text).0),
        other => panic!("leaves are not written as `{other}`"),
    };
    let number = fresh_number();
    let about = ["虚测甲", "1", "990202197903051015"];
    let request = request(about, &number, &leaf);
    let inner = whole(&leaf(&message.create_time), &request);
    let text = message.text.trim_end().replace("{message}", &inner);
    let text = text.replace("{base64 message}", &STANDARD.encode(&inner));
    let text = text.replace("{escaped message}", &inner.replace('<', "&lt;"));
    let text = text.replace("{create_time}", &leaf(&message.create_time)).replace("{request}", &request);
    let text = text.replace("{number}", &number);
    let (encoding, has_mark) =
        message.written.strip_suffix("+bom").map_or((message.written.as_str(), false), |name| (name, true));
    let text = if has_mark { format!("\u{FEFF}{text}") } else { text };
    match encoding {
        "" => text.into_bytes(),
        "gbk" => encoding_rs::GBK.encode(&text).0.into_owned(),
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "base64" => STANDARD.encode(text).into_bytes(),
        "base64 of gbk" => STANDARD.encode(encoding_rs::GBK.encode(&text).0).into_bytes(),
        other => panic!("messages are not written as `{other}`"),
    }
}

fn request([name, kind, document]: [&str; 3], number: &str, leaf: &impl Fn(&str) -> String) -> String {
    let elements = [
        ("CXQQDH", number),
        ("XZ", if kind == "1" { "1" } else { "2" }),
        ("XM", name),
        ("GJ", "中国"),
        ("ZJZL", kind),
        ("ZJH", document),
        ("FYMC", COURT.0),
        ("CBR", "测试法官"),
        ("AH", "（2026）测01执1号"),
        ("GZZBH", "DEMO0001"),
        ("CKH", "（2026）房查字第00001号"),
    ];
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let items: String =
        elements.iter().map(|(name, text)| format!("<{name}>{}</{name}>", escaped(&leaf(text)))).collect();
    format!("<BDCCXQQ>{items}</BDCCXQQ>")
}

fn whole(create_time: &str, request: &str) -> String {
    format!(
        "<Message><Head><CREATETIME>{create_time}</CREATETIME></Head><Data><BDCCXQQLIST>{request}</BDCCXQQLIST></Data>\
         </Message>"
    )
}
