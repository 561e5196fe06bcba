//! Every answer equals what plain joins over the same CSVs give: records, order and counts.

mod spoil;

use std::{path::Path, thread};

use bdcd::{
    domain::{
        answer::{Answer, Frame},
        inquiry::{Door, Draft},
    },
    keys::MasterKey,
    mirror::{Mirror, Reader},
    package::{Package, synthetic},
    service,
};

use crate::{
    county::folder,
    oracle::{EVERY_ITEM, Oracle, Subject},
};

/// How many share the asking: the readers of one generation do not hinder each other.
const THREADS: usize = 2;

/// One cell in so many is dirty.
const DIRTY_SHARE: usize = 10;

/// Compiles the package into a mirror that answers, and holds its answers about everybody against its tables.
///
/// Returns how many inquiries were compared, and how many registrations they reported.
fn compare(package: &Path) -> (u64, u64) {
    let directory = tempfile::tempdir().unwrap();
    let mirror = Mirror::new(directory.path(), MasterKey::from_bytes([7; 32])).with_quarantine(100_000);
    let mut source = Package::open(package).unwrap();
    let (facts, manifest) = (source.facts(), source.manifest_bytes().to_owned());
    mirror.load(&mut source, &facts, &manifest, &mut |_| {}).unwrap();
    let generation = mirror.open(&mirror.current().unwrap().unwrap()).unwrap();

    let oracle = Oracle::load(package);
    let subjects = oracle.subjects();
    let shares = subjects.chunks(subjects.len().div_ceil(THREADS));
    thread::scope(|scope| {
        let ask = |share| {
            let mut reader = generation.reader().unwrap();
            oracle.check(share, |draft| answer(&mut reader, generation.frame(), &draft))
        };
        let asking: Vec<_> = shares.map(|share| scope.spawn(move || ask(share))).collect();
        let (mut inquiries, mut reported, mut differences) = (0, 0, Vec::new());
        for share in asking {
            let compared = share.join().unwrap();
            inquiries += compared.0;
            reported += compared.1;
            differences.extend(compared.2);
        }
        let step = differences.len().div_ceil(5).max(1);
        let some: Vec<_> = differences.iter().step_by(step).map(String::as_str).collect();
        assert!(differences.is_empty(), "{} of {inquiries} differ, as\n{}", differences.len(), some.join("\n"));
        (inquiries, reported)
    })
}

fn answer(reader: &mut Reader, frame: &Frame, draft: &Draft) -> Answer {
    let inquiry = draft.check(Door::Query).unwrap_or_else(|violations| {
        let told: Vec<_> = violations.iter().map(|one| one.description.as_str()).collect();
        panic!("the second path asks what is refused: {told:?}, as about {:?}", draft.document_number)
    });
    let bytes = service::draft::answer_bytes(reader, frame, &inquiry).unwrap();
    Answer::decode(&bytes).unwrap()
}

/// A tenth of all cells is dirty, of every kind at once.
///
/// `BDCD_UNITS=5000 cargo test --test it a_dirty_county` asks about a county of that length; `BDCD_DIRT` names kinds of dirt, parted by
/// commas (`none_words,dates`), `BDCD_SEED` the first seed, `BDCD_SEEDS` how many, and `BDCD_KEEP` a folder that the packages are left in.
#[test]
fn a_dirty_county_answers_as_its_tables_say() {
    let variable = |name: &str| std::env::var(name).ok();
    let number = |name: &str, default| variable(name).map_or(default, |text| text.parse::<u64>().unwrap());
    let named = variable("BDCD_DIRT");
    let kinds: Vec<_> = spoil::kinds()
        .filter(|kind| named.as_ref().is_none_or(|all| all.split(',').any(|one| one.replace('_', " ") == *kind)))
        .collect();
    let (units, first) = (number("BDCD_UNITS", 40), number("BDCD_SEED", 1));
    for seed in first..first + number("BDCD_SEEDS", 2) {
        let directory = tempfile::tempdir().unwrap();
        let package = variable("BDCD_KEEP")
            .map_or(directory.path().join("package"), |keep| Path::new(&keep).join(seed.to_string()));
        synthetic::generate(&package, units).unwrap();
        spoil::spoil(&package, &kinds, DIRTY_SHARE, seed);
        let (inquiries, reported) = compare(&package);
        println!("seed {seed}: {inquiries} inquiries, {reported} registrations");
    }
}

#[test]
fn the_fixture_county_answers_as_its_tables_say() {
    let (inquiries, reported) = compare(&folder("county"));
    assert!(inquiries > 1000 && reported > 1000, "{inquiries} inquiries, {reported} registrations");
    assert_eq!(compare(&folder("county-gb18030")), (inquiries, reported));
}

#[test]
fn a_county_of_five_thousand_units_answers_as_its_tables_say() {
    let directory = tempfile::tempdir().unwrap();
    let package = directory.path().join("package");
    synthetic::generate(&package, 5_000).unwrap();
    let (inquiries, reported) = compare(&package);
    assert!(inquiries > 50_000 && reported > 50_000, "{inquiries} inquiries, {reported} registrations");
}

/// The second path itself, held against answers worked out by hand.
#[test]
fn the_second_path_finds_what_the_page_of_the_county_says() {
    let oracle = Oracle::load(&folder("county"));
    assert_eq!(oracle.unit_count(), 67);
    let person = oracle.ask(&Subject::new("沈测安", "1", "990102197802140013"), &EVERY_ITEM, false);
    let rows: Vec<_> = person.units.iter().flat_map(|unit| &unit.registrations).collect();
    let told: Vec<_> = rows.iter().map(|one| (one.source_row.split(':').next().unwrap(), one.waiting_order)).collect();
    let flat = [("FDCQ2", 0), ("DYAQ", 0), ("CFDJ", 0), ("CFDJ", 1), ("CFDJ", 2)];
    assert_eq!(told[..5], flat);
    assert_eq!((rows[0].relation.as_str(), rows[1].relation.as_str()), ("party 0 exact", "on subject's unit"));
    assert_eq!(rows[1].values["location"], "某某县测试路1号测试花园1幢101室");
    assert_eq!((person.found, person.reported), (10, 6));
    let withheld: Vec<_> = person.withheld.into_iter().collect();
    assert_eq!(withheld, [("ended", 2), ("parcel_only", 1), ("person_name_only", 1)]);

    let company = oracle.ask(&Subject::new("测试长河实业有限公司", "8", "91990102XY00001191"), &EVERY_ITEM, false);
    let relations: Vec<_> =
        company.units.iter().flat_map(|unit| &unit.registrations).map(|one| one.relation.as_str()).collect();
    assert_eq!(relations.iter().filter(|relation| **relation == "party 0 orgcode renamed").count(), 2);
    assert_eq!(relations.iter().filter(|relation| **relation == "on subject's unit").count(), 2);
    assert_eq!((company.units.len(), company.reported, company.found), (4, 5, 5));

    let nobody = oracle.ask(&Subject::new("无产某", "1", "990102199912310959"), &EVERY_ITEM, false);
    assert_eq!((nobody.units.len(), nobody.found), (0, 0));
}
