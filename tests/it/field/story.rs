//! How a story is written. `fixtures/field/README.md` explains the keys.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What must come of a package.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    /// What it shows, a sentence.
    pub(super) shows: String,
    /// Where it was reported; empty where the example is our own.
    #[serde(default)]
    pub(super) source: String,
    /// Why the load does not come out so yet.
    #[serde(default)]
    pub(super) pending: String,
    /// Tables as CSV, with the columns that matter.
    #[serde(default)]
    pub(super) tables: BTreeMap<String, String>,
    /// Tables as files, to the byte.
    #[serde(default)]
    pub(super) files: BTreeMap<String, String>,
    /// Rows of a file that the manifest promises, where not its lines less one.
    #[serde(default)]
    pub(super) rows: BTreeMap<String, usize>,
    /// How many houses there are; as many as holders where absent.
    #[serde(default)]
    pub(super) houses: Option<usize>,
    /// Tables that are not in the package.
    #[serde(default)]
    pub(super) absent: Vec<String>,
    /// Default columns that a table does not have, as `QLR.ZJH`.
    #[serde(default)]
    pub(super) without: Vec<String>,
    /// Tables that the manifest gives another name.
    #[serde(default)]
    pub(super) named: BTreeMap<String, String>,
    /// The encoding of the files, where the manifest says another.
    #[serde(default)]
    pub(super) written: String,
    /// Keys of the manifest.
    #[serde(default)]
    pub(super) manifest: toml::Table,
    /// How many rows may be set aside; none where absent.
    #[serde(default)]
    pub(super) quarantine: u64,
    /// Texts of the refusal, where the package must be refused.
    #[serde(default)]
    pub(super) refused: Vec<String>,
    /// Texts that the load must say.
    #[serde(default)]
    pub(super) report: Vec<String>,
    /// Texts that the load must not say.
    #[serde(default)]
    pub(super) report_lacks: Vec<String>,
    #[serde(default)]
    pub(super) ask: Vec<Ask>,
    #[serde(default)]
    pub(super) exchange: Vec<Exchange>,
    #[serde(default)]
    pub(super) message: Vec<Message>,
}

fn name() -> String {
    "虚测甲".to_owned()
}

fn kind() -> String {
    "1".to_owned()
}

fn number() -> String {
    "990202197903051015".to_owned()
}

/// A question, and its answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    #[serde(default = "name")]
    pub(super) name: String,
    #[serde(default = "kind")]
    pub(super) kind: String,
    #[serde(default = "number")]
    pub(super) number: String,
    #[serde(default)]
    pub(super) include_ended: bool,
    /// Items asked about; all where absent.
    #[serde(default)]
    pub(super) items: Vec<i32>,
    /// Registrations shown: kind, certificate or business number, status where not in force, rule, flags.
    #[serde(default)]
    pub(super) shown: Vec<String>,
    /// Registrations counted, by rule.
    #[serde(default)]
    pub(super) withheld: BTreeMap<String, u64>,
    /// Words of the violation, where the question must be refused.
    #[serde(default)]
    pub(super) violation: String,
    #[serde(default)]
    pub(super) pending: String,
}

/// A request message of the court, and the feedback.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    #[serde(default = "name")]
    pub(super) name: String,
    #[serde(default = "kind")]
    pub(super) kind: String,
    #[serde(default = "number")]
    pub(super) number: String,
    /// RESULT
    #[serde(default)]
    pub(super) result: String,
    /// Items of every list that has some.
    #[serde(default)]
    pub(super) counts: BTreeMap<String, usize>,
    /// Texts of MESSAGE.
    #[serde(default)]
    pub(super) says: Vec<String>,
    /// Texts that MESSAGE must not hold.
    #[serde(default)]
    pub(super) lacks: Vec<String>,
    /// Texts of an element in the items of a list, as `CFDJ/CFQSSJ`.
    #[serde(default)]
    pub(super) values: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) pending: String,
}

/// Bytes that a court's system sends, and what comes of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Message {
    /// The whole text; `{request}` stands for a request about 虚测甲, `{message}` for a whole message of it.
    pub(super) text: String,
    /// How the bytes are written: an encoding, or `base64`, with a `+bom` behind where a byte order mark comes first.
    #[serde(default)]
    pub(super) written: String,
    /// How the leaves are written: `base64` or `base64 of gbk`; plain where absent.
    #[serde(default)]
    pub(super) leaves: String,
    /// CREATETIME
    #[serde(default = "create_time")]
    pub(super) create_time: String,
    /// RESULT of each request.
    #[serde(default)]
    pub(super) results: Vec<String>,
    /// Texts of the MESSAGE of the last request.
    #[serde(default)]
    pub(super) says: Vec<String>,
    /// Words of the refusal, where the message gets no feedback.
    #[serde(default)]
    pub(super) refused: String,
    /// Whether it asks nothing.
    #[serde(default)]
    pub(super) asks_nothing: bool,
    #[serde(default)]
    pub(super) pending: String,
}

fn create_time() -> String {
    "2026/11/23 09:00:00".to_owned()
}

impl Story {
    /// What is wrong with how the story is written.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let has_questions = !self.ask.is_empty() || !self.exchange.is_empty() || !self.message.is_empty();
        let has_words = !self.report.is_empty() || !self.report_lacks.is_empty();
        if self.shows.is_empty() {
            return Err("says what it shows");
        }
        if self.refused.is_empty() && !has_questions && !has_words {
            return Err("checks something");
        }
        if !self.refused.is_empty() && (has_questions || has_words) {
            return Err("asks nothing of a package that is refused");
        }
        let has_answer = |ask: &Ask| !ask.shown.is_empty() || !ask.withheld.is_empty();
        if self.ask.iter().any(|ask| !ask.violation.is_empty() && has_answer(ask)) {
            return Err("expects no answer to a question that is refused");
        }
        if self.exchange.iter().any(|exchange| exchange.result.is_empty()) {
            return Err("says the RESULT of every message");
        }
        let ends = |one: &Message| {
            [!one.results.is_empty(), !one.refused.is_empty(), one.asks_nothing].map(usize::from).iter().sum::<usize>()
        };
        if self.message.iter().any(|message| ends(message) != 1) {
            return Err("says of each message what comes of it: results, refused or asks_nothing");
        }
        Ok(())
    }
}

impl Ask {
    /// The registrations shown, each one by one: `FDCQ 证1..3 exact` stands for three.
    pub(super) fn shown(&self) -> (Vec<String>, bool) {
        let mut has_ranges = false;
        let mut all = Vec::new();
        for one in &self.shown {
            let words: Vec<&str> = one.split(' ').collect();
            let range = words.iter().enumerate().find_map(|(at, word)| {
                let (first, last) = word.split_once("..")?;
                let stem = first.trim_end_matches(|char: char| char.is_ascii_digit());
                Some((at, stem, first[stem.len()..].parse::<u32>().ok()?, last.parse::<u32>().ok()?))
            });
            let Some((at, stem, first, last)) = range else {
                all.push(one.clone());
                continue;
            };
            has_ranges = true;
            for number in first..=last {
                let mut words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
                words[at] = format!("{stem}{number}");
                all.push(words.join(" "));
            }
        }
        (all, has_ranges)
    }
}
