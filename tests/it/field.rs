//! Stories of registers as bureaus really export them: each folder of `fixtures/field` is a package, and what must come of it.
//!
//! `fixtures/field/README.md` says how a story is written, and lists them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use bdcd::{
    domain::{
        answer::Answer,
        inquiry::{Door, Draft},
        kinds::tag,
        matching::{Flag, Rule, Withholding},
        record::{Matched, Registration, Status},
        tables::RowSource as _,
    },
    keys::MasterKey,
    mirror::Mirror,
    package::Package,
    service::draft,
};
use serde::Deserialize;

/// What must come of a package.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    /// What it shows, a sentence.
    shows: String,
    /// Where it was reported.
    source: String,
    /// Texts of the refusal, where the package must be refused.
    #[serde(default)]
    refused: Vec<String>,
    /// Texts of the load's report.
    #[serde(default)]
    report: Vec<String>,
    #[serde(default)]
    ask: Vec<Ask>,
}

/// A question, and its answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    name: String,
    kind: String,
    number: String,
    #[serde(default)]
    include_ended: bool,
    /// Items asked about; all where absent.
    #[serde(default)]
    items: Vec<i32>,
    /// Registrations shown: kind, certificate or business number, status where not in force, rule, flags.
    #[serde(default)]
    shown: Vec<String>,
    /// Registrations counted, by rule.
    #[serde(default)]
    withheld: BTreeMap<String, u64>,
    /// Words of the violation, where the question must be refused.
    #[serde(default)]
    violation: String,
}

fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Exact => "exact",
        Rule::Variant => "variant",
        Rule::Orgcode => "orgcode",
        Rule::Name => "name",
    }
}

fn flag(flag: Flag) -> &'static str {
    match flag {
        Flag::NameDiffers => "name_differs",
        Flag::Renamed => "renamed",
        Flag::VerifyOnSite => "verify_on_site",
        Flag::StatusDoubtful => "status_doubtful",
    }
}

fn withholding(rule: Withholding) -> &'static str {
    match rule {
        Withholding::NameDiffers => "name_differs",
        Withholding::PersonNameOnly => "person_name_only",
        Withholding::NumberDamaged => "number_damaged",
        Withholding::BuildingOnly => "building_only",
        Withholding::PermitIssue => "permit_issue",
        Withholding::Provisional => "provisional",
        Withholding::ParcelOnly => "parcel_only",
        Withholding::Ended => "ended",
        Withholding::NotAsked => "not_asked",
    }
}

/// A registration in the words of a story.
fn told(registration: &Registration) -> String {
    let numbers = [tag::CERTIFICATE_NUMBER, tag::BUSINESS_NUMBER].map(|tag| registration.common.get(tag));
    let number = numbers.into_iter().find(|number| !number.is_empty()).unwrap_or("-");
    let mut words = vec![registration.kind.table().item, number];
    if registration.status == Status::Ended {
        words.push("ended");
    }
    let order = format!("waits:{}", registration.waiting_order);
    if registration.waiting_order > 0 {
        words.push(&order);
    }
    let flags = match registration.matched.as_ref().expect("what is shown says why") {
        Matched::Party { rule: matched, flags, .. } => {
            words.push(rule(*matched));
            flags
        }
        Matched::OnSubjectUnit { flags } => {
            words.push("on-unit");
            flags
        }
    };
    words.extend(flags.iter().map(|one| flag(*one)));
    words.join(" ")
}

fn draft_of(ask: &Ask) -> Draft {
    let text = |text: &str| text.to_owned();
    Draft {
        request_number: text("20261123990102000001"),
        court_name: text("测试法院"),
        court_code: text("测01"),
        case_number: text("（2026）测01执1号"),
        handler_name: text("测试法官"),
        work_certificate_number: text("0"),
        handler_contact: text("0"),
        notice_number: text("0"),
        subject_name: ask.name.clone(),
        document_kind: ask.kind.clone(),
        document_number: ask.number.clone(),
        items: if ask.items.is_empty() { (1..=6).collect() } else { ask.items.clone() },
        include_ended: ask.include_ended,
        ..Draft::default()
    }
}

/// What is wrong with how a story came out; empty where nothing is.
fn faults(folder: &Path) -> Vec<String> {
    let written = fs::read_to_string(folder.join("story.toml")).unwrap();
    let story: Story = toml::from_str(&written).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    assert!(
        !story.shows.is_empty() && !story.source.is_empty(),
        "{}: says what it shows, and whence",
        folder.display()
    );
    let directory = tempfile::tempdir().unwrap();
    let mirror = Mirror::new(directory.path(), MasterKey::from_bytes([7; 32]));
    let chained = |error: &dyn std::error::Error| {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    };
    let loaded = Package::open(&folder.join("package")).map_err(|error| chained(&error)).and_then(|mut package| {
        let (facts, manifest) = (package.facts(), package.manifest_bytes().to_vec());
        assert_eq!(facts.accepted.len(), package.declared().accepted.len());
        mirror.load(&mut package, &facts, &manifest, &mut |_| {}).map_err(|error| chained(&error))
    });
    let mut faults = Vec::new();
    let report = match loaded {
        Ok(report) => report.to_string(),
        Err(refusal) if story.refused.is_empty() => return vec![format!("refused: {refusal}")],
        Err(refusal) => {
            let missing = story.refused.iter().filter(|text| !refusal.contains(*text));
            return missing.map(|text| format!("the refusal lacks `{text}`: {refusal}")).collect();
        }
    };
    if !story.refused.is_empty() {
        return vec!["loads, and must be refused".to_owned()];
    }
    faults.extend(
        story.report.iter().filter(|text| !report.contains(*text)).map(|text| format!("the report lacks `{text}`")),
    );
    let generation = mirror.open(&mirror.current().unwrap().unwrap()).unwrap();
    let mut reader = generation.reader().unwrap();
    for (ask, at) in story.ask.iter().zip(1..) {
        let inquiry = match draft_of(ask).check(Door::Query) {
            Ok(inquiry) => inquiry,
            Err(violations) => {
                let told = format!("{violations:?}");
                if ask.violation.is_empty() || !told.contains(&ask.violation) {
                    faults.push(format!("question {at}: violation = {told:?}"));
                }
                continue;
            }
        };
        let bytes = draft::answer_bytes(&mut reader, generation.frame(), &inquiry).unwrap();
        let answer = Answer::decode(&bytes).unwrap();
        assert!(answer.reconciles());
        let shown: Vec<String> = answer.units.iter().flat_map(|unit| &unit.registrations).map(told).collect();
        let withheld: BTreeMap<String, u64> =
            answer.coverage.withheld.iter().map(|(rule, count)| (withholding(*rule).to_owned(), *count)).collect();
        if !ask.violation.is_empty() || shown != ask.shown || withheld != ask.withheld {
            faults.push(format!("question {at}: shown = {shown:?} withheld = {withheld:?}"));
        }
    }
    faults
}

fn stories() -> Vec<PathBuf> {
    let entries = fs::read_dir("fixtures/field").unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn every_story_comes_out_as_it_is_told() {
    let stories = stories();
    assert!(stories.len() >= 50, "{} stories", stories.len());
    let told = stories.iter().flat_map(|folder| {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        faults(folder).into_iter().map(move |fault| format!("{name}: {fault}"))
    });
    let told: Vec<String> = told.collect();
    assert!(told.is_empty(), "{} faults:\n{}", told.len(), told.join("\n"));
}

#[test]
fn the_page_lists_every_story() {
    let page = fs::read_to_string("fixtures/field/README.md").unwrap();
    let missing: Vec<PathBuf> = stories()
        .into_iter()
        .filter(|folder| !page.contains(&format!("`{}`", folder.file_name().unwrap().to_string_lossy())))
        .collect();
    assert!(missing.is_empty(), "not on the page: {missing:?}");
}
