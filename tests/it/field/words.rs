//! Registrations, rules and flags in the words of a story.

use bdcd::domain::{
    kinds::tag,
    matching::{Flag, Rule, Withholding},
    record::{Matched, Registration, Status},
};

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

pub(super) fn withholding(rule: Withholding) -> &'static str {
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
pub(super) fn registration(registration: &Registration) -> String {
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
