//! Messages read, written and read back.

use proptest::prelude::*;

use super::{
    FeedbackOptions, LeafMode, Leaves, Nesting, NumberForm, XmlError, court,
    feedback::{self, Feedback, List, Node, ResultItem},
    request::{self, ReadError},
};
use crate::domain::{
    answer::{Answer, Coverage, RULES_VERSION, STATEMENT},
    generation::GenerationFacts,
    kinds::{COMMON, KINDS, Kind, PARTY},
    matching::Withholding,
    record::{Matched, Party, Position, Registration, Unit},
};

const REQUEST: &[u8] = include_bytes!("../../fixtures/messages/query-request.xml");

fn answer(units: Vec<Unit>) -> Answer {
    let reported = units.iter().map(|unit| unit.registrations.len() as u64).sum();
    Answer {
        request_number: "1".to_owned(),
        generation: GenerationFacts { as_of: "2026-11-23T06:00:00+08:00".into(), ..GenerationFacts::default() },
        rules_version: RULES_VERSION,
        units,
        coverage: Coverage { found: reported, reported, withheld: Vec::new() },
        statement: STATEMENT.to_owned(),
    }
}

/// A registration with every field filled, each with its own name.
fn full(kind: Kind) -> Unit {
    let mut registration = Registration::new(kind, format!("{kind:?}:2"));
    for field in COMMON {
        registration.common.set(field.tag, field.name);
    }
    for field in kind.table().fields {
        registration.details.set(field.tag, field.name);
    }
    let mut party = Party::default();
    for field in PARTY {
        party.values.set(field.tag, field.name);
    }
    registration.parties = vec![party];
    registration.matched = Some(Matched::OnSubjectUnit { flags: Vec::new() });
    Unit {
        number: "U".into(),
        registrations: vec![registration],
        position: Some(Position::default()),
        ..Unit::default()
    }
}

fn elements(nodes: &[Node]) -> Vec<&str> {
    let name = |node| match node {
        &Node::Leaf(ref name, _) | &Node::List(ref name, ..) | &Node::Group(ref name, _) => name.as_str(),
    };
    nodes.iter().map(name).collect()
}

#[test]
fn the_samples_are_read_as_they_are() {
    let message = request::read(REQUEST).unwrap();
    assert_eq!((message.create_time.as_str(), message.leaves), ("2016/06/02 09:11:24", Leaves::Plain));
    let item = &message.requests[0];
    assert_eq!((item.request_number.as_str(), item.document_number.as_str()), ("20111128320000100002", "2323"));
    assert_eq!((item.official_certificate_number.as_str(), item.court_name.as_str()), ("3701010", "X市中级人民法院"));

    let read =
        court::read_acknowledgement(include_bytes!("../../fixtures/messages/query-acknowledgement.xml")).unwrap();
    let results: Vec<_> = read.results.iter().map(|[number, result, _]| (number.as_str(), result.as_str())).collect();
    assert_eq!(results, [("20111021320000100001", "success"), ("20111021320000100002", "fail")]);
    let read = court::read_documents(include_bytes!("../../fixtures/messages/documents.xml")).unwrap();
    assert_eq!(read.files[0][0], ("CXQQDH".to_owned(), "A220170208350000200001".to_owned()));
    assert!(read.error.is_some(), "ErrorMSG stands there though there is no error");
    let read = court::read_credentials(include_bytes!("../../fixtures/messages/credentials.xml")).unwrap();
    assert_eq!(read.files[0].len(), 8);
}

#[test]
fn a_request_is_read_with_synonyms_encoded_leaves_and_encoded_whole() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let encode = |text: &str| STANDARD.encode(text);
    let leaves = format!(
        "<Message><Head><CREATETIME>{}</CREATETIME></Head><Data><BDCCXQQLIST><BDCCXQQ><BDHM>{}</BDHM><ZJLX>{}</ZJLX>\
         <DSRZJHM>{}</DSRZJHM><XM/></BDCCXQQ></BDCCXQQLIST></Data></Message>",
        encode("2016/06/02 09:11:24"),
        encode("A1"),
        encode("1"),
        encode("2323")
    );
    for message in [leaves.clone(), encode(&leaves)] {
        let read = request::read(message.as_bytes()).unwrap();
        let item = &read.requests[0];
        assert_eq!((read.leaves, item.request_number.as_str()), (Leaves::Base64, "A1"));
        assert_eq!((item.document_kind.as_str(), item.document_number.as_str(), item.name.as_str()), ("1", "2323", ""));
    }
}

#[test]
fn what_points_outside_or_is_not_well_formed_is_refused() {
    let error = |text: &str| request::read(text.as_bytes()).unwrap_err();
    assert_eq!(error("<!DOCTYPE a><Message/>"), ReadError::Xml(XmlError::DocumentType));
    assert!(matches!(error("<Message>&x;</Message>"), ReadError::Xml(XmlError::Entity(_))));
    assert!(matches!(error("<Message>"), ReadError::Xml(XmlError::Malformed(_))));
    assert!(matches!(error("<Message/><Message/>"), ReadError::Xml(XmlError::Malformed(_))));
    assert!(matches!(error("<Message>&#1;</Message>"), ReadError::Xml(XmlError::Character(1))));
    assert!(matches!(error("<Message>\u{1}</Message>"), ReadError::Xml(XmlError::Character(1))));
    assert_eq!(error(&"<a>".repeat(40)), ReadError::Xml(XmlError::TooDeep));
    assert_eq!(error("<Message></Message>"), ReadError::Empty);
    assert_eq!(error("<Message/>\u{0}x"), ReadError::Xml(XmlError::Character(0)));
    assert_eq!(request::read(b"\xff<"), Err(ReadError::Xml(XmlError::Encoding)));
}

#[test]
fn items_have_the_elements_of_the_specification_in_their_order() {
    let tail = "DJJG DQDM YWH BEIZ";
    for (kind, expected) in [
        (Kind::LandOwnership, format!("BDCDYH ZL ZDMJ MJDW YT QLXZ BDCQZH {tail} QLRXXLIST")),
        (Kind::LandUse, format!("BDCDYH ZL YT SYQMJ SYQQSSJ SYQJSSJ QLXZ BDCQZH {tail} QLRXXLIST")),
        (
            Kind::Building,
            format!("BDCDYH FDZL JZMJ ZYJZMJ FTJZMJ GHYT FWXZ JGSJ TDSYQSSJ TDSYJSSJ BDCQZH {tail} ZCS QLRXXLIST"),
        ),
        (
            Kind::SeaUse,
            format!("BDCDYH XMMC YHWZSM YHLXA YHLXB HDMC HDWZ HDYT SYQMJ SYQQSSJ SYQJSSJ BDCQZH {tail} QLRXXLIST"),
        ),
        (Kind::Structure, format!("BDCDYH ZL GJZWGHYT GJZWMJ TDHYSYQSSJ TDHYSYJSSJ BDCQZH {tail} QLRXXLIST")),
        (Kind::Forest, format!("BDCDYH ZL SYQMJ LDSYQSSJ LDSYJSSJ LDSYQXZ BDCQZH {tail} QLRXXLIST")),
        (
            Kind::Mortgage,
            format!("BDCDYH DYBDCLX ZL DYR DYFS BDBZZQSE ZWLXQSSJ ZWLXJSSJ BDCDJZMH DYQR {tail} QLRXXLIST"),
        ),
        (Kind::PreNotice, format!("BDCDYH YGDJZL ZL GHYT JZMJ BDCDJZMH {tail} QLRXXLIST")),
        (Kind::Seizure, format!("BDCDYH ZL CFJG CFLX CFWH CFQSSJ CFJSSJ CFYWH {tail} QLRXXLIST")),
        (Kind::Objection, "BDCDYH ZL YYSQR YYSX BDCDJZMH DJSJ BEIZ YWH".to_owned()),
        (
            Kind::Easement,
            format!(
                "BDCDYH GYDBDCDYH GYDQLR GYDQLRZJZL GYDQLRZJH XYDBDCDYH XYDZL XYDQLR XYDQLRZJZL XYDQLRZJH DYQNR QLQSSJ \
                 QLJSSJ BDCDJZMH {tail} QLRXXLIST"
            ),
        ),
        (
            Kind::AgriculturalUse,
            format!("BDCDYH ZL FBFMC CBMJ CBQSSJ CBJSSJ TDSYQXZ SYTTLX YZYFS BDCQZH {tail} QLRXXLIST"),
        ),
    ] {
        let result = feedback::found(&answer(vec![full(kind)]), &FeedbackOptions::default(), Leaves::Plain);
        let list = result.lists.iter().find(|list| !list.items.is_empty()).unwrap();
        assert_eq!(list.element, kind.table().list);
        assert_eq!(elements(&list.items[0]).join(" "), expected);
    }
    let holder = "BDCDYH SXH QLRMC BDCQZH QZYSXLH SFCZR ZJZL ZJH FZJG SSHY GJ HJSZSS XB DH DZ YB GZDW DZYJ QLRLX QLBL GYFS \
                  GYQK BZ YWH QSZT BDCLX";
    let known: Vec<_> = PARTY.iter().filter_map(|field| field.element).collect();
    assert_eq!(known.join(" "), holder);
}

#[test]
fn every_list_stands_in_its_order_and_switches_move_what_they_name() {
    let defaults = FeedbackOptions::default();
    let result = feedback::refused("1", "why", &defaults);
    let lists: Vec<_> = result.lists.iter().map(|list| list.element.as_str()).collect();
    assert_eq!(
        lists.join(" "),
        "TDSYQLIST JSYDSYQLIST FDCQLIST HYSYQLIST GJZWSYQLIST LQLIST DYAQLIST YGDJLIST CFDJLIST YYXXLIST DYIQLIST NYDSYQLIST"
    );
    assert_eq!((result.result.as_str(), result.message.as_str()), ("2040", "why"));

    let options = FeedbackOptions {
        easements: false,
        district_and_remark: false,
        share: true,
        later_elements: false,
        positions: true,
        ..defaults
    };
    let result = feedback::found(&answer(vec![full(Kind::Building)]), &options, Leaves::Plain);
    let names = elements(&result.lists[2].items[0]).join(" ");
    assert!(names.ends_with("BDCQZH DJJG FEBL YWH WZXX QLRXXLIST"), "{names}");
    let result = feedback::found(&answer(vec![full(Kind::Forest)]), &options, Leaves::Plain);
    let names = elements(&result.lists[5].items[0]).join(" ");
    assert!(names.ends_with("BDCQZH DJJG YWH WZXX QLRXXLIST"), "no implementation has FEBL on LQ: {names}");
}

#[test]
fn the_message_tells_what_was_withheld_and_what_is_not_carried() {
    let mut told = answer(vec![full(Kind::Easement)]);
    told.coverage.withheld = vec![(Withholding::PersonNameOnly, 2)];
    let options = FeedbackOptions { easements: false, ..FeedbackOptions::default() };
    let result = feedback::found(&told, &options, Leaves::Plain);
    assert_eq!(result.result, "0000", "D32: of whatever kind");
    for expected in ["2026-11-23T06:00:00+08:00", "姓名相同而无可用证件号的2件", "地役权1件", STATEMENT]
    {
        assert!(result.message.contains(expected), "{expected}: {}", result.message);
    }
    let nothing = feedback::found(&answer(Vec::new()), &options, Leaves::Plain);
    assert_eq!((nothing.result.as_str(), nothing.lists.len()), ("0100", 11));
}

#[test]
fn dates_and_numbers_have_the_messages_form_and_odd_values_stay() {
    let leaf = |kind: Kind, name: &str, text: &str, options: &FeedbackOptions| {
        let mut unit = full(kind);
        let field = kind.table().field(name);
        unit.registrations[0].details.set(field.tag, text);
        let result = feedback::found(&answer(vec![unit]), options, Leaves::Plain);
        let items = result.lists.into_iter().find(|list| !list.items.is_empty()).unwrap().items;
        items[0].iter().find_map(|node| match node {
            Node::Leaf(element, text) if Some(element.as_str()) == field.element => Some(text.clone()),
            _ => None,
        })
    };
    let defaults = FeedbackOptions::default();
    for (text, expected) in [("85.5", "85.50"), ("1.005", "1.01"), ("-1.005", "-1.01"), ("约八十", "约八十"), ("", "")]
    {
        assert_eq!(leaf(Kind::Mortgage, "secured_claim", text, &defaults).as_deref(), Some(expected));
    }
    for (text, expected) in [
        ("2020-02-11T09:30:00", "2020/02/11"),
        ("2020-02-11", "2020/02/11"),
        ("二〇二〇", "二〇二〇"),
        ("2016-11-07 00:00:00,000", "2016-11-07 00:00:00,000"),
        ("2016-11-07T25:00:00", "2016-11-07T25:00:00"),
        ("07-11月-16", "07-11月-16"),
    ] {
        assert_eq!(leaf(Kind::LandUse, "starts_on", text, &defaults).as_deref(), Some(expected));
    }
    let registered = FeedbackOptions { numbers: NumberForm::AsRegistered, ..defaults };
    assert_eq!(leaf(Kind::SeaUse, "area", "0.0034", &registered).as_deref(), Some("0.0034"));
}

#[test]
fn what_plain_xml_cannot_carry_is_replaced_and_counted_and_base64_carries_it() {
    let mut unit = full(Kind::Building);
    unit.registrations[0].common.set(crate::domain::kinds::tag::REMARK, "a\u{1}b\u{FFFE}\u{FFFD}");
    let options = FeedbackOptions::default();
    let leaf = |result: &ResultItem| {
        let nodes = result.lists.iter().flat_map(|list| &list.items).flatten();
        let mut remarks = nodes.filter_map(|node| match node {
            Node::Leaf(element, text) if element == "BEIZ" => Some(text.clone()),
            _ => None,
        });
        remarks.next().unwrap()
    };
    let replaced = feedback::found(&answer(vec![unit.clone()]), &options, Leaves::Plain);
    assert_eq!((replaced.result.as_str(), leaf(&replaced).as_str()), ("0000", "a\u{FFFD}b\u{FFFD}\u{FFFD}"));
    assert!(replaced.message.contains("有2个字符无法以XML表示"), "{}", replaced.message);
    let carried = feedback::found(&answer(vec![unit]), &options, Leaves::Base64);
    assert!(!carried.message.contains("无法以XML表示"));
    let message = Feedback { results: vec![carried.clone()], ..Feedback::default() };
    let read = feedback::read(&feedback::write(&message, &options, Leaves::Base64), Leaves::Base64).unwrap();
    assert_eq!(read.results[0].lists[0], carried.lists.into_iter().find(|list| !list.items.is_empty()).unwrap());
}

#[test]
fn repeated_lists_write_no_empty_element() {
    let options = FeedbackOptions { nesting: Nesting::RepeatedLists, empty_lists: true, ..FeedbackOptions::default() };
    let mut unit = full(Kind::Building);
    unit.registrations[0].parties.clear();
    let results =
        vec![feedback::found(&answer(vec![unit]), &options, Leaves::Plain), feedback::refused("2", "why", &options)];
    let written = feedback::write(&Feedback { results, ..Feedback::default() }, &options, Leaves::Plain);
    let text = String::from_utf8(written).unwrap();
    assert_eq!(text.matches("<FDCQLIST>").count(), 1);
    for absent in ["<DYAQLIST>", "<CFDJLIST>", "<QLRXXLIST>", "<FDCQLIST></FDCQLIST>"] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
}

/// Texts as registers hold them, and worse.
fn text(leaves: Leaves) -> BoxedStrategy<String> {
    let piece = prop_oneof![
        Just("<".to_owned()),
        Just("&amp;".to_owned()),
        Just("]]>".to_owned()),
        Just("\r\n".to_owned()),
        Just("\t".to_owned()),
        Just("\r".to_owned()),
        Just("\"'".to_owned()),
        Just("𠮷".to_owned()),
        Just(" ".to_owned()),
        Just("测试".to_owned()),
        Just("2323".to_owned()),
        Just("\u{85}\u{2028}".to_owned()),
        "\\PC{0,6}",
    ];
    let plain = proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat());
    match leaves {
        Leaves::Plain => plain.prop_filter("XML carries it", |text| text.chars().all(super::xml::can_carry)).boxed(),
        Leaves::Base64 => {
            (plain, any::<bool>()).prop_map(|(text, control)| if control { text + "\u{1}" } else { text }).boxed()
        }
    }
}

fn units(leaves: Leaves) -> impl Strategy<Value = Vec<Unit>> {
    let registration = (0..KINDS.len(), proptest::collection::vec(text(leaves), 24), 0..4_usize);
    let registrations = proptest::collection::vec(registration, 0..4);
    proptest::collection::vec((text(leaves), registrations), 0..4).prop_map(|units| {
        let registered = |(kind, texts, holders): (usize, Vec<String>, usize)| {
            let mut registration = Registration::new(KINDS[kind].kind, "X:1".to_owned());
            let mut texts = texts.into_iter().cycle();
            let mut next = || texts.next().unwrap_or_default();
            for field in COMMON {
                registration.common.set(field.tag, next());
            }
            for field in KINDS[kind].fields {
                registration.details.set(field.tag, next());
            }
            for _ in 0..holders {
                let mut party = Party::default();
                for field in PARTY {
                    party.values.set(field.tag, next());
                }
                registration.parties.push(party);
            }
            registration
        };
        let unit = |(number, registrations): (String, Vec<_>)| Unit {
            number,
            registrations: registrations.into_iter().map(registered).collect(),
            position: Some(Position { points: vec![Default::default()], ..Position::default() }),
            ..Unit::default()
        };
        units.into_iter().map(unit).collect()
    })
}

fn case() -> impl Strategy<Value = (Vec<Unit>, FeedbackOptions, Leaves)> {
    (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_flat_map(
        |(base64, repeated, empty_lists, positions)| {
            let leaves = if base64 { Leaves::Base64 } else { Leaves::Plain };
            let options = FeedbackOptions {
                nesting: if repeated { Nesting::RepeatedLists } else { Nesting::Items },
                leaves: LeafMode::AsRequest,
                empty_lists,
                positions,
                share: positions,
                ..FeedbackOptions::default()
            };
            (units(leaves), Just(options), Just(leaves))
        },
    )
}

/// What reading cannot tell: lists without items, in the message and in items.
fn without_empty_lists(mut result: ResultItem) -> ResultItem {
    fn strip(nodes: &mut Vec<Node>) {
        nodes.retain(|node| !matches!(node, Node::List(_, _, items) if items.is_empty()));
        for node in nodes {
            match node {
                Node::List(_, _, items) => items.iter_mut().for_each(strip),
                Node::Group(_, nodes) => strip(nodes),
                Node::Leaf(..) => {}
            }
        }
    }
    result.lists.retain(|list: &List| !list.items.is_empty());
    result.lists.iter_mut().flat_map(|list| &mut list.items).for_each(strip);
    result
}

/// Lists come back in the order of the field map.
fn ordered(mut result: ResultItem) -> ResultItem {
    let place = |list: &List| KINDS.iter().position(|kind| kind.list == list.element);
    result.lists.sort_by_key(place);
    result
}

proptest! {
    #[test]
    fn a_feedback_reads_back_as_it_was_written((units, options, leaves) in case()) {
        let written = feedback::found(&answer(units), &options, leaves);
        prop_assert_ne!(written.result.as_str(), "2040");
        let message = Feedback { create_time: "2026/11/23 09:00:00".into(), results: vec![written], ..Feedback::default() };
        let bytes = feedback::write(&message, &options, leaves);
        let read = feedback::read(&bytes, leaves).unwrap();
        prop_assert_eq!(&read.create_time, &message.create_time);
        let expected: Vec<_> = message.results.into_iter().map(|result| ordered(without_empty_lists(result))).collect();
        let got: Vec<_> = read.results.into_iter().map(|result| ordered(without_empty_lists(result))).collect();
        prop_assert_eq!(got, expected);
    }
}
