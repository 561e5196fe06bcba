//! The fixture county is what its manifest and its page say, and nobody in it can exist.
//!
//! Nothing here uses the crate's own readers or rules: the fixture must hold by itself.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use serde_json::Value;

const PACKAGES: [&str; 2] = ["county", "county-gb18030"];

pub(crate) fn folder(package: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(package)
}

/// One file of a package, decoded: its header and its rows.
struct File {
    name: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl File {
    fn read(package: &str, name: &str) -> Self {
        let bytes = fs::read(folder(package).join(name)).unwrap();
        let encoding = if package == "county" { encoding_rs::UTF_8 } else { encoding_rs::GB18030 };
        let text = encoding.decode_with_bom_removal(&bytes);
        assert!(!text.1, "{package}/{name} does not decode");
        let mut reader = csv::Reader::from_reader(text.0.as_bytes());
        let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let header = texts(reader.headers().unwrap());
        let rows = reader.records().map(|record| texts(&record.unwrap())).collect();
        Self { name: name.to_owned(), header, rows }
    }

    fn column(&self, name: &str) -> impl Iterator<Item = &str> {
        let at = self.header.iter().position(|column| column == name);
        self.rows.iter().filter_map(move |row| Some(row[at?].as_str()))
    }
}

fn manifest(package: &str) -> Value {
    serde_json::from_slice(&fs::read(folder(package).join("manifest.json")).unwrap()).unwrap()
}

fn files(package: &str) -> Vec<File> {
    let manifest = manifest(package);
    let tables = manifest["tables"].as_array().unwrap();
    tables.iter().map(|table| File::read(package, table["file"].as_str().unwrap())).collect()
}

#[test]
fn files_are_what_the_manifests_say() {
    for package in PACKAGES {
        let manifest = manifest(package);
        let tables = manifest["tables"].as_array().unwrap();
        let mut listed = BTreeSet::from(["manifest.json".to_owned(), "README.md".to_owned()]);
        for table in tables {
            let name = table["file"].as_str().unwrap();
            let bytes = fs::read(folder(package).join(name)).unwrap();
            let found: Vec<_> = digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(table["sha256"], found.concat(), "{package}/{name}");
            assert_eq!(table["rows"], File::read(package, name).rows.len(), "{package}/{name}");
            listed.insert(name.to_owned());
        }
        for entry in fs::read_dir(folder(package)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(listed.contains(&name), "{package}/{name} is in no manifest");
        }
    }
}

#[test]
fn the_twin_holds_the_same_rows() {
    let [plain, twin] = PACKAGES.map(files);
    assert_eq!(plain.len(), twin.len());
    for (one, other) in plain.iter().zip(&twin) {
        assert_eq!((&one.name, &one.header, &one.rows), (&other.name, &other.header, &other.rows));
    }
    let bytes = fs::read(folder("county-gb18030").join("ZTT_GY_QLR.csv")).unwrap();
    let four = bytes.windows(4).any(|w| matches!(w, [0x81..=0xfe, 0x30..=0x39, 0x81..=0xfe, 0x30..=0x39]));
    assert!(four, "the twin has a character of four bytes");
}

/// Every document number of the county, without blanks, dashes and width, in upper case.
fn document_numbers() -> BTreeSet<String> {
    let columns = ["ZJH", "YWRZJH", "GYDQLRZJH", "XYDQLRZJZH"];
    let files = files("county");
    let cells = files.iter().flat_map(|file| columns.iter().flat_map(|column| file.column(column)));
    cells.flat_map(|cell| cell.split(['、', ','])).map(half_width).filter(|number| !number.is_empty()).collect()
}

fn half_width(number: &str) -> String {
    let folded = number.chars().map(|char| match char {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(char) - 0xfee0).unwrap_or(char),
        _ => char,
    });
    folded.filter(|char| !char.is_whitespace() && *char != '-').flat_map(char::to_uppercase).collect()
}

/// The numbers in code spans under the page's heading "Deliberately wrong".
fn deliberately_wrong() -> BTreeSet<String> {
    let page = fs::read_to_string(folder("county").join("README.md")).unwrap();
    let section = page.split("## Deliberately wrong").nth(1).unwrap().split("\n## ").next().unwrap();
    section.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Whether the check character of an identity number is right (GB 11643-1999).
fn is_identity_checked(number: &str) -> bool {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = number.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    "10X98765432".chars().nth(sum as usize % 11) == number.chars().last()
}

/// Whether the check character of a credit code is right (GB 32100-2015).
fn is_credit_checked(code: &str) -> bool {
    let mut weight = 1;
    let mut sum = 0;
    for character in code[..17].chars() {
        sum += ALPHABET.find(character).unwrap() * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET.chars().nth((31 - sum % 31) % 31) == code.chars().last()
}

/// Whether the check character of an organisation code is right (GB 11714-1997).
fn is_organisation_checked(code: &str) -> bool {
    let weights = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = code.chars().zip(weights).map(|(one, weight)| one.to_digit(36).unwrap() * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap(),
    };
    code.ends_with(check)
}

/// Whether the check digit of a business licence number of 15 digits is right (mod 11, 10).
fn is_licence_checked(number: &str) -> bool {
    let remainder = number[..14].chars().fold(10, |product, digit| {
        let sum = (product + digit.to_digit(10).unwrap()) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    char::from_digit((11 - remainder) % 10, 10) == number.chars().last()
}

/// Whether no one can have been born on this day, `yyyymmdd`.
fn is_no_day(day: &str) -> bool {
    let date = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
    date.parse::<jiff::civil::Date>().is_err()
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the letters and digits at positions 9-17 can be an organisation code of a credit code.
fn is_credit_shaped(number: &str) -> bool {
    number.len() == 18 && number.chars().all(|one| ALPHABET.contains(one)) && !is_digits(&number[..17])
}

#[test]
fn nobody_in_the_county_can_exist() {
    let wrong = deliberately_wrong();
    let mut counted = [0; 5];
    for number in document_numbers() {
        if is_credit_shaped(&number) {
            counted[0] += 1;
            assert!(is_credit_checked(&number) && is_organisation_checked(&number[8..17]), "{number}");
            assert_eq!(&number[2..4], "99", "{number}");
        } else if number.len() == 18 && is_digits(&number[..17]) {
            counted[1] += 1;
            assert_eq!(is_identity_checked(&number), !wrong.contains(&number), "{number}");
            assert!(number.starts_with("99") || is_no_day(&number[6..14]), "{number}");
        } else if number.len() == 15 && is_digits(&number) {
            counted[2] += 1;
            let is_identity = !is_no_day(&format!("19{}", &number[6..12]));
            assert!(number.starts_with("99") && (is_identity || is_licence_checked(&number)), "{number}");
        } else if number.len() == 13 && is_digits(&number) {
            assert!(number.starts_with("99"), "{number}");
        } else if number.len() == 9 && number.starts_with("XY") {
            counted[3] += 1;
            assert!(is_organisation_checked(&number), "{number}");
        } else {
            counted[4] += 1;
        }
    }
    assert!(counted.iter().all(|count| *count > 2), "{counted:?}");
    assert!(wrong.iter().all(|number| document_numbers().contains(number)));
}

#[test]
fn the_page_points_at_rows_that_are_there() {
    let page = fs::read_to_string(folder("county").join("README.md")).unwrap();
    let mut places = 0;
    for span in page.split('`').skip(1).step_by(2) {
        let Some((name, line)) = span.split_once(".csv:") else { continue };
        let text = fs::read_to_string(folder("county").join(format!("{name}.csv"))).unwrap();
        assert!(text.lines().nth(line.parse::<usize>().unwrap() - 1).is_some(), "{span}");
        places += 1;
    }
    assert!(places > 90, "{places}");
}

#[test]
fn the_dirty_county_has_an_example_of_every_kind_where_its_page_says() {
    let folder = folder("county-dirty");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let (page, story) = (read("README.md"), read("story.toml"));
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| K"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let kinds: BTreeSet<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(kinds, (1..=25).map(|kind| format!("K{kind}")).collect());
    for row in rows {
        let [kind, example, place, whom] = row[..] else { panic!("{row:?}") };
        let (file, line) = place.trim_matches('`').split_once(".csv:").unwrap();
        let row = read(&format!("{file}.csv")).lines().nth(line.parse::<usize>().unwrap() - 1).map(str::to_owned);
        assert!(row.is_some_and(|row| !row.is_empty()), "{kind}: nothing stands at {place}");
        // What is in quarantine is nobody's to ask about, and told in every answer.
        if whom != "—" {
            assert!(story.contains(&format!("# {kind}: {example}\n")), "{kind}: nobody asks");
            let number = whom.split('`').nth(1).unwrap();
            assert!(story.contains(number) || number == "990202197903051015", "{kind}: {whom} is not asked about");
        }
    }
}

#[test]
fn the_dirty_county_is_what_its_manifest_says() {
    let folder = folder("county-dirty");
    let manifest: Value = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    for table in manifest["tables"].as_array().unwrap() {
        let bytes = fs::read(folder.join(table["file"].as_str().unwrap())).unwrap();
        assert_eq!(table["sha256"], HEXLOWER.encode(digest(&SHA256, &bytes).as_ref()), "{}", table["file"]);
    }
}
