//! Parcels, sea parcels, and the rights on the land itself.

use crate::domain::tables::Table;
use crate::package::write::WriteError;

use super::about::COUNTY;
use super::charges::Charged;
use super::county::County;
use super::parties::{self, Holder};
use super::places::Parcel;
use super::random::index;
use super::tables::Cell;

const STREETS: [&str; 12] = [
    "中山路",
    "人民路",
    "解放路",
    "建设路",
    "文昌路",
    "滨河路",
    "学府路",
    "青年路",
    "和平街",
    "朝阳街",
    "迎宾大道",
    "云溪路",
];

impl County {
    /// Writes the next parcel with all that is on it, or a legacy registration.
    pub(super) fn next_parcel(&mut self) -> Result<(), WriteError> {
        self.parcels += 1;
        // The first parcel is an estate, for the subjects of the summary.
        let chance = if self.parcels == 1 { 0 } else { self.random.below(1000) };
        match chance {
            0..120 => self.estate(),
            120..560 => self.homestead(),
            560..740 => self.field(),
            740..800 => self.forest(),
            800..850 => self.collective_land(),
            850..870 => self.project(),
            870..885 => self.structure_on_land(),
            885..900 => self.sea(),
            _ => self.legacy(),
        }
    }

    /// The code of the parcel or sea parcel now being written; `feature` is its 特征码.
    fn parcel_code(&self, feature: &str) -> String {
        let at = self.parcels;
        format!("{COUNTY}{:03}{:03}{feature}{:05}", 1 + at / 20_000 % 999, 1 + at / 200 % 100, 1 + at % 200)
    }

    /// Writes a parcel. `nature` is its QLXZ, `purpose` its YT.
    pub(super) fn parcel(
        &mut self,
        feature: &str,
        nature: &'static str,
        purpose: &'static str,
    ) -> Result<Parcel, WriteError> {
        let code = self.parcel_code(feature);
        let street = STREETS[index(self.random.below(STREETS.len() as u64))];
        let number = 1 + self.random.below(400);
        let location = if feature == "GB" {
            format!("测试县{street}{number}号")
        } else {
            format!("测试县云溪镇{street}{number}号")
        };
        let parcel = Parcel { code, location };
        let area = self.decimal(10_000, 6_000_000);
        let neighbours = ["东至道路", "南至空地", "西至河道", "北至邻宗"].map(|side| format!("{side}{number}"));
        let sheet = format!("{}.00-{}.50", 3500 + self.parcels % 400, 500 + self.parcels % 90);
        let sheet = if self.random.chance(900) { sheet } else { String::new() };
        let unit = parcel.land_unit();
        let cells: &[Cell<'_>] = &[
            ("ZDDM", &parcel.code),
            ("BDCDYH", &unit),
            ("ZL", &parcel.location),
            ("ZDMJ", &area),
            ("MJDW", &"1"),
            ("YT", &purpose),
            ("QLXZ", &nature),
            ("ZDSZD", &neighbours[0]),
            ("ZDSZN", &neighbours[1]),
            ("ZDSZX", &neighbours[2]),
            ("ZDSZB", &neighbours[3]),
            ("TFH", &sheet),
        ];
        self.tables.row(Table::Zdjbxx, &[cells])?;
        self.points(&parcel.code, &unit)?;
        Ok(parcel)
    }

    /// Writes the corners of a parcel: boundary points for most, the outline of the unit for some.
    fn points(&mut self, code: &str, unit: &str) -> Result<(), WriteError> {
        let (x, y) = (3_500_000 + self.parcels * 37 % 40_000, 40_500_000 + self.parcels * 53 % 40_000);
        let has_outline = self.parcels.is_multiple_of(7);
        for at in 0..4 + self.random.below(3) {
            let (x, y) = (format!("{}.{:03}", x + at * 11, at * 125), format!("{}.{:03}", y + at * 17, at * 75));
            let order = at + 1;
            if has_outline {
                let cells: &[Cell<'_>] = &[("BDCDYH", &unit), ("ZDX", &"1"), ("XH", &order), ("XZB", &x), ("YZB", &y)];
                self.tables.row(Table::ZdK, &[cells])?;
            }
            if !has_outline || self.parcels.is_multiple_of(2) {
                let cells: &[Cell<'_>] = &[("ZDZHDM", &code), ("SXH", &order), ("XZBZ", &x), ("YZBZ", &y)];
                self.tables.row(Table::Jzd, &[cells])?;
            }
        }
        Ok(())
    }

    /// Writes the right to build on a parcel, and what may burden the land.
    pub(super) fn building_land(
        &mut self,
        parcel: &Parcel,
        kind: &'static str,
        holders: &[Holder],
    ) -> Result<(), WriteError> {
        let unit = parcel.land_unit();
        let registration = self.registration(&unit, kind);
        let area = self.decimal(10_000, 3_000_000);
        let (from, to) = (self.date(2000, 2015), self.date(2066, 2085));
        let (from, to) = if kind == "5" { (String::new(), String::new()) } else { (from, to) };
        let cells: &[Cell<'_>] = &[
            ("ZDDM", &parcel.code),
            ("SYQMJ", &area),
            ("SYQQSSJ", &from),
            ("SYQJSSJ", &to),
            ("QDJG", &"1200.00"),
            ("JEDW", &"万元"),
        ];
        self.tables.register(Table::Jsydsyq, &registration, cells, holders)?;
        self.easement(parcel, &holders[0])
    }

    /// Lets the parcel's holder pass over the land before it, sometimes.
    fn easement(&mut self, parcel: &Parcel, holder: &Holder) -> Result<(), WriteError> {
        let unit = parcel.land_unit();
        let before = self.last_land.replace((unit.clone(), holder.clone()));
        let Some((servient_unit, servient)) = before else { return Ok(()) };
        if !self.random.chance(40) {
            return Ok(());
        }
        let mut registration = self.charge("", "100", "地役权首次登记");
        if self.random.chance(100) {
            registration.status = "2";
        }
        let (from, to) = (self.date(2016, 2025), self.date(2036, 2045));
        let cells: &[Cell<'_>] = &[
            ("GYDBDCDYH", &servient_unit),
            ("GYDQLR", &servient.name),
            ("GYDQLRZJZL", &servient.document_kind),
            ("GYDQLRZJH", &servient.document_number),
            ("XYDBDCDYH", &unit),
            ("XYDZL", &parcel.location),
            ("XYDQLR", &holder.name),
            ("XYDQLRZJZL", &holder.document_kind),
            ("XYDQLRZJH", &holder.document_number),
            ("DYQNR", &"通行，宽度不少于四米"),
            ("QLQSSJ", &from),
            ("QLJSSJ", &to),
        ];
        // The parties stand in the row itself: an easement has no holder rows.
        self.tables.register(Table::Dyiq, &registration, cells, &[])
    }

    fn field(&mut self) -> Result<(), WriteError> {
        if !self.take_unit() {
            return Ok(());
        }
        let parcel = self.parcel("JD", "106", "011")?;
        let (kind, water, method) = if self.random.chance(100) { ("14", "1", "1") } else { ("9", "", "") };
        let registration = self.registration(&parcel.land_unit(), kind);
        let holders = [self.person()];
        let (area, from) = (self.decimal(100, 3000), self.date(1998, 2018));
        let cells: &[Cell<'_>] = &[
            ("ZL", &parcel.location),
            ("FBFMC", &"测试县云溪镇村民委员会"),
            ("CBMJ", &area),
            ("CBQSSJ", &from),
            ("CBJSSJ", &"2048-12-31"),
            ("TDSYQXZ", &"2"),
            ("SYTTLX", &water),
            ("YZYFS", &method),
        ];
        self.tables.register(Table::Nydsyq, &registration, cells, &holders)?;
        self.charges(&Charged {
            unit: &registration.unit,
            location: &parcel.location,
            owner: &holders[0],
            property: "7",
        })
    }

    fn forest(&mut self) -> Result<(), WriteError> {
        if !self.take_unit() {
            return Ok(());
        }
        let parcel = self.parcel("JE", "106", "031")?;
        let unit = format!("{}L00000001", parcel.code);
        let registration = self.registration(&unit, "12");
        let holder = if self.random.chance(150) { self.company() } else { self.person() };
        let (area, from, to) = (self.decimal(500, 90_000), self.date(2005, 2018), self.date(2050, 2075));
        let (block, plot) = (1 + self.random.below(60), 1 + self.random.below(30));
        let cells: &[Cell<'_>] = &[
            ("FBF", &"测试县云溪镇村民委员会"),
            ("SYQMJ", &area),
            ("LDSYQSSJ", &from),
            ("LDSYJSSJ", &to),
            ("LDSYQXZ", &"2"),
            ("SLLMSYQR1", &holder.name),
            ("SLLMSYQR2", &holder.name),
            ("ZYSZ", &"杉木"),
            ("LZ", &"2"),
            ("LB", &block),
            ("XB", &plot),
            ("XDM", &"大松岭"),
        ];
        self.tables.register(Table::Lq, &registration, cells, std::slice::from_ref(&holder))?;
        self.charges(&Charged { unit: &unit, location: &parcel.location, owner: &holder, property: "3" })
    }

    fn collective_land(&mut self) -> Result<(), WriteError> {
        if !self.take_unit() {
            return Ok(());
        }
        let parcel = self.parcel("JA", "200", "01")?;
        let registration = self.registration(&parcel.land_unit(), "1");
        let holders = [parties::collective(self.parcels)];
        let [farm, built, unused] = [9_000_000, 900_000, 90_000].map(|most| self.decimal(1000, most));
        let cells: &[Cell<'_>] = &[
            ("ZDDM", &parcel.code),
            ("MJDW", &"1"),
            ("NYDMJ", &farm),
            ("JSYDMJ", &built),
            ("WLYDMJ", &unused),
            ("YT", &"01"),
        ];
        self.tables.register(Table::Tdsyq, &registration, cells, &holders)
    }

    fn sea(&mut self) -> Result<(), WriteError> {
        if !self.take_unit() {
            return Ok(());
        }
        let code = self.parcel_code("GH");
        let unit = format!("{code}W00000000");
        let holder = self.company();
        let area = self.decimal(200, 20_000);
        let name = format!("云海湾{}号养殖项目", self.parcels);
        let cells: &[Cell<'_>] = &[
            ("ZHDM", &code),
            ("BDCDYH", &unit),
            ("XMMC", &name),
            ("YHZMJ", &area),
            ("ZHMJ", &area),
            ("YHLXA", &"1"),
            ("YHLXB", &"13"),
            ("YHWZSM", &"云海湾东侧海域"),
        ];
        self.tables.row(Table::Zhjbxx, &[cells])?;
        for at in 0..4_u64 {
            let (north, east) =
                (format!("34.{:08}", 5_000_000 + at * 1213), format!("119.{:08}", 2_000_000 + at * 977));
            let order = at + 1;
            let cells: &[Cell<'_>] = &[("ZHHDDM", &code), ("XH", &order), ("BW", &north), ("DJ", &east)];
            self.tables.row(Table::Yhydzb, &[cells])?;
            if self.parcels.is_multiple_of(2) {
                let (x, y) = (format!("38{at:05}.25"), format!("405{at:05}.75"));
                let cells: &[Cell<'_>] = &[("BDCDYH", &unit), ("ZDX", &"1"), ("XH", &order), ("XZB", &x), ("YZB", &y)];
                self.tables.row(Table::ZhK, &[cells])?;
            }
        }
        let registration = self.registration(&unit, "15");
        let (from, to) = (self.date(2010, 2024), self.date(2030, 2050));
        let cells: &[Cell<'_>] = &[("ZHHDDM", &code), ("SYQMJ", &area), ("SYQQSSJ", &from), ("SYQJSSJ", &to)];
        self.tables.register(Table::Hysyq, &registration, cells, std::slice::from_ref(&holder))?;
        self.charges(&Charged { unit: &unit, location: "云海湾东侧海域", owner: &holder, property: "5" })?;
        let parcel = Parcel { code, location: "云海湾东侧海域".to_owned() };
        self.structure(&parcel, "16", "201", &holder)
    }
}
