//! Messages of the court side as they come: encodings, envelopes, prefixes, base64, empty lists, errors (D53).
//!
//! Every message is invented; its elements are those of `deploy/DECISIONS.md`, "Message".

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bdcd::{
    rpc::contract::ExchangeRequest,
    spec::{
        Leaves, feedback,
        request::{self, ReadError, RequestItem},
    },
};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::support::{COURT, Env, PERSON, block_on};

const NUMBER: &str = "20261126990203000001";

/// The elements of one request, each with its text.
fn elements() -> [(&'static str, &'static str); 9] {
    [
        ("CXQQDH", NUMBER),
        ("XZ", "1"),
        ("XM", PERSON.0),
        ("GJ", "中国"),
        ("ZJZL", PERSON.1),
        ("ZJH", PERSON.2),
        ("FYMC", COURT.0),
        ("CBR", "演示法官"),
        ("AH", "（2026）测01执1号"),
    ]
}

/// A message of one request; `leaf` writes each text.
fn message(create_time: &str, leaf: impl Fn(&str) -> String) -> String {
    let more = [("GZZBH", "DEMO0001"), ("CKH", "（2026）房查字第00001号")];
    let item: String =
        elements().iter().chain(&more).map(|(name, text)| format!("<{name}>{}</{name}>", leaf(text))).collect();
    format!(
        "<Message><Head><CREATETIME>{}</CREATETIME></Head><Data><BDCCXQQLIST><BDCCXQQ>{item}</BDCCXQQ></BDCCXQQLIST></Data></Message>",
        leaf(create_time)
    )
}

fn plain() -> String {
    message("2026/11/23 09:00:00", str::to_owned)
}

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

fn base64_of_gbk(text: &str) -> String {
    STANDARD.encode(gbk(text))
}

fn only(bytes: &[u8]) -> (Leaves, RequestItem) {
    let read = request::read(bytes).unwrap_or_else(|err| panic!("{err}: {}", String::from_utf8_lossy(bytes)));
    assert_eq!(read.requests.len(), 1);
    (read.leaves, read.requests.into_iter().next().unwrap())
}

fn is_the_request(item: &RequestItem) -> bool {
    item.request_number == NUMBER
        && item.name == PERSON.0
        && item.document_kind == PERSON.1
        && item.document_number == PERSON.2
        && item.court_name == COURT.0
}

#[test]
fn one_request_is_read_alike_in_every_encoding() {
    let declared = |name: &str| format!("<?xml version=\"1.0\" encoding=\"{name}\"?>{}", plain());
    let utf16 = declared("UTF-16").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    for bytes in [
        plain().into_bytes(),
        declared("GBK").into_bytes(),
        gbk(&declared("GBK")),
        gbk(&declared("GB2312")),
        gbk(&declared("gb18030")),
        base64_of_gbk(&declared("GBK")).into_bytes(),
        utf16.clone(),
        [&b"\xFF\xFE"[..], &utf16].concat(),
        format!("\u{FEFF}{}", plain()).into_bytes(),
    ] {
        let (leaves, item) = only(&bytes);
        assert!(leaves == Leaves::Plain && is_the_request(&item), "{}", String::from_utf8_lossy(&bytes));
    }
    let undeclared = request::read(&gbk(&plain())).unwrap_err();
    assert!(undeclared.to_string().contains("GB18030"), "{undeclared}");
}

#[test]
fn a_soap_envelope_and_prefixes_are_no_part_of_the_message() {
    let prefixed = plain().replace("</", "</ns1:").replace('<', "<ns1:").replace("<ns1:/ns1:", "</ns1:");
    let prefixed = prefixed.replacen("<ns1:Message", "<ns1:Message xmlns:ns1=\"http://example.invalid/\"", 1);
    let envelope = |space: &str, held: &str| {
        format!(
            "<?xml version=\"1.0\"?><soap:Envelope xmlns:soap=\"{space}\"><soap:Body><ns2:cxBdcQLResponse xmlns:ns2=\"urn:x\">\
             <return>{held}</return></ns2:cxBdcQLResponse></soap:Body></soap:Envelope>"
        )
    };
    let escaped = plain().replace('<', "&lt;").replace('>', "&gt;");
    let packed = base64(&plain());
    let lines = packed.as_bytes().chunks(76).map(|line| format!("{}\n", str::from_utf8(line).unwrap()));
    let declared = format!("<?xml version=\"1.0\" encoding=\"GBK\"?>{}", plain());
    for held in [
        base64(&plain()),
        lines.collect(),
        base64_of_gbk(&declared),
        format!("<![CDATA[{}]]>", plain()),
        format!("<![CDATA[{declared}]]>"),
        escaped,
        plain(),
    ] {
        for space in ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"] {
            let (_, item) = only(envelope(space, &held).as_bytes());
            assert!(is_the_request(&item), "{held}");
        }
    }
    let (_, item) = only(prefixed.as_bytes());
    assert!(is_the_request(&item), "{prefixed}");
    let space = "http://schemas.xmlsoap.org/soap/envelope/";
    assert!(request::read(envelope(space, "").as_bytes()).unwrap().requests.is_empty(), "an empty return value");
    let other = request::read(envelope(space, "ok").as_bytes()).unwrap_err();
    assert!(other.to_string().contains("root element"), "{other}");
}

#[test]
fn all_leaves_decide_whether_leaves_are_base64() {
    for time in [
        "20261123090000",
        "20261123",
        "2026年11月23日",
        "2026.11.23 09:00:00",
        "1795431600000",
        "23/11/2026",
        "Mon Nov 23 09:00:00 CST 2026",
        " 2026/11/23 09:00:00 ",
        "",
    ] {
        let (leaves, item) = only(message(time, str::to_owned).as_bytes());
        assert!(leaves == Leaves::Plain && is_the_request(&item), "{time}");
        let (leaves, item) = only(message(time, base64).as_bytes());
        assert!(leaves == Leaves::Base64 && is_the_request(&item), "{time} in base64");
        let (leaves, item) = only(message(time, base64_of_gbk).as_bytes());
        assert!(leaves == Leaves::Base64 && is_the_request(&item), "{time} in base64 of GBK");
    }
    for number in ["A220170208350000200001", "FYCX20261123001", "3f2b8c1e9d7a4c55b0aa11ccddee2233"] {
        let (leaves, item) = only(message("", str::to_owned).replace(NUMBER, number).as_bytes());
        assert_eq!((leaves, item.request_number.as_str(), item.name.as_str()), (Leaves::Plain, number, PERSON.0));
    }
    // One plain leaf proves plain leaves, so what looks like base64 beside it is not decoded.
    let mixed = message("2026/11/23", base64).replace(&base64("2026/11/23"), "2026/11/23");
    assert_eq!(only(mixed.as_bytes()).1.document_kind, base64(PERSON.1));
}

#[test]
fn a_gbk_name_that_is_valid_utf8_by_chance_is_read_as_the_rest_of_its_message() {
    // 忙 in GBK is C3 A6, which is æ in UTF-8.
    let name = "忙忙";
    assert!(str::from_utf8(&gbk(name)).is_ok());
    let text = message("2026/11/23", |text| base64_of_gbk(&text.replace(PERSON.0, name)));
    assert_eq!(only(text.as_bytes()).1.name, name);
}

#[test]
fn an_empty_list_is_an_answer_to_a_poll_and_a_list_in_another_form_is_not() {
    let empty = |data: &str| request::read(format!("<Message><Head/>{data}</Message>").as_bytes());
    for data in ["<Data><BDCCXQQLIST></BDCCXQQLIST></Data>", "<Data/>", "<Data> <BDCCXQQLIST>\n</BDCCXQQLIST> </Data>"]
    {
        assert!(empty(data).unwrap().requests.is_empty(), "{data}");
    }
    for data in [
        "",
        "<Data>x</Data>",
        "<Data><bdccxqqlist/></Data>",
        "<Data><BDCCXQQLIST><CXQQDH>1</CXQQDH></BDCCXQQLIST></Data>",
        "<Data><BDCKZQQLIST><BDCKZQQ/></BDCKZQQLIST></Data>",
    ] {
        assert_eq!(empty(data), Err(ReadError::Empty), "{data}");
    }
}

#[test]
fn an_error_of_the_court_side_is_passed_on_as_what_it_says() {
    let fault =
        |inner: &str| format!("<s:Envelope xmlns:s=\"urn:s\"><s:Body><s:Fault>{inner}</s:Fault></s:Body></s:Envelope>");
    for (text, expected) in [
        ("<Message ErrorMSG=\"用户标识错误\"><Head/><Data/></Message>".to_owned(), "用户标识错误"),
        ("<Message ErrorMSG=\"&#29992;户\n标识&amp;\"/>".to_owned(), "用户 标识&"),
        (format!("<Message ErrorMSG=\"{}\"/>", base64("用户标识错误")), "用户标识错误"),
        ("<Message><ErrorMSG>用户标识错误</ErrorMSG></Message>".to_owned(), "用户标识错误"),
        (fault("<faultcode>x</faultcode><faultstring>service not available</faultstring>"), "service not available"),
        (fault("<s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>off</s:Text></s:Reason>"), "off"),
    ] {
        assert_eq!(request::read(text.as_bytes()), Err(ReadError::Reported(expected.to_owned())), "{text}");
    }
    let Err(ReadError::Reported(cut)) =
        request::read(format!("<Message ErrorMSG=\"{}\"/>", "错".repeat(300)).as_bytes())
    else {
        panic!("an error is reported");
    };
    assert_eq!(cut.chars().count(), 200);
    // The sample of the specification carries ErrorMSG beside a request.
    let beside = plain().replace("<Message>", "<Message ErrorMSG=\"如果没有错误，则无该结点信息\">");
    assert!(is_the_request(&only(beside.as_bytes()).1));
}

#[test]
fn the_command_says_that_nothing_is_asked_and_passes_an_error_on() {
    let env = Env::with_county();
    let daemon = env.serve();
    env.configure_client(&daemon);
    let before = env.reader().size().unwrap();
    let nothing = "<Message><Head/><Data><BDCCXQQLIST/></Data></Message>";
    let output = env.run_with_input(&["exchange"], nothing.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && output.stdout.is_empty(), "{said}");
    assert!(said.contains("nothing to answer"), "{said}");
    assert_eq!(env.reader().size().unwrap(), before + 1, "the feedback left with its evidence");

    let output = env.run_with_input(&["exchange"], "<Message ErrorMSG=\"用户标识错误\"><Head/></Message>".as_bytes());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("the court side's system reports an error instead of requests: 用户标识错误"), "{said}");

    block_on(async {
        let mut client = env.connect(&daemon, "gateway").await;
        let response = client.exchange(ExchangeRequest { message: nothing.into() }).await.unwrap().into_inner();
        assert!(feedback::read(&response.answer, Leaves::Plain).unwrap().results.is_empty());
        let message = "<Message ErrorMSG=\"x\"/>".into();
        let status = client.exchange(ExchangeRequest { message }).await.unwrap_err();
        let reason = status.get_details_error_info().unwrap().reason;
        assert_eq!((status.code(), reason.as_str()), (Code::FailedPrecondition, "COURT_SYSTEM_ERROR"));

        let soap = format!(
            "<e:Envelope xmlns:e=\"urn:e\"><e:Body><return>{}</return></e:Body></e:Envelope>",
            base64_of_gbk(&format!("<?xml version=\"1.0\" encoding=\"GBK\"?>{}", plain()))
        );
        let response = client.exchange(ExchangeRequest { message: soap.into() }).await.unwrap().into_inner();
        let read = feedback::read(&response.answer, Leaves::Plain).unwrap();
        assert_eq!((read.results[0].request_number.as_str(), read.results[0].result.as_str()), (NUMBER, "0000"));
    });
}
