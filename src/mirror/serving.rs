//! Which generation serves: the one that the pointer names, and where that one cannot, the newest older one that can.
//!
//! A generation that is marked as damaged is passed over; where every one is marked, the first that opens serves all the same,
//! for what is damaged ends an inquiry with an error and shortens no answer (the module's page). Where the pointer names none,
//! the one that has served goes on, else the newest serves.

use std::fmt;

use super::{error::OpenError, read::Generation, store::Mirror};
use crate::domain::generation::sequence;

/// What should serve and does not.
#[derive(Debug)]
pub enum PassedOver {
    /// There is no pointer.
    NoPointer,
    /// The pointer cannot be read, or names no generation.
    Pointer(OpenError),
    /// A generation that is marked as damaged.
    Marked {
        /// The generation.
        name: String,
    },
    /// A generation that does not open.
    Shut {
        /// The generation.
        name: String,
        /// Why.
        error: OpenError,
    },
}

impl PassedOver {
    /// The generation that turned out to be damaged just now, and is not marked yet.
    #[must_use]
    pub fn found_damaged(&self) -> Option<&str> {
        match self {
            Self::Shut { name, error } if error.is_damage() => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPointer => formatter.write_str("the pointer `CURRENT` is not there"),
            Self::Pointer(error) | Self::Shut { error, .. } => error.fmt(formatter),
            Self::Marked { name } => write!(formatter, "generation `{name}` was found damaged"),
        }
    }
}

/// What is to serve.
#[derive(Debug)]
pub enum Choice {
    /// What serves already.
    Same,
    /// This one.
    Other(Box<Generation>),
}

/// Why nothing can serve.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    /// Nothing is loaded.
    #[error("no generation serves yet: load a package with `bdcd snapshot load` first")]
    Empty,
    /// No generation opens.
    #[error("no generation can serve: load a package again ({})", told(.0))]
    None(Vec<PassedOver>),
    /// The folder of generations cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// The reasons in one line.
#[must_use]
pub fn told(passed_over: &[PassedOver]) -> String {
    passed_over.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Mirror {
    /// Chooses what is to serve where `now` does, and tells what was passed over for it.
    ///
    /// It opens what it chooses, and marks nothing.
    ///
    /// # Errors
    ///
    /// [`ChoiceError`] where nothing can serve.
    pub fn choose(&self, now: Option<&Generation>) -> Result<(Choice, Vec<PassedOver>), ChoiceError> {
        let now = now.filter(|now| now.is_in_place());
        let (candidates, mut passed_over) = self.candidates(now.map(Generation::name))?;
        if candidates.is_empty() && passed_over.is_empty() {
            return Err(ChoiceError::Empty);
        }
        let (marked, unmarked): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|name| self.is_marked(name));
        // Those behind the one that serves are not in its way.
        let newest_whole = unmarked.first().and_then(|name| sequence(name));
        let in_the_way = marked.iter().filter(|name| sequence(name) > newest_whole);
        passed_over.extend(in_the_way.map(|name| PassedOver::Marked { name: name.clone() }));
        for name in unmarked.into_iter().chain(marked) {
            if now.is_some_and(|now| now.name() == name) {
                return Ok((Choice::Same, passed_over));
            }
            match self.open(&name) {
                Ok(generation) => return Ok((Choice::Other(Box::new(generation)), passed_over)),
                Err(error) => passed_over.push(PassedOver::Shut { name, error }),
            }
        }
        Err(ChoiceError::None(passed_over))
    }

    /// The name of what [`Mirror::choose`] would try first: what serves, as far as can be told without opening it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] where the folder of generations cannot be read.
    pub fn serves(&self) -> Result<Option<String>, OpenError> {
        let (candidates, _) = self.candidates(None)?;
        let first = candidates.iter().find(|name| !self.is_marked(name) && self.database(name).is_file());
        Ok(first.or(candidates.first()).cloned())
    }

    /// The generations that may serve, in the order of trying, and what is wrong with the pointer.
    fn candidates(&self, now: Option<&str>) -> Result<(Vec<String>, Vec<PassedOver>), OpenError> {
        let mut names = self.list()?;
        names.reverse();
        let wrong = match self.current() {
            Ok(Some(pointed)) => {
                names.retain(|name| sequence(name) < sequence(&pointed));
                names.insert(0, pointed);
                return Ok((names, Vec::new()));
            }
            Ok(None) if names.is_empty() => return Ok((names, Vec::new())),
            Ok(None) => PassedOver::NoPointer,
            Err(error) => PassedOver::Pointer(error),
        };
        if let Some(at) = now.and_then(|now| names.iter().position(|name| name == now)) {
            let now = names.remove(at);
            names.insert(0, now);
        }
        Ok((names, vec![wrong]))
    }
}
