//! The national code lists, as data: `codes.csv`.
//!
//! Only the base lists; lists in which sources diverge (`X.variantY`) are left out, as they must not be merged.
//!
//! Source: dictionaries of 《不动产登记数据库标准（试行）》 and later additions, each with its evidence in
//! `deploy/DECISIONS.md`, "Code lists".

use std::{collections::HashMap, sync::LazyLock};

use crate::domain::kinds::code;

static LABELS: LazyLock<HashMap<(&'static str, &'static str), &'static str>> = LazyLock::new(|| {
    include_str!("codes.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let (list, rest) = line.split_once(',')?;
            let (registered, label) = rest.split_once(',')?;
            Some(((list, code(registered)), label))
        })
        .collect()
});

/// The label of a code as registered; `None` where its list does not have it.
#[must_use]
pub fn label(list: &str, registered: &str) -> Option<&'static str> {
    // The keys live as long as the program, so the look-up borrows for no longer than the call.
    let key: (&str, &str) = (list, code(registered));
    LABELS.get(&key).copied()
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn codes_have_their_labels_with_and_without_leading_zeros() {
        assert_eq!(label("CFLX", "2"), Some("轮候查封"));
        assert_eq!(label("ZJZL", "08"), Some("统一社会信用代码"));
        assert_eq!(label("FWXZ", "0"), Some("市场化商品房"));
        assert_eq!(label("CFLX", "77"), None);
    }
}
