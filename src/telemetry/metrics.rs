//! What is counted while the daemon runs, and the page that shows it.
//!
//! [`Metrics`] is one small value that is handed to whoever counts. What is only looked at (sizes, ages, states) is read when the
//! page is asked for: [`Page::observe`]. Labels are words of the program or names of the configuration, so there are never
//! more series than those; nothing that a caller sends becomes one. This room alone knows the library behind it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet, prometheus_text},
    metrics::{MetricType, counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::Logging;

/// What [`Page::text`] is, as HTTP names it.
pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// Upper bounds of the histogram of answers, in seconds: from a lookup in memory to what `limits.call-timeout` allows.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// What becomes of a call, of an inquiry, or of the call of a caller who is no listed gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is answered.
    Answered,
    /// It is refused, on record.
    Refused(&'static str),
    /// Nothing was decided about it.
    Unavailable(&'static str),
}

impl Ending {
    fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused(_) => "refused",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByCall {
    call: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Took {
    call: &'static str,
}

/// What is counted; clones count in the same place.
#[derive(Clone, Debug)]
pub struct Metrics {
    calls: Family<ByCall, Counter>,
    inquiries: Family<ByOutcome, Counter>,
    refusals: Family<ByReason, Counter>,
    unavailable: Family<ByReason, Counter>,
    strangers: Family<ByOutcome, Counter>,
    answers: Family<Took, Histogram, fn() -> Histogram>,
    dropped: Arc<AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            calls: Family::default(),
            inquiries: Family::default(),
            refusals: Family::default(),
            unavailable: Family::default(),
            strangers: Family::default(),
            answers: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            dropped: Arc::default(),
        }
    }
}

impl Metrics {
    /// Counts that include the lines that `logging` drops.
    #[must_use]
    pub fn of(logging: &Logging) -> Self {
        Self { dropped: logging.dropped_count(), ..Self::default() }
    }

    /// Names every word that can be counted, so that each has a series from the start: what appears with its first count would
    /// hide that count from whoever asks for an increase.
    pub fn expect(&self, calls: &[&'static str], refusals: &[&'static str], unavailable: &[&'static str]) {
        let outcomes = [Ending::Answered, Ending::Refused(""), Ending::Unavailable("")].map(Ending::word);
        for outcome in outcomes {
            drop(self.inquiries.get_or_create(&ByOutcome { outcome }));
        }
        for outcome in [Ending::Refused(""), Ending::Unavailable("")].map(Ending::word) {
            drop(self.strangers.get_or_create(&ByOutcome { outcome }));
        }
        for call in calls {
            for outcome in outcomes {
                drop(self.calls.get_or_create(&ByCall { call, outcome }));
            }
            drop(self.answers.get_or_create(&Took { call }));
        }
        for reason in refusals {
            drop(self.refusals.get_or_create(&ByReason { reason }));
        }
        for reason in unavailable {
            drop(self.unavailable.get_or_create(&ByReason { reason }));
        }
    }

    /// Counts a call of a listed gateway that ended.
    pub fn call_ended(&self, call: &'static str, ending: Ending, took: Duration) {
        self.calls.get_or_create(&ByCall { call, outcome: ending.word() }).inc();
        match ending {
            Ending::Answered => self.answers.get_or_create(&Took { call }).observe(took.as_secs_f64()),
            Ending::Unavailable(reason) => drop(self.unavailable.get_or_create(&ByReason { reason }).inc()),
            // Counted where it was recorded: a message that is answered may hold refused inquiries.
            Ending::Refused(_) => {}
        }
    }

    /// Counts an inquiry that ended, whether it came alone or in a message.
    pub fn inquiry_ended(&self, ending: Ending) {
        self.inquiries.get_or_create(&ByOutcome { outcome: ending.word() }).inc();
    }

    /// Counts the call of a caller who is no listed gateway.
    pub fn stranger_ended(&self, ending: Ending) {
        self.strangers.get_or_create(&ByOutcome { outcome: ending.word() }).inc();
        if let Ending::Unavailable(reason) = ending {
            self.unavailable.get_or_create(&ByReason { reason }).inc();
        }
    }

    /// Counts a refusal that is on record.
    pub fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&ByReason { reason }).inc();
    }
}

/// What a value that is read for the page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows while the process runs.
    Counter,
    /// It may go up and down.
    Gauge,
}

/// What stands on the page of a value that is read for it; a counter's name gets `_total`.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// Its name, which ends with its unit.
    pub name: &'static str,
    /// What it is, in a sentence without its full stop.
    pub help: &'static str,
    /// What it is.
    pub kind: Kind,
}

/// A value with the labels that tell it from others of its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Names and values.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: f64,
}

impl From<f64> for Sample {
    fn from(value: f64) -> Self {
        Self { labels: Vec::new(), value }
    }
}

type Read = Box<dyn Fn() -> Vec<Sample> + Send + Sync>;

struct Observed {
    description: Description,
    read: Read,
}

impl fmt::Debug for Observed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.description.fmt(formatter)
    }
}

impl Collector for Observed {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Description { name, help, kind } = self.description;
        let metric_type = match kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
        };
        let mut metric = encoder.encode_descriptor(name, &format!("{help}."), None, metric_type)?;
        for Sample { labels, value } in (self.read)() {
            if labels.is_empty() {
                write(kind, value, &mut metric)?;
            } else {
                write(kind, value, &mut metric.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

fn write(kind: Kind, value: f64, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
    match kind {
        Kind::Counter => encoder.encode_counter::<NoLabelSet, f64, f64>(&value, None),
        Kind::Gauge => encoder.encode_gauge(&value),
    }
}

/// The page of everything that is counted or observed, in the text format of Prometheus.
#[derive(Debug)]
pub struct Page(Registry);

impl Page {
    /// A page of what `metrics` counts.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Self {
        let mut registry = Registry::default();
        let Metrics { calls, inquiries, refusals, unavailable, strangers, answers, dropped } = metrics.clone();
        registry.register(
            "bdcd_calls",
            "Calls of listed gateways that ended, by method and by what became of them",
            calls,
        );
        registry.register(
            "bdcd_inquiries",
            "Inquiries that ended, alone or in a message, by what became of them",
            inquiries,
        );
        registry.register("bdcd_refusals", "Refusals on record, by reason", refusals);
        registry.register("bdcd_unavailable", "Calls about which nothing was decided, by reason", unavailable);
        registry.register(
            "bdcd_strangers",
            "Calls of callers who are no listed gateway, by what became of them",
            strangers,
        );
        registry.register("bdcd_answer_duration_seconds", "How long calls took that were answered, by method", answers);
        let mut page = Self(registry);
        let description = Description {
            name: "bdcd_log_lines_dropped",
            help: "Log lines that were dropped, for standard error was not read in time",
            kind: Kind::Counter,
        };
        page.observe(description, move || vec![lossy(dropped.load(Ordering::Relaxed)).into()]);
        page
    }

    /// Puts a value on the page that is read whenever the page is asked for. Where there is none, `read` returns nothing.
    pub fn observe(&mut self, description: Description, read: impl Fn() -> Vec<Sample> + Send + Sync + 'static) {
        self.0.register_collector(Box::new(Observed { description, read: Box::new(read) }));
    }

    /// The page as it stands now.
    ///
    /// # Errors
    ///
    /// Where a value does not let itself be written, which is a fault of the program.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.0)?;
        Ok(text)
    }
}

/// A count as the page has it; past 2^53, which none reaches, it would be rounded.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "the format knows floating-point numbers alone")]
pub fn lossy(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_counted_stands_on_the_page() {
        let metrics = Metrics::default();
        metrics.expect(&["query"], &["BAD_INQUIRY"], &["OVERLOADED"]);
        let counts_elsewhere = metrics.clone();
        counts_elsewhere.call_ended("query", Ending::Answered, Duration::from_millis(3));
        counts_elsewhere.call_ended("query", Ending::Unavailable("OVERLOADED"), Duration::ZERO);
        counts_elsewhere.inquiry_ended(Ending::Refused("BAD_INQUIRY"));
        counts_elsewhere.stranger_ended(Ending::Refused("NO_CERTIFICATE"));
        let mut page = Page::new(&metrics);
        let description = Description { name: "bdcd_test_days", help: "Days", kind: Kind::Gauge };
        page.observe(description, || vec![Sample { labels: vec![("name", "a \"b\"".to_owned())], value: -1.5 }]);
        let text = page.text().unwrap();
        for line in [
            "# HELP bdcd_calls_total Calls of listed gateways that ended, by method and by what became of them.",
            "# TYPE bdcd_calls_total counter",
            "bdcd_calls_total{call=\"query\",outcome=\"answered\"} 1",
            "bdcd_calls_total{call=\"query\",outcome=\"refused\"} 0",
            "bdcd_inquiries_total{outcome=\"refused\"} 1",
            "bdcd_refusals_total{reason=\"BAD_INQUIRY\"} 0",
            "bdcd_unavailable_total{reason=\"OVERLOADED\"} 1",
            "bdcd_strangers_total{outcome=\"refused\"} 1",
            "bdcd_answer_duration_seconds_bucket{call=\"query\",le=\"0.0025\"} 0",
            "bdcd_answer_duration_seconds_bucket{call=\"query\",le=\"0.005\"} 1",
            "# TYPE bdcd_log_lines_dropped_total counter",
            "bdcd_log_lines_dropped_total 0.0",
            "bdcd_test_days{name=\"a \\\"b\\\"\"} -1.5",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
    }
}
