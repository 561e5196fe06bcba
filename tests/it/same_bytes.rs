//! Invariant 4: inquiry, generation and rule version determine the answer to the byte.

use std::path::Path;

use bdcd::{
    domain::inquiry::{Door, Draft, Inquiry},
    keys::MasterKey,
    mirror::Mirror,
    package::Package,
    service::draft,
};

fn inquiry(name: &str, kind: &str, number: &str) -> Option<Inquiry> {
    let text = str::to_owned;
    let draft = Draft {
        request_number: text("1"),
        court_name: text("测试法院"),
        court_code: text("测0000"),
        case_number: text("（2026）测0000执1号"),
        handler_name: text("测试法官"),
        work_certificate_number: text("0"),
        handler_contact: text("0"),
        notice_number: text("（2026）房查字第1号"),
        subject_name: text(name),
        document_kind: text(kind),
        document_number: text(number),
        items: (1..=6).collect(),
        include_ended: true,
        ..Draft::default()
    };
    draft.check(Door::Query).ok()
}

/// Compiles the fixture county into a fresh directory, under a key of its own.
fn compile(directory: &Path, key: u8) -> Mirror {
    let mut package = Package::open(Path::new("fixtures/county")).unwrap();
    let mirror = Mirror::new(directory, MasterKey::from_bytes([key; 32]));
    let (facts, manifest) = (package.facts(), package.manifest_bytes().to_vec());
    mirror.load(&mut package, &facts, &manifest, &mut |_| {}).unwrap();
    mirror
}

/// Every holder of the fixture county, as asked.
fn inquiries() -> Vec<Inquiry> {
    let mut rows = csv::Reader::from_path("fixtures/county/QLR.csv")
        .or_else(|_| csv::Reader::from_path("fixtures/county/ZTT_GY_QLR.csv"))
        .unwrap();
    let headers = rows.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|known| known == name).unwrap();
    let (name, kind, number) = (column("QLRMC"), column("ZJZL"), column("ZJH"));
    // Cells that no court can ask about, as those of several numbers (D42), are left out.
    let asked = rows.records().map(Result::unwrap).filter_map(|row| {
        let kind = if row[kind].is_empty() { "99" } else { &row[kind] };
        let is_askable = row[number].chars().any(|one| one.is_ascii_digit() && one != '0') && row[name].len() < 200;
        is_askable.then(|| inquiry(&row[name], kind, &row[number])).flatten()
    });
    asked.collect()
}

fn answers(mirror: &Mirror, inquiries: &[Inquiry]) -> Vec<Vec<u8>> {
    let generation = mirror.open(&mirror.current().unwrap().unwrap()).unwrap();
    let mut reader = generation.reader().unwrap();
    inquiries.iter().map(|one| draft::answer_bytes(&mut reader, generation.frame(), one).unwrap()).collect()
}

#[test]
fn a_thousand_times_after_reopening_and_from_a_recompiled_package() {
    let folder = tempfile::tempdir().unwrap();
    let inquiries = inquiries();
    assert!(inquiries.len() >= 40, "the county has that many holders with numbers");
    let mirror = compile(&folder.path().join("one"), 1);
    let first = answers(&mirror, &inquiries);

    let generation = mirror.open(&mirror.current().unwrap().unwrap()).unwrap();
    let mut reader = generation.reader().unwrap();
    for time in 0..1_000 {
        let at = time % inquiries.len();
        assert_eq!(draft::answer_bytes(&mut reader, generation.frame(), &inquiries[at]).unwrap(), first[at]);
        assert_eq!(draft::answer_bytes(&mut reader, generation.frame(), &inquiries[0]).unwrap(), first[0]);
    }

    let reopened = Mirror::new(folder.path().join("one"), MasterKey::from_bytes([1; 32]));
    assert!(answers(&reopened, &inquiries) == first, "reopened");
    // Another key, another salt, other sealed bytes: the same answers.
    assert!(answers(&compile(&folder.path().join("two"), 2), &inquiries) == first, "recompiled");
}
