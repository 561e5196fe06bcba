//! Document numbers that nobody can have: the check digits are right, the division codes begin with 99.
//!
//! Source: `deploy/DECISIONS.md`, "Identifiers". The rules are written here anew, so that a fault in the ones
//! that match shows.

use super::random::index;

/// How many persons differ in their numbers: sequence, day and division.
pub(super) const PERSONS_MAX: u64 = 1000 * 60 * 12 * 28 * 50;

/// 18-digit identity number of a person; numbers below [`PERSONS_MAX`] give different ones, in 15 digits too.
pub(super) fn identity_number(person: u64) -> String {
    // Neighbours are scattered: the factor shares no divisor with the range, so no two meet.
    let scattered = person % PERSONS_MAX * 104_729 % PERSONS_MAX;
    let (sequence, rest) = (scattered % 1000, scattered / 1000);
    let (year, rest) = (1940 + rest % 60, rest / 60);
    let (month, rest) = (1 + rest % 12, rest / 12);
    let (day, division) = (1 + rest % 28, 990_101 + rest / 28);
    let body = format!("{division}{year}{month:02}{day:02}{sequence:03}");
    format!("{body}{}", identity_check(&body))
}

/// The check character behind 17 digits.
fn identity_check(body: &str) -> char {
    let sum = weighted(body, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    char::from(b"10X98765432"[index(sum % 11)])
}

/// The 15-digit form of an 18-digit number.
pub(super) fn short_form(number: &str) -> String {
    format!("{}{}", &number[..6], &number[8..17])
}

/// Organisation code, 9 characters without hyphen; numbers below 28^7 give different ones.
pub(super) fn organisation_code(body: u64) -> String {
    // The letters are those that a credit code has too, but for the last few, and no code begins with a digit.
    const ALPHABET: &[u8; 28] = b"0123456789ABCDEFGHJKLMNPQRTU";
    let mut rest = body;
    let mut code: Vec<char> = Vec::new();
    for _ in 0..7 {
        code.push(char::from(ALPHABET[index(rest % 28)]));
        rest /= 28;
    }
    code.push('M');
    let code: String = code.into_iter().rev().collect();
    format!("{code}{}", organisation_check(&code))
}

/// The check character behind 8.
fn organisation_check(body: &str) -> char {
    let sum = weighted(body, &[3, 7, 9, 10, 5, 8, 4, 2]);
    char::from(b"0X987654321"[index(sum % 11)])
}

/// The unified social credit code around an organisation code.
pub(super) fn credit_code(organisation_code: &str) -> String {
    let body = format!("91990102{organisation_code}");
    format!("{body}{}", credit_check(&body))
}

/// The check character behind 17.
fn credit_check(body: &str) -> char {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let value = |byte: u8| ALPHABET.iter().position(|known| *known == byte).expect("of the alphabet");
    let sum: usize = body.bytes().zip(WEIGHTS).map(|(byte, weight)| value(byte) * weight).sum();
    char::from(ALPHABET[(31 - sum % 31) % 31])
}

/// 15-digit business licence number.
pub(super) fn licence_number(body: u64) -> String {
    let digits = format!("990102{:08}", body % 100_000_000);
    format!("{digits}{}", licence_check(&digits))
}

/// The check digit behind 14 (mod 11,10).
fn licence_check(body: &str) -> u64 {
    let product = body.bytes().fold(10, |product, byte| {
        let sum = (product + u64::from(byte - b'0')) % 10;
        if sum == 0 { 9 } else { sum * 2 % 11 }
    });
    (11 - product) % 10
}

fn weighted(text: &str, weights: &[u64]) -> u64 {
    let values = text.chars().map(|each| u64::from(each.to_digit(36).expect("digits and capital letters")));
    values.zip(weights).map(|(value, weight)| value * weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_standards_examples() {
        assert_eq!(identity_check("11010519491231002"), 'X');
        assert_eq!(identity_check("44052418800101001"), '4');
        assert_eq!(organisation_check("D2143569"), 'X');
        assert_eq!(organisation_check("M000100Y"), '4');
        assert_eq!(credit_check("91350100M000100Y4"), '3');
        assert_eq!(licence_check("11010800000001"), 6);
    }

    #[test]
    fn persons_differ_in_either_form() {
        let numbers: Vec<String> = (0..50_000).map(identity_number).collect();
        let whole: std::collections::BTreeSet<_> = numbers.iter().cloned().collect();
        let short: std::collections::BTreeSet<_> = numbers.iter().map(|number| short_form(number)).collect();
        assert_eq!((whole.len(), short.len()), (50_000, 50_000));
        assert!(numbers.iter().all(|number| number.len() == 18 && number.starts_with("99")));
    }
}
