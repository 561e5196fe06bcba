//! The feedback message: what it says, how it is written, how it is read back (`deploy/DECISIONS.md`, "Message").
//!
//! A message is a small tree of named texts, made from an answer by the field map; the writer and the reader know nesting
//! and encoding, and nothing of kinds.

use super::{
    compose, document, leaves as leaf_text, message,
    options::{FeedbackOptions, Nesting},
    xml::{self, Element, Leaves, Writer, XmlError},
};
use crate::domain::{answer::Answer, kinds::KINDS};

pub use super::nodes::{List, Node};

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

/// The result of a request that was answered.
///
/// RESULT says found where anything is reported (D32). MESSAGE says how far the answer reaches and how sure it is (D31, D33,
/// D48, D49). A character that plain XML cannot carry becomes U+FFFD, and MESSAGE counts these (D54).
#[must_use]
pub fn found(answer: &Answer, options: &FeedbackOptions, leaves: Leaves) -> ResultItem {
    let mut lists = compose::lists(answer, options);
    let mut replaced = 0;
    if options.leaves.of_request(leaves) == Leaves::Plain {
        lists.iter_mut().flat_map(|list| &mut list.items).flatten().for_each(|node| replace(node, &mut replaced));
    }
    let is_found = answer.coverage.reported > 0;
    ResultItem {
        request_number: answer.request_number.clone(),
        result: if is_found { &options.results.found } else { &options.results.nothing_found }.clone(),
        message: message::of_answer(answer, options, replaced),
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

/// Replaces the characters that XML cannot carry, and counts them.
fn replace(node: &mut Node, replaced: &mut usize) {
    match node {
        Node::Leaf(_, text) => {
            let count = text.chars().filter(|character| !xml::can_carry(*character)).count();
            if count > 0 {
                *replaced += count;
                *text = text.replace(|character| !xml::can_carry(character), "\u{FFFD}");
            }
        }
        Node::List(_, _, items) => items.iter_mut().flatten().for_each(|node| replace(node, replaced)),
        Node::Group(_, nodes) => nodes.iter_mut().for_each(|node| replace(node, replaced)),
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
        // Where each list element is an item, an empty one would read as a right about which nothing is known.
        Nesting::RepeatedLists if items.is_empty() => {}
        Nesting::Items if items.is_empty() => {
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
    let mut message = document::read(bytes, "Message")?;
    if leaves == Leaves::Base64 {
        leaf_text::decode_as_base64(&mut message)?;
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
