//! Whom to ask about: everybody registered, in every form that their numbers can be asked in.

use std::collections::BTreeSet;

use bdcd::domain::inquiry::Draft;

use super::{
    Oracle, clean,
    numbers::{self, can_be_asked, is_none},
    parties::{citizen_check, code, credit_check, is_citizen_shaped},
};

/// Somebody to ask about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    /// Name.
    pub(crate) name: String,
    /// Code of list ZJZL.
    pub(crate) document_kind: String,
    /// Number, in any form.
    pub(crate) document_number: String,
}

impl Subject {
    pub(crate) fn new(name: &str, document_kind: &str, document_number: &str) -> Self {
        let [name, document_kind, document_number] = [name, document_kind, document_number].map(str::to_owned);
        Self { name, document_kind, document_number }
    }

    /// An inquiry about the subject that lacks nothing.
    pub(crate) fn draft(&self, items: &[i32], include_ended: bool) -> Draft {
        Draft {
            request_number: "20261123990102000001".to_owned(),
            court_name: "某某县人民法院".to_owned(),
            court_code: "测0101".to_owned(),
            case_number: "（2026）测0101执1号".to_owned(),
            handler_name: "法官甲".to_owned(),
            work_certificate_number: "G0001".to_owned(),
            official_certificate_number: String::new(),
            handler_contact: "000-00000000".to_owned(),
            notice_number: "（2026）房查字第00001号".to_owned(),
            subject_name: self.name.clone(),
            document_kind: self.document_kind.clone(),
            document_number: self.document_number.clone(),
            items: items.to_vec(),
            include_ended,
        }
    }
}

/// A number that is nobody's, to ask by name alone: of a body, and of a person.
const NOBODY: [(&str, &str); 3] = [("8", "91990199XY999999XX"), ("7", "990199999999999"), ("1", "990199199913310011")];

impl Oracle {
    /// Every party registered, as registered and in every form that can be derived; each once, in a fixed order.
    pub(crate) fn subjects(&self) -> Vec<Subject> {
        let mut subjects = BTreeSet::new();
        let registrations = self.units.iter().flat_map(|unit| &unit.registrations);
        for party in registrations.flat_map(|registration| &registration.parties) {
            let [name, kind, number, ..] = &party.told;
            let mut names = clean::split(name);
            if names.len() != 1 {
                names.push(name.clone());
            }
            let mut numbers = clean::split(number);
            numbers.retain(|part| !is_none(&numbers::asked(part)));
            for name in names.iter().filter(|name| !clean::is_none(name)) {
                for number in &numbers {
                    add_forms(&mut subjects, name, code(kind), number);
                }
                if numbers.is_empty() {
                    subjects.extend(NOBODY.map(|(kind, number)| Subject::new(name, kind, number)));
                }
            }
        }
        let can_be_asked = |subject: &Subject| {
            subject.document_number.chars().count() <= 200
                && can_be_asked(&subject.document_kind, &subject.document_number)
        };
        // No inquiry has control characters, and a letter of another alphabet that looks like an X is refused. What else is
        // refused stops the test.
        let is_foreign = |char: char| char.is_alphabetic() && ('\u{370}'..'\u{530}').contains(&char);
        let is_text = |subject: &Subject| {
            !subject.name.contains(char::is_control)
                && !subject.document_number.contains(|char: char| char.is_control() || is_foreign(char))
        };
        subjects.into_iter().filter(can_be_asked).filter(is_text).collect()
    }
}

fn add_forms(subjects: &mut BTreeSet<Subject>, name: &str, kind: &str, number: &str) {
    let text = numbers::asked(number);
    let mut forms = BTreeSet::from([text.clone()]);
    if is_citizen_shaped(&text) {
        forms.insert([&text[..6], &text[8..17]].concat());
    }
    if text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        for century in ["18", "19", "20"] {
            let digits = [&text[..6], century, &text[6..]].concat();
            forms.insert(format!("{digits}{}", citizen_check(&digits)));
        }
    }
    forms.extend(organisation_forms(&text, kind));
    let kinds: &[&str] = match kind {
        "1" | "4" => &["1", "4", "99"],
        "2" => &["2", "1", "99"],
        "6" | "7" | "8" => &["6", "7", "8", "99"],
        "3" => &["3", "5", "99"],
        "5" => &["5", "3"],
        _ => &["99", "1", "8"],
    };
    for form in &forms {
        subjects.extend(kinds.iter().map(|kind| Subject::new(name, kind, form)));
        // Another name decides where a form is lossy, and is flagged where it is not.
        subjects.insert(Subject::new(&format!("{name}乙"), kinds[0], form));
    }
    // Width and case are of the text alone, whatever the kind.
    for form in [number.to_owned(), text.to_lowercase(), full_width(&text)] {
        subjects.insert(Subject::new(name, kinds[0], &form));
    }
}

/// The organisation code that a number is or holds, with and without hyphen, and another credit code around it.
fn organisation_forms(text: &str, kind: &str) -> Vec<String> {
    let organisation = match text.len() {
        18 if text.is_ascii() && ["6", "7", "8", "99"].contains(&kind) => &text[8..17],
        9 if text.is_ascii() => text,
        _ => return Vec::new(),
    };
    let mut forms = vec![organisation.to_owned(), format!("{}-{}", &organisation[..8], &organisation[8..])];
    let other = format!("51990177{organisation}");
    if other.chars().all(|char| "0123456789ABCDEFGHJKLMNPQRTUWXY".contains(char)) {
        forms.push(format!("{other}{}", credit_check(&other)));
    }
    forms
}

fn full_width(text: &str) -> String {
    let wide = text.chars().map(|char| match char {
        '!'..='~' => char::from_u32(u32::from(char) + 0xfee0).unwrap(),
        _ => char,
    });
    wide.collect()
}
