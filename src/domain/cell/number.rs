//! Document numbers, as registers hold them and as courts ask for them (D37-D39, D41, D42, D51).
//!
//! A cell of the register may hold several numbers, dressed in labels, brackets and quotation marks, or damaged by the tools
//! that it passed through. What comes out are the numbers that can be compared, and a word on what was damaged. A court asks
//! about one number, and is told where it cannot be one.

use std::{borrow::Cow, fmt};

use super::none;
use crate::domain::identifiers::{
    citizen_check, is_citizen_shaped, is_citizen_valid, is_credit_shaped, is_credit_valid, is_date,
};

/// How a number was damaged, so that it can no longer be compared (D38).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// `9.90202E+17`
    Scientific,
    /// `1231232.0`
    Decimal,
    /// 18 digits that end in 000, and whose check digit is wrong.
    Rounded,
    /// An identity number of 17 digits.
    Seventeen,
    /// Digits hidden behind `*` or `X`.
    Masked,
    /// A number among text that cannot be taken apart.
    Entangled,
}

impl Damage {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Scientific, Self::Decimal, Self::Rounded, Self::Seventeen, Self::Masked, Self::Entangled];

    /// What happened to the number, in words that follow its column.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Scientific => "is in scientific notation",
            Self::Decimal => "ends in .0, as if it were an amount",
            Self::Rounded => "ends in 000 with a wrong check digit: rounded to 15 digits",
            Self::Seventeen => "has 17 digits: the last character is lost",
            Self::Masked => "is masked",
            Self::Entangled => "is a number among text that cannot be taken apart",
        }
    }
}

/// What a cell of the register says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers<'a> {
    /// The numbers that can be compared, in normal form.
    pub usable: Vec<Cow<'a, str>>,
    /// What was damaged of the others; the first where there are several.
    pub damaged: Option<Damage>,
}

/// Words that stand in front of a number, or say that it is one.
const LABELS: [&str; 18] = [
    "居民身份证号码",
    "居民身份证号",
    "居民身份证",
    "身份证号码",
    "身份证号",
    "身份证",
    "统一社会信用代码",
    "社会信用代码",
    "信用代码",
    "组织机构代码",
    "营业执照注册号",
    "营业执照",
    "证件号码",
    "证件号",
    "证号",
    "号码",
    "新",
    "旧",
];

/// Marks that stand between several numbers of one cell (D16, D41); blanks and tabs part only what is whole ([`read_words`]).
const SEPARATORS: [char; 13] = ['、', '，', ',', ';', '；', '/', '／', '|', '｜', '\n', '\r', '和', '及'];

/// Reads the numbers of a cell of the register.
#[must_use]
pub fn of_register(registered: &str) -> Numbers<'_> {
    let mut numbers = Numbers::default();
    let is_plain = registered.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if is_plain && is_citizen_valid(registered) {
        // Most cells are one number as it should be.
        numbers.usable.push(Cow::Borrowed(registered));
        return numbers;
    }
    if is_plain && registered.len() <= 18 {
        match judged(registered) {
            Judged::Usable => {
                numbers.damaged = hides_number(registered).then_some(Damage::Entangled);
                numbers.usable.push(Cow::Borrowed(registered));
            }
            Judged::Nothing => {}
            Judged::Damaged(damage) => numbers.damaged = Some(damage),
        }
        return numbers;
    }
    let text = none::unescaped(registered);
    let text = none::visible(&text);
    if none::is_none_or_zero(&text) {
        return numbers;
    }
    if let Some(whole) = spread(&narrowed(&text)) {
        numbers.add(whole);
        return numbers;
    }
    for part in text.split(SEPARATORS) {
        let mut own = Numbers::default();
        read_part(part, &mut own);
        let runs = runs(&narrowed(part));
        // A number with right check digits is one in whatever dress, but for that of an amount (D38).
        if own.damaged != Some(Damage::Decimal) && runs.usable.iter().any(|found| !own.usable.contains(found)) {
            own = runs;
        }
        own.usable.into_iter().for_each(|number| numbers.add(number.into_owned()));
        numbers.damaged = numbers.damaged.or(own.damaged);
    }
    numbers
}

/// Whether a cell is one identity number or credit code as it should be, and nothing beside it.
pub(in crate::domain) fn is_whole(registered: &str) -> bool {
    is_citizen_valid(registered) || (is_credit_valid(registered) && matches!(judged(registered), Judged::Usable))
}

/// The number of a cell whose letters and digits are one with right check digits, whatever marks stand between them:
/// `990202/19790305/1015`, `990,202,197,903,051,015`, and whatever words stand around: `身份证990202-19790305-1015`.
fn spread(narrow: &str) -> Option<String> {
    let inner = narrow.trim_matches(|one: char| !one.is_ascii_alphanumeric());
    let letters: String = inner.chars().filter(|one| one.is_alphanumeric()).collect();
    (is_citizen_valid(&letters) || is_credit_valid(&letters)).then_some(letters)
}

/// What may follow from a part of a cell: bracketed text is read by itself, blanks separate numbers that are whole.
fn read_part(part: &str, numbers: &mut Numbers<'_>) {
    let narrow = narrowed(part);
    let outside = outside_brackets(&narrow);
    for inner in outside.inside {
        // `（旧号）` and `(1)` are words on the number; `(990202…)` is a number; `M9900001(2)` keeps its digit.
        if inner.chars().filter(char::is_ascii_alphanumeric).count() >= 4 {
            read_words(&inner, numbers);
        }
    }
    read_words(&outside.text, numbers);
}

/// Blanks are form inside a number (D38) and stand between numbers (D41): they part words of which one is a whole identity number
/// or code. Where they part words of one length, a tab stands between numbers; with a blank it is told beside that there may be several.
fn read_words(text: &str, numbers: &mut Numbers<'_>) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_whole = |word: &&str| matches!(bare(word).len(), 15 | 18) && is_long_number(&bare(word));
    let are_alike = words.len() > 1 && words.iter().all(|word| word.len() == words[0].len() && may_be_one(word));
    if words.len() > 1 && (words.iter().any(is_whole) || (are_alike && text.contains('\t'))) {
        for word in words {
            read_one(word, numbers);
        }
        return;
    }
    read_one(text, numbers);
    let number = form(&bare(text));
    let is_card =
        is_citizen_shaped(&number) || (number.len() == 15 && number.bytes().all(|byte| byte.is_ascii_digit()));
    if are_alike && !is_card {
        numbers.damaged.get_or_insert(Damage::Entangled);
    }
}

/// Whether a word has the letters and digits of a passport, a code or an officer's certificate.
fn may_be_one(word: &str) -> bool {
    word.chars().filter(|one| one.is_alphanumeric()).count() >= 8
        && word.bytes().filter(u8::is_ascii_digit).count() >= 4
}

fn read_one(text: &str, numbers: &mut Numbers<'_>) {
    let bare = bare(text);
    if is_masked(&bare) {
        numbers.damaged.get_or_insert(Damage::Masked);
        return;
    }
    if super::place::is_scientific(&bare) {
        numbers.damaged.get_or_insert(Damage::Scientific);
        return;
    }
    if is_decimal(&bare) {
        numbers.damaged.get_or_insert(Damage::Decimal);
        return;
    }
    let number = form(&bare);
    if let Some(glued) = glued(&number) {
        for number in glued {
            numbers.add(number.to_owned());
        }
        return;
    }
    match judged(&number) {
        Judged::Damaged(damage) => {
            numbers.damaged.get_or_insert(damage);
        }
        Judged::Nothing => {}
        Judged::Usable => {
            let is_among = if number.is_ascii() {
                hides_number(&number)
            } else {
                number.split(|one: char| !one.is_ascii_digit()).any(|run| run.len() >= 15)
            };
            if is_among {
                numbers.damaged.get_or_insert(Damage::Entangled);
            }
            if !is_among || number.is_ascii() {
                numbers.add(number);
            }
        }
    }
}

impl Numbers<'_> {
    fn add(&mut self, number: String) {
        match judged(&number) {
            Judged::Usable if !self.usable.contains(&Cow::Borrowed(number.as_str())) => {
                self.usable.push(Cow::Owned(number));
            }
            Judged::Usable | Judged::Nothing => {}
            Judged::Damaged(damage) => {
                self.damaged.get_or_insert(damage);
            }
        }
    }
}

enum Judged {
    Usable,
    Nothing,
    Damaged(Damage),
}

/// Judges a number in normal form.
fn judged(number: &str) -> Judged {
    let letters = number.bytes().filter(u8::is_ascii_alphanumeric).count();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if letters < 4 || digits == 0 || none::is_filler(number) || none::is_none_or_zero(number) {
        return Judged::Nothing;
    }
    if is_masked(number) {
        return Judged::Damaged(Damage::Masked);
    }
    if digits == number.len() && number.len() == 17 {
        return Judged::Damaged(Damage::Seventeen);
    }
    if digits == 18
        && number.len() == 18
        && number.ends_with("000")
        && !is_citizen_check_right(number)
        && !is_credit_valid(number)
    {
        return Judged::Damaged(Damage::Rounded);
    }
    Judged::Usable
}

fn is_citizen_check_right(number: &str) -> bool {
    number.len() == 18 && citizen_check(&number[..17]).is_some_and(|check| number.ends_with(check))
}

/// Whether a number has the form of an identity number, or of a credit code, with a wrong check digit.
pub(super) fn has_wrong_check(number: &str) -> bool {
    is_citizen_shaped(number) && !is_citizen_check_right(number) && !is_credit_valid(number)
}

/// Digits hidden behind `*`, `X` or the like.
fn is_masked(number: &str) -> bool {
    if number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return number.as_bytes().windows(3).any(|three| three == b"XXX")
            && number.bytes().any(|byte| byte.is_ascii_digit());
    }
    let hidden =
        number.chars().filter(|one| matches!(one, '*' | '＊' | '×' | '●' | '■' | '□' | '○' | '#' | '?')).count();
    let has_digit = number.bytes().any(|byte| byte.is_ascii_digit());
    has_digit && (number.contains(['*', '●', '■', '□', '○']) || hidden >= 2 || number.contains("XXX"))
}

/// Whether a text is digits with a trailing `.0`.
fn is_decimal(text: &str) -> bool {
    text.split_once('.').is_some_and(|(whole, zeros)| {
        !zeros.is_empty()
            && zeros.bytes().all(|byte| byte == b'0')
            && whole.len() >= 4
            && whole.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// In compatibility form and upper case, brackets of one kind, blanks kept.
fn narrowed(text: &str) -> String {
    let narrow = unicode_normalization::UnicodeNormalization::nfkc(text);
    let bracketed =
        narrow.filter(|one| !none::is_quote(*one) && *one != '=').map(|one| none::bracket(one).unwrap_or(one));
    bracketed.flat_map(char::to_uppercase).filter(|one| one.is_whitespace() || !none::is_invisible(*one)).collect()
}

struct Brackets {
    /// What stands outside of brackets that hold words, with short letters and digits in brackets kept in place.
    text: String,
    /// What stands inside brackets.
    inside: Vec<String>,
}

fn outside_brackets(text: &str) -> Brackets {
    let mut brackets = Brackets { text: String::new(), inside: Vec::new() };
    let mut rest = text;
    while let Some(open) = rest.find('(') {
        brackets.text.push_str(&rest[..open]);
        let after = &rest[open + 1..];
        let (inner, behind) = after.split_once(')').unwrap_or((after, ""));
        let is_long = brackets.text.chars().filter(char::is_ascii_alphanumeric).count() >= 15;
        let is_short_code = (1..4).contains(&inner.len()) && inner.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_short_code && !is_long {
            // The check digit of a permit: part of the number.
            brackets.text.push_str(inner);
        } else if !is_short_code {
            brackets.inside.push(inner.to_owned());
        }
        rest = behind;
    }
    brackets.text.push_str(rest);
    brackets
}

/// The text without a label in front and marks behind.
fn bare(text: &str) -> String {
    let mut text = text
        .trim()
        .trim_end_matches(['。', '#', '_', '.', '!', ':', '-', '~', ')'])
        .trim_start_matches(['.', '#', '_']);
    if let Some((label, rest)) = text.rsplit_once(':')
        && !label.chars().any(|one| one.is_ascii_digit())
    {
        text = rest;
    }
    let mut text = text.trim();
    while let Some(rest) = LABELS.iter().find_map(|label| text.strip_prefix(label)) {
        text = rest.trim_start_matches([':', ' ', '-', '为', '是']);
    }
    behind_latin(text).unwrap_or(text).to_owned()
}

/// The identity number or credit code behind Latin words, as in `ID No. 9902…`.
fn behind_latin(text: &str) -> Option<&str> {
    let at = text.rfind(['.', ' ', ':', '-'])? + 1;
    let (words, number) = text.split_at(at);
    let is_label = words.chars().all(|one| one.is_ascii_uppercase() || matches!(one, '.' | ' ' | ':' | '-'));
    (is_label && (is_citizen_valid(number) || is_credit_valid(number))).then_some(number)
}

/// The form in which numbers are compared: without blanks, dashes, dots and brackets.
fn form(text: &str) -> String {
    super::super::identifiers::normal_number(text).into_owned()
}

fn is_long_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    !bytes.is_empty() && bytes[..bytes.len() - 1].iter().all(u8::is_ascii_alphanumeric) && text.is_ascii()
}

/// Two identity numbers run together, where both have right check digits or dates (D41).
fn glued(number: &str) -> Option<[&str; 2]> {
    let is_identity = |text: &str| match text.len() {
        18 => is_citizen_valid(text),
        15 => is_old_citizen(text),
        _ => false,
    };
    if !number.is_ascii() || !matches!(number.len(), 30 | 33 | 36) {
        return None;
    }
    [15, 18].into_iter().find_map(|at| {
        let (first, second) = number.split_at(at);
        (is_identity(first) && is_identity(second)).then_some([first, second])
    })
}

/// The numbers with right check digits in a text, by whatever marks they are parted; told as damaged where another of
/// 15 digits or more stands beside them (D41).
fn runs(text: &str) -> Numbers<'static> {
    let mut numbers = Numbers::default();
    for run in text.split(|one: char| !one.is_ascii_alphanumeric()) {
        if is_citizen_valid(run) || is_credit_valid(run) || (run.len() == 15 && is_old_citizen(run)) {
            numbers.add(run.to_owned());
        } else if run.bytes().filter(u8::is_ascii_digit).count() >= 15 {
            numbers.damaged = Some(Damage::Entangled);
        }
    }
    numbers
}

/// Whether an identity number is fast to other letters and digits, as in `A9902…B`: the whole may be a number of its own
/// kind, so it stays one, and the other is counted as damaged.
fn hides_number(number: &str) -> bool {
    if matches!(number.len(), ..16 | 18) || !number.is_ascii() {
        return false;
    }
    let is_long_run = number.split(|one: char| !one.is_ascii_digit()).any(|run| match run.len() {
        15 => is_old_citizen(run),
        17 | 18 => true,
        digits => digits >= 20,
    });
    is_long_run || (0..number.len().saturating_sub(17)).any(|at| is_citizen_valid(&number[at..at + 18]))
}

fn is_old_citizen(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit()) && is_date(&format!("19{}", &digits[6..12]))
}

/// Why a court's number cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CourtNumberError {
    /// It says that there is none.
    None,
    /// A filler, as 111111111111111111.
    Filler,
    /// It holds several numbers.
    Several,
    /// It is damaged.
    Damaged(Damage),
    /// Fewer than four letters or digits, or no digit.
    Short,
    /// Not of the length that its kind has.
    Length(&'static str),
}

impl fmt::Display for CourtNumberError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("says that there is no number: give the subject's document number"),
            Self::Filler => formatter.write_str("is a filler, not a number: give the subject's document number"),
            Self::Several => formatter.write_str("holds several numbers: ask about one number in each inquiry"),
            Self::Damaged(damage) => {
                write!(formatter, "{}: give the number as the document shows it", damage.describe())
            }
            Self::Short => {
                formatter.write_str("has fewer than 4 letters and digits, or no digit: give the whole number")
            }
            Self::Length(expected) => {
                write!(
                    formatter,
                    "cannot be of this document kind, which has {expected}: correct the number or the kind"
                )
            }
        }
    }
}

/// The one number that a court asks about, in normal form; `kind` is a code of list ZJZL (D42).
///
/// # Errors
///
/// Why it cannot be a number of that kind.
pub fn of_court(kind: &str, asked: &str) -> Result<String, CourtNumberError> {
    let letters: String = none::compact(asked).chars().filter(|one| one.is_alphanumeric()).collect();
    if none::is_none_or_zero(asked) {
        return Err(CourtNumberError::None);
    }
    let numbers = of_register(asked);
    let number = match (numbers.usable.as_slice(), numbers.damaged) {
        ([number], None) => number.clone().into_owned(),
        ([], Some(Damage::Rounded)) => form(&bare(&narrowed(asked))),
        ([], Some(Damage::Seventeen)) => return Err(CourtNumberError::Length("15 or 18 characters")),
        ([], Some(damage)) => return Err(CourtNumberError::Damaged(damage)),
        ([], None) if letters.chars().count() >= 4 && none::is_filler(&letters.to_uppercase()) => {
            return Err(CourtNumberError::Filler);
        }
        ([], None) => return Err(CourtNumberError::Short),
        _ => return Err(CourtNumberError::Several),
    };
    let length = number.chars().count();
    match &*super::code::folded(kind) {
        "1" if !matches!(length, 15 | 18) => Err(CourtNumberError::Length("15 or 18 characters")),
        "1" if is_mistyped(&number) => Err(CourtNumberError::Damaged(Damage::Entangled)),
        "6" if length != 9 => Err(CourtNumberError::Length("9 characters")),
        "8" if length != 18 => Err(CourtNumberError::Length("18 characters")),
        _ => Ok(number),
    }
}

/// Whether letters that look like digits stand for some of an identity number; no credit code has an I or an O.
fn is_mistyped(number: &str) -> bool {
    let front = number.as_bytes().get(..17).unwrap_or_default();
    number.len() == 18
        && front.iter().any(|byte| b"IO".contains(byte))
        && front.iter().all(|byte| byte.is_ascii_digit() || b"ILO".contains(byte))
}

/// A number without the words around it: what is left of permits, passports and officers' certificates (D51).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stem {
    /// Its letters and digits from the first digit on.
    pub core: String,
    /// Latin letters in front: of the number itself, behind those of a nationality or of the word passport.
    letters: String,
    words: String,
}

impl Stem {
    /// The stem of a number in normal form; absent where it is an identity number or a code of a body, or too short.
    #[must_use]
    pub fn of(number: &str) -> Option<Self> {
        const FORM: [&str; 17] = [
            "居民来往内地通行证",
            "来往大陆通行证",
            "通行证",
            "军官证",
            "士兵证",
            "警官证",
            "护照",
            "台胞证",
            "回乡证",
            "证件",
            "编号",
            "字第",
            "字",
            "第",
            "号",
            "证",
            "№",
        ];
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let is_identity = digits == number.len() && matches!(digits, 15 | 18) || number.len() == 18 && digits == 17;
        if is_identity || is_credit_shaped(number) {
            return None;
        }
        let core: String = number.chars().filter(char::is_ascii_alphanumeric).collect();
        let mut words: String = number.chars().filter(|one| !one.is_ascii() && one.is_alphanumeric()).collect();
        for form in FORM {
            words = words.replace(form, "");
        }
        let core = match core.strip_prefix("NO") {
            Some(rest) if !number.starts_with("NO") => rest.to_owned(),
            _ => core,
        };
        let (letters, core) = core.split_at(core.find(|one: char| one.is_ascii_digit())?);
        let (letters, core) = (letters.to_owned(), core.to_owned());
        // A Taiwan permit with its issue letter, as `99000001(B)`.
        let core = match core.as_bytes() {
            [digits @ .., b'A'..=b'Z'] if digits.len() == 8 && digits.iter().all(u8::is_ascii_digit) => {
                core[..8].to_owned()
            }
            _ => core,
        };
        (core.bytes().filter(u8::is_ascii_digit).count() >= 4).then_some(Self { core, letters, words })
    }

    /// Whether both may be one number: equal but for words that one of them lacks.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        let (short, long) = if self.letters.len() < other.letters.len() {
            (&self.letters, &other.letters)
        } else {
            (&other.letters, &self.letters)
        };
        // No number begins with so few letters as a nationality has: `CHN E…` is `E…`, and `G…` is not `…`.
        let is_behind_word = long.strip_suffix(short.as_str()).is_some_and(|word| word.is_empty() || word.len() >= 3);
        self.core == other.core
            && is_behind_word
            && (self.words == other.words || self.words.is_empty() || other.words.is_empty())
    }
}

#[cfg(test)]
mod tests;
