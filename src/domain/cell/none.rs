//! What says that there is nothing, and what cannot be seen (D35, D37, D39).

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// Words that stand for «none», as [`is_none`] compares them: without brackets, blanks and full stops, in upper case.
const WORDS: &[&str] = &[
    "NULL",
    "NONE",
    "NAN",
    "NAT",
    "N/A",
    "NA",
    "#N/A",
    "\\N",
    "NIL",
    "UNDEFINED",
    "<NA>",
    "无",
    "空",
    "不详",
    "不祥",
    "未知",
    "暂无",
    "没有",
    "暂缺",
    "缺",
    "缺失",
    "缺号",
    "缺证",
    "待补",
    "待补充",
    "待补录",
    "待查",
    "待核实",
    "待定",
    "遗失",
    "丢失",
    "无证件号",
    "无证件",
    "无证件号码",
    "无号码",
    "无号",
    "无身份证",
    "无身份证号",
    "没有证件",
    "未提供",
    "未填",
    "未填写",
    "未登记",
    "未录入",
    "未采集",
    "未取得",
    "未记载",
    "无记载",
    "见附件",
    "详见附件",
    "见附表",
    "见附页",
    "见备注",
    "附件",
    "不明",
    "不清",
    "不清楚",
    "不知",
    "空白",
    "空值",
    "略",
    "暂未提供",
    "暂无证件",
    "暂无号码",
    "资料缺失",
];

/// The characters that the Chinese ones of [`WORDS`] begin with.
const FIRST: &str = "无空不未暂没缺待遗丢详见附略资";

/// Whether a character cannot be seen: the categories Cc and Cf, variation selectors, blanks that look like nothing (D39).
#[must_use]
pub fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{00}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{AD}' | '\u{34F}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}'
        | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
        | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E01EF}')
}

/// The text without what cannot be seen; tabs and line ends stay, as they are blanks that separate.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let hides = |one: char| is_invisible(one) && !matches!(one, '\t' | '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}');
    if text.contains(hides) { Cow::Owned(text.replace(hides, "")) } else { Cow::Borrowed(text) }
}

/// Whether a character is a dash of any kind.
#[must_use]
pub fn is_dash(character: char) -> bool {
    matches!(
        character,
        '-' | '\u{58A}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{207B}'
                | '\u{208B}'
                | '\u{2212}'
                | '\u{2500}'
                | '\u{2E3A}'
                | '\u{2E3B}'
                | '\u{FE31}'
                | '\u{FE32}'
                | '\u{FE58}'
                | '\u{FE63}'
                | '\u{FF0D}'
    )
}

/// Whether a character is a dot that joins or ends parts of a number or a foreign name (D17, D52).
#[must_use]
pub fn is_dot(character: char) -> bool {
    matches!(
        character,
        '\u{B7}'
            | '\u{2022}'
            | '\u{30FB}'
            | '\u{FF65}'
            | '\u{2219}'
            | '\u{2027}'
            | '\u{22C5}'
            | '.'
            | '\u{FF0E}'
            | '\u{2024}'
            | '\u{FE52}'
            | '\u{2D9}'
            | '\u{25CF}'
    )
}

/// The bracket that every bracket of its side is compared as: `(` or `)`; `None` for any other character.
#[must_use]
pub fn bracket(character: char) -> Option<char> {
    match character {
        '(' | '[' | '{' | '<' | '（' | '［' | '｛' | '＜' | '〈' | '《' | '「' | '『' | '【' | '〔' | '〖' | '〘'
        | '〚' | '﹙' | '﹛' | '﹝' | '﹤' | '⟨' | '⦅' | '｟' | '｢' | '﹁' | '﹃' | '︵' | '︿' | '︽' | '﹇' | '❨'
        | '❲' | '⟦' | '⟪' | '‹' | '«' | '︹' | '︻' => Some('('),
        ')' | ']' | '}' | '>' | '）' | '］' | '｝' | '＞' | '〉' | '》' | '」' | '』' | '】' | '〕' | '〗' | '〙'
        | '〛' | '﹚' | '﹜' | '﹞' | '﹥' | '⟩' | '⦆' | '｠' | '｣' | '﹂' | '﹄' | '︶' | '﹀' | '︾' | '﹈' | '❩'
        | '❳' | '⟧' | '⟫' | '›' | '»' | '︺' | '︼' => Some(')'),
        _ => None,
    }
}

/// Whether a character is a quotation mark, an apostrophe or a backtick.
#[must_use]
pub fn is_quote(character: char) -> bool {
    matches!(
        character,
        '"' | '\'' | '`' | '´' | 'ʹ' | 'ʻ' | 'ʼ' | 'ˊ' | 'ˋ' | '\u{2018}'
            ..='\u{201F}' | '′' | '″' | '‵' | '〝' | '〞' | '〟' | '＂' | '＇' | '｀'
    )
}

/// The text without what cannot be seen and without blanks, in compatibility form (NFKC).
///
/// The comma of full width stays what it is, as names and lists tell the two apart (D17).
#[must_use]
pub fn compact(text: &str) -> Cow<'_, str> {
    match unescaped(text) {
        Cow::Borrowed(text) => compact_visible(text),
        Cow::Owned(text) => Cow::Owned(compact_visible(&text).into_owned()),
    }
}

/// [`compact`] of a text without HTML entities.
fn compact_visible(text: &str) -> Cow<'_, str> {
    // Every cell of a register passes here, often more than once, and most are as they should be.
    if text.chars().all(|one| same(one) == Some(one)) {
        return Cow::Borrowed(text);
    }
    if let Some(compacted) = text.chars().filter(|one| *one != ' ').map(same).collect::<Option<String>>() {
        return Cow::Owned(compacted);
    }
    let mut compacted = String::with_capacity(text.len());
    for character in text.chars().filter(|one| !is_invisible(*one)) {
        match character {
            '，' => compacted.push(character),
            _ => compacted.extend(std::iter::once(character).nfkc()),
        }
    }
    let composed: String = compacted.nfc().collect();
    Cow::Owned(composed.chars().filter(|one| !one.is_whitespace() && !is_invisible(*one)).collect())
}

/// What a character that is seen is in compatibility form, where that needs no table and no neighbour.
fn same(character: char) -> Option<char> {
    match character {
        '!'..='~' | '\u{4E00}'..='\u{9FFF}' | '，' | '、' | '。' | '·' | '“' | '”' | '—' | '〔' | '〕' => {
            Some(character)
        }
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0),
        _ => None,
    }
}

/// Whether a text says that there is nothing: empty, a word for it, or nothing but punctuation (D35). Zeros are not
/// meant: a code or an amount may be zero, so [`is_none_or_zero`] is asked where a number belongs.
#[must_use]
pub fn is_none(text: &str) -> bool {
    // Most cells begin with a letter or digit that no such word begins with.
    match text.chars().next() {
        None => return true,
        Some('0'..='9' | 'A'..='M' | 'O'..='T' | 'V'..='Z' | 'a'..='m' | 'o'..='t' | 'v'..='z') => return false,
        Some(first @ '\u{4E00}'..='\u{9FFF}') if !FIRST.contains(first) => return false,
        Some(_) => {}
    }
    let folded = compact(text).to_uppercase();
    if !folded.chars().any(char::is_alphanumeric) {
        return true;
    }
    let is_word = |word: &str| WORDS.contains(&word) || is_repeated_word(word);
    is_word(&folded) || is_word(bare(&folded))
}

/// A folded text without brackets, quotation marks and other dress around it.
pub(super) fn bare(folded: &str) -> &str {
    folded.trim_matches(|one| {
        bracket(one).is_some()
            || is_quote(one)
            || is_dash(one)
            || matches!(one, '。' | '.' | '!' | '=' | '*' | '?' | ',' | '，' | ';')
    })
}

/// Whether a text is one of the words twice or more: `无无`, `NULLNULL`, `无/无`.
fn is_repeated_word(text: &str) -> bool {
    ["无", "空", "缺", "NULL"].iter().any(|word| {
        let rest = text.replace(word, "");
        rest.len() < text.len() && !rest.chars().any(char::is_alphanumeric)
    })
}

/// Whether a text says that there is no number: [`is_none`], or zeros with nothing but punctuation (D35).
#[must_use]
pub fn is_none_or_zero(text: &str) -> bool {
    let text = &*unescaped(text);
    // What has another letter or digit than zero is a number, or a word.
    let has_more = |text: &str| text.bytes().any(|one| one.is_ascii_alphanumeric() && one != b'0');
    is_none(text) || (!has_more(text) && compact(text).chars().all(|one| one == '0' || !one.is_alphanumeric()))
}

/// Whether a text without blanks and punctuation is a filler: one character repeated, or the digits in a row (D37).
#[must_use]
pub fn is_filler(letters: &str) -> bool {
    let mut characters = letters.chars();
    let Some(first) = characters.next() else { return true };
    if characters.clone().all(|one| one == first) {
        return true;
    }
    let runs = |step: i16| {
        letters.len() >= 6
            && letters.bytes().all(|one| one.is_ascii_digit())
            && letters
                .as_bytes()
                .windows(2)
                .all(|pair| (i16::from(pair[1]) - i16::from(pair[0]) - step).rem_euclid(10) == 0)
    };
    runs(1) || runs(-1)
}

/// The text with HTML entities undone, as web forms leave them in a register (D39).
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if text.contains('&') { html_escape::decode_html_entities(text) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_punctuation_are_none_in_any_dress() {
        for none in [
            "",
            " ",
            "NULL",
            "null",
            "(null)",
            "[NULL]",
            "None",
            "NaN",
            "NaT",
            "N/A",
            "n/a",
            "\\N",
            "-",
            "—",
            "/",
            "//",
            "*",
            "?",
            "无",
            "空",
            "不详",
            "不祥",
            "未知",
            "暂无",
            "没有",
            "暂缺",
            "缺",
            "待补",
            "遗失",
            "无证件号",
            "未提供",
            "见附件",
            "（无）",
            "ＮＵＬＬ",
            "无。",
            "\u{200B}无\u{3000}",
            "无/无",
            "<null>",
            "\"\"",
            "……",
        ] {
            assert!(is_none(none), "{none:?}");
            assert!(is_none_or_zero(none), "{none:?}");
        }
        for some in ["0", "1", "A", "无锡", "空军1号", "NULLAH", "2"] {
            assert!(!is_none(some), "{some:?}");
        }
        assert!(["0", "0000", "０", "0.00", "-0"].into_iter().all(is_none_or_zero));
        assert!(!is_none_or_zero("10"));
        assert!(["&nbsp;", "&#160;NULL", "&#8203;", "&nbsp;无"].into_iter().all(is_none));
        assert!(is_none_or_zero("&nbsp;0") && !is_none_or_zero("&nbsp;10"));
    }

    #[test]
    fn every_word_begins_as_the_short_way_expects() {
        for word in WORDS {
            assert!(is_none(word), "{word}");
        }
    }

    #[test]
    fn fillers_repeat_or_count() {
        for filler in ["1", "1111", "XXX", "123456789012345678", "987654321", "99999999"] {
            assert!(is_filler(filler), "{filler}");
        }
        for number in ["1231232", "12", "990202197903051015", "9902"] {
            assert!(!is_filler(number), "{number}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_dropped() {
        let dressed = "1\u{202D}2\u{200E}3\u{2068}4\u{3164}5\u{180E}6\u{FFFE}7\u{0}8\u{7F}9\u{2800}\u{FE0F}";
        assert_eq!(compact(dressed), "123456789");
        assert_eq!(compact("Ａ（１）， 甲\u{3000}乙 e\u{301}"), "A(1)，甲乙é");
        for code in 0..=0x10_FFFF {
            let Some(one) = char::from_u32(code) else { continue };
            let whole: String =
                std::iter::once(one).nfkc().filter(|one| !one.is_whitespace() && !is_invisible(*one)).collect();
            let expected = if one == '，' { "，".to_owned() } else { whole };
            assert!(same(one).is_none_or(|short| short.to_string() == expected), "{code:X}");
        }
        assert_eq!(visible("a\u{200B}b\tc"), "ab\tc");
    }
}
