//! How a command fails: what could not be done, why, what to do, and the exit status.

use std::{error::Error, process::ExitCode};

/// A command that did not do what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    heading: String,
    causes: Vec<String>,
    hint: Option<&'static str>,
    status: u8,
}

impl Failure {
    pub(super) fn new(heading: impl Into<String>, status: u8) -> Self {
        Self { heading: heading.into(), causes: Vec::new(), hint: None, status }
    }

    /// The check says no: the input is not what it must be.
    pub(super) fn refused(error: &dyn Error) -> Self {
        Self::new(error.to_string(), 1).with_causes(error.source())
    }

    /// The check says no, in our words.
    pub(super) fn no(heading: impl Into<String>) -> Self {
        Self::new(heading, 1)
    }

    /// The command line or the configuration.
    pub(super) fn usage(error: &dyn Error) -> Self {
        Self::new(error.to_string(), 2).with_causes(error.source())
    }

    /// The command line or the configuration, in our words.
    pub(super) fn misused(heading: impl Into<String>) -> Self {
        Self::new(heading, 2)
    }

    /// Files, network, system.
    pub(super) fn environment(heading: impl Into<String>, error: impl Error) -> Self {
        Self::new(heading, 3).with_causes(Some(&error))
    }

    /// Files, network, system, in the error's own words.
    pub(super) fn failed(error: &dyn Error) -> Self {
        Self::new(error.to_string(), 3).with_causes(error.source())
    }

    /// Our fault.
    pub(super) fn fault(heading: impl Into<String>) -> Self {
        Self::new(heading, 70)
    }

    fn with_causes(mut self, mut cause: Option<&dyn Error>) -> Self {
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors repeat their source in their own text.
            if !self.heading.contains(&text) && self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            cause = error.source();
        }
        self
    }

    /// Says what it comes of.
    pub(super) fn because(mut self, causes: Vec<String>) -> Self {
        self.causes.extend(causes);
        self
    }

    /// Says what to do next.
    pub(super) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// What the person at the terminal is told, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let causes = self.causes.iter().map(|cause| format!("  because: {cause}"));
        let hint = self.hint.map(|hint| format!("  hint: {hint}"));
        [format!("error: {}", self.heading)].into_iter().chain(causes).chain(hint).collect()
    }

    /// The exit status.
    pub(super) fn status(&self) -> ExitCode {
        ExitCode::from(self.status)
    }
}
