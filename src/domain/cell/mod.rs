//! What a package says of its own words.

use std::collections::BTreeMap;

/// A package's own words for "none" and for codes, and its time zone.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    none: Vec<String>,
    codes: BTreeMap<String, BTreeMap<String, String>>,
    #[expect(dead_code, reason = "dates of another zone are not converted yet")]
    utc_offset_seconds: i32,
}

impl Vocabulary {
    /// A package's own words: `codes` is keyed by the column, as `QSZT` or `CFDJ.CFLX`, then by the word.
    #[must_use]
    pub fn new(none: &[String], codes: &BTreeMap<String, BTreeMap<String, String>>, utc_offset_seconds: i32) -> Self {
        Self { none: none.to_vec(), codes: codes.clone(), utc_offset_seconds }
    }

    /// Whether the package has no words of its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.none.is_empty() && self.codes.is_empty()
    }
}

impl Default for Vocabulary {
    /// No words of its own, in the time zone of Beijing.
    fn default() -> Self {
        Self::new(&[], &BTreeMap::new(), 8 * 3600)
    }
}
