//! What an answer shows, counts and tells of gaps.

use super::*;
use crate::domain::{
    inquiry::{Door, Draft},
    kinds::{Kind, tag},
    record::{NotedCharge, Party, Registration, Role},
};

const PERSON: &str = "990101194913310017";

fn inquiry(items: Vec<i32>, include_ended: bool) -> Inquiry {
    let text = str::to_owned;
    Draft {
        request_number: text("1"),
        court_name: text("某法院"),
        court_code: text("苏0102"),
        case_number: text("案"),
        handler_name: text("甲"),
        work_certificate_number: text("1"),
        handler_contact: text("1"),
        notice_number: text("1"),
        subject_name: text("测试甲"),
        document_kind: text("1"),
        document_number: text(PERSON),
        items,
        include_ended,
        ..Draft::default()
    }
    .check(Door::Query)
    .map_err(|violations| violations[0].field)
    .unwrap()
}

fn party(name: &str, number: &str) -> Party {
    let mut party = Party::default();
    party.values.set(tag::PARTY_NAME, name);
    party.values.set(tag::PARTY_DOCUMENT_KIND, "1");
    party.values.set(tag::PARTY_DOCUMENT_NUMBER, number);
    party.values.set(tag::PARTY_KIND, "1");
    party
}

fn registration(kind: Kind, row: &str, parties: Vec<Party>) -> Registration {
    Registration { parties, ..Registration::new(kind, row.to_owned()) }
}

fn own(kind: Kind, row: &str) -> Registration {
    registration(kind, row, vec![party("测试甲", PERSON)])
}

fn unit(number: &str, registrations: Vec<Registration>) -> Unit {
    Unit { number: number.to_owned(), registrations, ..Unit::default() }
}

fn identities(answer: &Answer) -> Vec<&str> {
    answer.units.iter().flat_map(|unit| &unit.registrations).map(|one| one.identity.as_str()).collect()
}

fn compose(inquiry: &Inquiry, units: Vec<Unit>) -> Answer {
    let record = |unit: Unit| {
        let mut writer = Writer::default();
        codec::write_unit(&mut writer, &unit);
        writer.finish()
    };
    let records: Vec<_> = units.into_iter().map(record).collect();
    let bytes = super::compose(inquiry, &records, &Frame::new(&GenerationFacts::default())).unwrap();
    let answer = Answer::decode(&bytes).unwrap();
    assert!(answer.reconciles());
    answer
}

#[test]
fn a_current_right_brings_the_charges_of_its_unit_and_a_mortgagee_does_not() {
    let bank = || registration(Kind::Mortgage, "DYAQ:2", vec![party("某银行", "1")]);
    let seizure = || registration(Kind::Seizure, "CFDJ:2", Vec::new());
    let everything = inquiry(vec![1, 2, 3, 4, 5, 6], false);
    let answer = compose(&everything, vec![unit("A", vec![own(Kind::Building, "FDCQ2:2"), bank(), seizure()])]);
    assert_eq!(identities(&answer), ["FDCQ2:2", "DYAQ:2", "CFDJ:2"]);
    assert_eq!(answer.units[0].registrations[2].matched, Some(Matched::OnSubjectUnit { flags: Vec::new() }));

    let answer = compose(&everything, vec![unit("A", vec![own(Kind::Mortgage, "DYAQ:3"), seizure()])]);
    assert_eq!(identities(&answer), ["DYAQ:3"], "being mortgagee brings that registration alone");
}

#[test]
fn a_pre_notice_of_purchase_brings_charges_and_one_of_mortgage_does_not() {
    for (kind, expected) in [("1", 2), ("2", 2), ("3", 1), ("4", 1)] {
        let mut notice = own(Kind::PreNotice, "YGDJ:2");
        notice.details.set(Kind::PreNotice.table().field("notice_kind").tag, kind);
        let seizure = registration(Kind::Seizure, "CFDJ:2", Vec::new());
        let answer = compose(&inquiry(vec![3, 5], false), vec![unit("A", vec![notice, seizure])]);
        assert_eq!(identities(&answer).len(), expected, "YGDJZL {kind}");
    }
}

#[test]
fn ended_provisional_and_unasked_registrations_are_counted_by_rule() {
    let ended = Registration { status: Status::Ended, ..own(Kind::Building, "FDCQ2:2") };
    let provisional = Registration { status: Status::Provisional, ..own(Kind::Building, "FDCQ2:3") };
    let units = vec![
        unit("A", vec![ended, registration(Kind::Seizure, "CFDJ:2", Vec::new())]),
        unit("B", vec![provisional]),
        unit("C", vec![own(Kind::Building, "FDCQ2:4"), registration(Kind::Mortgage, "DYAQ:2", Vec::new())]),
    ];
    let answer = compose(&inquiry(vec![1], false), units.clone());
    assert_eq!(identities(&answer), ["FDCQ2:4"]);
    let expected = [(Withholding::Provisional, 1), (Withholding::Ended, 1), (Withholding::NotAsked, 1)];
    assert_eq!(answer.coverage.withheld, expected);
    let answer = compose(&inquiry(vec![1, 3], true), units);
    assert_eq!(identities(&answer), ["FDCQ2:2", "FDCQ2:4"], "an ended right, where asked for, brings nothing else");
}

#[test]
fn charges_on_the_parcel_count_once_and_not_where_they_are_reported() {
    let charge = |identity: &str| NotedCharge {
        identity: identity.into(),
        kind: Kind::Mortgage,
        status: Status::Current,
        scope: Scope::Parcel,
    };
    let flat = |number: &str, row: &str| Unit {
        noted_charges: vec![charge("DYAQ:7")],
        ..unit(number, vec![own(Kind::Building, row)])
    };
    let everything = inquiry(vec![1, 2, 3, 4, 5, 6], false);
    let answer = compose(&everything, vec![flat("A1", "FDCQ2:2"), flat("A2", "FDCQ2:3")]);
    assert_eq!(answer.coverage.withheld, [(Withholding::ParcelOnly, 1)]);
    let parcel = unit("AW", vec![own(Kind::LandUse, "JSYDSYQ:2"), registration(Kind::Mortgage, "DYAQ:7", Vec::new())]);
    let answer = compose(&everything, vec![flat("A1", "FDCQ2:2"), parcel]);
    assert_eq!((answer.coverage.found, answer.coverage.withheld.len()), (3, 0));
}

#[test]
fn a_charge_counts_under_the_rule_of_its_nearest_copy() {
    let noted = |scope, status| NotedCharge { identity: "DYAQ:7".into(), kind: Kind::Mortgage, status, scope };
    let flat =
        |charges: Vec<NotedCharge>| Unit { noted_charges: charges, ..unit("A1", vec![own(Kind::Building, "FDCQ2:2")]) };
    let withheld = |include_ended, units| compose(&inquiry(vec![1], include_ended), units).coverage.withheld;
    let (parcel, building) = (noted(Scope::Parcel, Status::Current), noted(Scope::Building, Status::Current));
    assert_eq!(withheld(false, vec![flat(vec![parcel.clone(), building])]), [(Withholding::BuildingOnly, 1)]);

    let ended = noted(Scope::Parcel, Status::Ended);
    assert_eq!(withheld(false, vec![flat(vec![ended.clone()])]), [(Withholding::Ended, 1)]);
    assert_eq!(withheld(true, vec![flat(vec![ended])]), [(Withholding::ParcelOnly, 1)]);

    let mortgage = |status| Registration { status, ..registration(Kind::Mortgage, "DYAQ:7", Vec::new()) };
    let land = unit("AW", vec![own(Kind::LandUse, "JSYDSYQ:2"), mortgage(Status::Current)]);
    assert_eq!(withheld(false, vec![flat(vec![parcel]), land.clone()]), [(Withholding::NotAsked, 1)]);

    let released = unit("B", vec![own(Kind::Building, "FDCQ2:3"), mortgage(Status::Ended)]);
    assert_eq!(
        withheld(false, vec![released, land]),
        [(Withholding::NotAsked, 1)],
        "a live copy goes before an ended one"
    );
}

#[test]
fn a_former_holder_is_told_of_an_ended_right_and_nobody_else_of_them() {
    let former = Party { is_former: true, ..party("测试甲", PERSON) };
    let sold = || registration(Kind::Building, "FDCQ2:2", vec![party("测试乙", "990101194913310025"), former.clone()]);
    let seizure = || registration(Kind::Seizure, "CFDJ:2", Vec::new());
    let answer = compose(&inquiry(vec![1, 3], false), vec![unit("A", vec![sold(), seizure()])]);
    assert!(answer.units.is_empty());
    assert_eq!(answer.coverage.withheld, [(Withholding::Ended, 1)]);

    let answer = compose(&inquiry(vec![1, 3], true), vec![unit("A", vec![sold(), seizure()])]);
    assert_eq!(identities(&answer), ["FDCQ2:2"], "what has ended brings no charges");
    let shown = &answer.units[0].registrations[0];
    let Some(Matched::Party { party: place, .. }) = &shown.matched else { panic!("a party matched") };
    assert_eq!(shown.parties[*place as usize].values.get(tag::PARTY_NAME), "测试甲");

    let buyer = registration(
        Kind::Building,
        "FDCQ2:3",
        vec![party("测试甲", PERSON), Party { is_former: true, ..party("测试丙", "990101194913310033") }],
    );
    let answer = compose(&inquiry(vec![1], true), vec![unit("B", vec![buyer])]);
    assert_eq!(answer.units[0].registrations[0].parties.len(), 1);
}

#[test]
fn the_obligor_of_a_pre_notice_gets_the_pre_notice_alone() {
    let mut notice = registration(
        Kind::PreNotice,
        "YGDJ:2",
        vec![party("测试乙", "990101194913310025"), Party { role: Role::Obligor, ..party("测试甲", PERSON) }],
    );
    notice.details.set(Kind::PreNotice.table().field("notice_kind").tag, "1");
    let seizure = registration(Kind::Seizure, "CFDJ:2", Vec::new());
    let answer = compose(&inquiry(vec![3, 5], false), vec![unit("A", vec![notice, seizure])]);
    assert_eq!(identities(&answer), ["YGDJ:2"]);
}

#[test]
fn a_doubtful_status_is_flagged_whoever_the_parties_are() {
    let doubtful = |registration: Registration| Registration { is_doubtful: true, ..registration };
    let rights =
        vec![doubtful(own(Kind::Building, "FDCQ2:2")), doubtful(registration(Kind::Seizure, "CFDJ:2", vec![]))];
    let answer = compose(&inquiry(vec![1, 3], false), vec![unit("A", rights)]);
    for registration in &answer.units[0].registrations {
        let flags = match &registration.matched {
            Some(Matched::Party { flags, .. } | Matched::OnSubjectUnit { flags }) => flags.as_slice(),
            None => &[],
        };
        assert_eq!(flags, [Flag::StatusDoubtful]);
        assert!(registration.is_doubtful);
    }
}

#[test]
fn gaps_of_the_data_are_told_in_every_answer() {
    let facts = GenerationFacts {
        tables: vec![(Table::Fdcq2, 7)],
        quarantined: vec![(Table::Cfdj, 2), (Table::Qlr, 1)],
        accepted: vec![Accepted { what: "QLR".into(), reason: "甲".into() }],
        mapped: vec!["CFDJ.CFLX: 轮候 = 2".into()],
        ..GenerationFacts::default()
    };
    let bytes = super::compose(&inquiry(vec![1], false), &[] as &[&[u8]], &Frame::new(&facts)).unwrap();
    let answer = Answer::decode(&bytes).unwrap();
    assert_eq!(answer.generation, facts);
    assert_eq!(answer.generation.quarantined_rows(), 3);
    assert!(answer.generation.tables_not_searched().any(|table| table == Table::Qlr));
    assert!(answer.generation.tables_not_searched().all(|table| table != Table::Fdcq2 && table != Table::H));
}

#[test]
fn a_mortgage_over_several_units_is_one_item_a_unit_and_one_registration() {
    let on = |number: &str, row: &str| {
        unit(number, vec![own(Kind::Building, row), registration(Kind::Mortgage, "DYAQ:2", Vec::new())])
    };
    let answer = compose(&inquiry(vec![1, 2], false), vec![on("B", "FDCQ2:3"), on("A", "FDCQ2:2")]);
    assert_eq!(identities(&answer), ["FDCQ2:2", "DYAQ:2", "FDCQ2:3", "DYAQ:2"]);
    assert_eq!((answer.coverage.found, answer.coverage.reported), (3, 3));
}

#[test]
fn a_stranger_of_the_same_name_is_counted_and_not_shown() {
    let namesake = registration(Kind::Building, "FDCQ2:2", vec![party("测试甲", "无")]);
    let other = registration(Kind::Building, "FDCQ2:3", vec![party("测试甲", "990101194913310025")]);
    let seizure = registration(Kind::Seizure, "CFDJ:2", Vec::new());
    let answer = compose(&inquiry(vec![1, 3], false), vec![unit("A", vec![namesake, seizure]), unit("B", vec![other])]);
    assert!(answer.units.is_empty());
    assert_eq!((answer.coverage.found, &*answer.coverage.withheld), (1, &[(Withholding::PersonNameOnly, 1)][..]));
}
