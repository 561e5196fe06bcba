//! A small county in memory: owners with a house, a mortgage and a seizure each, all told apart by the remark.

use std::{collections::BTreeMap, convert::Infallible};

use bdcd::{
    domain::{
        generation::{Accepted, GenerationFacts},
        inquiry::Inquiry,
        record::Registration,
        tables::{Columns, Declared, Row, RowSource, Table, Visited},
    },
    keys::MasterKey,
    mirror::{Findings, Generation, LoadError, Mirror},
    service::draft,
};

/// Numbers of a seed, the same on every machine (`SplitMix64`).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
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

/// Rows by table, one for each owner, in the order of the owners.
#[derive(Clone, Debug)]
pub(super) struct County {
    rows: BTreeMap<Table, Vec<Vec<String>>>,
    declared: Declared,
}

impl County {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut county = Self { rows: BTreeMap::new(), declared: Declared::default() };
        for owner in 0..3 + random.below(6) {
            let unit = format!("990102001001GB0000{}F0001{:04}", 1 + owner % 2, owner + 1);
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
        }
        county
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
        self.rows[&Table::Qlr].len()
    }

    pub(super) fn set(&mut self, table: Table, owner: usize, column: &str, text: &str) {
        let position = table.position(column).unwrap();
        text.clone_into(&mut self.rows.get_mut(&table).unwrap()[owner][position]);
    }

    fn get(&self, table: Table, owner: usize, column: &str) -> &str {
        table.position(column).map_or("", |position| &self.rows[&table][owner][position])
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
            for owner in 0..self.owners() {
                if random.below(share) > 0 {
                    continue;
                }
                let text = match kind {
                    0 => word.to_owned(),
                    1 => "共用2021000号".to_owned(),
                    2 => "9.90102E+27".to_owned(),
                    3 => {
                        let other = random.below(self.owners());
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

    /// Whether a registration of `other` names, as its row now stands, what is `owner`'s: unit, certificate or business.
    pub(super) fn do_touch(&self, owner: usize, other: usize, registration: &Registration) -> bool {
        let tables = [Table::Fdcq2, Table::Jsydsyq, Table::Dyaq, Table::Cfdj, Table::Qlr, Table::H];
        let values = |of: usize, tables: &[Table]| -> Vec<String> {
            let columns = ["BDCDYH", "BDCQZH", "YWH"];
            let cells = tables.iter().flat_map(|table| columns.map(|column| self.get(*table, of, column).to_owned()));
            cells.filter(|cell| cell.bytes().filter(u8::is_ascii_digit).count() >= 9).collect()
        };
        let of_kind = registration.kind.table().tables;
        let (own, others) = (values(owner, &tables), values(other, of_kind));
        // A holder's row may name the other's right itself.
        others.iter().chain(&values(other, &[Table::Qlr])).any(|cell| own.contains(cell))
    }

    pub(super) fn load(mut self) -> Result<Loaded, Findings> {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Mirror::new(folder.path(), MasterKey::from_bytes([5; 32]));
        let facts = GenerationFacts {
            sequence: 1,
            package_id: "abcdef0123456789".to_owned(),
            authority_code: "990102".to_owned(),
            authority_name: "幻县".to_owned(),
            as_of: "2026-11-23T06:00:00+08:00".to_owned(),
            accepted: self.declared.accepted.clone(),
            ..GenerationFacts::default()
        };
        match mirror.load(&mut self, &facts, b"{}", &mut |_| {}) {
            Ok(_) => {}
            Err(LoadError::Findings(findings)) => return Err(findings),
            Err(other) => panic!("{other}"),
        }
        let generation = mirror.open(&mirror.current().unwrap().unwrap()).unwrap();
        Ok(Loaded { generation, _folder: folder })
    }
}

/// A county that answers.
pub(super) struct Loaded {
    generation: Generation,
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
