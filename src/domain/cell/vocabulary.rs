//! A package's own words: what it writes for "none" and for codes, and its time zone.

use std::collections::BTreeMap;

use super::{code, none};
use crate::domain::tables::Table;

/// A package's own words for "none" and for codes, and its time zone.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    none: Vec<String>,
    codes: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) utc_offset_seconds: i32,
}

impl Vocabulary {
    /// A package's own words: `codes` is keyed by the column, as `QSZT` or `CFDJ.CFLX`, then by the word.
    #[must_use]
    pub fn new(none: &[String], codes: &BTreeMap<String, BTreeMap<String, String>>, utc_offset_seconds: i32) -> Self {
        let keyed = codes.iter().map(|(column, words)| {
            let words = words.iter().map(|(word, code)| (code::folded(word).into_owned(), code.clone()));
            (column.to_ascii_uppercase(), words.collect())
        });
        Self { none: none.iter().map(|word| folded(word)).collect(), codes: keyed.collect(), utc_offset_seconds }
    }

    /// Whether the package has no words of its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.none.is_empty() && self.codes.is_empty()
    }

    /// Whether the package says that this text is none, or everybody does (D35).
    #[must_use]
    pub fn is_none(&self, text: &str) -> bool {
        none::is_none(text) || (!self.none.is_empty() && self.is_own_word(&folded(text)))
    }

    /// Whether a folded text is one of its own words, with or without brackets around.
    fn is_own_word(&self, folded: &str) -> bool {
        self.none.iter().any(|word| word == folded || (!word.is_empty() && word == none::bare(folded)))
    }

    /// The code that the package says a word of this column means.
    pub(super) fn code(&self, table: Table, column: &str, text: &str) -> Option<&str> {
        if self.codes.is_empty() {
            return None;
        }
        let of = |key: &str| self.codes.get(key)?.get(&*code::folded(text)).map(String::as_str);
        of(&format!("{}.{column}", table.name())).or_else(|| of(column))
    }
}

impl Default for Vocabulary {
    /// No words of its own, in the time zone of Beijing.
    fn default() -> Self {
        Self::new(&[], &BTreeMap::new(), 8 * 3600)
    }
}

/// A word as the package's own words are compared: visible, without blanks, narrow, in upper case.
fn folded(text: &str) -> String {
    none::compact(text).to_uppercase()
}
