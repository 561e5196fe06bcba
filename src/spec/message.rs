//! MESSAGE of an answer: short sentences in a fixed order, each with its number (D31, D33, D48, D49).
//!
//! `deploy/MESSAGE.md` explains the sentences to the court side. A sentence that has nothing to say is left out. No source
//! states how long the text may be, so it is bounded: where all sentences together are longer, the last ones give only their
//! total, until the text fits.

use std::collections::{BTreeMap, BTreeSet};

use super::{amount, options::FeedbackOptions};
use crate::domain::{
    answer::Answer,
    matching::{Flag, Rule, Withholding},
    record::{Matched, Registration},
};

/// The most characters of MESSAGE.
pub(super) const MESSAGE_CHARS_MAX: usize = 500;

/// One sentence: whole, and as short as it can be without losing its number.
struct Sentence {
    whole: String,
    short: String,
}

impl Sentence {
    fn fixed(text: String) -> Self {
        Self { short: text.clone(), whole: text }
    }

    /// A sentence that lists things; nothing where there are none.
    fn list(things: &[String], whole: impl Fn(&str) -> String, short: String) -> Option<Self> {
        (!things.is_empty()).then(|| Self { whole: whole(&things.join("，")), short })
    }
}

/// What MESSAGE says of an answer; `replaced` characters of it could not be written.
pub(super) fn of_answer(answer: &Answer, options: &FeedbackOptions, replaced: usize) -> String {
    let sentences = [
        Some(Sentence::fixed(format!("数据截止时间：{}。", answer.generation.as_of))),
        not_searched(answer),
        accepted(answer),
        quarantined(answer),
        doubts(answer),
        withheld(answer),
        uncarried(answer, options),
        characters(replaced),
        amounts(answer, options),
        Some(Sentence::fixed(answer.statement.clone())),
    ];
    bounded(sentences.into_iter().flatten().collect())
}

fn bounded(mut sentences: Vec<Sentence>) -> String {
    let length = |sentences: &[Sentence]| sentences.iter().map(|one| one.whole.chars().count()).sum::<usize>();
    for at in (0..sentences.len()).rev() {
        if length(&sentences) <= MESSAGE_CHARS_MAX {
            break;
        }
        let sentence = &mut sentences[at];
        sentence.whole.clone_from(&sentence.short);
    }
    sentences.into_iter().map(|sentence| sentence.whole).collect()
}

/// D48: tables that the package lacks.
fn not_searched(answer: &Answer) -> Option<Sentence> {
    let tables: Vec<_> = answer.generation.tables_not_searched().map(|table| table.label().to_owned()).collect();
    let short = format!("未检索：{}个登记表。", tables.len());
    Sentence::list(&tables, |_| format!("未检索：{}。", tables.join("、")), short)
}

/// Gaps of the package that the authority accepted (D40, D47), by standard names; the reason is the authority's own.
fn accepted(answer: &Answer) -> Option<Sentence> {
    let names: BTreeSet<_> = answer.generation.accepted.iter().map(|gap| gap.what.clone()).collect();
    let names: Vec<_> = names.into_iter().collect();
    let short = format!("登记机构已确认的数据缺陷：{}处。", names.len());
    let whole = |_: &str| format!("登记机构已确认的数据缺陷{}处：{}。", names.len(), names.join("、"));
    Sentence::list(&names, whole, short)
}

fn quarantined(answer: &Answer) -> Option<Sentence> {
    let tables: Vec<_> =
        answer.generation.quarantined.iter().map(|(table, rows)| format!("{}{rows}行", table.label())).collect();
    let short = format!("未能读取或者归位、未参与查询的数据：{}行。", answer.generation.quarantined_rows());
    Sentence::list(&tables, |listed| format!("未能读取或者归位、未参与查询的数据：{listed}。"), short)
}

/// D49: how sure the reported registrations are.
fn doubts(answer: &Answer) -> Option<Sentence> {
    let count = |is_meant: &dyn Fn(&Registration) -> bool| {
        let meant = reported(answer).filter(|registration| is_meant(registration));
        meant.map(|registration| registration.identity.as_str()).collect::<BTreeSet<_>>().len()
    };
    let is_by_name = |one: &Registration| matches!(one.matched, Some(Matched::Party { rule: Rule::Name, .. }));
    let is_other_name = |one: &Registration| has_flag(one, Flag::NameDiffers) || has_flag(one, Flag::Renamed);
    let is_to_verify =
        |one: &Registration| has_flag(one, Flag::VerifyOnSite) && !is_by_name(one) && !is_other_name(one);
    let is_doubtful = |one: &Registration| one.is_doubtful || has_flag(one, Flag::StatusDoubtful);
    let counts = [
        ("仅凭姓名（名称）相符的", count(&is_by_name)),
        ("证件号相符而姓名（名称）不同的", count(&is_other_name)),
        ("其他身份存疑的", count(&is_to_verify)),
        ("是否有效存疑的", count(&is_doubtful)),
    ];
    let told: Vec<_> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{what}{count}件")).collect();
    let short = format!("已列出的登记中{}；请现场核实。", told.join("，"));
    Sentence::list(&told, |listed| format!("已列出的登记中{listed}；请现场核实。"), short.clone())
}

fn reported(answer: &Answer) -> impl Iterator<Item = &Registration> {
    answer.units.iter().flat_map(|unit| &unit.registrations)
}

fn has_flag(registration: &Registration, flag: Flag) -> bool {
    match &registration.matched {
        Some(Matched::Party { flags, .. } | Matched::OnSubjectUnit { flags }) => flags.contains(&flag),
        None => false,
    }
}

fn withheld(answer: &Answer) -> Option<Sentence> {
    let rules = &answer.coverage.withheld;
    let counts: Vec<_> = rules.iter().map(|(rule, count)| format!("{}{count}件", withheld_because(*rule))).collect();
    let total: u64 = rules.iter().map(|(_, count)| count).sum();
    let short = format!("另有未列出的登记：共{total}件；需要时请现场核实。");
    Sentence::list(&counts, |listed| format!("另有未列出的登记：{listed}；需要时请现场核实。"), short)
}

/// D31: registrations of kinds whose list is switched off.
fn uncarried(answer: &Answer, options: &FeedbackOptions) -> Option<Sentence> {
    let mut kinds = BTreeMap::new();
    for registration in reported(answer).filter(|registration| !options.writes(registration.kind)) {
        kinds.entry(registration.kind).or_insert_with(BTreeSet::new).insert(registration.identity.as_str());
    }
    let counts: Vec<_> =
        kinds.iter().map(|(kind, identities)| format!("{}{}件", kind.table().label, identities.len())).collect();
    let short = format!("本报文未承载：共{}件。", kinds.values().map(BTreeSet::len).sum::<usize>());
    Sentence::list(&counts, |listed| format!("本报文未承载：{listed}。"), short)
}

/// D54: what XML could not carry.
fn characters(replaced: usize) -> Option<Sentence> {
    if replaced == 0 {
        return None;
    }
    Some(Sentence::fixed(format!("有{replaced}个字符无法以XML表示，已写作U+FFFD。")))
}

/// D55: amounts that the message carries in a unit which is not known to be 万元.
fn amounts(answer: &Answer, options: &FeedbackOptions) -> Option<Sentence> {
    let written = reported(answer).filter(|registration| options.writes(registration.kind));
    let count: usize = written.map(amount::unknown_count).sum();
    if count == 0 {
        return None;
    }
    Some(Sentence::fixed(format!("有{count}个金额的单位或者币种不明，按登记原值填写，未折算为万元。")))
}

/// Why registrations are not shown, in the court's language.
#[must_use]
pub fn withheld_because(rule: Withholding) -> &'static str {
    match rule {
        Withholding::NameDiffers => "证件号相符而姓名（名称）不符的",
        Withholding::PersonNameOnly => "仅姓名相同而无可用证件号的",
        Withholding::NumberDamaged => "姓名（名称）相同而证件号残缺或者末位不符的",
        Withholding::PermitIssue => "通行证件仅换证次数不同的",
        Withholding::Provisional => "权属状态为临时的",
        Withholding::BuildingOnly => "仅登记在所在幢上的",
        Withholding::ParcelOnly => "仅登记在所在宗地上的",
        Withholding::Ended => "已终止而未要求查询的",
        Withholding::NotAsked => "不在查询事项之内的",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        answer::{Coverage, RULES_VERSION, STATEMENT},
        generation::{Accepted, GenerationFacts},
        kinds::{KINDS, Kind},
        record::Unit,
        tables::Table,
    };

    fn answer() -> Answer {
        let tables = Table::ALL.into_iter().map(|table| (table, 1)).collect();
        Answer {
            request_number: "1".to_owned(),
            generation: GenerationFacts {
                as_of: "2026-11-23T06:00:00+08:00".into(),
                tables,
                ..GenerationFacts::default()
            },
            rules_version: RULES_VERSION,
            units: Vec::new(),
            coverage: Coverage::default(),
            statement: STATEMENT.to_owned(),
        }
    }

    fn registration(kind: Kind, identity: &str, matched: Matched) -> Registration {
        let mut registration = Registration::new(kind, identity.to_owned());
        registration.matched = Some(matched);
        registration
    }

    fn by(rule: Rule, flags: &[Flag]) -> Matched {
        Matched::Party { party: 0, rule, flags: flags.to_vec() }
    }

    #[test]
    fn a_certain_answer_gives_its_time_and_the_reservation_alone() {
        let message = of_answer(&answer(), &FeedbackOptions::default(), 0);
        assert_eq!(message, format!("数据截止时间：2026-11-23T06:00:00+08:00。{STATEMENT}"));
    }

    #[test]
    fn every_sentence_stands_in_its_order_with_its_number() {
        let mut answer = answer();
        answer.generation.tables.retain(|(table, _)| !matches!(table, Table::Cfdj | Table::Dyaq | Table::H));
        answer.generation.quarantined = vec![(Table::Dyaq, 2), (Table::Qlr, 1)];
        answer.generation.accepted = vec![Accepted { what: "QLR.ZJH".into(), reason: "旧系统没有".into() }];
        answer.coverage.withheld = vec![(Withholding::PersonNameOnly, 2), (Withholding::NumberDamaged, 1)];
        let mut doubtful =
            registration(Kind::Seizure, "CFDJ:1", Matched::OnSubjectUnit { flags: vec![Flag::StatusDoubtful] });
        doubtful.is_doubtful = true;
        let registrations = vec![
            registration(Kind::Building, "FDCQ2:1", by(Rule::Name, &[Flag::VerifyOnSite])),
            registration(Kind::Building, "FDCQ2:2", by(Rule::Exact, &[Flag::Renamed])),
            registration(Kind::Building, "FDCQ2:3", by(Rule::Exact, &[Flag::NameDiffers])),
            registration(Kind::Easement, "DYIQ:1", by(Rule::Exact, &[])),
            doubtful,
        ];
        // The same registration on two units is one registration.
        answer.units = vec![
            Unit { registrations: registrations.clone(), ..Unit::default() },
            Unit { registrations: registrations[..1].to_vec(), ..Unit::default() },
        ];
        let options = FeedbackOptions { easements: false, ..FeedbackOptions::default() };
        let expected = [
            "数据截止时间：2026-11-23T06:00:00+08:00。",
            "未检索：抵押权、查封登记。",
            "登记机构已确认的数据缺陷1处：QLR.ZJH。",
            "未能读取或者归位、未参与查询的数据：抵押权2行，权利人1行。",
            "已列出的登记中仅凭姓名（名称）相符的1件，证件号相符而姓名（名称）不同的2件，是否有效存疑的1件；请现场核实。",
            "另有未列出的登记：仅姓名相同而无可用证件号的2件，姓名（名称）相同而证件号残缺或者末位不符的1件；需要时请现场核实。",
            "本报文未承载：地役权1件。",
            "有3个字符无法以XML表示，已写作U+FFFD。",
            STATEMENT,
        ];
        assert_eq!(of_answer(&answer, &options, 3), expected.concat());
    }

    #[test]
    fn the_longest_message_keeps_every_number_and_fits() {
        let mut answer = answer();
        answer.generation.tables.clear();
        answer.generation.quarantined = Table::ALL.into_iter().map(|table| (table, 1_000_000)).collect();
        let gap = |number| Accepted { what: format!("FDCQ2.COLUMN{number}"), reason: String::new() };
        answer.generation.accepted = (0..200).map(gap).collect();
        answer.coverage.withheld = Withholding::ALL.into_iter().map(|rule| (rule, 1_000_000)).collect();
        let flags = [Flag::NameDiffers, Flag::Renamed, Flag::VerifyOnSite, Flag::StatusDoubtful];
        let matched = [by(Rule::Name, &flags), by(Rule::Exact, &flags), by(Rule::Exact, &flags[2..])];
        let one = |(number, matched): (usize, &Matched)| {
            registration(KINDS[number].kind, &format!("X:{number}"), matched.clone())
        };
        let all = (0..KINDS.len()).flat_map(|number| matched.iter().map(move |matched| (number, matched)));
        answer.units = vec![Unit { registrations: all.map(one).collect(), ..Unit::default() }];
        let options = FeedbackOptions {
            easements: false,
            agricultural_use: false,
            objections: false,
            sea_and_forest: false,
            ..FeedbackOptions::default()
        };
        let message = of_answer(&answer, &options, 1_000_000);
        assert!(message.chars().count() <= MESSAGE_CHARS_MAX, "{}: {message}", message.chars().count());
        for kept in ["200处", "共9000000件", "共5件", "1000000个字符", STATEMENT] {
            assert!(message.contains(kept), "{kept}: {message}");
        }
    }
}
