//! Finding entries by what an auditor knows: who was asked about, who asked, for which case, when, and what came of it.
//!
//! What is stated about an event became *terms* of its entry: keyed digests, so that a stolen ledger tells nobody's name. A
//! criterion is turned into the same digests. The rarest of them leads through the search index to candidates; of entries that
//! the index does not cover yet, `SQLite` picks them out. Either way an entry is found only if its own terms have every digest,
//! its leaf commits to these terms, and its leaf tells the gateway, outcome and kind that are asked for.
//!
//! Without a criterion that has a term, the time span is read through, a few hundred entries at a time. Nothing here holds
//! more than a window of candidates, however many entries match.
//!
//! It does not open bodies, so it shows nobody's name; and it knows numbers as far as the digests do: by a subject's number it
//! finds whatever the mirror would compare with it, the 15 digits of an 18-digit number included, which more than one person
//! may share. Give the name as well where that matters.

use std::{
    collections::{BTreeSet, VecDeque},
    ops::{ControlFlow, Range},
};

use super::{
    error::ReadError,
    evidence::{decode_terms, is_committed},
    leaf::{Fact, Kind, Leaf, UtcMillis},
    read::{ENTRIES_AT_ONCE, Reader, StoredEntry},
    runs::{Runs, Tag},
    secret::Term,
};
use crate::domain::{cell::code::DOCUMENT_KINDS, identifiers::is_no_number, matching::Subject};

#[cfg(test)]
mod tests;

/// Candidates that are held at once for each digest.
const CANDIDATES_MAX: usize = 1024;

/// Entries without an index that are looked through by one statement, so that none holds up the writer's log for long.
const UNCOVERED_AT_ONCE: u64 = 1 << 16;

/// What entries are searched by; every criterion that is given must hold.
///
/// It holds names and numbers, so only tests can print it.
#[derive(Clone, Default)]
#[cfg_attr(test, derive(Debug))]
pub struct Criteria {
    /// 查询请求单号
    pub request_number: Option<String>,
    /// 法院代码
    pub court: Option<String>,
    /// 执行案号
    pub case: Option<String>,
    /// The handler's name.
    pub handler_name: Option<String>,
    /// A certificate number of the handler.
    pub handler_certificate: Option<String>,
    /// The subject's name, in any form that the mirror takes for the same.
    pub subject_name: Option<String>,
    /// The subject's document number.
    pub subject_number: Option<SubjectNumber>,
    /// The operator's name for the gateway.
    pub gateway: Option<String>,
    /// `found`, `nothing-found`, or the reason of a refusal.
    pub outcome: Option<String>,
    /// What the entry tells of.
    pub kind: Option<Kind>,
    /// Written at this time or after.
    pub since: Option<UtcMillis>,
    /// Written before this time.
    pub until: Option<UtcMillis>,
}

/// A subject's document number.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub struct SubjectNumber {
    /// Its kind, a code of list ZJZL; where absent, the number is taken for each.
    pub kind: Option<String>,
    /// The number, as it is written.
    pub number: String,
}

/// Why nothing can be searched for.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// A criterion that is given holds nothing.
    #[error("the {criterion} to search by is blank: give it, or leave it out")]
    Blank {
        /// The criterion.
        criterion: &'static str,
    },
    /// The ledger cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// An entry that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The entry as it stands.
    pub entry: StoredEntry,
    /// Its leaf.
    pub leaf: Leaf,
}

/// A criterion as digests, any of which an entry must have.
struct Sought {
    term: Term,
    tags: Vec<Tag>,
}

impl Sought {
    fn new(reader: &Reader, term: Term, texts: &[String]) -> Self {
        Self { term, tags: texts.iter().map(|text| reader.tag(term, text)).collect() }
    }

    fn is_term_of(&self, terms: &[u8]) -> bool {
        decode_terms(terms).any(|(kind, tag)| kind == self.term as u8 && self.tags.contains(&tag))
    }
}

/// A search under way: entries that match, ascending.
///
/// It ends with the entries that there were when it began.
pub struct Search<'a> {
    reader: &'a Reader,
    runs: Runs,
    /// The rarest first.
    sought: Vec<Sought>,
    gateway: Option<String>,
    outcome: Option<String>,
    kind: Option<Kind>,
    /// What is not looked at yet.
    ahead: Range<u64>,
    /// Candidates before that, by number.
    numbers: VecDeque<u64>,
    /// The same, read already.
    entries: VecDeque<StoredEntry>,
}

impl<'a> Search<'a> {
    /// Begins a search from entry `first` on.
    ///
    /// # Errors
    ///
    /// [`SearchError::Blank`] where a criterion holds nothing; [`SearchError::Read`] where the ledger cannot be read.
    pub fn new(reader: &'a Reader, criteria: &Criteria, first: u64) -> Result<Self, SearchError> {
        let sought = sought(reader, criteria)?;
        let gateway = stated("gateway", criteria.gateway.as_ref())?;
        let outcome = stated("outcome", criteria.outcome.as_ref())?;
        let begin = criteria.since.map(|time| reader.first_at(time)).transpose()?.unwrap_or(0).max(first);
        let end = match criteria.until {
            Some(time) => reader.first_at(time)?,
            None => reader.size()?,
        };
        Ok(Self {
            reader,
            runs: reader.runs()?,
            sought,
            gateway,
            outcome,
            kind: criteria.kind,
            ahead: begin..end.max(begin),
            numbers: VecDeque::new(),
            entries: VecDeque::new(),
        })
    }

    /// The first entry that is not searched any more.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.ahead.end
    }

    /// Searches entries before `end` alone.
    #[must_use]
    pub fn before(mut self, end: u64) -> Self {
        self.ahead.end = self.ahead.end.min(end).max(self.ahead.start);
        self
    }

    fn found(&mut self) -> Result<Option<Found>, ReadError> {
        loop {
            let entry = match self.entries.pop_front() {
                Some(entry) => entry,
                None => match self.numbers.pop_front() {
                    Some(number) => self.reader.entry(number)?,
                    None if self.ahead.is_empty() => return Ok(None),
                    None => {
                        self.look_ahead()?;
                        continue;
                    }
                },
            };
            if let Some(leaf) = self.confirmed(&entry)? {
                return Ok(Some(Found { entry, leaf }));
            }
        }
    }

    /// Takes the next window of candidates.
    fn look_ahead(&mut self) -> Result<(), ReadError> {
        let Some(rarest) = self.sought.first() else { return self.read_ahead() };
        let covered = self.runs.through().min(self.ahead.end);
        let (numbers, end) = if self.ahead.start < covered {
            indexed(&self.runs, rarest, self.ahead.start..covered)?
        } else {
            let end = self.ahead.end.min(self.ahead.start.saturating_add(UNCOVERED_AT_ONCE));
            (uncovered(self.reader, rarest, self.ahead.start..end)?, end)
        };
        self.numbers.extend(numbers);
        self.ahead.start = end;
        Ok(())
    }

    /// Takes the next entries, all of which are candidates.
    fn read_ahead(&mut self) -> Result<(), ReadError> {
        let left = self.ahead.end - self.ahead.start;
        let count = usize::try_from(left).map_or(ENTRIES_AT_ONCE, |left| left.min(ENTRIES_AT_ONCE));
        for entry in self.reader.entries(self.ahead.start, count)? {
            if entry.number != self.ahead.start {
                break;
            }
            self.ahead.start += 1;
            self.entries.push_back(entry);
        }
        if self.entries.is_empty() {
            return Err(ReadError::Damaged { entry: self.ahead.start, what: "is missing" });
        }
        Ok(())
    }

    /// The leaf of an entry that meets every criterion.
    fn confirmed(&self, entry: &StoredEntry) -> Result<Option<Leaf>, ReadError> {
        if !self.sought.iter().all(|sought| sought.is_term_of(&entry.terms)) {
            return Ok(None);
        }
        let leaf = entry.leaf()?;
        let is_told = |fact, wanted: Option<&String>| wanted.is_none_or(|wanted| leaf.facts.get(fact) == wanted);
        let is_asked_for = is_told(Fact::Gateway, self.gateway.as_ref())
            && is_told(Fact::Outcome, self.outcome.as_ref())
            && self.kind.is_none_or(|kind| leaf.kind == kind);
        if !is_asked_for {
            return Ok(None);
        }
        let opening = self.reader.opening(&leaf);
        let are_its_own =
            self.sought.is_empty() || is_committed(&opening, "terms", Some(&entry.terms), Some(&leaf.terms));
        if are_its_own {
            Ok(Some(leaf))
        } else {
            Err(ReadError::Damaged { entry: entry.number, what: "is found by terms that its leaf does not commit to" })
        }
    }
}

impl Iterator for Search<'_> {
    type Item = Result<Found, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.found();
        if found.is_err() {
            // Once: whoever goes on asking gets no more.
            self.ahead.start = self.ahead.end;
            self.numbers.clear();
            self.entries.clear();
        }
        found.transpose()
    }
}

/// Candidates that the index has of `range`, and up to where they are complete: not all may fit.
fn indexed(runs: &Runs, sought: &Sought, range: Range<u64>) -> Result<(BTreeSet<u64>, u64), ReadError> {
    let (mut numbers, mut end) = (BTreeSet::new(), range.end);
    for tag in &sought.tags {
        let mut count = 0;
        runs.find_each(tag, range.start, &mut |entry| {
            if entry >= end {
                return ControlFlow::Break(());
            }
            numbers.insert(entry);
            count += 1;
            if count < CANDIDATES_MAX {
                return ControlFlow::Continue(());
            }
            end = entry + 1;
            ControlFlow::Break(())
        })?;
    }
    // What another digest has beyond is found again by the next window.
    drop(numbers.split_off(&end));
    Ok((numbers, end))
}

/// Candidates among entries that the index does not cover.
fn uncovered(reader: &Reader, sought: &Sought, range: Range<u64>) -> Result<BTreeSet<u64>, ReadError> {
    let mut numbers = BTreeSet::new();
    for tag in &sought.tags {
        numbers.extend(reader.with_term(range.clone(), sought.term, tag)?);
    }
    Ok(numbers)
}

/// The criteria as digests, the rarest first: a request number has an entry or two, a court has a share of all.
fn sought(reader: &Reader, criteria: &Criteria) -> Result<Vec<Sought>, SearchError> {
    let text = |term, criterion, text: &Option<String>| -> Result<Option<Sought>, SearchError> {
        Ok(stated(criterion, text.as_ref())?.map(|text| Sought::new(reader, term, &[text])))
    };
    let number = criteria.subject_number.as_ref().map(number_keys).transpose()?;
    let name = criteria.subject_name.as_deref().map(normal_name).transpose()?;
    let kind = criteria.kind.filter(|kind| matches!(kind, Kind::Generation | Kind::Administration));
    let sought = [
        text(Term::Request, "request number", &criteria.request_number)?,
        number.map(|keys| Sought::new(reader, Term::SubjectNumber, &keys)),
        name.map(|name| Sought::new(reader, Term::SubjectName, &[name])),
        kind.map(|kind| Sought::new(reader, Term::Kind, &[kind.word().to_owned()])),
        text(Term::Case, "case number", &criteria.case)?,
        text(Term::HandlerCertificate, "handler's certificate number", &criteria.handler_certificate)?,
        text(Term::HandlerName, "handler's name", &criteria.handler_name)?,
        text(Term::Court, "court's code", &criteria.court)?,
    ];
    Ok(sought.into_iter().flatten().collect())
}

/// A subject's name as matching compares it.
fn normal_name(name: &str) -> Result<String, SearchError> {
    let normal = Subject::new(name, "", "").normal_name().to_owned();
    if normal.is_empty() { Err(SearchError::Blank { criterion: "subject's name" }) } else { Ok(normal) }
}

/// A criterion in the form in which entries state it.
fn stated(criterion: &'static str, text: Option<&String>) -> Result<Option<String>, SearchError> {
    match text.map(|text| text.trim()) {
        Some("") => Err(SearchError::Blank { criterion }),
        text => Ok(text.map(str::to_owned)),
    }
}

/// What the number shares with every number that may be the same, under the kind given or under each.
fn number_keys(number: &SubjectNumber) -> Result<Vec<String>, SearchError> {
    let subject = |kind: &str| Subject::new("", kind, &number.number);
    if is_no_number(subject("").normal_number()) {
        return Err(SearchError::Blank { criterion: "subject's document number" });
    }
    let kind = number.kind.as_deref().map(str::trim).filter(|kind| !kind.is_empty());
    // An auditor may know a number and not what it is the number of: then it is taken for each kind, and for none.
    let kinds = kind.map_or_else(|| [&[""], &DOCUMENT_KINDS[..]].concat(), |kind| vec![kind]);
    let keys: BTreeSet<String> = kinds.into_iter().flat_map(|kind| subject(kind).number_keys()).collect();
    Ok(keys.into_iter().collect())
}
