//! Estates of flats, homesteads, projects, structures, and certificates from before unit numbers.

use crate::domain::tables::Table;
use crate::package::write::WriteError;

use super::charges::{Charged, Term};
use super::county::{CHARGED_PERSON, County, OLD_CODE_COMPANY, Reserved, SHORT_NUMBER_PERSON, SINGLE_UNIT_PERSON};
use super::parties::{self, Holder};
use super::places::{Flat, Parcel};
use super::tables::{Cell, Registration};

/// A building of an estate.
struct Building<'a> {
    parcel: &'a Parcel,
    /// From 1.
    number: u64,
    floors: u64,
    developer: &'a Holder,
}

impl County {
    /// Writes land, buildings and flats of an estate.
    pub(super) fn estate(&mut self) -> Result<(), WriteError> {
        self.estates += 1;
        let parcel = self.parcel("GB", "102", "071")?;
        let developer = self.company();
        if self.take_unit() {
            self.building_land(&parcel, "3", std::slice::from_ref(&developer))?;
            self.charges(&Charged {
                unit: &parcel.land_unit(),
                location: &parcel.location,
                owner: &developer,
                property: "1",
            })?;
        }
        // Large holders buy whole estates, every third, until they have theirs.
        let is_for_large_holders = self.estates % 3 == 2;
        let buildings = if self.is_small { 1 } else { 1 + self.random.below(4) };
        for number in 1..=buildings {
            let floors = if self.is_small { 4 } else { 6 + self.random.below(13) };
            let building = Building { parcel: &parcel, number, floors, developer: &developer };
            self.building(&building)?;
            let mut flats = Vec::new();
            for floor in 1..=floors {
                for door in 1..=2 + number % 3 {
                    if !self.take_unit() {
                        return Ok(());
                    }
                    let flat = self.flat(&building, floor, door)?;
                    self.owner(&flat, &building, is_for_large_holders)?;
                    flats.push(flat);
                }
            }
            // The first estate has the subjects of the summary, on whose flats is what the summary says.
            if self.estates > 1 && self.random.chance(400) {
                self.mortgage_over_several(&flats, &developer)?;
            }
        }
        Ok(())
    }

    fn building(&mut self, building: &Building<'_>) -> Result<(), WriteError> {
        let Building { parcel, number, floors, .. } = building;
        let code = format!("{}F{number:04}", parcel.code);
        let unit = format!("{code}0000");
        let completed = self.date(2003, 2023);
        let cells: &[Cell<'_>] = &[
            ("BDCDYH", &unit),
            ("ZDDM", &parcel.code),
            ("ZRZH", &code),
            ("JGRQ", &completed),
            ("ZCS", floors),
            ("GHYT", &"10"),
        ];
        self.tables.row(Table::Zrz, &[cells])
    }

    /// Writes the house of a flat.
    fn flat(&mut self, building: &Building<'_>, floor: u64, door: u64) -> Result<Flat, WriteError> {
        let Building { parcel, number, floors, .. } = building;
        let inner = 4000 + self.random.below(12_000);
        let shared = inner / 5;
        let decimal = |hundredths: u64| format!("{}.{:02}", hundredths / 100, hundredths % 100);
        let flat = Flat {
            unit: format!("{}F{number:04}{:04}", parcel.code, floor * 100 + door),
            house_code: format!("{}{number:03}{:04}", parcel.code, floor * 100 + door),
            location: format!("{}{number}幢{floor}{door:02}室", parcel.location),
            floor,
            floors: *floors,
            area: decimal(inner + shared),
            inner_area: decimal(inner),
            shared_area: decimal(shared),
        };
        let code = format!("{}F{number:04}", parcel.code);
        let cells: &[Cell<'_>] = &[
            ("BDCDYH", &flat.unit),
            ("FWBM", &flat.house_code),
            ("ZRZH", &code),
            ("ZL", &flat.location),
            ("FWYT1", &"11"),
            ("YCJZMJ", &flat.area),
            ("SCJZMJ", &flat.area),
            ("SCTNJZMJ", &flat.inner_area),
            ("SCFTJZMJ", &flat.shared_area),
            ("FWXZ", &"0"),
        ];
        self.tables.row(Table::H, &[cells])?;
        Ok(flat)
    }

    /// Decides who has a flat, and writes all that is registered on it.
    fn owner(&mut self, flat: &Flat, building: &Building<'_>, is_for_large_holders: bool) -> Result<(), WriteError> {
        if let Some(reserved) = self.next_reserved() {
            return self.reserved(flat, building, reserved);
        }
        if is_for_large_holders && let Some(holder) = self.next_large_holder() {
            let registration = self.registration(&flat.unit, "4");
            self.ownership(flat, &registration, building, std::slice::from_ref(&holder))?;
            return self.charges(&Charged {
                unit: &flat.unit,
                location: &flat.location,
                owner: &holder,
                property: "2",
            });
        }
        let holders = if self.random.chance(60) { vec![self.company()] } else { self.household() };
        if self.random.chance(60) {
            return self.presale(flat, building.developer, &holders);
        }
        if self.random.chance(150) {
            self.former_ownership(flat, building)?;
        }
        let mut registration = self.registration(&flat.unit, "4");
        registration.status = match self.random.below(1000) {
            0..10 => "",
            10..12 => "0",
            _ => "1",
        };
        self.ownership(flat, &registration, building, &holders)?;
        self.charges(&Charged { unit: &flat.unit, location: &flat.location, owner: &holders[0], property: "2" })
    }

    fn reserved(&mut self, flat: &Flat, building: &Building<'_>, reserved: Reserved) -> Result<(), WriteError> {
        let given = &mut self.given;
        let (holder, count) = match reserved {
            Reserved::SingleUnit => (parties::person(SINGLE_UNIT_PERSON), &mut given.single),
            Reserved::Charged => (parties::person(CHARGED_PERSON), &mut given.charged),
            Reserved::OldCodeWithHyphen => (parties::company_by_old_code(OLD_CODE_COMPANY, true), &mut given.old_code),
            Reserved::OldCodeWithoutHyphen => {
                (parties::company_by_old_code(OLD_CODE_COMPANY, false), &mut given.old_code)
            }
            Reserved::CreditCode => (parties::company(OLD_CODE_COMPANY), &mut given.old_code),
            Reserved::LongNumber => (parties::person(SHORT_NUMBER_PERSON), &mut given.short_number),
            Reserved::ShortNumber => (parties::person_in_short(SHORT_NUMBER_PERSON), &mut given.short_number),
        };
        *count += 1;
        let registration = self.registration(&flat.unit, "4");
        self.ownership(flat, &registration, building, std::slice::from_ref(&holder))?;
        if reserved == Reserved::Charged {
            let charged = Charged { unit: &flat.unit, location: &flat.location, owner: &holder, property: "2" };
            self.mortgage(&charged, Term::InForce)?;
            self.seizure(&flat.unit, "1", Term::InForce)?;
            self.seizure(&flat.unit, "2", Term::InForce)?;
        }
        Ok(())
    }

    fn ownership(
        &mut self,
        flat: &Flat,
        registration: &Registration,
        building: &Building<'_>,
        holders: &[Holder],
    ) -> Result<(), WriteError> {
        let (completed, price) = (self.date(2003, 2023), self.decimal(3_000, 90_000));
        // Some rights leave the areas to the house.
        let has_area = !self.random.chance(50);
        let or_empty = |text: &str| if has_area { text.to_owned() } else { String::new() };
        let [area, inner, shared] = [&flat.area, &flat.inner_area, &flat.shared_area].map(|text| or_empty(text));
        let cells: &[Cell<'_>] = &[
            ("FDZL", &flat.location),
            ("TDSYQR", &building.developer.name),
            ("TDSYQSSJ", &"2003-05-01"),
            ("TDSYJSSJ", &"2073-04-30"),
            ("FDCJYJG", &price),
            ("GHYT", &"11"),
            ("FWXZ", &"0"),
            ("FWJG", &"3"),
            ("SZC", &flat.floor),
            ("ZCS", &flat.floors),
            ("JZMJ", &area),
            ("ZYJZMJ", &inner),
            ("FTJZMJ", &shared),
            ("JGSJ", &completed),
            ("JEDW", &"万元"),
        ];
        self.tables.register(Table::Fdcq2, registration, cells, holders)
    }

    /// Writes the right of the owner before, ended by its status or by a deregistration that names it.
    fn former_ownership(&mut self, flat: &Flat, building: &Building<'_>) -> Result<(), WriteError> {
        let mut registration = self.registration(&flat.unit, "4");
        let chance = self.random.below(100);
        registration.status = match chance {
            0..80 => "2",
            80..90 => "3",
            _ => "1",
        };
        let holders = self.household();
        self.ownership(flat, &registration, building, &holders)?;
        if chance >= 85 { self.deregistration(&registration) } else { Ok(()) }
    }

    /// Writes a flat that was sold before it was built.
    fn presale(&mut self, flat: &Flat, developer: &Holder, buyers: &[Holder]) -> Result<(), WriteError> {
        let sold = Charged { unit: &flat.unit, location: &flat.location, owner: developer, property: "2" };
        self.pre_notice(&sold, "1", buyers)?;
        if self.random.chance(600) {
            let bank = [parties::bank(&mut self.random)];
            self.pre_notice(&Charged { owner: &buyers[0], ..sold }, "3", &bank)?;
        }
        if self.random.chance(30) {
            self.seizure(&flat.unit, "3", Term::ByChance)?;
            if self.random.chance(500) {
                self.seizure(&flat.unit, "4", Term::ByChance)?;
            }
        }
        Ok(())
    }

    /// Writes a homestead: the land, and mostly a house on it.
    pub(super) fn homestead(&mut self) -> Result<(), WriteError> {
        if !self.take_unit() {
            return Ok(());
        }
        let parcel = self.parcel("JC", "203", "072")?;
        let holder = self.person();
        self.building_land(&parcel, "5", std::slice::from_ref(&holder))?;
        if self.random.chance(200) || !self.take_unit() {
            return Ok(());
        }
        let building = Building { parcel: &parcel, number: 1, floors: 2, developer: &holder };
        self.building(&building)?;
        let flat = self.flat(&building, 1, 1)?;
        let registration = self.registration(&flat.unit, "6");
        self.ownership(&flat, &registration, &building, std::slice::from_ref(&holder))?;
        self.charges(&Charged { unit: &flat.unit, location: &flat.location, owner: &holder, property: "2" })
    }

    /// Writes a project of several buildings under one right.
    pub(super) fn project(&mut self) -> Result<(), WriteError> {
        if !self.take_unit() {
            return Ok(());
        }
        let parcel = self.parcel("GB", "102", "061")?;
        let holder = self.company();
        let unit = format!("{}F99990001", parcel.code);
        let registration = self.registration(&unit, "4");
        let cells: &[Cell<'_>] = &[
            ("FDZL", &parcel.location),
            ("TDSYQR", &holder.name),
            ("TDSYQSSJ", &"2006-03-01"),
            ("TDSYJSSJ", &"2056-02-28"),
            ("JEDW", &"万元"),
        ];
        self.tables.register(Table::Fdcq1, &registration, cells, std::slice::from_ref(&holder))?;
        for number in 1..=2 + self.random.below(4) {
            let (area, completed) = (self.decimal(50_000, 900_000), self.date(2007, 2020));
            let name = format!("{}厂区{number}号楼", parcel.location);
            let business = if registration.is_trial_form { "" } else { registration.business.as_str() };
            let cells: &[Cell<'_>] = &[
                ("BDCDYH", &unit),
                ("XMMC", &name),
                ("ZH", &number),
                ("ZCS", &(2 + number)),
                ("GHYT", &"21"),
                ("FWJG", &"1"),
                ("JZMJ", &area),
                ("JGSJ", &completed),
                ("YWH", &business),
            ];
            self.tables.row(Table::Fdcqxm, &[cells])?;
        }
        self.charges(&Charged { unit: &unit, location: &parcel.location, owner: &holder, property: "2" })
    }

    /// Writes a structure on land of its own.
    pub(super) fn structure_on_land(&mut self) -> Result<(), WriteError> {
        let parcel = self.parcel("GB", "101", "107")?;
        let holder = self.company();
        if self.take_unit() {
            self.building_land(&parcel, "3", std::slice::from_ref(&holder))?;
        }
        self.structure(&parcel, "4", "103", &holder)
    }

    /// Writes a structure on a parcel or sea parcel.
    pub(super) fn structure(
        &mut self,
        parcel: &Parcel,
        kind: &'static str,
        structure_kind: &'static str,
        holder: &Holder,
    ) -> Result<(), WriteError> {
        if !self.take_unit() {
            return Ok(());
        }
        let unit = format!("{}F00010001", parcel.code);
        let (area, completed) = (self.decimal(5_000, 500_000), self.date(2005, 2022));
        let cells: &[Cell<'_>] =
            &[("BDCDYH", &unit), ("ZDZHDM", &parcel.code), ("ZL", &parcel.location), ("MJDW", &"1"), ("MJ", &area)];
        self.tables.row(Table::Gzw, &[cells])?;
        let registration = self.registration(&unit, kind);
        let cells: &[Cell<'_>] = &[
            ("ZL", &parcel.location),
            ("TDHYSYQR", &holder.name),
            ("TDHYSYQSSJ", &"2006-03-01"),
            ("TDHYSYJSSJ", &"2056-02-28"),
            ("GJZWLX", &structure_kind),
            ("GJZWGHYT", &"配套设施"),
            ("GJZWMJ", &area),
            ("JGSJ", &completed),
        ];
        self.tables.register(Table::Gjzwsyq, &registration, cells, std::slice::from_ref(holder))
    }

    /// Writes a right from before unit numbers: its holders are found by the certificate's number alone.
    pub(super) fn legacy(&mut self) -> Result<(), WriteError> {
        if !self.take_unit() {
            return Ok(());
        }
        let holders = if self.random.chance(150) { vec![self.company()] } else { self.household() };
        let mut registration = self.registration("", "4");
        let serial = self.parcels;
        registration.certificate = format!("房权证测字第{serial:010}号");
        registration.business = String::new();
        registration.registered_at = self.date(1995, 2014);
        registration.is_trial_form = true;
        let (area, location) = (self.decimal(3_000, 30_000), format!("测试县老城区{serial}号"));
        if self.random.chance(150) {
            registration.certificate = format!("测国用(2009)第{serial:07}号");
            registration.kind = "3";
            let cells: &[Cell<'_>] = &[("SYQMJ", &area)];
            return self.tables.register(Table::Jsydsyq, &registration, cells, &holders);
        }
        let cells: &[Cell<'_>] = &[("FDZL", &location), ("GHYT", &"10"), ("JZMJ", &area), ("ZCS", &"6")];
        self.tables.register(Table::Fdcq2, &registration, cells, &holders)
    }
}
