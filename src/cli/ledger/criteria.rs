//! What `bdcd ledger search` and `export` look for, from arguments and from a document for what must not be an argument.

use std::{fs, path::PathBuf, str::FromStr};

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::{civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::cli::{
    document,
    failure::Failure,
    open,
    output::{self, print},
};
use crate::ledger::{
    leaf::{Kind, UtcMillis},
    search::{Criteria, SearchError, SubjectNumber},
};

#[derive(Debug, clap::Args)]
pub(super) struct CriteriaArguments {
    /// The request number (查询请求单号)
    #[arg(long, value_name = "NUMBER")]
    request: Option<String>,
    /// The court's code, as in case numbers: 苏0102
    #[arg(long, value_name = "CODE")]
    court: Option<String>,
    /// The case number (执行案号), as it was stated
    #[arg(long, value_name = "NUMBER")]
    case: Option<String>,
    /// The gateway, by its name in the configuration
    #[arg(long, value_name = "NAME")]
    gateway: Option<String>,
    /// `found`, `nothing-found`, or the reason of a refusal: `COURT_NOT_ALLOWED`
    #[arg(long, value_name = "WORD")]
    outcome: Option<String>,
    /// What the entry tells of
    #[arg(long, value_parser = kinds())]
    kind: Option<Kind>,
    /// Written at this time or after: RFC 3339, or a date, from its first moment in this machine's time zone
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Written before this time: RFC 3339, or a date, to its last moment in this machine's time zone
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Whom it is about and who asked: a JSON document, from a file or, with `-`, from standard input
    ///
    /// A subject's or handler's name and numbers are never arguments: those show in process lists and shell histories. What the
    /// document leaves blank is not searched by. A subject's number finds the 15 and the 18 digits of one identity number alike,
    /// and an organisation code inside a credit code; give the name as well, since 15 digits may be those of two persons. Without
    /// a document kind (list ZJZL) the number is taken for each.
    #[arg(long, value_name = "FILE")]
    who: Option<PathBuf>,
    /// Print a blank document for `--who`, and stop
    #[arg(long)]
    who_template: bool,
}

fn kinds() -> impl clap::builder::TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::word))
        .try_map(|word| Kind::from_word(&word).ok_or("is no kind of entry"))
}

/// A point in time as it is typed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Time(UtcMillis),
    Day(Date),
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = || text.parse::<Date>().ok().filter(|_| text.len() == "2026-11-24".len()).map(Self::Day);
        let time = || text.parse::<jiff::Timestamp>().ok().map(|time| Self::Time(time.as_millisecond()));
        day().or_else(time).ok_or("give a date, 2026-11-24, or a time of RFC 3339, 2026-11-24T09:30:00+08:00")
    }
}

impl Moment {
    fn begins(self) -> Result<UtcMillis, Failure> {
        match self {
            Self::Time(time) => Ok(time),
            Self::Day(day) => midnight(day),
        }
    }

    fn ends(self) -> Result<UtcMillis, Failure> {
        match self {
            Self::Time(time) => Ok(time),
            Self::Day(day) => midnight(day.tomorrow().map_err(|err| Failure::usage(&err))?),
        }
    }
}

/// The first moment of a day in the machine's time zone.
pub(super) fn midnight(day: Date) -> Result<UtcMillis, Failure> {
    let first = day.to_zoned(TimeZone::system()).and_then(|time| time.start_of_day());
    first.map(|time| time.timestamp().as_millisecond()).map_err(|err| Failure::usage(&err))
}

/// Whom to look for; the names are the contract's where it has them.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Who {
    subject: document::Subject,
    handler: Handler,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Handler {
    name: String,
    certificate_number: String,
}

impl CriteriaArguments {
    /// Prints the blank document where that is asked for; `true` where it was.
    pub(super) fn is_template(&self) -> Result<bool, Failure> {
        if self.who_template {
            print(&format!("{}\n", output::pretty(&Who::default())?))?;
        }
        Ok(self.who_template)
    }

    /// The criteria.
    pub(super) fn criteria(&self) -> Result<Criteria, Failure> {
        let mut criteria = Criteria {
            request_number: self.request.clone(),
            court: self.court.clone(),
            case: self.case.clone(),
            gateway: self.gateway.clone(),
            outcome: self.outcome.clone(),
            kind: self.kind,
            since: self.since.map(Moment::begins).transpose()?,
            until: self.until.map(Moment::ends).transpose()?,
            ..Criteria::default()
        };
        if criteria.since.zip(criteria.until).is_some_and(|(since, until)| since >= until) {
            return Err(Failure::misused("`--until` is not after `--since`: nothing was written between them"));
        }
        if let Some(path) = &self.who {
            who(path)?.add_to(&mut criteria)?;
        }
        Ok(criteria)
    }

    /// What is searched by, without what is searched for: what an entry may tell of a search.
    pub(super) fn told(&self, criteria: &Criteria) -> String {
        let given = [
            ("request number", self.request.is_some()),
            ("court", self.court.is_some()),
            ("case", self.case.is_some()),
            ("subject", criteria.subject_name.is_some() || criteria.subject_number.is_some()),
            ("handler", criteria.handler_name.is_some() || criteria.handler_certificate.is_some()),
            ("gateway", self.gateway.is_some()),
            ("outcome", self.outcome.is_some()),
            ("kind", self.kind.is_some()),
            ("time", self.since.is_some() || self.until.is_some()),
        ];
        let words: Vec<_> = given.into_iter().filter(|(_, is_given)| *is_given).map(|(word, _)| word).collect();
        if words.is_empty() { "of everything".to_owned() } else { format!("by {}", words.join(", ")) }
    }
}

fn who(path: &std::path::Path) -> Result<Who, Failure> {
    let bytes = if path.as_os_str() == "-" {
        document::standard_input()?
    } else {
        fs::read(path).map_err(|err| Failure::environment(format!("cannot read `{}`", path.display()), err))?
    };
    serde_json::from_slice(&bytes).map_err(|err| {
        // The parser's own words quote what it met, which may be a name.
        let place = format!("`--who` is not the JSON expected, at line {}, column {}", err.line(), err.column());
        Failure::misused(place).hint("`bdcd ledger search --who-template` prints a blank one")
    })
}

impl Who {
    fn add_to(self, criteria: &mut Criteria) -> Result<(), Failure> {
        let given = |text: String| Some(text).filter(|text| !text.trim().is_empty());
        criteria.subject_name = given(self.subject.name);
        criteria.subject_number = given(self.subject.document_number)
            .map(|number| SubjectNumber { kind: given(self.subject.document_kind), number });
        criteria.handler_name = given(self.handler.name);
        criteria.handler_certificate = given(self.handler.certificate_number);
        let is_blank = criteria.subject_name.is_none()
            && criteria.subject_number.is_none()
            && criteria.handler_name.is_none()
            && criteria.handler_certificate.is_none();
        if is_blank {
            Err(Failure::misused("`--who` names nobody: fill in at least one of its fields"))
        } else {
            Ok(())
        }
    }
}

/// A search that cannot begin.
pub(super) fn failed(error: &SearchError) -> Failure {
    match error {
        SearchError::Blank { .. } => Failure::usage(error),
        SearchError::Read(error) => open::unreadable(error),
    }
}
