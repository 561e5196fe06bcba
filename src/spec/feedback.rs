//! The feedback message: what it says, how it is written, how it is read back (`exchange-format.md` §6).
//!
//! A message is a small tree of named texts, made from an answer by the field map; the writer and the reader know nesting
//! and encoding, and nothing of kinds.

use super::{
    compose,
    options::{FeedbackOptions, Nesting},
    xml::{self, Element, Leaves, Writer, XmlError},
};
use crate::domain::{answer::Answer, kinds::KINDS};

/// A feedback message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// CREATETIME, `yyyy/MM/dd HH:mm:ss`.
    pub create_time: String,
    /// DIGITALSIGN; empty where the message is not signed.
    pub digital_sign: String,
    /// One BDCCXJG a request, in order.
    pub results: Vec<ResultItem>,
}

/// One BDCCXJG.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultItem {
    /// CXQQDH
    pub request_number: String,
    /// RESULT
    pub result: String,
    /// MESSAGE
    pub message: String,
    /// The lists written.
    pub lists: Vec<List>,
}

/// A list of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// The list element, such as `FDCQLIST`.
    pub element: String,
    /// Its items.
    pub items: Vec<Vec<Node>>,
}

/// An element of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A named text.
    Leaf(String, String),
    /// A list within the item: its element, its item element, its items.
    List(String, String, Vec<Vec<Node>>),
    /// A named group.
    Group(String, Vec<Node>),
}

/// The result of a request that was answered.
///
/// RESULT says found where anything is reported (D32); MESSAGE tells the data's time, what was withheld, and what the
/// message does not carry (D31, D33). An answer that plain XML cannot carry is not answered, and MESSAGE says what to do.
#[must_use]
pub fn found(answer: &Answer, options: &FeedbackOptions, leaves: Leaves) -> ResultItem {
    let lists = compose::lists(answer, options);
    let uncarried = (options.leaves.of_request(leaves) == Leaves::Plain)
        .then(|| lists.iter().flat_map(|list| &list.items).flatten().find_map(uncarried))
        .flatten();
    if let Some((element, character)) = uncarried {
        let reason = format!(
            "{element} 含有 XML 无法表示的字符 U+{character:04X}：请改用叶子节点 base64 编码的报文，或者通过 Query 接口查询。"
        );
        return refused(&answer.request_number, &reason, options);
    }
    let is_found = answer.coverage.reported > 0;
    ResultItem {
        request_number: answer.request_number.clone(),
        result: if is_found { &options.results.found } else { &options.results.nothing_found }.clone(),
        message: compose::message(answer, options),
        lists,
    }
}

/// The result of a request that cannot be answered.
#[must_use]
pub fn refused(request_number: &str, reason: &str, options: &FeedbackOptions) -> ResultItem {
    ResultItem {
        request_number: request_number.to_owned(),
        result: options.results.not_answered.clone(),
        message: reason.to_owned(),
        lists: compose::no_lists(options),
    }
}

fn uncarried(node: &Node) -> Option<(&str, u32)> {
    match node {
        Node::Leaf(element, text) => {
            text.chars().find(|character| !xml::can_carry(*character)).map(|one| (element.as_str(), u32::from(one)))
        }
        Node::List(_, _, items) => items.iter().flatten().find_map(uncarried),
        Node::Group(_, nodes) => nodes.iter().find_map(uncarried),
    }
}

/// The bytes of a message, UTF-8; `request` is how the request's leaves were written.
#[must_use]
pub fn write(feedback: &Feedback, options: &FeedbackOptions, request: Leaves) -> Vec<u8> {
    let mut writer = Writer::new(options.leaves.of_request(request));
    writer.element("Message", |writer| {
        writer.element("Head", |writer| {
            writer.leaf("CREATETIME", &feedback.create_time);
            writer.leaf("DIGITALSIGN", &feedback.digital_sign);
            writer.leaf("RESPONSECODE", "0000");
            writer.leaf("RESPONSEINFO", "");
        });
        writer.element("Data", |writer| {
            writer.element("BDCFKLIST", |writer| {
                for result in &feedback.results {
                    writer.element("BDCCXJG", |writer| write_result(writer, result, options));
                }
            });
        });
    });
    writer.finish()
}

fn write_result(writer: &mut Writer, result: &ResultItem, options: &FeedbackOptions) {
    writer.leaf("CXQQDH", &result.request_number);
    writer.leaf("RESULT", &result.result);
    writer.leaf("MESSAGE", &result.message);
    for list in &result.lists {
        let item = list.element.strip_suffix("LIST").unwrap_or(&list.element);
        write_list(writer, &list.element, item, &list.items, options);
    }
}

fn write_list(writer: &mut Writer, list: &str, item: &str, items: &[Vec<Node>], options: &FeedbackOptions) {
    match options.nesting {
        _ if items.is_empty() => {
            if options.empty_lists {
                writer.element(list, |_| {});
            }
        }
        Nesting::Items => writer.element(list, |writer| {
            for nodes in items {
                writer.element(item, |writer| write_nodes(writer, nodes, options));
            }
        }),
        Nesting::RepeatedLists => {
            for nodes in items {
                writer.element(list, |writer| write_nodes(writer, nodes, options));
            }
        }
    }
}

fn write_nodes(writer: &mut Writer, nodes: &[Node], options: &FeedbackOptions) {
    for node in nodes {
        match node {
            Node::Leaf(element, text) => writer.leaf(element, text),
            Node::List(list, item, items) => write_list(writer, list, item, items, options),
            Node::Group(element, nodes) => writer.element(element, |writer| write_nodes(writer, nodes, options)),
        }
    }
}

/// Reads a feedback message, of either nesting, with its elements in any order.
///
/// `leaves` says how it was written; lists without items are read as absent.
///
/// # Errors
///
/// Where the bytes are no such message.
pub fn read(bytes: &[u8], leaves: Leaves) -> Result<Feedback, XmlError> {
    let mut message = xml::read(bytes, "Message")?;
    if leaves == Leaves::Base64 {
        message.decode_leaves()?;
    }
    let head = |name| message.child("Head").and_then(|head| head.child(name)).map_or("", |leaf| &leaf.text).to_owned();
    let results = message
        .all("Data")
        .flat_map(|data| data.all("BDCFKLIST"))
        .flat_map(|list| list.all("BDCCXJG"))
        .map(read_result)
        .collect();
    Ok(Feedback { create_time: head("CREATETIME"), digital_sign: head("DIGITALSIGN"), results })
}

fn read_result(result: &Element) -> ResultItem {
    let leaf = |name| result.child(name).map_or("", |leaf| &leaf.text).to_owned();
    let lists = KINDS.iter().filter_map(|kind| {
        let items = read_items(result, kind.list, kind.item);
        (!items.is_empty()).then(|| List { element: kind.list.to_owned(), items })
    });
    ResultItem {
        request_number: leaf("CXQQDH"),
        result: leaf("RESULT"),
        message: leaf("MESSAGE"),
        lists: lists.collect(),
    }
}

/// The items of a list in `parent`: the item elements of a wrapper, or each list element itself.
fn read_items(parent: &Element, list: &str, item: &str) -> Vec<Vec<Node>> {
    let mut items = Vec::new();
    for element in parent.all(list) {
        let before = items.len();
        items.extend(element.all(item).map(read_nodes));
        if items.len() == before && !element.children.is_empty() {
            items.push(read_nodes(element));
        }
    }
    items
}

fn read_nodes(element: &Element) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for child in &element.children {
        match child.name.strip_suffix("LIST") {
            Some(stem) => {
                let item = if stem == "QLRXX" || stem == "ZB" { stem } else { continue };
                let is_read = nodes.iter().any(|node| matches!(node, Node::List(list, ..) if *list == child.name));
                if !is_read {
                    nodes.push(Node::List(child.name.clone(), item.to_owned(), read_items(element, &child.name, item)));
                }
            }
            None if child.name == "WZXX" => nodes.push(Node::Group(child.name.clone(), read_nodes(child))),
            None => nodes.push(Node::Leaf(child.name.clone(), child.text.clone())),
        }
    }
    nodes
}
