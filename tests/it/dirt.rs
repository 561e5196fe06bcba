//! Random counties with dirt: whatever stands in one column of identifiers or statuses, no answer shows a stranger's
//! registration, and nothing ends or stays in force by an accident.
//!
//! `BDCD_COUNTIES=2000 cargo test --test it dirt` tries that many counties; `BDCD_SEED` repeats a run.

mod county;

use bdcd::domain::{
    answer::Answer,
    inquiry::{Door, Draft},
    kinds::Kind,
    record::{Registration, Status},
    tables::Table,
};

use county::County;
pub(crate) use county::Random;

/// How many counties each test tries.
fn counties() -> u64 {
    std::env::var("BDCD_COUNTIES").map_or(50, |text| text.parse().unwrap())
}

fn seed() -> u64 {
    std::env::var("BDCD_SEED").map_or(20_261_127, |text| text.parse().unwrap())
}

fn ask(county: &mut county::Loaded, owner: usize, include_ended: bool) -> Answer {
    let text = |text: &str| text.to_owned();
    let draft = Draft {
        request_number: text("20261123990102000001"),
        court_name: text("测试法院"),
        court_code: text("测01"),
        case_number: text("（2026）测01执1号"),
        handler_name: text("测试法官"),
        work_certificate_number: text("0"),
        handler_contact: text("0"),
        notice_number: text("0"),
        subject_name: county::name(owner),
        document_kind: text("1"),
        document_number: county::number(owner),
        items: (1..=6).collect(),
        include_ended,
        ..Draft::default()
    };
    let inquiry = draft.check(Door::Query).unwrap_or_else(|violations| panic!("{violations:?}"));
    Answer::decode(&county.answer(&inquiry)).unwrap()
}

/// The owner whose row a registration is, as its remark says.
fn owner_of(registration: &Registration) -> usize {
    registration.common.get(bdcd::domain::kinds::tag::REMARK).strip_prefix("户").unwrap().parse().unwrap()
}

#[test]
fn whatever_stands_in_a_column_of_identifiers_nobody_is_shown_a_strangers_registration() {
    let (mut shown, mut loaded) = (0, 0);
    for at in 0..counties() {
        let mut random = Random::new(seed() + at);
        let mut county = County::new(&mut random);
        let column = ["BDCDYH", "YWH", "BDCQZH", "ZDDM", "FWBM"][random.below(5)];
        let dirt = county.overwrite(column, &mut random);
        let owners = county.owners();
        let rows = county.clone();
        let mut county = match county.load(0) {
            Ok(county) => county,
            Err(findings) => {
                assert!(!findings.is_empty(), "what stops a load is told");
                continue;
            }
        };
        loaded += 1;
        for owner in 0..owners {
            let answer = ask(&mut county, owner, true);
            shown += assert_no_strangers(&rows, owner, &answer, &format!("county {at} ({column}: {dirt})"));
            let own: Vec<_> = answer.units.iter().flat_map(|unit| &unit.registrations).collect();
            let is_found = own.iter().any(|one| owner_of(one) == owner && one.kind.is_ownership_or_use());
            assert!(is_found, "county {at} ({column}: {dirt}): {owner} is not shown the own house: {rows:?} {own:?}");
        }
    }
    assert!(loaded > 0 && shown > 0, "{loaded} counties, {shown} registrations");
}

/// Asserts that an answer shows a person nothing that is only another's; returns how many registrations it shows.
fn assert_no_strangers(rows: &County, person: usize, answer: &Answer, county: &str) -> usize {
    let registrations = || answer.units.iter().flat_map(|unit| &unit.registrations);
    for registration in registrations() {
        let of = owner_of(registration);
        let is_own = of == person || rows.do_touch(person, of, registration);
        assert!(is_own, "{county}: {person} is shown what is {of}'s: {registration:?} {rows:?}");
    }
    registrations().count()
}

#[test]
fn with_two_columns_dirty_what_can_be_placed_is_shown_to_its_owner_and_the_rest_is_in_quarantine() {
    let (mut shown, mut aside) = (0, 0);
    for at in 0..counties() {
        let mut random = Random::new(seed() + at);
        let clean = County::new(&mut random);
        let mut rows = clean.clone();
        let columns = [0; 2].map(|_| ["BDCDYH", "YWH", "BDCQZH", "BDCDJZMH", "FWBM", "FWBH", "ZDDM"][random.below(7)]);
        let dirt = columns.map(|column| rows.overwrite(column, &mut random));
        let name = format!("county {at} ({columns:?}: {dirt:?})");
        let mut county = match rows.clone().load(1000) {
            Ok(county) => county,
            // Only scientific notation stops it.
            Err(findings) => {
                assert!(!findings.problems.is_empty(), "{name}: {findings}");
                continue;
            }
        };
        let quarantine = county.generation.quarantine().unwrap();
        let is_aside = |table: Table, of: usize| {
            quarantine.iter().any(|row| row.table == table.name() && row.line == of as u64 + 2)
        };
        aside += quarantine.len();
        for person in 0..rows.people() {
            let answer = ask(&mut county, person, true);
            shown += assert_no_strangers(&rows, person, &answer, &name);
            assert_eq!(answer.generation.quarantined_rows(), quarantine.len() as u64, "{name}");
            let is_as_it_was = |table: Table| rows.has_row_of(&clean, table, person) && !is_aside(table, person);
            if person >= rows.owners() || !is_as_it_was(Table::Qlr) || !is_as_it_was(Table::Fdcq2) {
                continue;
            }
            let own = |kind: Kind| {
                let mut all = answer.units.iter().flat_map(|unit| &unit.registrations);
                all.any(|one| one.kind == kind && owner_of(one) == person)
            };
            assert!(own(Kind::Building), "{name}: {person} is not shown the own house: {rows:?}");
            for (table, kind) in [(Table::Cfdj, Kind::Seizure), (Table::Dyaq, Kind::Mortgage)] {
                let is_told = own(kind) || is_aside(table, person);
                let unit = rows.get(table, person, "BDCDYH");
                let is_counted = || {
                    let column = format!("{}.BDCDYH", table.name());
                    let reason = "is a charge on a unit that has no right and no house";
                    unit.len() == 28
                        || county.report.odd_values.iter().any(|odd| odd.column == column && odd.reason == reason)
                };
                // The list of another's house code, which is the register's own word, may have led it there.
                // So may a code that stands under one owner's right alone.
                let is_code = |other: usize| {
                    [Table::Fdcq2, Table::Jsydsyq].iter().any(|table| rows.get(*table, other, "BDCDYH") == unit)
                };
                let is_led_astray = (table == Table::Dyaq && !rows.has_row_of(&clean, Table::Dywqd, person))
                    || (0..rows.people()).any(is_code);
                let is_elsewhere = unit != clean.get(table, person, "BDCDYH") && (is_led_astray || is_counted());
                assert!(is_told || is_elsewhere, "{name}: {person}'s {table:?} is nowhere: {rows:?}");
            }
        }
    }
    assert!(aside > 0 && shown > 0, "{aside} rows aside, {shown} registrations shown");
}

/// Texts in columns of statuses, and what they mean; `None` where nobody can say.
const STATUSES: [(&str, Option<Status>); 16] = [
    ("1", Some(Status::Current)),
    ("01", Some(Status::Current)),
    ("1.0", Some(Status::Current)),
    ("１", Some(Status::Current)),
    ("现势", Some(Status::Current)),
    ("", Some(Status::Current)),
    ("NULL", Some(Status::Current)),
    ("\\N", Some(Status::Current)),
    ("2", Some(Status::Ended)),
    ("2.0", Some(Status::Ended)),
    ("历史", Some(Status::Ended)),
    ("03", Some(Status::Ended)),
    (" 3 ", Some(Status::Ended)),
    ("0", Some(Status::Provisional)),
    ("某状态", None),
    ("7", None),
];

/// Texts in columns of ending, and whether they end: `None` where nobody can say.
const ENDINGS: [(&str, Option<bool>); 14] = [
    ("", Some(false)),
    ("NULL", Some(false)),
    ("无", Some(false)),
    ("0", Some(false)),
    ("1900-01-01", Some(false)),
    ("0001-01-01 00:00:00", Some(false)),
    ("9999-12-31", Some(false)),
    ("0000-00-00", Some(false)),
    ("2020-05-06", Some(true)),
    ("2020/5/6 0:00:00", Some(true)),
    ("06-5月 -20", Some(true)),
    ("43957", Some(true)),
    ("已解除", None),
    ("2020-13-45", None),
];

/// Texts in columns of business numbers that end, and whether they do.
const ENDING_NUMBERS: [(&str, bool); 8] = [
    ("", false),
    ("0", false),
    ("０００", false),
    ("NULL", false),
    ("无", false),
    ("/", false),
    ("[NULL]", false),
    ("202100009", true),
];

/// What ends the registrations of a table by their own row: a number, and a date.
const ENDED_BY: [(Table, Kind, &str, &str); 3] = [
    (Table::Cfdj, Kind::Seizure, "JFYWH", "JFDJSJ"),
    (Table::Dyaq, Kind::Mortgage, "ZXDYYWH", "ZXSJ"),
    (Table::Fdcq2, Kind::Building, "", ""),
];

#[test]
fn nothing_ends_and_nothing_stays_in_force_by_an_accident() {
    for at in 0..counties() {
        let mut random = Random::new(seed() + at);
        let mut county = County::new(&mut random);
        let mut expected = Vec::new();
        for (owner, (table, kind, number_column, date_column)) in
            (0..county.owners()).flat_map(|owner| ENDED_BY.map(|ended_by| (owner, ended_by)))
        {
            let (status, means) = STATUSES[random.below(STATUSES.len())];
            let (number, does_end) = ENDING_NUMBERS[random.below(ENDING_NUMBERS.len())];
            let (date, ends) = ENDINGS[random.below(ENDINGS.len())];
            county.set(table, owner, "QSZT", status);
            let has_marks = !date_column.is_empty();
            if has_marks {
                county.set(table, owner, number_column, number);
                county.set(table, owner, date_column, date);
            }
            let (does_end, ends) = if has_marks { (does_end, ends) } else { (false, Some(false)) };
            let wanted = if does_end || ends == Some(true) || means == Some(Status::Ended) {
                Some(Status::Ended)
            } else {
                means.or(Some(Status::Current)).filter(|status| *status != Status::Provisional)
            };
            let is_doubtful = wanted == Some(Status::Current) && (means.is_none() || ends.is_none());
            expected.push((owner, kind, wanted, is_doubtful, format!("{table:?} {status:?} {number:?} {date:?}")));
        }
        for table in ["CFDJ", "DYAQ", "FDCQ2"] {
            county.accept(&format!("{table}.QSZT=某状态"));
            county.accept(&format!("{table}.QSZT=7"));
        }
        let mut county = county.load(0).unwrap_or_else(|findings| panic!("{findings}"));
        for (owner, kind, wanted, is_doubtful, texts) in expected {
            let answer = ask(&mut county, owner, true);
            let mut all = answer.units.iter().flat_map(|unit| &unit.registrations);
            let told = all.find(|one| one.kind == kind);
            assert_eq!(told.map(|one| one.status), wanted, "county {at}: {texts}");
            assert_eq!(told.is_some_and(|one| one.is_doubtful), is_doubtful, "county {at}: {texts}");
        }
    }
}
