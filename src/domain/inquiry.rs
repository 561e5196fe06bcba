//! One question about one subject, checked.

use super::{
    cell::{
        code::{self, DOCUMENT_KINDS},
        name, number,
    },
    kinds::Kind,
    matching::Subject,
    wire::{Field, Malformed, Reader, Writer},
};

/// The longest text that a field of an inquiry may hold, in characters: the longest of the registry standard (200).
pub const FIELD_CHARACTERS_MAX: usize = 200;

/// What is asked of a subject's registrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// Ownership and use rights.
    OwnershipAndUse = 1,
    /// 抵押
    Mortgage = 2,
    /// 查封
    Seizure = 3,
    /// 地役权
    Easement = 4,
    /// 预告登记
    PreNotice = 5,
    /// 异议登记
    Objection = 6,
}

impl Item {
    /// Every item.
    pub const ALL: [Self; 6] =
        [Self::OwnershipAndUse, Self::Mortgage, Self::Seizure, Self::Easement, Self::PreNotice, Self::Objection];

    /// The item of this number in the contract.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|item| *item as i32 == number)
    }

    /// The item that asks for registrations of this kind.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Mortgage => Self::Mortgage,
            Kind::Seizure => Self::Seizure,
            Kind::Easement => Self::Easement,
            Kind::PreNotice => Self::PreNotice,
            Kind::Objection => Self::Objection,
            Kind::LandOwnership
            | Kind::LandUse
            | Kind::Building
            | Kind::SeaUse
            | Kind::Structure
            | Kind::Forest
            | Kind::AgriculturalUse => Self::OwnershipAndUse,
        }
    }
}

/// An inquiry as it came, nothing checked yet. Empty texts are absent.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "each is the field of the same name in the contract")]
pub struct Draft {
    pub request_number: String,
    pub court_name: String,
    pub court_code: String,
    pub case_number: String,
    pub handler_name: String,
    pub work_certificate_number: String,
    pub official_certificate_number: String,
    pub handler_contact: String,
    pub notice_number: String,
    pub subject_name: String,
    pub document_kind: String,
    pub document_number: String,
    /// Numbers of the contract's enumeration.
    pub items: Vec<i32>,
    pub include_ended: bool,
}

impl Draft {
    /// Checks what came by this door.
    ///
    /// # Errors
    ///
    /// Every field that is missing or malformed, all at once, in the order of the contract.
    pub fn check(&self, door: Door) -> Result<Inquiry, Vec<Violation>> {
        let mut violations = Vec::new();
        for (field, text, is_required) in self.texts(door) {
            if let Some(description) = text_violation(text, is_required) {
                violations.push(Violation { field: field.named(door), description });
            }
        }
        if self.work_certificate_number.trim().is_empty() && self.official_certificate_number.trim().is_empty() {
            let description =
                "is missing: give the work certificate (工作证) or the official certificate (公务证)".into();
            violations.push(Violation { field: WORK_CERTIFICATE.named(door), description });
        }
        let folded = code::folded(&self.document_kind);
        let document_kind = &*folded;
        if !document_kind.is_empty() && !DOCUMENT_KINDS.contains(&document_kind) {
            let description = format!("is none of list ZJZL: give one of {}", DOCUMENT_KINDS.join(", "));
            violations.push(Violation { field: DOCUMENT_KIND.named(door), description });
        }
        if !self.document_number.trim().is_empty()
            && let Err(error) = number::of_court(document_kind, &self.document_number)
        {
            violations.push(Violation { field: DOCUMENT_NUMBER.named(door), description: error.to_string() });
        }
        if !self.subject_name.trim().is_empty() && name::normal(&self.subject_name).is_empty() {
            violations
                .push(Violation { field: SUBJECT_NAME.named(door), description: "holds no visible character".into() });
        }
        let items = self.checked_items(&mut violations);
        if violations.is_empty() { Ok(self.checked(items)) } else { Err(violations) }
    }

    /// Its texts in the order of the contract, each with what it is called and whether it must be there.
    fn texts(&self, door: Door) -> [(FieldName, &str, bool); 12] {
        let in_query = door == Door::Query;
        [
            (FieldName("request_number", "CXQQDH"), &self.request_number, true),
            (FieldName("court.name", "FYMC"), &self.court_name, true),
            (FieldName("court.code", "FYDM"), &self.court_code, in_query),
            (FieldName("case_number", "AH"), &self.case_number, true),
            (FieldName("handler.name", "CBR"), &self.handler_name, true),
            (WORK_CERTIFICATE, &self.work_certificate_number, false),
            (FieldName("handler.official_certificate_number", "GWZBH"), &self.official_certificate_number, false),
            (FieldName("handler.contact", "YHDH"), &self.handler_contact, in_query),
            (FieldName("notice_number", "CKH"), &self.notice_number, in_query),
            (SUBJECT_NAME, &self.subject_name, true),
            (DOCUMENT_KIND, &self.document_kind, true),
            (DOCUMENT_NUMBER, &self.document_number, true),
        ]
    }

    fn checked_items(&self, violations: &mut Vec<Violation>) -> Vec<Item> {
        let mut items: Vec<_> = self.items.iter().filter_map(|number| Item::from_number(*number)).collect();
        let description = match (self.items.is_empty(), items.len() == self.items.len()) {
            (true, _) => "is empty: name at least one item that is asked",
            (false, false) => "holds a number that is no item",
            (false, true) => "",
        };
        if !description.is_empty() {
            violations.push(Violation { field: "items", description: description.into() });
        }
        items.sort_unstable();
        items.dedup();
        items
    }

    fn checked(&self, items: Vec<Item>) -> Inquiry {
        let trimmed = |text: &str| text.trim().to_owned();
        Inquiry {
            subject: Subject::new(&self.subject_name, &self.document_kind, &self.document_number),
            subject_name: trimmed(&self.subject_name),
            document_kind: trimmed(&self.document_kind),
            document_number: trimmed(&self.document_number),
            request_number: trimmed(&self.request_number),
            court_name: trimmed(&self.court_name),
            court_code: trimmed(&self.court_code),
            case_number: trimmed(&self.case_number),
            handler_name: trimmed(&self.handler_name),
            work_certificate_number: trimmed(&self.work_certificate_number),
            official_certificate_number: trimmed(&self.official_certificate_number),
            handler_contact: trimmed(&self.handler_contact),
            notice_number: trimmed(&self.notice_number),
            items,
            include_ended: self.include_ended,
        }
    }
}

/// What a field is called in the contract, and in the specification's message.
#[derive(Clone, Copy)]
struct FieldName(&'static str, &'static str);

const WORK_CERTIFICATE: FieldName = FieldName("handler.work_certificate_number", "GZZBH");
const SUBJECT_NAME: FieldName = FieldName("subject.name", "XM");
const DOCUMENT_KIND: FieldName = FieldName("subject.document_kind", "ZJZL");
const DOCUMENT_NUMBER: FieldName = FieldName("subject.document_number", "ZJH");

impl FieldName {
    fn named(self, door: Door) -> &'static str {
        match door {
            Door::Query => self.0,
            Door::Exchange => self.1,
        }
    }
}

fn text_violation(text: &str, is_required: bool) -> Option<String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return is_required.then(|| "is missing".to_owned());
    }
    if trimmed.chars().count() > FIELD_CHARACTERS_MAX {
        return Some(format!("is longer than {FIELD_CHARACTERS_MAX} characters"));
    }
    trimmed.chars().any(char::is_control).then(|| "holds a control character".to_owned())
}

/// By which door an inquiry came, and so what it must state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `Query`: everything the notice must state.
    Query,
    /// `Exchange`: what the specification's message carries; it knows no court code, contact or items.
    Exchange,
}

/// A field that is missing or malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field in the contract (`subject.document_number`), or the element's name.
    pub field: &'static str,
    /// What is wrong and what to send instead; never the value.
    pub description: String,
}

/// One question about one subject; every value is present and well-formed.
#[derive(Clone)]
#[expect(missing_docs, reason = "each is the field of the same name in the contract")]
pub struct Inquiry {
    pub request_number: String,
    pub court_name: String,
    /// Empty at the door of `Exchange` until policy has found the court by its name.
    pub court_code: String,
    pub case_number: String,
    pub handler_name: String,
    pub work_certificate_number: String,
    pub official_certificate_number: String,
    pub handler_contact: String,
    pub notice_number: String,
    pub subject_name: String,
    pub document_kind: String,
    pub document_number: String,
    /// The three above, ready to be compared.
    pub subject: Subject,
    /// Ascending, without repetition, never empty.
    pub items: Vec<Item>,
    pub include_ended: bool,
}

impl Inquiry {
    /// The bytes of `bdcd.query.v1.Inquiry`, in the one form that evidence commits to: texts trimmed, items ascending, fields
    /// by ascending tag.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let texts = [
            &self.request_number,
            &self.court_name,
            &self.court_code,
            &self.case_number,
            &self.handler_name,
            &self.work_certificate_number,
            &self.official_certificate_number,
            &self.handler_contact,
            &self.notice_number,
            &self.subject_name,
            &self.document_kind,
            &self.document_number,
        ]
        .map(String::as_str);
        let items: Vec<u8> = self.items.iter().map(|item| *item as u8).collect();
        encode(texts, &items, self.include_ended)
    }
}

/// Writes the bytes of `bdcd.query.v1.Inquiry`: texts in the order of the contract, items as they are packed.
fn encode(texts: [&str; 12], items: &[u8], include_ended: bool) -> Vec<u8> {
    let [request, court, code, case, handler, work, official, contact, notice, name, kind, number] = texts;
    let mut writer = Writer::with_capacity(384);
    let message = |writer: &mut Writer, tag, texts: &[&str]| {
        writer.message(tag, |writer| (1..).zip(texts).for_each(|(tag, text)| writer.text(tag, text)));
    };
    writer.text(1, request);
    message(&mut writer, 2, &[court, code]);
    writer.text(3, case);
    message(&mut writer, 4, &[handler, work, official, contact]);
    writer.text(5, notice);
    message(&mut writer, 6, &[name, kind, number]);
    if !items.is_empty() {
        writer.delimited(7, items);
    }
    writer.number(8, u64::from(include_ended));
    writer.finish()
}

impl Draft {
    /// The bytes of `bdcd.query.v1.Inquiry`, as it came; an item that is none is left out.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let texts = self.texts(Door::Query).map(|(_, text, _)| text);
        let items: Vec<u8> =
            self.items.iter().filter_map(|number| Item::from_number(*number)).map(|item| item as u8).collect();
        encode(texts, &items, self.include_ended)
    }

    /// Reads the bytes of `bdcd.query.v1.Inquiry`.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where they are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut draft = Self::default();
        for field in Reader::new(bytes) {
            match field? {
                (1, field) => draft.request_number = text(field)?,
                (2, field) => read_texts(field, &mut [&mut draft.court_name, &mut draft.court_code])?,
                (3, field) => draft.case_number = text(field)?,
                (4, field) => read_texts(
                    field,
                    &mut [
                        &mut draft.handler_name,
                        &mut draft.work_certificate_number,
                        &mut draft.official_certificate_number,
                        &mut draft.handler_contact,
                    ],
                )?,
                (5, field) => draft.notice_number = text(field)?,
                (6, field) => read_texts(
                    field,
                    &mut [&mut draft.subject_name, &mut draft.document_kind, &mut draft.document_number],
                )?,
                (7, Field::Number(item)) => draft.items.push(i32::try_from(item).map_err(|_| Malformed)?),
                (7, Field::Delimited(items)) => draft.items.extend(items.iter().map(|item| i32::from(*item))),
                (8, field) => draft.include_ended = field.number()? != 0,
                _ => {}
            }
        }
        Ok(draft)
    }
}

fn text(field: Field<'_>) -> Result<String, Malformed> {
    field.text().map(str::to_owned)
}

/// Reads a message whose fields are texts with the tags from 1 on.
fn read_texts(field: Field<'_>, texts: &mut [&mut String]) -> Result<(), Malformed> {
    for field in Reader::new(field.bytes()?) {
        let (tag, field) = field?;
        let place = usize::try_from(tag).ok().and_then(|tag| texts.get_mut(tag.checked_sub(1)?));
        if let Some(place) = place {
            **place = text(field)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Door, Draft, Item};

    fn whole() -> Draft {
        let text = str::to_owned;
        Draft {
            request_number: text(" A220170208350000200001"),
            court_name: text("某某市某某区人民法院"),
            court_code: text("苏0102"),
            case_number: text("（2026）苏0102执1234号"),
            handler_name: text("法官甲"),
            work_certificate_number: text("XA12345"),
            official_certificate_number: String::new(),
            handler_contact: text("025-00000000"),
            notice_number: text("（2026）房查字第00001号"),
            subject_name: text("测试甲"),
            document_kind: text("01"),
            document_number: text("990202197903051015"),
            items: vec![3, 1, 3],
            include_ended: false,
        }
    }

    #[test]
    fn a_whole_inquiry_is_trimmed_and_its_items_put_in_order() {
        let inquiry = whole().check(Door::Query).map_err(|violations| violations.len()).unwrap();
        assert_eq!(inquiry.request_number, "A220170208350000200001");
        assert_eq!(inquiry.items, [Item::OwnershipAndUse, Item::Seizure]);
    }

    #[test]
    fn an_inquiry_reads_back_from_its_bytes() {
        let inquiry = whole().check(Door::Query).map_err(|violations| violations.len()).unwrap();
        let read = Draft::decode(&inquiry.encode()).unwrap().check(Door::Query);
        assert_eq!(read.map_err(|violations| violations.len()).unwrap().encode(), inquiry.encode());
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let fields = |draft: Draft, door| -> Vec<_> {
            draft.check(door).err().unwrap_or_default().into_iter().map(|violation| violation.field).collect()
        };
        assert_eq!(fields(Draft::default(), Door::Query).len(), 12);
        assert_eq!(
            fields(Draft::default(), Door::Exchange),
            ["CXQQDH", "FYMC", "AH", "CBR", "XM", "ZJZL", "ZJH", "GZZBH", "items"]
        );
        let draft =
            Draft { document_kind: "20500".into(), document_number: "无".into(), items: vec![1, 9], ..whole() };
        assert_eq!(fields(draft, Door::Query), ["subject.document_kind", "subject.document_number", "items"]);
        let draft = Draft { case_number: "a\u{1}b".into(), notice_number: "x".repeat(201), ..whole() };
        assert_eq!(fields(draft, Door::Query), ["case_number", "notice_number"]);
    }
}
