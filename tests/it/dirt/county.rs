//! A small county in memory: owners with a house, a mortgage and a seizure each, all told apart by the remark.

use std::{collections::BTreeMap, convert::Infallible};

use bdcd::{
    domain::{
        generation::{Accepted, GenerationFacts},
        inquiry::Inquiry,
        kinds::Kind,
        record::Registration,
        rows::{Columns, Declared, Row, RowSource, Visited},
        tables::Table,
    },
    keys::MasterKey,
    mirror::{Findings, Generation, LoadError, LoadReport, Mirror},
    service::draft,
};

/// A text that has digits, and that several rows may share.
const SHARED: &str = "共用2021000号";

/// Numbers of a seed, the same on every machine (`SplitMix64`).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }
}

/// The name of an owner.
pub(super) fn name(owner: usize) -> String {
    format!("虚测{}", char::from_u32(0x4E00 + 97 * u32::try_from(owner).unwrap()).unwrap())
}

/// The passport-free identity number of an owner: of a division that nobody has, with the right check digit.
pub(super) fn number(owner: usize) -> String {
    let digits = format!("99010219790305{:03}", 11 + owner);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.chars().zip(weights).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[sum as usize % 11]))
}

/// Rows by table: in each the owners' in their order, then the former owners', then the banks'.
#[derive(Clone, Debug)]
pub(super) struct County {
    owners: usize,
    rows: BTreeMap<Table, Vec<Vec<String>>>,
    declared: Declared,
}

impl County {
    pub(super) fn new(random: &mut Random) -> Self {
        let owners = 3 + random.below(6);
        let mut county = Self { owners, rows: BTreeMap::new(), declared: Declared::default() };
        let unit_of = |owner: usize| format!("990102001001GB0000{}F0001{:04}", 1 + owner % 2, owner + 1);
        for owner in 0..owners {
            let unit = unit_of(owner);
            let (right, mortgage, seizure) = (2_021_000_100 + owner, 2_021_000_200 + owner, 2_021_000_300 + owner);
            let certificate = format!("测(2021)幻县不动产权第{:07}号", owner + 1);
            let proof = format!("测(2021)幻县不动产证明第{:07}号", owner + 1);
            let (name, number, parcel) = (name(owner), number(owner), &unit[..19]);
            let common = format!("BDCDYH={unit}; FJ=户{owner}; QSZT=1; DJSJ=2021-03-04");
            county.add(Table::Fdcq2, &format!("{common}; YWH={right}; BDCQZH={certificate}; FDZL=幻路{owner}号"));
            county.add(Table::Jsydsyq, &format!("{common}; YWH={right}; BDCQZH={certificate}; ZDDM={parcel}"));
            county.add(Table::Dyaq, &format!("{common}; YWH={mortgage}; BDCDJZMH={proof}; DYR={name}"));
            county.add(Table::Cfdj, &format!("{common}; YWH={seizure}; CFLX=1; CFWH=封{owner}"));
            county.add(Table::H, &format!("BDCDYH={unit}; FWBM=F{right}; ZL=幻路{owner}号"));
            let holder = format!("BDCDYH={unit}; QSZT=1; QLRMC={name}; ZJZL=1; ZJH={number}; QLRLX=1");
            county.add(Table::Qlr, &format!("{holder}; YWH={right}; BDCQZH={certificate}"));
            county.add(Table::Dywqd, &format!("YWH={mortgage}; BDCDYH={unit}; FWBH=F{right}"));
        }
        for owner in 0..owners {
            let (unit, person, right) = (unit_of(owner), owners + owner, 2_011_000_100 + owner);
            let certificate = format!("测(2011)幻县不动产权第{:07}号", owner + 1);
            let common = format!("BDCDYH={unit}; YWH={right}; BDCQZH={certificate}");
            county.add(Table::Fdcq2, &format!("{common}; FJ=户{person}; DJSJ=2011-03-04; FDZL=幻路{owner}号"));
            county.add(Table::Zxdj, &format!("{common}; ZXSJ=2021-03-04"));
            let (name, number) = (name(person), number(person));
            county.add(Table::Qlr, &format!("{common}; QLRMC={name}; ZJZL=1; ZJH={number}; QLRLX=1"));
        }
        for owner in 0..owners {
            let (unit, mortgage) = (unit_of(owner), 2_021_000_200 + owner);
            let proof = format!("测(2021)幻县不动产证明第{:07}号", owner + 1);
            let bank = format!("BDCDYH={unit}; YWH={mortgage}; BDCQZH={proof}; QLRMC=幻银行{owner}; QLRLX=2");
            county.add(Table::Qlr, &bank);
        }
        county
    }

    /// Owners and former owners.
    pub(super) fn people(&self) -> usize {
        2 * self.owners
    }

    fn add(&mut self, table: Table, text: &str) {
        let mut values = vec![String::new(); table.columns().len()];
        for pair in text.split("; ") {
            let (column, value) = pair.split_once('=').unwrap();
            if let Some(position) = table.position(column) {
                value.clone_into(&mut values[position]);
            }
        }
        self.rows.entry(table).or_default().push(values);
    }

    pub(super) fn owners(&self) -> usize {
        self.owners
    }

    pub(super) fn set(&mut self, table: Table, owner: usize, column: &str, text: &str) {
        let position = table.position(column).unwrap();
        text.clone_into(&mut self.rows.get_mut(&table).unwrap()[owner][position]);
    }

    pub(super) fn get(&self, table: Table, owner: usize, column: &str) -> &str {
        let cell = table.position(column).and_then(|position| self.rows.get(&table)?.get(owner)?.get(position));
        cell.map_or("", String::as_str)
    }

    /// Whether the row of this owner is as in `other`.
    pub(super) fn has_row_of(&self, other: &Self, table: Table, owner: usize) -> bool {
        self.rows[&table].get(owner) == other.rows[&table].get(owner)
    }

    pub(super) fn accept(&mut self, what: &str) {
        self.declared.accepted.push(Accepted { what: what.to_owned(), reason: "测试".to_owned() });
    }

    /// Overwrites some or all cells of a column in some tables by dirt of one kind; returns what.
    pub(super) fn overwrite(&mut self, column: &str, random: &mut Random) -> String {
        let fillers =
            ["未落宗", "暂无单元号", "(null)", "\\N", "N/A", "1", "XXX", "0000", "无", "/", "", "11111111", "未发证"];
        let kind = random.below(5);
        let word = fillers[random.below(fillers.len())];
        let share = 1 + random.below(3);
        let tables: Vec<Table> = self.rows.keys().copied().collect();
        for table in tables.into_iter().filter(|table| table.position(column).is_some()) {
            // Sometimes one table alone is dirty, sometimes all that have the column.
            if random.below(3) == 0 {
                continue;
            }
            for owner in 0..self.rows[&table].len() {
                if random.below(share) > 0 {
                    continue;
                }
                let text = match kind {
                    0 => word.to_owned(),
                    1 => SHARED.to_owned(),
                    2 => "9.90102E+27".to_owned(),
                    3 => {
                        let other = random.below(self.rows[&table].len());
                        self.get(table, other, column).to_owned()
                    }
                    _ => {
                        let own = self.get(table, owner, column);
                        own.chars().take(own.chars().count() / 2).collect()
                    }
                };
                self.set(table, owner, column, &text);
            }
        }
        format!("{} {word}", ["filler", "shared", "scientific", "another's", "cut"][kind])
    }

    /// Whether a person's rows, as they now stand, name the row of a registration that is another's: of a charge the unit,
    /// certificate or business of what is held; of what is held a number of the person's own.
    pub(super) fn do_touch(&self, person: usize, other: usize, registration: &Registration) -> bool {
        let is_number = |column: &str, cell: &str| match column {
            "BDCDYH" => cell.len() == 28,
            "BDCQZH" | "BDCDJZMH" => cell.ends_with('号') && cell.len() > 20,
            _ => cell.len() == 10,
        };
        let cells = |of: usize, tables: &[Table], columns: &[&str]| -> Vec<String> {
            let all = tables.iter().flat_map(|table| columns.iter().map(move |column| (*table, *column)));
            let cells = all.map(|(table, column)| (column, self.get(table, of, column).to_owned()));
            cells.filter(|(column, cell)| is_number(column, cell)).map(|(_, cell)| cell).collect()
        };
        let of_kind = registration.kind.table().tables;
        let numbers = ["BDCQZH", "BDCDJZMH", "YWH"];
        let all = ["BDCDYH", "BDCQZH", "BDCDJZMH", "YWH"];
        if registration.kind.is_charge() {
            let own = cells(person, &[Table::Qlr, Table::Fdcq2, Table::Jsydsyq], &all);
            let mut others = [cells(other, of_kind, &all), cells(other, &[Table::Dywqd], &all)].concat();
            let house_units = |of: usize| {
                let house = self.get(Table::Dywqd, of, "FWBH");
                let houses = (0..self.owners).filter(move |at| self.get(Table::H, *at, "FWBM") == house);
                houses.map(|at| self.get(Table::H, at, "BDCDYH"))
            };
            others.extend(house_units(other).filter(|unit| is_number("BDCDYH", unit)).map(str::to_owned));
            // A row of the list may put another's mortgage on the person's unit: nobody can say that it is wrong.
            let number = self.get(Table::Dyaq, other, "YWH");
            let lists = (0..self.owners).any(|at| {
                let units = house_units(at).chain([self.get(Table::Dywqd, at, "BDCDYH")]);
                registration.kind == Kind::Mortgage
                    && self.get(Table::Dywqd, at, "YWH") == number
                    && units.into_iter().any(|unit| own.iter().any(|cell| cell == unit))
            });
            // An old house code is a number too, while one owner's rights alone stand under it.
            let is_by_code = of_kind.iter().any(|table| {
                let code = self.get(*table, other, "BDCDYH");
                let has = |at: usize| {
                    [Table::Fdcq2, Table::Jsydsyq].iter().any(|table| self.get(*table, at, "BDCDYH") == code)
                };
                let owners: Vec<usize> = (0..self.people()).filter(|at| has(*at)).collect();
                code == SHARED && owners == [person]
            });
            // A charge without unit number goes where the one right of its business number stands.
            let is_by_business = of_kind.iter().any(|table| {
                let (unit, number) = (self.get(*table, other, "BDCDYH"), self.get(*table, other, "YWH"));
                let mut rights = [Table::Fdcq2, Table::Jsydsyq].into_iter();
                unit.len() != 28 && !number.is_empty() && rights.any(|right| self.get(right, person, "YWH") == number)
            });
            is_by_business || is_by_code || lists || others.iter().any(|cell| own.contains(cell))
        } else {
            let own = cells(person, &[Table::Qlr], &numbers);
            let is_bare = own.is_empty() && !cells(person, &[Table::Qlr], &["BDCDYH"]).is_empty();
            let at = |table: Table, of: usize, column: &str| self.get(table, of, column).to_owned();
            // A number that several share says whose a row is only where the person's own right on the unit does not have it, or
            // is no longer tied to the person's row by its business number.
            let is_tied = at(Table::Qlr, person, "YWH") == at(Table::Fdcq2, person, "YWH");
            let unit = at(Table::Qlr, person, "BDCDYH");
            let is_by_unit = of_kind.iter().any(|table| {
                let is_of = |column: &str| {
                    let cell = at(Table::Qlr, person, column);
                    let own = ["BDCDYH", column].map(|column| at(Table::Fdcq2, person, column));
                    !cell.is_empty() && cell == at(*table, other, column) && (!is_tied || own != [unit.clone(), cell])
                };
                unit == at(*table, other, "BDCDYH") && ["YWH", "BDCQZH"].into_iter().any(is_of)
            });
            if is_by_unit {
                return true;
            }
            let (own, columns) =
                if is_bare { (cells(person, &[Table::Qlr], &all), &all[..]) } else { (own, &numbers[..]) };
            cells(other, of_kind, columns).iter().any(|cell| own.contains(cell))
        }
    }

    /// Loads it, with up to so many rows in quarantine.
    pub(super) fn load(mut self, quarantine_max: usize) -> Result<Loaded, Findings> {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Mirror::new(folder.path(), MasterKey::from_bytes([5; 32])).with_quarantine(quarantine_max);
        let facts = GenerationFacts {
            sequence: 1,
            package_id: "abcdef0123456789".to_owned(),
            authority_code: "990102".to_owned(),
            authority_name: "幻县".to_owned(),
            as_of: "2026-11-23T06:00:00+08:00".to_owned(),
            accepted: self.declared.accepted.clone(),
            ..GenerationFacts::default()
        };
        let report = match mirror.load(&mut self, &facts, b"{}", &mut |_| {}) {
            Ok(report) => report,
            Err(LoadError::Findings(findings)) => return Err(findings),
            Err(other) => panic!("{other}"),
        };
        let generation = mirror.open(&mirror.current().unwrap().unwrap()).unwrap();
        Ok(Loaded { generation, report, _folder: folder })
    }
}

/// A county that answers.
pub(super) struct Loaded {
    pub(super) generation: Generation,
    pub(super) report: LoadReport,
    _folder: tempfile::TempDir,
}

impl Loaded {
    pub(super) fn answer(&mut self, inquiry: &Inquiry) -> Vec<u8> {
        let mut reader = self.generation.reader().unwrap();
        draft::answer_bytes(&mut reader, self.generation.frame(), inquiry).unwrap()
    }
}

impl RowSource for County {
    type Error = Infallible;

    fn row_count(&self, table: Table) -> Option<u64> {
        self.rows.get(&table).map(|rows| rows.len() as u64)
    }

    fn file_name(&self, _table: Table) -> &'static str {
        "T.csv"
    }

    fn declared(&self) -> &Declared {
        &self.declared
    }

    fn columns(&mut self, table: Table) -> Result<Option<Columns>, Infallible> {
        Ok(self.rows.contains_key(&table).then(Columns::default))
    }

    fn visit(&mut self, table: Table, visit: &mut dyn FnMut(Visited<'_>)) -> Result<(), Infallible> {
        for (row, line) in self.rows.get(&table).into_iter().flatten().zip(2..) {
            let values: Vec<&str> = row.iter().map(String::as_str).collect();
            visit(Visited::Row(Row { table, line, values: &values }));
        }
        Ok(())
    }
}
