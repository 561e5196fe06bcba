//! What a cell holds: the oracle's own reading of words for none, invisible characters, codes, dates.
//!
//! Written from `deploy/DECISIONS.md`, D35-D40, D43, D50, D52, not from `domain::cell`.

use unicode_normalization::UnicodeNormalization as _;

/// Words that mean nothing, folded and in upper case (D35).
const WORDS: [&str; 30] = [
    "NULL",
    "NONE",
    "NAN",
    "NAT",
    "N/A",
    "N",
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
    "NIL",
    "NA",
    "无数据",
    "无证件",
    "未填",
    "无号",
    "待查",
    "待核实",
    "待定",
    "不明",
];

/// Days that tools write for no day (D35).
const NO_DAYS: [&str; 9] = [
    "1900-01-01",
    "1899-12-30",
    "1899-12-31",
    "1899-11-30",
    "0001-01-01",
    "0000-00-00",
    "1753-01-01",
    "9999-12-31",
    "1970-01-01",
];

/// Codes and their labels, by list.
const LABELS: [(&str, &[(&str, &str)]); 4] = [
    ("QSZT", &[("0", "临时"), ("1", "现势"), ("2", "历史"), ("3", "终止")]),
    ("CFLX", &[("1", "查封"), ("2", "轮候查封"), ("3", "预查封"), ("4", "轮候预查封"), ("5", "续封")]),
    ("QLRLX", &[("1", "个人"), ("2", "企业"), ("3", "事业单位"), ("4", "国家机关"), ("98", "小微企业")]),
    ("DYFS", &[("1", "一般抵押"), ("2", "最高额抵押")]),
];

fn is_invisible(char: char) -> bool {
    let char = u32::from(char);
    let ranges = [
        (0x00, 0x1f),
        (0x7f, 0x9f),
        (0xad, 0xad),
        (0x0600, 0x0605),
        (0x061c, 0x061c),
        (0x06dd, 0x06dd),
        (0x070f, 0x070f),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xfff9, 0xfffb),
        (0xe_0001, 0xe_01ef),
    ];
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&char))
}

/// A text without what nobody sees; entities of web pages undone (D39).
pub(crate) fn visible(text: &str) -> String {
    html_escape::decode_html_entities(text).chars().filter(|char| !is_invisible(*char)).collect()
}

/// A text without blanks and what nobody sees, in half width.
pub(crate) fn folded(text: &str) -> String {
    visible(text).nfkc().filter(|char| !char.is_whitespace() && !is_invisible(*char)).collect()
}

/// Whether a cell of any column holds nothing (D35).
pub(crate) fn is_none(cell: &str) -> bool {
    let word = folded(cell).to_uppercase();
    let word = word.trim_matches(|char: char| "()[]<>{}\\【】〔〕'\"".contains(char));
    !word.chars().any(char::is_alphanumeric) || WORDS.contains(&word)
}

/// Whether a cell of a number, an identifier, a name or a date holds nothing: zeros are none there.
pub(crate) fn is_none_or_zero(cell: &str) -> bool {
    is_none(cell) || folded(cell).chars().all(|char| char == '0' || !char.is_alphanumeric())
}

/// Whether a cell of a date holds no day (D35).
pub(crate) fn is_no_day(cell: &str) -> bool {
    let day = folded(cell);
    is_none_or_zero(cell)
        || NO_DAYS.iter().any(|none| {
            let [year, month, date] = [&none[..4], &none[5..7], &none[8..]];
            let short = |text: &'static str| text.trim_start_matches('0');
            let forms = [
                (*none).to_owned(),
                none.replace('-', "/"),
                none.replace('-', ""),
                format!("{year}/{}/{}", short(month), short(date)),
            ];
            forms.iter().any(|form| {
                day.strip_prefix(form.as_str()).is_some_and(|time| time.chars().all(|char| "T0:.".contains(char)))
            })
        })
}

/// The code of a cell: width, leading zeros and a trailing `.0` are form, a label is its code (D40).
pub(crate) fn code(column: &str, cell: &str) -> String {
    if is_none(cell) {
        return String::new();
    }
    let text = folded(cell);
    let text = text.split_once('.').map_or(text.as_str(), |(whole, zeros)| {
        if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') { whole } else { text.as_str() }
    });
    let labels = LABELS.iter().find(|(list, _)| *list == column).map_or(&[][..], |(_, labels)| labels);
    if let Some((code, _)) = labels.iter().find(|(_, label)| *label == text) {
        return (*code).to_owned();
    }
    let stripped = text.trim_start_matches('0');
    if stripped.is_empty() { "0".to_owned() } else { stripped.to_owned() }
}

/// Whether a column holds a code that decides something (D40).
pub(crate) fn is_deciding(column: &str) -> bool {
    ["QSZT", "CFLX", "YGDJZL", "QLRLX", "DYFS"].contains(&column) || column.ends_with("ZJZL")
}

/// Whether a code of a deciding column is one that nobody knows (D40).
pub(crate) fn is_unknown(column: &str, code: &str) -> bool {
    let known: &[&str] = match column {
        "QSZT" => &["0", "1", "2", "3"],
        "CFLX" => &["1", "2", "3", "4", "5"],
        "YGDJZL" => &["1", "2", "3", "4"],
        "DYFS" => &["1", "2"],
        _ => return false,
    };
    !code.is_empty() && !known.contains(&code)
}

/// An area or amount without the commas of its thousands; a text of another form as it stands (D55).
pub(crate) fn quantity(cell: &str) -> String {
    let text = folded(cell).replace(',', "");
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        text
    } else {
        cell.to_owned()
    }
}

/// Whether an area or amount is zero, which gives way to another source (D55).
pub(crate) fn is_zero(cell: &str) -> bool {
    let text = quantity(cell);
    text.contains('0') && text.bytes().all(|byte| byte == b'0' || byte == b'.')
}

/// The numbers of units in a cell (D43); a text of another form stays as it is.
pub(crate) fn units(cell: &str) -> Vec<String> {
    let parts = split(cell).into_iter().map(|part| {
        let mut text = folded(&part).to_uppercase();
        text.retain(|char| !"-‐‑‒–—―−－'`’‘\"=".contains(char));
        let text = text.split('等').next().unwrap_or("").to_owned();
        let is_parcel = text.len() == 19 && text.is_ascii() && text[..12].bytes().all(|byte| byte.is_ascii_digit());
        if is_parcel { text + "W00000000" } else { text }
    });
    let mut units: Vec<String> = Vec::new();
    for unit in parts.filter(|text| !is_none_or_zero(text)) {
        if !units.contains(&unit) {
            units.push(unit);
        }
    }
    units
}

/// The parts of a cell that may hold several.
pub(crate) fn split(cell: &str) -> Vec<String> {
    let cell = html_escape::decode_html_entities(cell);
    let parts = cell.split(['、', '，', ',', ';', '；', '/', '／', '|', '｜', '\n', '\r']);
    parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// A date as an answer tells it: `2020-02-11`, with `T09:30:00` where there is a time; text that is no date as it stands.
pub(crate) fn date(text: &str) -> String {
    read_date(text).unwrap_or_else(|| text.to_owned())
}

/// Whether a text is a date in any of the forms of databases and tools (D50).
pub(crate) fn is_date(text: &str) -> bool {
    read_date(text).is_some()
}

fn read_date(text: &str) -> Option<String> {
    let text = visible(text);
    let text = text.trim();
    if let Ok(days) = text.parse::<i64>()
        && (20_000..=60_000).contains(&days)
    {
        let day = jiff::civil::date(1899, 12, 30).checked_add(jiff::Span::new().days(days)).ok()?;
        return Some(day.to_string());
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        let local = jiff::tz::offset(8).to_datetime(time);
        return Some(tell(local.date(), local.time()));
    }
    let is_hour = |(at, char): &(usize, char)| *char == ' ' || (*char == 'T' && text[at + 1..].contains(':'));
    let hour = text.char_indices().find(is_hour);
    let (day, clock) = hour.map_or((text, "0:0"), |(at, _)| (&text[..at], &text[at + 1..]));
    let plain = day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> =
        if plain { vec![&day[..4], &day[4..6], &day[6..]] } else { day.split(['/', '-', '.']).collect() };
    let [first, month, last] = parts[..] else { return None };
    let month = month_number(month)?;
    let (year, day) = match (first.len(), last.len()) {
        (4, _) => (first.parse().ok()?, last),
        (1 | 2, 4) => (last.parse().ok()?, first),
        (1 | 2, 2) if parts[1].len() > 2 || parts[1].ends_with('月') => {
            let year: i16 = last.parse().ok()?;
            (year + if year < 50 { 2000 } else { 1900 }, first)
        }
        _ => return None,
    };
    let day = jiff::civil::Date::new(year, month, day.parse().ok()?).ok()?;
    let clock = clock.trim().split('.').next()?;
    let clock: Vec<i8> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (hour, minute, second) = match clock[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    Some(tell(day, jiff::civil::Time::new(hour, minute, second, 0).ok()?))
}

fn month_number(text: &str) -> Option<i8> {
    let names = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let place = names.iter().position(|name| *name == text.to_ascii_uppercase());
    place.map_or_else(|| text.trim_end_matches('月').parse().ok(), |at| i8::try_from(at + 1).ok())
}

fn tell(day: jiff::civil::Date, time: jiff::civil::Time) -> String {
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let is_midnight = (hour, minute, second) == (0, 0, 0);
    let time = if is_midnight { String::new() } else { format!("T{hour:02}:{minute:02}:{second:02}") };
    format!("{day}{time}")
}
