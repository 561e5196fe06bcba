//! What must be answered and what was answered as lines of text, so that a difference can be read.

use std::collections::BTreeMap;

use bdcd::domain::{
    answer::Answer,
    kinds::{COMMON, tag},
    matching::{Flag, Rule, Withholding},
    record::{Matched, Party, Registration, Role, Status, Unit},
};

use super::{Expected, tables::unit_number};

/// The lines of what must be answered.
pub(super) fn expected(expected: &Expected) -> Vec<String> {
    let mut lines = vec![format!("found {} reported {}", expected.found, expected.reported)];
    lines.extend(expected.withheld.iter().map(|(rule, count)| format!("withheld {rule} {count}")));
    for unit in &expected.units {
        lines.push(format!("unit {} {}", unit.number, unit.group));
        lines.extend(unit.told.iter().map(|line| format!("  {line}")));
        for one in &unit.registrations {
            let doubt = if one.is_doubtful { " doubtful" } else { "" };
            lines.push(format!("  {} {} {}{doubt} waits {}", one.kind, one.source_row, one.status, one.waiting_order));
            lines.push(format!("    {}", one.relation));
            lines.extend(one.values.iter().map(|(name, value)| format!("    {name} {value:?}")));
            lines.extend(one.parties.iter().map(|(role, told)| format!("    {role} {told:?}")));
        }
    }
    lines
}

/// The lines of what was answered.
pub(super) fn answer(answer: &Answer) -> Vec<String> {
    let coverage = &answer.coverage;
    let mut lines = vec![format!("found {} reported {}", coverage.found, coverage.reported)];
    let withheld: BTreeMap<&str, u64> =
        coverage.withheld.iter().map(|(rule, count)| (withholding(*rule), *count)).collect();
    lines.extend(withheld.iter().map(|(rule, count)| format!("withheld {rule} {count}")));
    for one in &answer.units {
        lines.push(format!("unit {} {}", unit_number(&one.number), one.group));
        lines.extend(unit(one).into_iter().map(|line| format!("  {line}")));
        for one in &one.registrations {
            lines.extend(registration(one));
        }
    }
    lines
}

fn unit(unit: &Unit) -> Vec<String> {
    let mut lines = vec![format!("location {:?} area {:?} unit {:?}", unit.location, unit.area, unit.area_unit)];
    let Some(position) = &unit.position else { return lines };
    lines.push(format!("position of the parcel: {}", position.is_of_parcel));
    let [east, south, west, north] = &position.boundaries;
    let boundaries = [east, south, west, north, &position.sheet];
    if boundaries.iter().any(|text| !text.is_empty()) {
        lines.push(format!("boundaries and sheet {boundaries:?}"));
    }
    lines.extend(position.points.iter().map(|point| format!("point {point:?}")));
    lines.extend(position.geographic_points.iter().map(|point| format!("degrees {point:?}")));
    lines
}

fn registration(one: &Registration) -> Vec<String> {
    let status = match one.status {
        Status::Current => "current",
        Status::Ended => "ended",
        Status::Provisional => "provisional",
    };
    let kind = one.kind.table();
    let doubt = if one.is_doubtful { " doubtful" } else { "" };
    let mut lines = vec![format!("  {} {} {status}{doubt} waits {}", kind.item, one.identity, one.waiting_order)];
    lines.push(format!("    {}", relation(one.matched.as_ref())));
    let common = COMMON.iter().map(|field| (field.name, one.common.get(field.tag)));
    let details = kind.fields.iter().map(|field| (field.name, one.details.get(field.tag)));
    let values: BTreeMap<&str, &str> = common.chain(details).filter(|(_, value)| !value.is_empty()).collect();
    lines.extend(values.iter().map(|(name, value)| format!("    {name} {value:?}")));
    lines.extend(one.parties.iter().map(party));
    lines
}

fn relation(matched: Option<&Matched>) -> String {
    match matched {
        Some(Matched::Party { party, rule, flags }) => {
            let rule = match rule {
                Rule::Exact => "exact",
                Rule::Variant => "variant",
                Rule::Orgcode => "orgcode",
                Rule::Name => "name",
            };
            let flags = flags.iter().map(|flag| match flag {
                Flag::NameDiffers => " name_differs",
                Flag::Renamed => " renamed",
                Flag::VerifyOnSite => " verify_on_site",
                Flag::StatusDoubtful => " status_doubtful",
            });
            format!("party {party} {rule}{}", flags.collect::<String>())
        }
        Some(Matched::OnSubjectUnit { .. }) => "on subject's unit".to_owned(),
        None => "nothing says why".to_owned(),
    }
}

fn party(party: &Party) -> String {
    let role = match party.role {
        Role::Holder => "holder",
        Role::Obligor => "obligor",
        Role::ServientHolder => "servient",
        Role::DominantHolder => "dominant",
    };
    let mut tags = vec![tag::PARTY_NAME, tag::PARTY_DOCUMENT_KIND, tag::PARTY_DOCUMENT_NUMBER];
    tags.extend([tag::PARTY_KIND, tag::PARTY_SHARE, tag::PARTY_ORDER]);
    tags.extend([tag::PARTY_BUSINESS_NUMBER, tag::PARTY_STORED_STATUS]);
    let is_holder = party.role == Role::Holder;
    let told: Vec<&str> = (0..)
        .zip(tags)
        // Of the other parties only the name and the document are of the register.
        .map(|(at, tag)| if is_holder || at < 3 { party.values.get(tag) } else { "" })
        .collect();
    format!("    {role} {told:?}")
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

/// The first lines that differ, with what leads to them.
pub(super) fn difference(wanted: &[String], got: &[String]) -> String {
    let same = wanted.iter().zip(got).take_while(|(wanted, got)| wanted == got).count();
    let context = wanted[..same].iter().filter(|line| !line.starts_with("    "));
    let mut lines: Vec<String> = context.rev().take(3).map(|line| format!("    {line}")).collect();
    lines.reverse();
    lines.extend(wanted[same..].iter().take(8).map(|line| format!("  - {line}")));
    lines.extend(got[same..].iter().take(8).map(|line| format!("  + {line}")));
    format!(
        "line {same} of {} expected and {} answered (- expected, + answered)\n{}",
        wanted.len(),
        got.len(),
        lines.join("\n")
    )
}
