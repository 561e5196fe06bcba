//! Loading a package: what holds it up is found first, then it is made to serve.
//!
//! ```text
//! package opened ─ whose, when, which tables ─ compiled aside ─ what changed ─ what was accepted is on record ─ it serves
//!                  gates                       mirror           gates          the caller's part
//! ```
//!
//! Up to the last step nothing changes: who stops there has only verified the package. Everything that can be said of it is
//! said in one run, but for a package that is not the one meant, whose rows say nothing.

use std::fmt;

use super::gates::{self, Acceptance, Base, Comparison, GateLimits, Trip};
use crate::{
    mirror::{Choice, ChoiceError, DiskError, Findings, LoadError, LoadReport, LockError, Mirror, Prepared, Progress},
    package::{Package, ReadError},
};

/// What a package is loaded into, and what holds there.
pub struct Load<'m, 'a> {
    /// The mirror.
    pub mirror: &'m Mirror,
    /// What the gates hold it to.
    pub limits: &'a GateLimits,
    /// The gates that the operator lets it pass.
    pub accepted: &'a [Acceptance],
    /// The time.
    pub now: jiff::Timestamp,
}

/// A package that may serve.
#[derive(Debug)]
pub struct Ready<'m> {
    prepared: Prepared<'m>,
    comparison: Comparison,
    passed: Vec<(Trip, Acceptance)>,
}

/// Why a package may not serve; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LoadFailure {
    /// It cannot be read or compiled.
    #[error(transparent)]
    Load(#[from] LoadError<ReadError>),
    /// It does not pass.
    #[error("{0}")]
    Stopped(Box<Stopped>),
    /// What it is to be compared with cannot be found.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
}

impl From<LockError> for LoadFailure {
    fn from(error: LockError) -> Self {
        LoadError::from(error).into()
    }
}

/// Everything that stops a package, and what it is beside what serves.
#[derive(Debug)]
pub struct Stopped {
    /// The gates that it does not pass.
    pub trips: Vec<Trip>,
    /// What of it is not understood.
    pub findings: Option<Findings>,
    /// What it has beside what serves.
    pub comparison: Comparison,
}

impl fmt::Display for Stopped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the package does not pass:")?;
        for trip in &self.trips {
            write!(formatter, "\n- {trip}")?;
        }
        if let Some(findings) = &self.findings {
            write!(formatter, "{findings}")?;
        }
        if !self.comparison.changes.is_empty() {
            write!(formatter, "\n{}", self.comparison.to_string().trim_end())?;
        }
        let gates: std::collections::BTreeSet<_> = self.trips.iter().map(|trip| trip.gate.word()).collect();
        let gates: Vec<_> = gates.into_iter().map(|gate| format!("--accept '{gate}:<why>'")).collect();
        write!(
            formatter,
            "\nwhere it is right all the same, load it with {}; the reason goes on record",
            gates.join(" ")
        )
    }
}

impl<'m> Load<'m, '_> {
    /// Does all of a load but its last step.
    ///
    /// # Errors
    ///
    /// [`LoadFailure`] with everything that stops the package.
    pub fn prepare(&self, package: &mut Package, progress: &mut dyn FnMut(Progress)) -> Result<Ready<'m>, LoadFailure> {
        // Taken before anything is compared, so that what serves is the same at the end.
        let loading = self.mirror.begin()?;
        let facts = package.facts();
        // One that is made again has passed, and serves nobody new.
        let is_kept = self.mirror.is_kept_behind(&facts.name()).map_err(LoadError::from)?;
        let base = if is_kept { None } else { base(self.mirror)? };
        let mut trips =
            if is_kept { Vec::new() } else { gates::of_package(&facts, base.as_ref(), self.limits, self.now) };
        let mut comparison = Comparison::default();
        if let Some(Base { facts: served, .. }) = &base {
            comparison.with = Some(served.name());
            comparison.changes = gates::compare_tables(&facts, served);
            trips.extend(gates::too_large(&comparison.changes, self.limits));
        }
        if self.stop(&trips).any(|trip| trip.gate.is_of_identity()) {
            return Err(self.stopped(&trips, None, Comparison::default()));
        }
        let manifest = package.manifest_bytes().to_vec();
        let prepared = match loading.prepare(package, &facts, &manifest, progress) {
            Err(LoadError::Findings(findings)) if self.stop(&trips).next().is_some() => {
                return Err(self.stopped(&trips, Some(findings), comparison));
            }
            prepared => prepared?,
        };
        if let Some(served) = base.and_then(|base| base.report) {
            let kinds = gates::compare_kinds(prepared.report(), &served);
            trips.extend(gates::too_large(&kinds, self.limits));
            trips.extend(gates::lost_columns(prepared.report(), &served));
            comparison.changes.extend(kinds);
        }
        if self.stop(&trips).next().is_some() {
            return Err(self.stopped(&trips, None, comparison));
        }
        let acceptance = |trip: &Trip| self.accepted.iter().find(|one| one.gate == trip.gate).cloned();
        let passed = trips.into_iter().filter_map(|trip| acceptance(&trip).map(|acceptance| (trip, acceptance)));
        Ok(Ready { prepared, comparison, passed: passed.collect() })
    }

    /// The gates that stop the package.
    fn stop<'t>(&self, trips: &'t [Trip]) -> impl Iterator<Item = &'t Trip> {
        trips.iter().filter(|trip| !self.accepted.iter().any(|one| one.gate == trip.gate))
    }

    fn stopped(&self, trips: &[Trip], findings: Option<Findings>, comparison: Comparison) -> LoadFailure {
        let trips = self.stop(trips).cloned().collect();
        LoadFailure::Stopped(Box::new(Stopped { trips, findings, comparison }))
    }
}

impl Ready<'_> {
    /// What was found in the package.
    #[must_use]
    pub fn report(&self) -> &LoadReport {
        self.prepared.report()
    }

    /// What it has beside what serves.
    #[must_use]
    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }

    /// The gates that it passes by the operator's word alone, each with the word: it is on record before the package serves.
    #[must_use]
    pub fn passed(&self) -> &[(Trip, Acceptance)] {
        &self.passed
    }

    /// Makes it serve.
    ///
    /// # Errors
    ///
    /// [`DiskError`]; what served before serves on.
    pub fn serve(self) -> Result<LoadReport, DiskError> {
        self.prepared.serve()
    }
}

/// What serves, to compare a package with; `None` before the first load, or where nothing of what is there opens.
fn base(mirror: &Mirror) -> Result<Option<Base>, LoadFailure> {
    match mirror.choose(None) {
        Ok((Choice::Other(generation), _)) => {
            let report = mirror.report(generation.name());
            Ok(Some(Base { facts: generation.facts().clone(), report }))
        }
        // A load is the way out of a mirror in which nothing opens.
        Ok((Choice::Same, _)) | Err(ChoiceError::Empty | ChoiceError::None(_)) => Ok(None),
        Err(error @ ChoiceError::Open(_)) => Err(error.into()),
    }
}
