//! Who is who: every row of `fixtures/matching.csv` against the rules of `domain::matching`.
//!
//! The table was written from the rule book, not from the code. `fixtures/matching.md` says how to read it.

use std::collections::{BTreeMap, BTreeSet};

use bdcd::domain::matching::{Flag, Outcome, Registered, Rule, Subject, Withholding, index_keys};

/// One row of the table.
struct Vector {
    case: String,
    rule_under_test: String,
    asked: [String; 3],
    registered: [String; 4],
    expected: String,
    flags: String,
}

impl Vector {
    fn party(&self) -> Registered<'_> {
        let [name, document_kind, document_number, holder_kind] = &self.registered;
        Registered { name, document_kind, document_number, holder_kind }
    }

    fn subject(&self) -> Subject {
        let [name, kind, number] = &self.asked;
        Subject::new(name, kind, number)
    }

    /// What is wrong with the code's view of this row; `None` where it agrees.
    fn fault(&self) -> Option<String> {
        let subject = self.subject();
        let outcome = subject.compare(self.party());
        let (found, flags) = told(outcome.as_ref());
        if (found.as_str(), flags.as_str()) != (self.expected.as_str(), self.flags.as_str()) {
            return Some(format!(
                "[{}] {}: expected `{}` `{}`, found `{found}` `{flags}`",
                self.rule_under_test, self.case, self.expected, self.flags
            ));
        }
        let searched: BTreeSet<String> = subject.search_keys().into_iter().collect();
        let is_reachable = index_keys(self.party()).iter().any(|key| searched.contains(key));
        (outcome.is_some() && !is_reachable).then(|| {
            format!("[{}] {}: compares as `{found}`, but no key leads to the party", self.rule_under_test, self.case)
        })
    }
}

/// An outcome in the words of the table: what is expected, and the flags joined by `+`.
fn told(outcome: Option<&Outcome>) -> (String, String) {
    match outcome {
        None => ("none".to_owned(), String::new()),
        Some(Outcome::Withheld(reason)) => (format!("withheld:{}", reason_word(*reason)), String::new()),
        Some(Outcome::Match { rule, flags }) => {
            let flags: Vec<&str> = flags.iter().map(|flag| flag_word(*flag)).collect();
            (rule_word(*rule).to_owned(), flags.join("+"))
        }
    }
}

fn rule_word(rule: Rule) -> &'static str {
    match rule {
        Rule::Exact => "exact",
        Rule::Variant => "variant",
        Rule::Orgcode => "orgcode",
        Rule::Name => "name",
    }
}

fn flag_word(flag: Flag) -> &'static str {
    match flag {
        Flag::NameDiffers => "name_differs",
        Flag::Renamed => "renamed",
        Flag::StatusDoubtful => "status_doubtful",
        Flag::VerifyOnSite => "verify_on_site",
    }
}

fn reason_word(reason: Withholding) -> &'static str {
    match reason {
        Withholding::NameDiffers => "name_differs",
        Withholding::PersonNameOnly => "person_name_only",
        Withholding::PermitIssue => "permit_issue",
        _ => "a reason that no comparison gives",
    }
}

fn vectors() -> Vec<Vector> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/matching.csv");
    let mut reader = csv::Reader::from_path(path).expect("the table of vectors opens");
    let columns: Vec<String> = reader.headers().expect("the table has a header").iter().map(str::to_owned).collect();
    let column = |record: &csv::StringRecord, name: &str| -> String {
        let place = columns.iter().position(|column| column == name).expect("the table has every column");
        record[place].to_owned()
    };
    reader
        .records()
        .map(|record| {
            let record = record.expect("every row of the table has every column");
            let text = |name| column(&record, name);
            Vector {
                case: text("case"),
                rule_under_test: text("rule_under_test"),
                asked: ["asked_name", "asked_kind", "asked_number"].map(text),
                registered: ["registered_name", "registered_kind", "registered_number", "holder_kind"].map(text),
                expected: text("expected"),
                flags: text("flags"),
            }
        })
        .collect()
}

#[test]
fn every_vector_comes_out_as_the_rule_book_says() {
    let faults: Vec<String> = vectors().iter().filter_map(Vector::fault).collect();
    assert!(faults.is_empty(), "{} rows disagree:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_table_hits_and_misses_every_rule() {
    let vectors = vectors();
    assert!(vectors.len() >= 120, "{} rows are too few", vectors.len());

    let cases: BTreeSet<&str> = vectors.iter().map(|vector| vector.case.as_str()).collect();
    assert_eq!(cases.len(), vectors.len(), "two rows share the name of a case");

    let mut outcomes: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
    for vector in &vectors {
        outcomes.entry(&vector.rule_under_test).or_default().insert((&vector.expected, &vector.flags));
    }
    for rule in [
        "exact",
        "variant",
        "orgcode",
        "name",
        "normal_number",
        "normal_name",
        "kinds",
        "shape",
        "person_name_only",
        "D6",
        "D7",
        "D8",
        "D9",
        "D10",
        "D11",
        "D13",
        "D14",
        "D15",
        "D16",
        "D17",
        "D18",
    ] {
        let seen = outcomes.get(rule).map_or(0, BTreeSet::len);
        assert!(seen >= 2, "`{rule}` is not both hit and missed: {seen} outcomes");
    }
    for (rule, seen) in &outcomes {
        assert!(seen.len() >= 2, "`{rule}` is not both hit and missed: {seen:?}");
    }
    for rule in ["exact", "variant", "orgcode", "name", "person_name_only", "D18"] {
        let misses = vectors.iter().filter(|row| row.rule_under_test == rule && row.expected == "none").count();
        assert!(misses >= 2, "`{rule}` has {misses} rows that it must not find");
    }
    let told: BTreeSet<&str> = vectors.iter().map(|vector| vector.expected.as_str()).collect();
    let all = [
        "exact",
        "name",
        "none",
        "orgcode",
        "variant",
        "withheld:name_differs",
        "withheld:permit_issue",
        "withheld:person_name_only",
    ];
    assert_eq!(told, BTreeSet::from(all));
}
