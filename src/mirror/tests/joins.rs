//! Nothing joins by an accident: what cannot identify a unit, a certificate or a mortgage joins no rows.

use super::*;

/// Two owners whose houses are not placed on a parcel yet, the second mortgaged and seized.
fn two_owners(word: &str) -> Package {
    Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={word}; YWH=101; BDCQZH=测证第0001号; QSZT=1; FDZL=甲处"))
        .row(Table::Fdcq2, &format!("BDCDYH={word}; YWH=102; BDCQZH=测证第0002号; QSZT=1; FDZL=乙处"))
        .row(Table::Dyaq, &format!("BDCDYH={word}; YWH=102; BDCDJZMH=测明第0003号; QSZT=1"))
        .row(Table::Cfdj, &format!("BDCDYH={word}; YWH=102; QSZT=1"))
        .row(Table::Qlr, &format!("BDCDYH={word}; YWH=101; BDCQZH=测证第0001号; QLRMC=赵一"))
        .row(Table::Qlr, &format!("BDCDYH={word}; YWH=102; BDCQZH=测证第0002号; QLRMC=钱二"))
        .row(Table::Qlr, &format!("BDCDYH={word}; BDCQZH=测明第0003号; QLRMC=乙银行"))
}

#[test]
fn houses_without_a_unit_number_have_nothing_in_common() {
    for word in ["未落宗", "暂无单元号", "(null)", "\\N", "N/A", "1", "XXX", "老区2022地块", "99999999", "3.4E+27x"]
    {
        let loaded = two_owners(word).load().unwrap_or_else(|error| panic!("{word}: {error}"));
        let kinds = |group: &str| loaded.unit(group).registrations.iter().map(|one| one.kind).collect::<Vec<_>>();
        assert_eq!(kinds("certificate:测证第0001号"), [Kind::Building], "{word}");
        assert_eq!(kinds("certificate:测证第0002号"), [Kind::Building, Kind::Mortgage, Kind::Seizure], "{word}");
        assert_eq!(names(loaded.one("certificate:测证第0001号", Kind::Building)), ["赵一"], "{word}");
        assert_eq!(names(loaded.one("certificate:测证第0002号", Kind::Mortgage)), ["乙银行"], "{word}");
    }
}

#[test]
fn a_charge_without_a_place_stops_the_load() {
    for word in ["未落宗", "老区2022地块", ""] {
        let refused = two_owners(word).row(Table::Cfdj, &format!("BDCDYH={word}; YWH=封7; QSZT=1")).refused();
        assert_eq!((refused.0, refused.1), (Table::Cfdj, 3), "{word}");
    }
}

#[test]
fn a_charge_on_a_text_that_is_no_unit_number_needs_a_right_there() {
    let charge = |row: &str| Package::default().row(Table::Cfdj, &format!("{row}; YWH=703; QSZT=1"));
    assert_eq!(charge("BDCDYH=老区2022地块").refused().0, Table::Cfdj);
    assert_eq!(charge("BDCDYH=老区2022地块").row(Table::H, "BDCDYH=老区2022地块").refused().0, Table::Cfdj);
    let former = charge("BDCDYH=老区2022地块").row(Table::Fdcq2, "BDCDYH=老区2022地块; YWH=701; QSZT=2");
    assert_eq!(former.refused().0, Table::Cfdj);
    let held = charge("BDCDYH=老区2022地块").row(Table::Fdcq2, "BDCDYH=老区2022地块; YWH=701; QSZT=1").load().unwrap();
    assert_eq!(held.unit("老区2022地块").registrations.len(), 2);
    // Beside a number of the standard it would be placed there alone, and missed on the other.
    assert_eq!(charge(&format!("BDCDYH=老区2022地块、{FLAT_A}")).refused().2, Reason::DamagedUnit.to_string());
    let mortgage = Package::default()
        .row(Table::Dyaq, "BDCDYH=老区2022地块; YWH=703; QSZT=1")
        .row(Table::Dywqd, "YWH=703; FWBH=屋2021")
        .row(Table::H, "FWBM=屋2021; ZL=幻路1号");
    assert!(matches!(mortgage.load(), Err(LoadError::Findings(_))), "a house that nobody has a right on");
}

#[test]
fn a_number_in_another_form_is_the_same_unit() {
    let hyphens = "990101-001001-GB00001-F00010001";
    let loaded = Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证书; QSZT=1"))
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_B}; YWH=702; BDCQZH=证书二; QSZT=1"))
        .row(Table::Cfdj, &format!("BDCDYH={hyphens}; YWH=703; QSZT=1"))
        .row(Table::Cfdj, &format!("BDCDYH={FLAT_A}、{FLAT_B}; YWH=704; QSZT=1"))
        .row(Table::Dyaq, &format!("BDCDYH='{FLAT_A}等2个; YWH=705; QSZT=1"))
        .load()
        .unwrap();
    let count = |flat: &str, kind: Kind| loaded.unit(flat).registrations.iter().filter(|one| one.kind == kind).count();
    assert_eq!((count(FLAT_A, Kind::Seizure), count(FLAT_A, Kind::Mortgage)), (2, 1));
    assert_eq!((count(FLAT_B, Kind::Seizure), count(FLAT_B, Kind::Mortgage)), (1, 0));
}

#[test]
fn charges_on_a_building_are_noted_on_its_flats_alone() {
    let building = "990101001001GB00001F00010000";
    let other = "990101001001GB00001F00020001";
    let loaded = Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证书; QSZT=1"))
        .row(Table::Fdcq2, &format!("BDCDYH={other}; YWH=702; BDCQZH=证书二; QSZT=1"))
        .row(Table::Cfdj, &format!("BDCDYH={building}; YWH=703; QSZT=1"))
        .row(Table::Dyaq, &format!("BDCDYH={PARCEL}; YWH=704; QSZT=1"))
        .load()
        .unwrap();
    let scopes = |flat: &str| loaded.unit(flat).noted_charges.iter().map(|one| one.scope).collect::<Vec<_>>();
    assert_eq!(scopes(FLAT_A), [Scope::Building, Scope::Parcel]);
    assert_eq!(scopes(other), [Scope::Parcel]);
}

#[test]
fn a_charge_on_a_parcel_or_building_that_nothing_else_is_known_of_is_counted() {
    let building = "990101001001GB00001F00010000";
    let charges = || {
        Package::default()
            .row(Table::Cfdj, &format!("BDCDYH={building}; YWH=703; QSZT=1"))
            .row(Table::Dyaq, &format!("BDCDYH={PARCEL}; YWH=704; QSZT=1"))
    };
    let odd = |package: Package| {
        let loaded = package.load().unwrap();
        [loaded.odd("CFDJ.BDCDYH"), loaded.odd("DYAQ.BDCDYH")]
    };
    assert_eq!(odd(charges()), [1, 1]);
    assert_eq!(odd(charges().row(Table::H, "BDCDYH=990101001001GB00001F00020001")), [1, 0]);
    assert_eq!(odd(charges().row(Table::H, &format!("BDCDYH={FLAT_A}"))), [0, 0]);
    assert_eq!(odd(charges().row(Table::Zdjbxx, &format!("ZDDM={PARCEL}"))), [0, 0]);
}

#[test]
fn a_business_number_of_several_mortgages_lists_no_units_for_them() {
    let two = Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证书; QSZT=1"))
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_B}; YWH=702; BDCQZH=证书二; QSZT=1"))
        .row(Table::Dyaq, &format!("BDCDYH={FLAT_A}; YWH=709; BDCDJZMH=明书一; QSZT=1"))
        .row(Table::Dyaq, &format!("BDCDYH={FLAT_B}; YWH=709; BDCDJZMH=明书二; QSZT=1"))
        .row(Table::Dywqd, &format!("YWH=709; BDCDYH={FLAT_A}"))
        .row(Table::Dywqd, &format!("YWH=709; BDCDYH={FLAT_B}"))
        .load()
        .unwrap();
    let certificate = |flat: &str| two.one(flat, Kind::Mortgage).common.get(tag::CERTIFICATE_NUMBER).to_owned();
    assert_eq!([FLAT_A, FLAT_B].map(certificate), ["明书一", "明书二"]);
    assert_eq!(two.odd("DYAQ.YWH"), 2);
}

#[test]
fn the_certificate_of_a_holder_without_unit_number_decides() {
    let flats = || {
        Package::default()
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证书一; QSZT=1"))
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_B}; YWH=701; BDCQZH=证书二; QSZT=1"))
            .row(Table::Fdcq2, "BDCDYH=990101001001GB00001F00010003; YWH=703; BDCQZH=证书三; QSZT=1")
    };
    let loaded = flats()
        .row(Table::Qlr, "YWH=701; BDCQZH=证书一; QLRMC=赵一")
        .row(Table::Qlr, &format!("BDCDYH={FLAT_B}; YWH=701; QLRMC=钱二"))
        .load()
        .unwrap();
    assert_eq!(names(loaded.one(FLAT_A, Kind::Building)), ["赵一"]);
    assert_eq!(names(loaded.one(FLAT_B, Kind::Building)), ["钱二"]);
    // Its business number says one house, its certificate another.
    let refused = flats().row(Table::Qlr, "YWH=701; BDCQZH=证书三; QLRMC=赵一").refused();
    assert_eq!(refused, (Table::Qlr, 2, Reason::Orphan.to_string()));
}

#[test]
fn a_holder_that_names_only_its_unit_belongs_to_its_only_right() {
    let one = || {
        Package::default()
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证书; QSZT=1"))
            .row(Table::Dyaq, &format!("BDCDYH={FLAT_A}; YWH=702; BDCDJZMH=明书; QSZT=1"))
            .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; QLRMC=赵一"))
    };
    assert_eq!(names(one().load().unwrap().one(FLAT_A, Kind::Building)), ["赵一"]);
    let two = one().row(Table::Jsydsyq, &format!("BDCDYH={FLAT_A}; YWH=703; BDCQZH=证书三; QSZT=1"));
    assert_eq!(two.refused(), (Table::Qlr, 2, Reason::Orphan.to_string()));
}

#[test]
fn a_registration_is_known_by_its_content_whatever_the_order_and_spelling_of_rows() {
    let rows = [
        format!("BDCDYH={FLAT_A}; YWH=703; CFWH=甲; QSZT=1"),
        format!("BDCDYH={FLAT_A}; YWH=703; CFWH=乙; QSZT=1"),
        format!("BDCDYH={FLAT_B}; YWH=703; CFWH=丙; QSZT=1"),
    ];
    let load = |order: [usize; 3], spell: fn(&str) -> String| {
        let package =
            order.into_iter().fold(Package::default(), |package, at| package.row(Table::Cfdj, &spell(&rows[at])));
        let loaded = package.load().unwrap();
        let of = |flat: &str| -> BTreeMap<String, String> {
            let each = |one: &Registration| (one.detail("document_number").to_owned(), one.identity.clone());
            loaded.unit(flat).registrations.iter().map(each).collect()
        };
        [of(FLAT_A), of(FLAT_B)]
    };
    let first = load([0, 1, 2], str::to_owned);
    assert_eq!(load([2, 1, 0], str::to_owned), first);
    assert_eq!(load([1, 2, 0], |row| row.replace("990101001001", "990101-001001-")), first);
    let all: std::collections::BTreeSet<&String> = first.iter().flat_map(BTreeMap::values).collect();
    assert_eq!(all.len(), 3, "each is one: {all:?}");
}

#[test]
fn a_filler_for_a_business_number_leads_to_no_other_unit() {
    let owners = |word: &str| {
        Package::default()
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH={word}; BDCQZH=测证第0001号; QSZT=1"))
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_B}; YWH=202100002; BDCQZH=测证第0002号; QSZT=1"))
            .row(Table::Dyaq, &format!("BDCDYH={FLAT_A}; YWH={word}; BDCDJZMH=测明第0003号; QSZT=1"))
    };
    for word in ["1", "1111", "无", "0000", "XXX"] {
        let rows = [
            (Table::Qlr, format!("YWH={word}; QLRMC=赵一")),
            (Table::Cfdj, format!("YWH={word}; QSZT=1")),
            (Table::Dywqd, format!("YWH={word}; BDCDYH={FLAT_B}")),
            (Table::Fdcqxm, format!("YWH={word}; XMMC=园")),
        ];
        for (table, row) in rows {
            assert_eq!(owners(word).row(table, &row).refused().0, table, "{word}");
        }
    }
}

#[test]
fn a_certificate_number_of_strangers_leads_no_holder_and_ends_nothing() {
    let owners = |first: &str| {
        Package::default()
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=房权证; QSZT=1"))
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_B}; YWH=702; BDCQZH=房权证; QSZT=1"))
            .row(Table::Qlr, &format!("{first}; BDCQZH=房权证; QLRMC=赵一"))
    };
    // The second may hold what is the first's.
    let stranger = owners(&format!("BDCDYH={FLAT_A}")).row(Table::Qlr, "BDCQZH=房权证; QLRMC=钱二");
    assert_eq!(stranger.refused(), (Table::Qlr, 3, Reason::Orphan.to_string()));
    let two = |ways: &str| owners(ways).row(Table::Qlr, &format!("{ways}; BDCQZH=房权证; QLRMC=钱二"));
    assert!(matches!(two("GYFS=0").load(), Err(LoadError::Findings(_))));
    // Spouses who hold both, and one who does.
    let spouses = two("GYFS=1").load().unwrap();
    let alone = owners("GYFS=0").row(Table::Zxdj, "BDCQZH=房权证; ZXSJ=2022-01-01").load().unwrap();
    for flat in [FLAT_A, FLAT_B] {
        assert_eq!(names(spouses.one(flat, Kind::Building)), ["赵一", "钱二"]);
        assert_eq!(alone.one(flat, Kind::Building).status, Status::Ended);
    }
    let strangers = Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=房权证; QSZT=1"))
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_B}; YWH=702; BDCQZH=房权证; QSZT=1"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_A}; BDCQZH=房权证; QLRMC=赵一"))
        .row(Table::Qlr, &format!("BDCDYH={FLAT_B}; BDCQZH=房权证; QLRMC=钱二"))
        .row(Table::Zxdj, "BDCQZH=房权证; ZXSJ=2022-01-01")
        .load()
        .unwrap();
    assert_eq!(strangers.one(FLAT_A, Kind::Building).status, Status::Current);
    assert_eq!(strangers.odd("ZXDJ.BDCQZH"), 1);
}

#[test]
fn houses_without_unit_number_under_one_certificate_number_stay_apart() {
    let owners = || {
        Package::default()
            .row(Table::Fdcq2, "BDCDYH=未落宗; YWH=701; BDCQZH=房权证; QSZT=1")
            .row(Table::Fdcq2, "BDCDYH=未落宗; YWH=702; BDCQZH=房权证; QSZT=1")
            .row(Table::Cfdj, "YWH=702; QSZT=1")
    };
    let whole = owners().row(Table::Qlr, "YWH=701; BDCQZH=房权证; QLRMC=赵一").row(Table::Qlr, "YWH=702; QLRMC=钱二");
    let units = whole.load().unwrap().units;
    let held: Vec<_> = units.iter().map(|unit| (unit.registrations.len(), names(&unit.registrations[0]))).collect();
    assert_eq!(held, [(1, vec!["赵一"]), (2, vec!["钱二"])]);
    assert_eq!(owners().row(Table::Qlr, "BDCQZH=房权证; QLRMC=赵一").refused().0, Table::Qlr);
}

#[test]
fn a_list_that_names_houses_leads_to_their_units_and_a_mortgage_on_no_unit_stops_the_load() {
    let mortgage = || {
        Package::default()
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证书; QSZT=1"))
            .row(Table::H, &format!("BDCDYH={FLAT_A}; FWBM=屋2021"))
            .row(Table::Dyaq, "YWH=703; BDCDJZMH=明书; QSZT=1")
    };
    let loaded = mortgage().row(Table::Dywqd, "YWH=703; FWBH=屋2021").load().unwrap();
    assert_eq!(loaded.one(FLAT_A, Kind::Mortgage).status, Status::Current);
    assert_eq!(mortgage().row(Table::Dywqd, "YWH=703; FWBH=屋2022").refused_tables(), [Table::Dywqd, Table::Dyaq]);
    let other = mortgage().row(Table::H, &format!("BDCDYH={FLAT_A}; FWBM=屋2099"));
    assert_eq!(other.row(Table::Dywqd, "YWH=703; FWBH=屋2021").refused_tables(), [Table::Dywqd, Table::Dyaq]);
    let two = mortgage().row(Table::H, &format!("BDCDYH={FLAT_B}; FWBM=屋2021"));
    assert_eq!(two.row(Table::Dywqd, "YWH=703; FWBH=屋2021").refused_tables(), [Table::Dywqd, Table::Dyaq]);
}

#[test]
fn a_cell_of_several_unit_numbers_counts_for_each() {
    let both = format!("BDCDYH={FLAT_A}、{FLAT_B}");
    let loaded = Package::default()
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=701; BDCQZH=证书; QSZT=1"))
        .row(Table::Fdcq2, &format!("BDCDYH={FLAT_B}; YWH=701; BDCQZH=证书; QSZT=1"))
        .row(Table::H, &format!("{both}; ZL=幻路1号"))
        .row(Table::Qlr, &format!("{both}; BDCQZH=证书; QLRMC=赵一"))
        .row(Table::Zxdj, &format!("{both}; BDCQZH=证书"))
        .load()
        .unwrap();
    for flat in [FLAT_A, FLAT_B] {
        assert_eq!(names(loaded.one(flat, Kind::Building)), ["赵一"]);
        assert_eq!(loaded.one(flat, Kind::Building).status, Status::Ended);
        assert_eq!(loaded.unit(flat).location, "幻路1号");
    }
}

#[test]
fn a_deregistration_that_may_mean_two_rights_ends_none_and_leaves_both_in_doubt() {
    let rights = |row: &str| {
        Package::default()
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=2011001; BDCQZH=房权证"))
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=2021001; BDCQZH=房权证"))
            .row(Table::Zxdj, &format!("BDCDYH={FLAT_A}; BDCQZH=房权证; {row}"))
            .load()
            .unwrap()
    };
    let told = |loaded: &Loaded| {
        let mut told: Vec<_> = loaded.unit(FLAT_A).registrations.iter().collect();
        told.sort_by_key(|one| one.common.get(tag::BUSINESS_NUMBER));
        told.iter().map(|one| (one.status, one.is_doubtful)).collect::<Vec<_>>()
    };
    assert_eq!(told(&rights("YWH=2011001")), [(Status::Ended, false), (Status::Current, false)]);
    let doubtful = rights("YWH=2099001");
    assert_eq!(told(&doubtful), [(Status::Current, true), (Status::Current, true)]);
    assert_eq!(doubtful.odd("ZXDJ.BDCQZH"), 1);
}

#[test]
fn a_business_number_of_a_former_and_a_present_right_does_not_say_whose_a_row_is() {
    let rights = || {
        Package::default()
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=20150000; BDCQZH=测证一; QSZT=2"))
            .row(Table::Fdcq2, &format!("BDCDYH={FLAT_A}; YWH=20150000; BDCQZH=测证二; QSZT=1"))
    };
    let of = |certificate: &str| format!("BDCDYH={FLAT_A}; YWH=20150000; BDCQZH={certificate}; QLRMC=赵一");
    assert_eq!(rights().row(Table::Qlr, &of("")).refused(), (Table::Qlr, 2, Reason::Ambiguous.to_string()));
    rights().row(Table::Qlr, &of("测证一")).load().unwrap();
}
