//! What is not certain in an answer, explained for whoever sees one for the first time.

use std::{collections::BTreeSet, fmt::Write as _};

use crate::domain::{
    answer::Answer,
    matching::{Flag, Rule},
    record::{Matched, Registration},
};

/// One line for each kind of doubt that the answer's registrations have; nothing where all are certain.
pub(super) fn explained(answer: &Answer) -> String {
    let registrations = answer.units.iter().flat_map(|unit| &unit.registrations);
    let doubts: BTreeSet<&str> = registrations.flat_map(doubts_of).collect();
    let mut text = String::new();
    for doubt in doubts {
        writeln!(text, "In doubt: {doubt}").unwrap_or_default();
    }
    text
}

fn doubts_of(registration: &Registration) -> Vec<&'static str> {
    let (rule, flags) = match &registration.matched {
        Some(Matched::Party { rule, flags, .. }) => (Some(*rule), flags.as_slice()),
        Some(Matched::OnSubjectUnit { flags }) => (None, flags.as_slice()),
        None => (None, &[][..]),
    };
    let by_name = (rule == Some(Rule::Name)).then_some(
        "a registration names the company, but no number that could prove it. It is listed, and must be verified on site \
         before anything rests on it.",
    );
    let by_flag = flags.iter().filter(|flag| **flag != Flag::VerifyOnSite || rule != Some(Rule::Name));
    let status = registration.is_doubtful.then_some(Flag::StatusDoubtful);
    by_name.into_iter().chain(by_flag.copied().chain(status).map(meaning)).collect()
}

fn meaning(flag: Flag) -> &'static str {
    match flag {
        Flag::NameDiffers => {
            "the number of a registration is the person's, the name is another: a changed name, a slip, or a wrong number."
        }
        Flag::Renamed => "the number of a registration is the body's, the name is another: most often the old one.",
        Flag::VerifyOnSite => {
            "the link between a registration and the subject is probable, not certain: verify on site."
        }
        Flag::StatusDoubtful => {
            "where the date of ending should stand, the register has a text that is no date. The registration may have \
             ended; it is listed as current, because a wrong 'ended' would conceal it, and the text is shown as it stands."
        }
    }
}
