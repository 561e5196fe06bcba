//! Adds up the entries of a report.
//!
//! A query is an inquiry that was answered, or a call that was refused: each is one entry. An inquiry that is repeated gets
//! what it got before and has no entry of its own, so it is not counted again. A feedback message has an entry beside those of
//! its inquiries, and is counted apart; so are changes of generation and acts of administration.
//!
//! What is counted by is bounded: of more courts or handlers than [`GROUPS_MAX`] the rest is told together.

use std::{
    collections::{BTreeMap, HashMap},
    ops::AddAssign,
};

use data_encoding::HEXLOWER;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::months::Months;
use crate::cli::failure::Failure;
use crate::{
    ledger::{
        Reader, Term,
        leaf::{Fact, Kind, Leaf, UtcMillis},
        runs::Tag,
        search::Found,
    },
    service::record::{FOUND, NOTHING_FOUND},
};

/// Groups of one table that are held in memory: some 20 MB.
const GROUPS_MAX: usize = 1 << 16;

/// Bytes of a digest that make a pseudonym: enough to tell a province's handlers apart.
const PSEUDONYM_BYTES: usize = 4;

/// What came of queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) found: u64,
    pub(super) nothing_found: u64,
    pub(super) refused: u64,
}

impl Tally {
    /// One query; `None` where the entry is of none.
    fn of(leaf: &Leaf) -> Option<Self> {
        let (found, nothing_found, refused) = match leaf.kind {
            Kind::Answer if leaf.facts.get(Fact::Outcome) == FOUND => (1, 0, 0),
            Kind::Answer => (0, 1, 0),
            Kind::Refusal => (0, 0, 1),
            Kind::Feedback | Kind::Generation | Kind::Administration => return None,
        };
        Some(Self { found, nothing_found, refused })
    }

    pub(super) fn total(self) -> u64 {
        self.found + self.nothing_found + self.refused
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.found += other.found;
        self.nothing_found += other.nothing_found;
        self.refused += other.refused;
    }
}

/// A court; without code and name where refused calls stated none, or one that nobody may speak for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Court {
    pub(super) code: String,
    pub(super) name: String,
}

/// A handler of a court.
#[derive(Clone, Debug)]
pub(super) struct Handler {
    pub(super) court: Court,
    /// The first digits of the digest that the handler's entries are found by; empty where none was stated.
    pub(super) pseudonym: String,
    /// From a body that is kept, where names are revealed.
    pub(super) name: Option<String>,
    pub(super) tally: Tally,
    /// The newest entry whose body may tell the name.
    entry: Option<u64>,
}

/// By which a handler's queries are added up: digests of court and handler, where they were stated.
type HandlerKey = (Option<Tag>, Option<Tag>);

/// The sums of a report.
pub(super) struct Counts {
    months: Months,
    zone: TimeZone,
    /// What is known of courts, by digest.
    known: HashMap<Tag, Court>,
    by_court: HashMap<Option<Tag>, Tally>,
    by_handler: HashMap<HandlerKey, (Tally, Option<u64>)>,
    /// Every day or month of the report.
    pub(super) periods: BTreeMap<Date, Tally>,
    /// The courts, those who asked most first.
    pub(super) courts: Vec<(Court, Tally)>,
    /// The handlers, likewise.
    pub(super) handlers: Vec<Handler>,
    /// The words for what came of queries, with how often it did.
    pub(super) outcomes: Vec<(String, u64)>,
    pub(super) total: Tally,
    /// Entries that are no query, by kind.
    pub(super) others: [(Kind, u64); 3],
    /// The first and the last entry, and how many there are.
    pub(super) entries: Option<(u64, u64)>,
}

impl Counts {
    /// Nothing yet, of `months` in `zone`. Of refused calls only the courts that are told here can be named.
    pub(super) fn new(
        reader: &Reader,
        months: Months,
        zone: TimeZone,
        courts: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let known = courts.into_iter().map(|(code, name)| {
            let (code, name) = (code.trim().to_owned(), name.trim().to_owned());
            (reader.tag(Term::Court, &code), Court { code, name })
        });
        Self {
            months,
            zone,
            known: known.collect(),
            by_court: HashMap::new(),
            by_handler: HashMap::new(),
            periods: months.periods().into_iter().map(|day| (day, Tally::default())).collect(),
            courts: Vec::new(),
            handlers: Vec::new(),
            outcomes: Vec::new(),
            total: Tally::default(),
            others: [Kind::Feedback, Kind::Generation, Kind::Administration].map(|kind| (kind, 0)),
            entries: None,
        }
    }

    /// Adds an entry.
    pub(super) fn add(&mut self, found: &Found) {
        let Found { entry, leaf } = found;
        let first = self.entries.map_or(entry.number, |(first, _)| first);
        self.entries = Some((first, entry.number));
        let Some(one) = Tally::of(leaf) else {
            self.others.iter_mut().filter(|(kind, _)| *kind == leaf.kind).for_each(|(_, count)| *count += 1);
            return;
        };
        self.total += one;
        if let Some(period) = self.periods.get_mut(&self.months.period(self.day(leaf.time))) {
            *period += one;
        }
        let word = leaf.facts.get(Fact::Outcome);
        match self.outcomes.iter_mut().find(|(known, _)| known == word) {
            Some((_, count)) => *count += 1,
            // The words are the program's own, and few.
            None => self.outcomes.push((word.to_owned(), 1)),
        }
        let court = entry.tags(Term::Court).next();
        if let Some(tag) = court.filter(|_| leaf.kind == Kind::Answer) {
            let [code, name] = [Fact::Court, Fact::CourtName].map(|fact| leaf.facts.get(fact).to_owned());
            self.known.insert(tag, Court { code, name });
        }
        // A certificate tells handlers of one name apart.
        let handler = entry.tags(Term::HandlerCertificate).next().or_else(|| entry.tags(Term::HandlerName).next());
        let court = court.filter(|tag| self.known.contains_key(tag) || self.by_court.len() < GROUPS_MAX);
        *self.by_court.entry(court).or_default() += one;
        let full = self.by_handler.len() >= GROUPS_MAX;
        let key = Some((court, handler)).filter(|key| !full || self.by_handler.contains_key(key)).unwrap_or_default();
        let (tally, newest) = self.by_handler.entry(key).or_default();
        *tally += one;
        if key.1.is_some() {
            *newest = Some(entry.number);
        }
    }

    fn day(&self, time: UtcMillis) -> Date {
        let time = Timestamp::from_millisecond(time).unwrap_or(Timestamp::MAX);
        self.zone.to_datetime(time).date()
    }

    /// Turns what was added up into tables, once all is.
    pub(super) fn put_in_order(&mut self) {
        let court = |tag: Option<Tag>| tag.and_then(|tag| self.known.get(&tag)).cloned().unwrap_or_default();
        let mut courts: BTreeMap<String, (Court, Tally)> = BTreeMap::new();
        for (tag, tally) in self.by_court.drain() {
            let court = court(tag);
            courts.entry(court.code.clone()).or_insert_with(|| (court, Tally::default())).1 += tally;
        }
        let mut handlers: HashMap<(String, Option<Tag>), Handler> = HashMap::new();
        for ((tag, handler), (tally, entry)) in self.by_handler.drain() {
            let court = court(tag);
            let pseudonym = handler.map_or_else(String::new, |tag| HEXLOWER.encode(&tag[..PSEUDONYM_BYTES]));
            let fresh = Handler { court, pseudonym, name: None, tally: Tally::default(), entry: None };
            let handler = handlers.entry((fresh.court.code.clone(), handler)).or_insert(fresh);
            handler.tally += tally;
            handler.entry = handler.entry.max(entry);
        }
        self.courts = courts.into_values().collect();
        self.handlers = handlers.into_values().collect();
        // Who is not known comes last.
        self.courts.sort_by_key(|(court, tally)| (court.code.is_empty(), u64::MAX - tally.total()));
        self.handlers.sort_by_cached_key(|one| {
            let rank = (one.pseudonym.is_empty(), u64::MAX - one.tally.total());
            (rank, one.court.code.clone(), one.pseudonym.clone())
        });
        // What was answered first, then why the rest was not.
        let place = |word: &str| [FOUND, NOTHING_FOUND].iter().position(|known| *known == word).unwrap_or(2);
        self.outcomes.sort_by_cached_key(|(word, count)| (place(word), u64::MAX - count, word.clone()));
    }

    /// The entries whose bodies may tell the handlers' names, ascending.
    pub(super) fn handler_entries(&self) -> impl Iterator<Item = u64> {
        let mut entries: Vec<u64> = self.handlers.iter().filter_map(|handler| handler.entry).collect();
        entries.sort_unstable();
        entries.into_iter()
    }

    /// Names the handlers whose bodies are kept.
    pub(super) fn name_handlers(
        &mut self,
        name: impl Fn(u64) -> Result<Option<String>, Failure>,
    ) -> Result<(), Failure> {
        for handler in &mut self.handlers {
            if let Some(entry) = handler.entry {
                handler.name = name(entry)?.filter(|name| !name.is_empty());
            }
        }
        Ok(())
    }
}
