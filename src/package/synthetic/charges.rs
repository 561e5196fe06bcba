//! What stands on a unit beside its right: mortgages, seizures, notices, objections, deregistrations.

use crate::domain::tables::Table;
use crate::package::write::WriteError;

use super::county::County;
use super::parties::{self, Holder};
use super::places::Flat;
use super::tables::{Cell, Registration};

/// What is charged, and whose it is.
pub(super) struct Charged<'a> {
    pub(super) unit: &'a str,
    pub(super) location: &'a str,
    pub(super) owner: &'a Holder,
    /// DYBDCLX of a mortgage on it.
    pub(super) property: &'static str,
}

/// Whether a charge may have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// It is in force.
    InForce,
    /// One in ten has ended.
    ByChance,
}

/// The marks of a charge that ended: business number and date; empty of one in force.
type Ended = (String, String);

impl County {
    /// Burdens a unit as chance has it.
    pub(super) fn charges(&mut self, charged: &Charged<'_>) -> Result<(), WriteError> {
        let unit = charged.unit;
        if self.random.chance(300) {
            self.mortgage(charged, Term::ByChance)?;
            if self.random.chance(80) {
                self.mortgage(charged, Term::ByChance)?;
            }
        }
        if self.random.chance(30) {
            self.seizure(unit, "1", Term::ByChance)?;
            for _ in 0..self.random.below(5) {
                let kind = if self.random.chance(900) { "2" } else { "4" };
                self.seizure(unit, kind, Term::ByChance)?;
            }
        }
        if self.random.chance(4) {
            let buyers = self.household();
            self.pre_notice(charged, "2", &buyers)?;
        }
        if self.random.chance(2) {
            let bank = [parties::bank(&mut self.random)];
            self.pre_notice(charged, "4", &bank)?;
        }
        if self.random.chance(3) {
            self.objection(unit)?;
        }
        Ok(())
    }

    /// Decides whether a charge has ended; half of those say so in their status too.
    fn ending(&mut self, registration: &mut Registration, term: Term) -> Option<Ended> {
        if term == Term::InForce || !self.random.chance(100) {
            return None;
        }
        if self.random.chance(500) {
            registration.status = "2";
        }
        Some((self.business(), self.date(2022, 2026)))
    }

    /// Mortgages a unit to a bank.
    pub(super) fn mortgage(&mut self, charged: &Charged<'_>, term: Term) -> Result<(), WriteError> {
        let Charged { unit, location, owner, property } = *charged;
        let mut registration = self.charge(unit, "100", "抵押");
        let property = if property == "1" && self.random.chance(300) { "4" } else { property };
        let site = if property == "4" { format!("{location}在建工程") } else { String::new() };
        let ended = self.ending(&mut registration, term).unwrap_or_default();
        let amount = self.decimal(2_000, 900_000);
        let (way, amount, most) = match self.random.below(100) {
            0..12 => ("2", String::new(), amount),
            12..15 => ("2", amount, String::new()),
            _ => ("1", amount, String::new()),
        };
        let (from, to) = (self.date(2016, 2025), self.date(2027, 2050));
        let cells: &[Cell<'_>] = &[
            ("DYBDCLX", &property),
            ("DYR", &owner.name),
            ("DYFS", &way),
            ("ZJJZWZL", &site),
            ("BDBZZQSE", &amount),
            ("ZWLXQSSJ", &from),
            ("ZWLXJSSJ", &to),
            ("ZGZQSE", &most),
            ("ZXDYYWH", &ended.0),
            ("ZXSJ", &ended.1),
            ("DYQSW", &"1"),
            ("JEDW", &"万元"),
        ];
        let bank = [parties::bank(&mut self.random)];
        self.tables.register(Table::Dyaq, &registration, cells, &bank)
    }

    /// Mortgages two to five flats of a building at once; a list names them, and says which were released.
    pub(super) fn mortgage_over_several(&mut self, flats: &[Flat], owner: &Holder) -> Result<(), WriteError> {
        let count = 2 + self.random.below(4);
        let [first, ..] = flats else { return Ok(()) };
        let registration = self.charge(&first.unit, "100", "抵押");
        let (amount, from, to) = (self.decimal(20_000, 900_000), self.date(2016, 2025), self.date(2027, 2050));
        let cells: &[Cell<'_>] = &[
            ("DYBDCLX", &"2"),
            ("DYR", &owner.name),
            ("DYFS", &"1"),
            ("BDBZZQSE", &amount),
            ("ZWLXQSSJ", &from),
            ("ZWLXJSSJ", &to),
            ("JEDW", &"万元"),
        ];
        let bank = [parties::bank(&mut self.random)];
        self.tables.register(Table::Dyaq, &registration, cells, &bank)?;
        for (flat, order) in flats.iter().zip(1..=count) {
            // The first flat is the mortgage's own and stays charged.
            let is_released = order > 1 && self.random.chance(150);
            let ended = if is_released { (self.business(), self.date(2020, 2026)) } else { Ended::default() };
            let status = if is_released { "2" } else { "1" };
            let cells: &[Cell<'_>] = &[
                ("YWH", &registration.business),
                ("XH", &order),
                ("ZL", &flat.location),
                ("BDCDYH", &flat.unit),
                ("FWBH", &flat.house_code),
                ("QSZT", &status),
                ("ZXDYYWH", &ended.0),
                ("ZXSJ", &ended.1),
            ];
            self.tables.row(Table::Dywqd, &[cells])?;
        }
        Ok(())
    }

    /// Seizes a unit. `kind` is the CFLX.
    pub(super) fn seizure(&mut self, unit: &str, kind: &'static str, term: Term) -> Result<(), WriteError> {
        let mut registration = self.charge(unit, "800", "查封");
        let courts = ["测试县人民法院", "测试市中级人民法院", "测试市城东区人民法院"];
        let (court, number) = (self.random.pick(&courts), 1 + self.random.below(9000));
        let year = 2018 + self.random.below(9);
        let second = if self.random.chance(100) { "之一" } else { "" };
        let document = format!("（{year}）测0102执{number}号{second}");
        let (from, to) = (self.date(year, year), self.date(year + 3, year + 3));
        let lifted = self.ending(&mut registration, term);
        let (lifting_court, lifting) = match lifted {
            Some(_) => (court, format!("{document}之二")),
            None => ("", String::new()),
        };
        let lifted = lifted.unwrap_or_default();
        let cells: &[Cell<'_>] = &[
            ("CFJG", &court),
            ("CFLX", &kind),
            ("CFWH", &document),
            ("CFQSSJ", &from),
            ("CFJSSJ", &to),
            ("CFFW", &"全部"),
            ("JFYWH", &lifted.0),
            ("JFJG", &lifting_court),
            ("JFWH", &lifting),
            ("JFDJSJ", &lifted.1),
        ];
        // A seizure has no holder rows: whom it concerns stands in the right on the same unit.
        self.tables.register(Table::Cfdj, &registration, cells, &[])
    }

    /// Writes a pre-notice of YGDJZL `kind`, to which the owner is bound; one in ten has ended.
    pub(super) fn pre_notice(
        &mut self,
        charged: &Charged<'_>,
        kind: &'static str,
        holders: &[Holder],
    ) -> Result<(), WriteError> {
        let Charged { unit, location, owner: obligor, .. } = *charged;
        let mut registration = self.charge(unit, "700", "预告登记");
        let ended = self.ending(&mut registration, Term::ByChance).unwrap_or_default();
        let (area, amount) = (self.decimal(4_000, 18_000), self.decimal(3_000, 90_000));
        let cells: &[Cell<'_>] = &[
            ("BDCZL", &location),
            ("YWR", &obligor.name),
            ("YWRZJZL", &obligor.document_kind),
            ("YWRZJH", &obligor.document_number),
            ("YGDJZL", &kind),
            ("GHYT", &"11"),
            ("JZMJ", &area),
            ("QDJG", &amount),
            ("ZXYGYWH", &ended.0),
            ("ZXSJ", &ended.1),
            ("JEDW", &"万元"),
        ];
        self.tables.register(Table::Ygdj, &registration, cells, holders)
    }

    /// Writes an objection of somebody.
    fn objection(&mut self, unit: &str) -> Result<(), WriteError> {
        let mut registration = self.charge(unit, "600", "异议登记");
        let ended = self.ending(&mut registration, Term::ByChance).unwrap_or_default();
        let cells: &[Cell<'_>] = &[("YYSX", &"对所有权归属有异议"), ("ZXYYYWH", &ended.0), ("ZXYYDJSJ", &ended.1)];
        let objector = [self.person()];
        self.tables.register(Table::Yydj, &registration, cells, &objector)
    }

    /// Ends a right by naming it, whatever its own status says.
    pub(super) fn deregistration(&mut self, ended: &Registration) -> Result<(), WriteError> {
        let (business, at) = (self.business(), self.date(2020, 2026));
        let cells: &[Cell<'_>] = &[
            ("BDCDYH", &ended.unit),
            ("BDCQZH", &ended.certificate),
            ("YWH", &ended.business),
            ("ZXYWH", &business),
            ("ZXSJ", &at),
            ("QLLX", &ended.kind),
        ];
        self.tables.row(Table::Zxdj, &[cells])
    }
}
