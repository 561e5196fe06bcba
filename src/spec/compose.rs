//! From an answer to the lists of its result, by the field map.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    amount,
    nodes::{List, Node},
    options::{DateForm, FeedbackOptions, NumberForm},
    shape::{LISTS, Step, has_share, steps},
};
use crate::domain::{
    answer::Answer,
    kinds::{COMMON, Field, Kind, PARTY, Value, tag},
    record::{Party, Position, Registration, Role, Unit},
};

/// The lists of a result without items.
pub(super) fn no_lists(options: &FeedbackOptions) -> Vec<List> {
    let written = LISTS.into_iter().filter(|kind| options.writes(*kind));
    written.map(|kind| List { element: kind.table().list.to_owned(), items: Vec::new() }).collect()
}

/// The lists of a result, each in the order of D28.
pub(super) fn lists(answer: &Answer, options: &FeedbackOptions) -> Vec<List> {
    let of_kind = |kind: Kind| {
        let mut found: Vec<(&Unit, &Registration)> = answer
            .units
            .iter()
            .flat_map(|unit| unit.registrations.iter().map(move |registration| (unit, registration)))
            .filter(|(_, registration)| registration.kind == kind)
            .collect();
        found.sort_by_key(|(unit, registration)| (unit.number.as_str(), registration.order_key()));
        found.into_iter().map(|(unit, registration)| item(unit, registration, options)).collect()
    };
    let written = LISTS.into_iter().filter(|kind| options.writes(*kind));
    written.map(|kind| List { element: kind.table().list.to_owned(), items: of_kind(kind) }).collect()
}

fn item(unit: &Unit, registration: &Registration, options: &FeedbackOptions) -> Vec<Node> {
    let table = registration.kind.table();
    let steps = steps(registration.kind);
    let leaf = |field: &Field, text: &str| {
        field.element.map(|element| Node::Leaf(element.to_owned(), written(field.value, text, options)))
    };
    let detail = |field: &Field| match field.value {
        Value::Amount => {
            let text = amount::of(registration, field).in_ten_thousand();
            field.element.map(|element| Node::Leaf(element.to_owned(), decimal(&text, options.numbers)))
        }
        _ => leaf(field, registration.details.get(field.tag)),
    };
    let mut nodes = Vec::new();
    for step in steps {
        match step {
            Step::Unit => nodes.push(Node::Leaf("BDCDYH".to_owned(), unit.number.clone())),
            Step::Details => {
                let is_here = |field: &&Field| {
                    !steps.iter().any(|step| is_detail(*step, field)) && is_told(field, registration.kind, options)
                };
                nodes.extend(table.fields.iter().filter(is_here).filter_map(detail));
            }
            Step::Detail(_) => {
                let is_it = |field: &&Field| is_detail(*step, field) && is_told(field, registration.kind, options);
                nodes.extend(table.fields.iter().filter(is_it).filter_map(detail));
            }
            Step::Certificate if table.certificate.is_empty() => {}
            Step::Certificate => {
                let number = registration.common.get(tag::CERTIFICATE_NUMBER);
                nodes.push(Node::Leaf(table.certificate.to_owned(), number.to_owned()));
            }
            Step::Common("DQDM" | "BEIZ") if !options.district_and_remark && registration.kind != Kind::Objection => {}
            Step::Common(element) => {
                let field = COMMON.iter().find(|field| field.element == Some(element));
                nodes.extend(field.and_then(|field| leaf(field, registration.common.get(field.tag))));
            }
            Step::Share if options.share && has_share(registration.kind) => {
                nodes.push(Node::Leaf("FEBL".to_owned(), joined(&registration.parties, tag::PARTY_SHARE)));
            }
            Step::Position if options.positions => nodes.extend(unit.position.as_ref().map(position)),
            Step::Share | Step::Position => {}
            Step::Holders => nodes.push(holders(registration, options)),
        }
    }
    nodes
}

fn is_detail(step: Step, field: &Field) -> bool {
    matches!(step, Step::Detail(element) if field.element == Some(element))
}

/// Whether the message tells a detail: those of one implementation alone can be switched off.
fn is_told(field: &Field, kind: Kind, options: &FeedbackOptions) -> bool {
    let is_later = matches!(
        (kind, field.element),
        (Kind::LandUse, Some("SYQMJ")) | (Kind::Building, Some("ZCS")) | (Kind::Mortgage, Some("DYQR"))
    );
    options.later_elements || !is_later
}

/// The values of one field of the holders, in their order.
fn joined(parties: &[Party], tag: u32) -> String {
    let texts = parties.iter().filter(|party| party.role == Role::Holder).map(|party| party.values.get(tag));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("、")
}

fn holders(registration: &Registration, options: &FeedbackOptions) -> Node {
    let items = registration.parties.iter().filter(|party| party.role == Role::Holder).map(|party| {
        let leaf = |field: &Field| {
            let text = written(field.value, party.values.get(field.tag), options);
            field.element.map(|element| Node::Leaf(element.to_owned(), text))
        };
        PARTY.iter().filter_map(leaf).collect()
    });
    Node::List("QLRXXLIST".to_owned(), "QLRXX".to_owned(), items.collect())
}

/// WZXX (`deploy/DECISIONS.md`, "Message").
fn position(position: &Position) -> Node {
    let leaf = |element: &str, text: &str| Node::Leaf(element.to_owned(), text.to_owned());
    let mut nodes: Vec<_> = ["ZDSZD", "ZDSZN", "ZDSZX", "ZDSZB"]
        .iter()
        .zip(&position.boundaries)
        .map(|(name, text)| leaf(name, text))
        .collect();
    nodes.push(leaf("TFH", &position.sheet));
    let grid = position.points.iter().map(|point| named(&["ZDX", "XH", "XZB", "YZB"], point));
    let degrees = position.geographic_points.iter().map(|point| named(&["XH", "BW", "DJ"], point));
    nodes.push(Node::List("ZBLIST".to_owned(), "ZB".to_owned(), grid.chain(degrees).collect()));
    Node::Group("WZXX".to_owned(), nodes)
}

fn named(elements: &[&str], texts: &[String]) -> Vec<Node> {
    elements.iter().zip(texts).map(|(element, text)| Node::Leaf((*element).to_owned(), text.clone())).collect()
}

/// A value in the message's form; what is not of its type goes as registered.
fn written(value: Value, text: &str, options: &FeedbackOptions) -> String {
    match value {
        Value::Text | Value::Code(_) | Value::Integer => text.to_owned(),
        Value::Date => date(text, options.dates),
        Value::Area(_) | Value::AreaIn(_) | Value::Amount => decimal(text, options.numbers),
    }
}

/// A date in the register's one form, with or without a time, as the message writes the day; any other text stays whole (D50).
fn date(text: &str, form: DateForm) -> String {
    let (day, time) = text.split_once('T').map_or((text, None), |(day, time)| (day, Some(time)));
    let is_day = day.len() == "2020-02-11".len() && day.parse::<jiff::civil::Date>().is_ok();
    let is_one_form = is_day && time.is_none_or(|time| time.parse::<jiff::civil::Time>().is_ok());
    match form {
        DateForm::Slashes if is_one_form => day.replace('-', "/"),
        DateForm::Hyphens if is_one_form => day.to_owned(),
        DateForm::Slashes | DateForm::Hyphens => text.to_owned(),
    }
}

fn decimal(text: &str, form: NumberForm) -> String {
    match (form, text.trim().parse::<Decimal>()) {
        (NumberForm::TwoDecimals, Ok(number)) => {
            format!("{:.2}", number.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
        }
        _ => text.to_owned(),
    }
}
