//! An answer as JSON: the contract's names, by the field map.

use serde_json::{Map, Value, json};

use crate::domain::{
    answer::Answer,
    kinds::{COMMON, Field, PARTY},
    matching::{Flag, Rule, Withholding},
    record::{Matched, Party, Registration, Role, Status, Unit, Values},
    tables::Table,
};

/// The whole answer.
pub(super) fn of_answer(answer: &Answer) -> Value {
    let generation = &answer.generation;
    let coverage = &answer.coverage;
    let accepted: Vec<_> =
        generation.accepted.iter().map(|gap| json!({ "what": gap.what, "reason": gap.reason })).collect();
    let withheld: Map<_, _> =
        coverage.withheld.iter().map(|(rule, count)| (withholding(*rule).to_owned(), json!(count))).collect();
    json!({
        "request_number": answer.request_number,
        "authority": { "code": generation.authority_code, "name": generation.authority_name },
        "generation": {
            "sequence": generation.sequence,
            "package_id": generation.package_id,
            "as_of": generation.as_of,
            "expires": generation.expires,
        },
        "rules_version": answer.rules_version,
        "units": answer.units.iter().map(unit).collect::<Vec<_>>(),
        "coverage": {
            "tables": named_rows(&generation.tables),
            "found": coverage.found,
            "reported": coverage.reported,
            "withheld": withheld,
            "quarantined_rows": generation.quarantined_rows(),
            "quarantined": named_rows(&generation.quarantined),
            "tables_not_searched": generation.tables_not_searched().map(Table::name).collect::<Vec<_>>(),
            "accepted": accepted,
            "mapped": generation.mapped,
        },
        "statement": answer.statement,
    })
}

fn named_rows(tables: &[(Table, u64)]) -> Vec<Value> {
    tables.iter().map(|(table, rows)| json!({ "name": table.name(), "rows": rows })).collect()
}

fn unit(unit: &Unit) -> Value {
    let position = unit.position.as_ref().map(|position| {
        let [east, south, west, north] = &position.boundaries;
        json!({
            "boundary_east": east,
            "boundary_south": south,
            "boundary_west": west,
            "boundary_north": north,
            "sheet": position.sheet,
            "of_parcel": position.is_of_parcel,
            "points": position.points.iter().map(|[part, order, x, y]| json!({ "part": part, "order": order, "x": x, "y": y })).collect::<Vec<_>>(),
            "geographic_points": position.geographic_points.iter().map(|[order, north, east]| json!({ "order": order, "north": north, "east": east })).collect::<Vec<_>>(),
        })
    });
    json!({
        "unit_number": unit.number,
        "group": unit.group,
        "location": unit.location,
        "area": unit.area,
        "area_unit": unit.area_unit,
        "position": position,
        "registrations": unit.registrations.iter().map(registration).collect::<Vec<_>>(),
    })
}

fn registration(registration: &Registration) -> Value {
    let table = registration.kind.table();
    let mut value = Map::new();
    value.insert("kind".into(), table.item.into());
    let status = match registration.status {
        Status::Current => "current",
        Status::Ended => "ended",
        Status::Provisional => "provisional",
    };
    value.insert("status".into(), status.into());
    value.insert("match".into(), matched(registration.matched.as_ref()));
    value.extend(fields(COMMON, &registration.common));
    value.insert("identity".into(), registration.identity.clone().into());
    value.insert("status_doubtful".into(), registration.is_doubtful.into());
    value.insert("waiting_order".into(), registration.waiting_order.into());
    value.insert("details".into(), fields(table.fields, &registration.details).into());
    value.insert("parties".into(), registration.parties.iter().map(party).collect());
    value.into()
}

fn fields(known: &[Field], values: &Values) -> Map<String, Value> {
    known.iter().map(|field| (field.name.to_owned(), values.get(field.tag).into())).collect()
}

fn party(party: &Party) -> Value {
    let mut value = fields(PARTY, &party.values);
    let role = match party.role {
        Role::Holder => "holder",
        Role::Obligor => "obligor",
        Role::ServientHolder => "servient_holder",
        Role::DominantHolder => "dominant_holder",
    };
    value.insert("role".into(), role.into());
    value.into()
}

fn matched(matched: Option<&Matched>) -> Value {
    match matched {
        Some(Matched::Party { party, rule: by, flags }) => json!({
            "relation": "subject_is_party",
            "rule": rule(*by),
            "flags": flags_of(flags),
            "party": party,
        }),
        Some(Matched::OnSubjectUnit { flags }) => json!({ "relation": "on_subject_unit", "flags": flags_of(flags) }),
        None => Value::Null,
    }
}

fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Exact => "exact",
        Rule::Variant => "variant",
        Rule::Orgcode => "orgcode",
        Rule::Name => "name",
    }
}

fn flags_of(flags: &[Flag]) -> Vec<&'static str> {
    flags.iter().map(|one| flag(*one)).collect()
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
        Withholding::PermitIssue => "permit_issue",
        Withholding::Provisional => "provisional",
        Withholding::BuildingOnly => "building_only",
        Withholding::ParcelOnly => "parcel_only",
        Withholding::Ended => "ended",
        Withholding::NotAsked => "not_asked",
    }
}
