//! Who is who: every row of `fixtures/matching.csv` against the rules of `domain::matching`.
//!
//! The table was written from the rule book, not from the code. `fixtures/matching.md` says how to read it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, sample::select};

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
        Withholding::NumberDamaged => "number_damaged",
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
    assert!(vectors.len() >= 300, "{} rows are too few", vectors.len());

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
        "D35",
        "D37",
        "D38",
        "D39",
        "D41",
        "D51",
        "D52",
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
        "withheld:number_damaged",
        "withheld:permit_issue",
        "withheld:person_name_only",
    ];
    assert_eq!(told, BTreeSet::from(all));
}

/// Texts that registers and courts write for a few people, so that comparisons often come near a match.
fn texts() -> impl Strategy<Value = [String; 7]> {
    let name = select(&[
        "齐测一",
        "齐测一（原齐测旧）",
        "齐测旧",
        "虚岭置业有限公司",
        "虚岭置业有限公司(原虚岭厂)",
        "虚岭厂",
        "无",
        "阿布测·买买测",
    ]);
    let number = select(&[
        "990101198001010014",
        "990101800101001",
        "990101198001010015",
        "99010119800101001",
        "9901011980010100144",
        "990101200001010016",
        "9.90101E+17",
        "91990100MA9XK2P15L",
        "MA9XK2P15",
        "990100000012340",
        "990109195001019243",
        "军字第1990001号",
        "1990001",
        "中国护照E99000001",
        "E99000001",
        "99000001",
        "99000001B",
        "9900000102",
        "T99000001",
        "M99000012",
        "M9900001(2)",
        "111111111111111111",
        "",
    ]);
    let dress = select(&["", "'", "身份证：", "[", "\u{200B}", "990102197202290149、", "MA9XK2P15/"]);
    let kind = || select(&["", "1", "2", "3", "4", "5", "6", "7", "8", "99", "身份证"]);
    let holder = select(&["", "1", "2", "3", "99", "企业"]);
    (name.clone(), kind(), number.clone(), name, kind(), (dress, number), holder).prop_map(
        |(asked, asked_kind, asked_number, name, kind, (dress, number), holder)| {
            [asked, asked_kind, asked_number, name, kind, &format!("{dress}{number}"), holder].map(str::to_owned)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever compares as the subject, or might be, is reached by the index: else a debtor's property is missed.
    #[test]
    fn whoever_might_be_the_subject_is_reached_by_a_key(texts in texts()) {
        let [asked, asked_kind, asked_number, name, document_kind, document_number, holder_kind] = &texts;
        let subject = Subject::new(asked, asked_kind, asked_number);
        let party = Registered { name, document_kind, document_number, holder_kind };
        if let Some(outcome) = subject.compare(party) {
            let searched: BTreeSet<String> = subject.search_keys().into_iter().collect();
            let is_reached = index_keys(party).iter().any(|key| searched.contains(key));
            prop_assert!(is_reached, "compares as {outcome:?}, but no key leads there: {texts:?}");
        }
    }
}
