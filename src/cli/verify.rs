//! `bdcd verify`: what a kept response proves, in plain sentences.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{document, failure::Failure, output::print};
use crate::{
    domain::{
        answer::Answer,
        inquiry::{Door, Draft},
    },
    ledger::{
        leaf::{Fact, Kind, rfc3339},
        note::VerifierKey,
        proof::{self, Proved},
    },
};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The response as received: what `bdcd query --save` and `bdcd exchange --save` keep
    #[arg(value_name = "ANSWER")]
    answer: PathBuf,
    /// What was asked, to prove that this is the answer to it: an inquiry as for `bdcd query`, or the request message
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The registry's public key, as `bdcd ledger create` printed it: the file, or the text itself
    #[arg(long, value_name = "PUB")]
    key: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let key = key(&arguments.key)?;
    let response = read(&arguments.answer)?;
    let request = arguments.request.as_deref().map(|path| request(path, &response, &key)).transpose()?;
    print(&proved(&response, request.as_deref(), &key)?)
}

/// What a response proves, in sentences.
pub(super) fn proved(response: &[u8], request: Option<&[u8]>, key: &VerifierKey) -> Result<String, Failure> {
    let proved = proof::verify(response, request, key).map_err(|err| Failure::refused(&err))?;
    Ok(told(&proved, key))
}

/// The registry's public key, from a file or as it stands.
fn key(text: &str) -> Result<VerifierKey, Failure> {
    let path = Path::new(text);
    let text =
        if path.is_file() { String::from_utf8_lossy(&read(path)?).trim_end().to_owned() } else { text.to_owned() };
    VerifierKey::parse(&text).map_err(|err| {
        Failure::usage(&err)
            .hint("give the registry's public key, or the file that holds it, as `bdcd ledger create` wrote it")
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|err| Failure::environment(format!("cannot read `{}`", path.display()), err))
}

/// The bytes that the entry commits to: of an inquiry the one form of it, of a message the message as it is.
fn request(path: &Path, response: &[u8], key: &VerifierKey) -> Result<Vec<u8>, Failure> {
    let proved = proof::verify(response, None, key).map_err(|err| Failure::refused(&err))?;
    let bytes = read(path)?;
    if proved.leaf.kind == Kind::Feedback {
        return Ok(bytes);
    }
    committed(document::parse(&bytes)?)
}

/// The bytes of an inquiry in the form that evidence commits to.
pub(super) fn committed(document: document::Document) -> Result<Vec<u8>, Failure> {
    let inquiry = document.inquiry()?;
    let draft = Draft::decode(&prost::Message::encode_to_vec(&inquiry)).map_err(|err| Failure::refused(&err))?;
    // An inquiry out of a message of the specification states less; whether it is the one asked, its bytes decide.
    let checked = draft.check(Door::Exchange).map_err(|violations| {
        let fields: Vec<_> = violations.iter().map(|one| format!("`{}` {}", one.field, one.description)).collect();
        Failure::misused(format!("the request could never have been asked: {}", fields.join("; ")))
    })?;
    Ok(checked.encode())
}

/// What is proved, a sentence a fact.
fn told(proved: &Proved, key: &VerifierKey) -> String {
    let Proved { leaf, entry, checkpoint, answer, is_request_proved } = proved;
    let fact = |fact: Fact| leaf.facts.get(fact);
    let mut text = String::from("PROVED\n");
    let mut say = |sentence: String| {
        text.push_str("  ");
        text.push_str(&sentence);
        text.push('\n');
    };
    say(format!("This answer of {} bytes was given by the registry whose ledger is `{}`.", answer.len(), key.name()));
    say(format!("It was recorded at {} (UTC) as entry {entry} of the ledger.", rfc3339(leaf.time)));
    say(format!("The entry is in the tree of {} entries that the registry signed.", checkpoint.size));
    if leaf.kind == Kind::Feedback {
        say(format!("It is a feedback message to gateway `{}`: {}.", fact(Fact::Gateway), fact(Fact::Detail)));
    } else {
        say(format!(
            "It was given to gateway `{}`, speaking for {} ({}).",
            fact(Fact::Gateway),
            fact(Fact::CourtName),
            fact(Fact::Court)
        ));
        say(format!("Case {}, request number {}.", fact(Fact::Case), fact(Fact::Request)));
        say(format!(
            "It was composed from generation `{}` (package {}), data as of {}, by rules version {}.",
            fact(Fact::Generation),
            fact(Fact::Package),
            fact(Fact::AsOf),
            fact(Fact::Rules)
        ));
        if let Ok(answer) = Answer::decode(answer) {
            let units = answer.units.len();
            say(format!("It reports {} registrations on {units} units.", answer.coverage.reported));
        }
    }
    say(if *is_request_proved {
        "It answers the request given.".to_owned()
    } else {
        "What it answers is not proved: give the request with `--request`.".to_owned()
    });
    text
}
