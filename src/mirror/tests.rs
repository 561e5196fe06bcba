//! The rules of joining, one package after another loaded whole: rows in, units out.

use std::{collections::BTreeMap, convert::Infallible};

use crate::{
    domain::{
        codec,
        generation::{Accepted, GenerationFacts},
        kinds::{Kind, tag},
        record::{Registration, Role, Scope, Status, Unit},
        rows::{Columns, Declared, Row, RowSource, Visited},
        tables::Table,
    },
    keys::MasterKey,
};

use super::{LoadError, LoadReport, Mirror, OpenError, Reason, RefusedRow, compile::Budget};

mod damage;
mod joins;
mod quarantine;
mod statuses;

const PARCEL: &str = "990101001001GB00001";
const PARCEL_UNIT: &str = "990101001001GB00001W00000000";
const FLAT_A: &str = "990101001001GB00001F00010001";
const FLAT_B: &str = "990101001001GB00001F00010002";

/// A package in memory: rows as columns and values.
#[derive(Default)]
struct Package(BTreeMap<Table, Vec<Vec<String>>>, Declared);

impl Package {
    /// Adds a row, written `COLUMN=value; COLUMN=value`.
    fn row(mut self, table: Table, text: &str) -> Self {
        let mut values = vec![String::new(); table.columns().len()];
        for pair in text.split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (column, value) = pair.split_once('=').unwrap();
            let position = table.position(column).unwrap_or_else(|| panic!("{table:?} has no {column}"));
            value.clone_into(&mut values[position]);
        }
        self.0.entry(table).or_default().push(values);
        self
    }

    fn accept(mut self, what: &str) -> Self {
        self.1.accepted.push(Accepted { what: what.to_owned(), reason: "测试".to_owned() });
        self
    }

    fn load_into(&mut self, mirror: &Mirror, sequence: u64) -> Result<LoadReport, LoadError<Infallible>> {
        let facts = GenerationFacts { accepted: self.1.accepted.clone(), ..facts(sequence) };
        mirror.load(self, &facts, b"{}", &mut |_| {})
    }

    fn load(mut self) -> Result<Loaded, LoadError<Infallible>> {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Mirror::new(folder.path(), MasterKey::from_bytes([5; 32]))
            .with_budget(Budget { rows_bytes: 600, entries_bytes: 100 });
        let report = self.load_into(&mirror, 1)?;
        let units = all_units(&mirror, "1-abcdef01");
        Ok(Loaded { report, units, _folder: folder })
    }

    /// The tables of the rows that stop the load.
    fn refused_tables(self) -> Vec<Table> {
        match self.load() {
            Err(LoadError::Findings(findings)) => findings.rows.iter().map(|row| row.table).collect(),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it was loaded"),
        }
    }

    fn refused(self) -> (Table, u64, String) {
        match self.load() {
            Err(LoadError::Findings(findings)) => {
                let [RefusedRow { table, line, reason, .. }] = &findings.rows[..] else { panic!("{findings}") };
                (*table, *line, reason.clone())
            }
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it was loaded"),
        }
    }
}

impl RowSource for Package {
    type Error = Infallible;

    fn row_count(&self, table: Table) -> Option<u64> {
        self.0.get(&table).map(|rows| rows.len() as u64)
    }

    fn file_name(&self, _table: Table) -> &'static str {
        "T.csv"
    }

    fn declared(&self) -> &Declared {
        &self.1
    }

    fn columns(&mut self, table: Table) -> Result<Option<Columns>, Infallible> {
        Ok((table == Table::Qlr || self.0.contains_key(&table)).then(Columns::default))
    }

    fn visit(&mut self, table: Table, visit: &mut dyn FnMut(Visited<'_>)) -> Result<(), Infallible> {
        for (row, line) in self.0.get(&table).into_iter().flatten().zip(2..) {
            let values: Vec<&str> = row.iter().map(String::as_str).collect();
            visit(Visited::Row(Row { table, line, values: &values }));
        }
        Ok(())
    }
}

struct Loaded {
    report: LoadReport,
    units: Vec<Unit>,
    _folder: tempfile::TempDir,
}

impl Loaded {
    fn unit(&self, number: &str) -> &Unit {
        self.units.iter().find(|unit| unit.number == number || unit.group == number).expect("the unit is there")
    }

    fn one(&self, number: &str, kind: Kind) -> &Registration {
        let mut of_kind = self.unit(number).registrations.iter().filter(|one| one.kind == kind);
        let one = of_kind.next().expect("a registration of the kind");
        assert!(of_kind.next().is_none(), "one registration of the kind");
        one
    }

    fn odd(&self, column: &str) -> u64 {
        self.report.odd_values.iter().filter(|odd| odd.column == column).map(|odd| odd.count).sum()
    }
}

fn names(registration: &Registration) -> Vec<&str> {
    registration.parties.iter().map(|party| party.values.get(tag::PARTY_NAME)).collect()
}

fn facts(sequence: u64) -> GenerationFacts {
    GenerationFacts {
        sequence,
        package_id: "abcdef0123456789".to_owned(),
        authority_code: "990101".to_owned(),
        authority_name: "测试登记中心".to_owned(),
        as_of: "2026-11-23T06:00:00+08:00".to_owned(),
        expires: String::new(),
        tables: vec![(Table::Qlr, 3)],
        ..GenerationFacts::default()
    }
}

fn all_units(mirror: &Mirror, name: &str) -> Vec<Unit> {
    let generation = mirror.open(name).unwrap();
    let mut reader = generation.reader().unwrap();
    let ids = 1..=i64::try_from(generation.unit_count()).unwrap();
    ids.map(|id| codec::read_unit(&reader.open_record(id).unwrap()).unwrap()).collect()
}

/// A flat with an owner, in both forms of QLR.
fn flat() -> Package {
    Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证A; QSZT=1; FDZL=甲路1号; DJSJ=2020/2/11"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=701; SXH=1; QLRMC=赵一"))
}

#[test]
fn holders_join_by_business_number_and_without_one_by_certificate() {
    let loaded = flat()
        .row(Table::Dyaq, &format!("BDCDYH={FLAT_A}; YWH=702; BDCDJZMH=证（２）明; QSZT=1; DYFS=1; BDBZZQSE=80"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; SXH=10; BDCQZH=证(2)明; QLRMC=乙银行"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; SXH=9; BDCQZH=证(2)明; QLRMC=丙银行"))
        .load()
        .unwrap();
    assert_eq!(names(loaded.one(FLAT_A, Kind::Building)), ["赵一"]);
    let mortgage = loaded.one(FLAT_A, Kind::Mortgage);
    assert_eq!(names(mortgage), ["丙银行", "乙银行"]);
    assert_eq!(mortgage.detail("mortgagee"), "丙银行、乙银行");
    assert_eq!(mortgage.detail("location"), "甲路1号");
    assert_eq!(mortgage.parties[0].values.get(tag::PARTY_BUSINESS_NUMBER), "702");
    assert_eq!(loaded.one(FLAT_A, Kind::Building).common.get(tag::REGISTERED_AT), "2020-02-11");
    assert!(loaded.one(FLAT_A, Kind::Building).identity.starts_with("FDCQ2:"));
}

#[test]
fn holders_that_fit_nothing_or_anything_stop_the_load() {
    let orphan = flat().row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=707; BDCQZH=别证; QLRMC=钱二"));
    assert_eq!(orphan.refused(), (Table::Qlr, 3, Reason::Orphan.to_string()));
    let nowhere = flat().row(Table::Qlr, "YWH=707; QLRMC=钱二");
    assert_eq!(nowhere.refused(), (Table::Qlr, 3, Reason::Orphan.to_string()));
    let ambiguous = flat().row(Table::Dyaq, &format!("BDCDYH={FLAT_A}; YWH=701; BDCDJZMH=明书; QSZT=1")).refused();
    assert_eq!(ambiguous, (Table::Qlr, 2, Reason::Ambiguous.to_string()));
}

#[test]
fn a_refusal_names_table_file_line_and_reason_and_no_value() {
    let refused = flat().row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=707; QLRMC=钱二")).load().err().unwrap();
    let text = refused.to_string();
    assert!(text.contains("`QLR`") && text.contains("`T.csv`") && text.contains("line 3"), "{text}");
    assert!(!text.contains("钱二") && !text.contains(FLAT_A), "{text}");
}

/// A mortgage registered on one flat, listed on both.
fn spanning() -> Package {
    Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=709; BDCQZH=证A; QSZT=1"))
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_B}; YWH=709; BDCQZH=证B; QSZT=1"))
        .row(Table::Dyaq, &format!("BDCDYH={FLAT_A}; YWH=709; BDCDJZMH=明书; QSZT=1"))
        .row(Table::Dywqd, &format!("YWH=709; BDCDYH={FLAT_A}; ZL=甲处"))
        .row(Table::Dywqd, &format!("YWH=709; BDCDYH={FLAT_B}; ZL=乙处"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=709; BDCQZH=证A; QLRMC=赵一"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_B}; YWH=709; BDCQZH=证B; QLRMC=钱二"))
}

#[test]
fn a_mortgage_over_several_units_stands_on_each_with_its_mortgagee() {
    let loaded =
        spanning().row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=709; BDCQZH=明书; QLRMC=乙银行")).load().unwrap();
    for (flat, owner, place) in [(FLAT_A, "赵一", "甲处"), (FLAT_B, "钱二", "乙处")] {
        assert_eq!(names(loaded.one(flat, Kind::Building)), [owner], "one business, and no owner of the other's flat");
        let mortgage = loaded.one(flat, Kind::Mortgage);
        assert_eq!(names(mortgage), ["乙银行"]);
        assert_eq!(mortgage.detail("location"), place);
        assert_eq!(mortgage.identity, loaded.one(FLAT_A, Kind::Mortgage).identity, "one mortgage on both");
    }
}

#[test]
fn a_mortgagee_named_on_the_unit_goes_before_those_of_other_units() {
    let loaded = spanning()
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=709; BDCQZH=明书; QLRMC=乙银行"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_B}; YWH=709; BDCQZH=明书; QLRMC=丙银行"))
        .load()
        .unwrap();
    assert_eq!(names(loaded.one(FLAT_A, Kind::Mortgage)), ["乙银行"]);
    assert_eq!(names(loaded.one(FLAT_B, Kind::Mortgage)), ["丙银行"]);
}

#[test]
fn a_mortgagee_of_another_unit_is_found_by_certificate() {
    let elsewhere = "990101001001GB00009F00010001";
    let loaded = spanning().row(Table::Qlr, &format!("BDCDYH={elsewhere}; BDCQZH=明书; QLRMC=乙银行")).load().unwrap();
    assert_eq!(names(loaded.one(FLAT_A, Kind::Mortgage)), ["乙银行"]);
    assert_eq!(names(loaded.one(FLAT_B, Kind::Mortgage)), ["乙银行"]);
}

#[test]
fn a_released_unit_is_no_longer_charged() {
    let loaded = Package::default()
        .row(Table::Dyaq, &format!("BDCDYH={FLAT_A}; YWH=709; QSZT=1"))
        .row(Table::Dywqd, &format!("YWH=709; BDCDYH={FLAT_A}; QSZT=1"))
        .row(Table::Dywqd, &format!("YWH=709; BDCDYH={FLAT_B}; QSZT=1; ZXDYYWH=12; ZXSJ=20210301"))
        .load()
        .unwrap();
    assert_eq!(loaded.one(FLAT_A, Kind::Mortgage).status, Status::Current);
    let released = loaded.one(FLAT_B, Kind::Mortgage);
    assert_eq!((released.status, released.common.get(tag::ENDED_AT)), (Status::Ended, "2021-03-01"));
    let listed_only = Package::default().row(Table::Dywqd, &format!("YWH=708; BDCDYH={FLAT_A}"));
    assert_eq!(listed_only.refused(), (Table::Dywqd, 2, Reason::NoMortgage.to_string()));
}

#[test]
fn an_easement_stands_on_both_sides_with_its_parties() {
    let loaded = Package::default()
        .row(
            Table::Dyiq,
            &format!("YWH=704; GYDBDCDYH={FLAT_A}; XYDBDCDYH={FLAT_B}; QSZT=1; GYDQLR=孙三; GYDQLRZJH=X1; XYDQLR=李四"),
        )
        .row(Table::Qlr, &format!("BDCDYH={FLAT_B}; YWH=704; QLRMC=李四"))
        .load()
        .unwrap();
    for flat in [FLAT_A, FLAT_B] {
        let easement = loaded.one(flat, Kind::Easement);
        let parties: Vec<_> = easement.parties.iter().map(|party| party.role).collect();
        assert_eq!(parties, [Role::Holder, Role::ServientHolder], "a side without a number is no party");
        assert_eq!(names(easement), ["李四", "孙三"]);
    }
}

#[test]
fn rows_without_a_unit_number_are_grouped_and_joined() {
    let loaded = Package::default()
        .row(Table::Fdcq2, "BDCDYH=无; YWH=701; BDCQZH=老证1; QSZT=1")
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=702; BDCQZH=老证2; QSZT=1"))
        .row(Table::Cfdj, "BDCDYH=0000; YWH=701; QSZT=1")
        .row(Table::H, "FWBM=屋1; ZL=乙路2号")
        .row(Table::Qlr, "BDCQZH=老证1; QLRMC=赵一")
        .row(Table::Qlr, "BDCDYH=不详; YWH=702; BDCQZH=老证2; QLRMC=钱二")
        .row(Table::Zxdj, "BDCQZH=老证2; ZXSJ=2022-01-01")
        .load()
        .unwrap();
    assert_eq!(names(loaded.one("certificate:老证1", Kind::Building)), ["赵一"]);
    assert_eq!(loaded.one("certificate:老证1", Kind::Seizure).status, Status::Current);
    assert_eq!(loaded.unit("house:屋1").location, "乙路2号");
    let building = loaded.one(FLAT_A, Kind::Building);
    assert_eq!((names(building), building.status), (vec!["钱二"], Status::Ended));
    assert_eq!(building.common.get(tag::ENDED_AT), "2022-01-01");
    assert_eq!(loaded.report.units_without_number, 2);
    let placeless = Package::default().row(Table::Fdcq2, "QSZT=1").refused();
    assert_eq!(placeless, (Table::Fdcq2, 2, Reason::NoPlace.to_string()));
}

#[test]
fn a_holder_without_unit_number_stands_on_every_unit_of_its_business_and_must_fit_one() {
    let flats = |second: &str| {
        Package::default()
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证A; QSZT=1"))
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_B}; YWH=701; BDCQZH={second}; QSZT=1"))
            .row(Table::Qlr, "YWH=701; QLRMC=赵一")
    };
    let loaded = flats("证A").load().unwrap();
    for flat in [FLAT_A, FLAT_B] {
        assert_eq!(names(loaded.one(flat, Kind::Building)), ["赵一"]);
    }
    // Two owners may have one business number: which house is meant, nobody can say.
    assert_eq!(flats("证B").refused(), (Table::Qlr, 2, Reason::Orphan.to_string()));
}

#[test]
fn a_deregistration_ends_what_it_names_and_right_type_decides_between_two() {
    let two = || {
        Package::default()
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证书; QLLX=4; QSZT=1"))
            .row(Table::Jsydsyq, &format!("BDCDYH={FLAT_A}; YWH=702; BDCQZH=证书; QLLX=3; QSZT=1"))
    };
    let statuses = |loaded: &Loaded| [Kind::Building, Kind::LandUse].map(|kind| loaded.one(FLAT_A, kind).status);
    let both = two().row(Table::Zxdj, &format!("BDCDYH={FLAT_A}; BDCQZH=证书")).load().unwrap();
    assert_eq!(statuses(&both), [Status::Ended, Status::Ended]);
    let one = two().row(Table::Zxdj, &format!("BDCDYH={FLAT_A}; BDCQZH=证书; QLLX=04")).load().unwrap();
    assert_eq!(statuses(&one), [Status::Ended, Status::Current]);
    let none = two()
        .row(Table::Zxdj, &format!("BDCDYH={FLAT_A}"))
        .row(Table::Zxdj, &format!("BDCDYH={FLAT_B}; BDCQZH=证书"))
        .load()
        .unwrap();
    assert_eq!(statuses(&none), [Status::Current, Status::Current]);
    assert_eq!(none.odd("ZXDJ.BDCQZH"), 2);
}

#[test]
fn a_project_is_one_registration_a_building() {
    let loaded = Package::default()
        .row(Table::Fdcq1, &format!("BDCDYH={FLAT_A}; YWH=701; QSZT=1; FDZL=园区"))
        .row(Table::Fdcqxm, &format!("BDCDYH={FLAT_A}; YWH=701; ZH=2; JZMJ=20.5"))
        .row(Table::Fdcqxm, &format!("BDCDYH={FLAT_A}; ZH=1; JZMJ=10"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; YWH=701; QLRMC=甲公司"))
        .load()
        .unwrap();
    let buildings: Vec<_> = loaded.unit(FLAT_A).registrations.iter().map(|one| one.detail("building")).collect();
    assert_eq!(buildings, ["2", "1"], "in the order of the file");
    for building in &loaded.unit(FLAT_A).registrations {
        assert_eq!(names(building), ["甲公司"]);
    }
    let unfitting = Package::default()
        .row(Table::Fdcq1, &format!("BDCDYH={FLAT_A}; YWH=701; QSZT=1"))
        .row(Table::Fdcqxm, &format!("BDCDYH={FLAT_A}; YWH=702; ZH=2"));
    assert_eq!(unfitting.refused(), (Table::Fdcqxm, 2, Reason::NoProject.to_string()));
}

#[test]
fn charges_on_the_parcel_are_kept_beside_its_units_not_among_their_own() {
    let loaded = flat()
        .row(Table::Cfdj, &format!("BDCDYH={PARCEL_UNIT}; YWH=705; QSZT=1"))
        .row(Table::Dyaq, &format!("BDCDYH={PARCEL_UNIT}; YWH=706; QSZT=2"))
        .row(Table::Jsydsyq, &format!("BDCDYH={PARCEL_UNIT}; YWH=707; QSZT=1"))
        .row(Table::Cfdj, "BDCDYH=990101001001GB00002F00010001; YWH=708; QSZT=1")
        .load()
        .unwrap();
    let charges = &loaded.unit(FLAT_A).noted_charges;
    let told: Vec<_> = charges.iter().map(|charge| (charge.kind, charge.status, charge.identity.clone())).collect();
    let identity = |kind: Kind| loaded.one(PARCEL_UNIT, kind).identity.clone();
    let ended = (Kind::Mortgage, Status::Ended, identity(Kind::Mortgage));
    assert_eq!(told, [ended, (Kind::Seizure, Status::Current, identity(Kind::Seizure))]);
    assert_eq!(loaded.unit(FLAT_A).registrations.len(), 1);
    assert!(loaded.unit(PARCEL_UNIT).noted_charges.is_empty());
    assert!(loaded.unit("990101001001GB00002F00010001").noted_charges.is_empty());
}

#[test]
fn waiting_seizures_are_numbered_by_time_then_business() {
    let row = |rest: &str| format!("BDCDYH={FLAT_A}; {rest}");
    let loaded = Package::default()
        .row(Table::Cfdj, &row("YWH=703; CFLX=2; QSZT=1; DJSJ=2021-01-01"))
        .row(Table::Cfdj, &row("YWH=701; CFLX=1; QSZT=1; DJSJ=2019-01-01"))
        .row(Table::Cfdj, &row("YWH=702; CFLX=04; QSZT=1; DJSJ=20210101"))
        .row(Table::Cfdj, &row("YWH=700; CFLX=2; QSZT=1; DJSJ=2020-01-01; JFYWH=709"))
        .row(Table::Cfdj, &row("YWH=705; CFLX=2; QSZT=1; DJSJ=2020/6/1"))
        .load()
        .unwrap();
    let orders: BTreeMap<_, _> = loaded
        .unit(FLAT_A)
        .registrations
        .iter()
        .map(|one| (one.common.get(tag::BUSINESS_NUMBER), one.waiting_order))
        .collect();
    assert_eq!(orders, BTreeMap::from([("703", 3), ("701", 0), ("702", 2), ("700", 0), ("705", 1)]));
}

#[test]
fn values_come_from_house_building_and_parcel() {
    let loaded = Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; QSZT=1; JZMJ=88.10"))
        .row(Table::H, &format!("BDCDYH={FLAT_A}; FWBM=1; ZRZH={PARCEL}F0001; ZL=乙路; SCJZMJ=90; FWYT1=11"))
        .row(Table::Zrz, &format!("ZDDM={PARCEL}; ZRZH={PARCEL}F0001; JGRQ=20010203; ZCS=6"))
        .row(Table::Jsydsyq, &format!("BDCDYH={PARCEL_UNIT}; ZDDM={PARCEL}; YWH=702; QSZT=1"))
        .row(Table::Zdjbxx, &format!("ZDDM={PARCEL}; ZL=丙路; ZDMJ=500; MJDW=1; ZDSZD=河; TFH=图1"))
        .row(Table::ZdK, &format!("BDCDYH={PARCEL_UNIT}; ZDX=1; XH=10; XZB=3; YZB=4"))
        .row(Table::ZdK, &format!("BDCDYH={PARCEL_UNIT}; ZDX=1; XH=9; XZB=1; YZB=2"))
        .load()
        .unwrap();
    let building = loaded.one(FLAT_A, Kind::Building);
    let details =
        ["location", "floor_area", "completed_on", "storeys", "planned_use"].map(|name| building.detail(name));
    assert_eq!(details, ["乙路", "88.10", "2001-02-03", "6", "11"]);
    let flat = loaded.unit(FLAT_A);
    assert_eq!((flat.location.as_str(), flat.area.as_str(), flat.area_unit.as_str()), ("乙路", "90", "1"));
    let position = flat.position.as_ref().unwrap();
    assert!(position.is_of_parcel);
    assert_eq!(position.points.iter().map(|point| point[1].as_str()).collect::<Vec<_>>(), ["9", "10"]);
    assert_eq!(loaded.one(PARCEL_UNIT, Kind::LandUse).detail("location"), "丙路");
    let parcel = loaded.unit(PARCEL_UNIT);
    assert_eq!((parcel.area.as_str(), parcel.position.as_ref().unwrap().is_of_parcel), ("500", false));
    assert_eq!(parcel.position.as_ref().unwrap().boundaries[0], "河");
}

#[test]
fn parcels_and_buildings_are_found_under_codes_that_the_unit_number_does_not_begin_with() {
    let other = "990101001001GB00077";
    let loaded = Package::default()
        .row(Table::Jsydsyq, &format!("BDCDYH=老区2022号; ZDDM={other}; YWH=702; QSZT=1"))
        .row(Table::Zdjbxx, &format!("ZDDM={other}; ZL=丁路"))
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; QSZT=1"))
        .row(Table::H, &format!("BDCDYH={FLAT_A}; ZRZH={other}F0009"))
        .row(Table::Zrz, &format!("ZRZH={other}F0009; ZCS=33"))
        .row(Table::Hysyq, "BDCDYH=990101001001HA00001W00000000; ZHHDDM=岛2021; YWH=703; QSZT=1; SYQMJ=2")
        .row(Table::Zhjbxx, "ZHDM=990101001001HA00009; HDDM=岛2021; HDMC=小岛")
        .load()
        .unwrap();
    assert_eq!(loaded.one("老区2022号", Kind::LandUse).detail("location"), "丁路");
    assert_eq!(loaded.one(FLAT_A, Kind::Building).detail("storeys"), "33");
    assert_eq!(loaded.one("990101001001HA00001W00000000", Kind::SeaUse).detail("island"), "小岛");
    assert_eq!(loaded.odd("JSYDSYQ.BDCDYH"), 1);
}

#[test]
fn amounts_places_and_obligors_follow_their_columns() {
    let loaded = flat()
        .row(
            Table::Dyaq,
            &format!("BDCDYH={FLAT_A}; YWH=702; DYFS=02; ZGZQSE=300; BDBZZQSE=1; DYBDCLX=4; ZJJZWZL=工地; QSZT=1"),
        )
        .row(Table::Dyaq, &format!("BDCDYH={FLAT_B}; YWH=703; DYFS=2; BDBZZQSE=5; DYBDCLX=2; ZJJZWZL=工地; QSZT=1"))
        .row(Table::Dyaq, "BDCDYH=990101001001GB00009F00010001; YWH=704; DYFS=2; ZGZQSE=0; QSZT=1")
        .row(Table::Ygdj, &format!("BDCDYH={FLAT_A}; YWH=705; YWR=甲公司; YWRZJZL=8; YWRZJH=9; QSZT=1; JZMJ=约90"))
        .load()
        .unwrap();
    let mortgage = loaded.one(FLAT_A, Kind::Mortgage);
    assert_eq!((mortgage.detail("secured_claim"), mortgage.detail("location")), ("300", "工地"));
    let mortgage = loaded.one(FLAT_B, Kind::Mortgage);
    assert_eq!((mortgage.detail("secured_claim"), mortgage.detail("location")), ("5", ""));
    // A zero gives way to what the register holds, and to nothing else (D55).
    assert_eq!(loaded.one("990101001001GB00009F00010001", Kind::Mortgage).detail("secured_claim"), "0");
    let notice = loaded.one(FLAT_A, Kind::PreNotice);
    assert_eq!((notice.parties[0].role, notice.detail("floor_area")), (Role::Obligor, "约90"));
    assert_eq!(loaded.odd("YGDJ.JZMJ"), 1);
    assert_eq!(loaded.odd("DYAQ.QLR"), 3);
}

#[test]
fn what_is_on_disk_names_nobody_and_opens_under_its_key_only() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = Mirror::new(folder.path(), MasterKey::from_bytes([5; 32]));
    let mut package = flat().row(Table::Cfdj, &format!("BDCDYH={FLAT_A}; YWH=封; QSZT=1"));
    let report = package.load_into(&mirror, 1).unwrap();
    assert!(!report.to_string().contains("赵一"));
    let place = folder.path().join("generations/1-abcdef01");
    for entry in std::fs::read_dir(&place).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for text in ["赵一", FLAT_A, "证A", "甲路"] {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text} in plain");
        }
    }
    let generation = mirror.open("1-abcdef01").unwrap();
    assert_eq!(generation.facts(), &facts(1));
    let mut reader = generation.reader().unwrap();
    let by_number = reader.locate(&format!(" {} ", FLAT_A.to_lowercase())).unwrap();
    assert_eq!(by_number, reader.locate("证Ａ").unwrap());
    assert_eq!(by_number.len(), 1);
    assert!(reader.locate("证B").unwrap().is_empty() && reader.find(&["nobody".to_owned()]).unwrap().is_empty());
    let stranger = Mirror::new(folder.path(), MasterKey::from_bytes([6; 32]));
    assert!(matches!(stranger.open("1-abcdef01"), Err(OpenError::WrongKey { .. })));
}

#[test]
fn sequences_only_grow_and_a_package_loaded_again_only_moves_the_pointer() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = Mirror::new(folder.path(), MasterKey::from_bytes([5; 32]));
    assert_eq!(mirror.current().unwrap(), None);
    assert!(mirror.list().unwrap().is_empty());
    let first = flat().load_into(&mirror, 2).unwrap();
    let again = flat().load_into(&mirror, 2).unwrap();
    assert_eq!((again.already_loaded, again.units), (true, first.units));
    flat().load_into(&mirror, 10).unwrap();
    assert!(matches!(flat().load_into(&mirror, 2), Err(LoadError::Sequence { .. })));
    assert_eq!(mirror.current().unwrap().as_deref(), Some("10-abcdef01"));
    assert_eq!(mirror.list().unwrap(), ["2-abcdef01", "10-abcdef01"]);
    assert!(matches!(mirror.open("../x"), Err(OpenError::Missing { .. })));
}

#[test]
fn a_refused_or_interrupted_load_leaves_what_serves_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = Mirror::new(folder.path(), MasterKey::from_bytes([5; 32]));
    flat().load_into(&mirror, 1).unwrap();
    std::fs::create_dir(folder.path().join("generations/.building-killed")).unwrap();
    let mut wrong = flat().row(Table::Qlr, "YWH=707; QLRMC=钱二");
    assert!(wrong.load_into(&mirror, 2).is_err());
    assert_eq!(mirror.current().unwrap().as_deref(), Some("1-abcdef01"));
    let left = std::fs::read_dir(folder.path().join("generations")).unwrap().count();
    assert_eq!(left, 1, "no folder of a load that failed or was killed");
    std::fs::remove_file(folder.path().join("generations/1-abcdef01/mirror.db")).unwrap();
    assert!(!flat().load_into(&mirror, 1).unwrap().already_loaded, "what is damaged is built anew");
    assert_eq!(all_units(&mirror, "1-abcdef01").len(), 1);
}

#[test]
fn shortcuts_that_were_altered_do_not_open_and_the_package_replaces_them() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = Mirror::new(folder.path(), MasterKey::from_bytes([5; 32]));
    for damage in [
        "DELETE FROM shortcut",
        "UPDATE shortcut SET sealed = zeroblob(length(sealed))",
        "UPDATE shortcut SET chunk = 1",
    ] {
        flat().load_into(&mirror, 1).unwrap();
        let file = folder.path().join("generations/1-abcdef01/mirror.db");
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        rusqlite::Connection::open(&file).unwrap().execute(damage, []).unwrap();
        // Opened all the same, it would answer that nobody has anything.
        assert!(matches!(mirror.open("1-abcdef01"), Err(OpenError::Store { .. })), "{damage}");
    }
    assert!(!flat().load_into(&mirror, 1).unwrap().already_loaded, "what is damaged is built anew");
}
