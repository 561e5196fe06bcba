//! The field map: what is told of a registration, where it comes from, and where it goes.
//!
//! One table serves everything: the compiler reads the *sources* of a field, the codec its *tag* in the gRPC contract, the
//! specification's message its *element*, the command line its *label*. A new field is a new line here and in
//! `proto/bdcd/query/v1/registration.proto`; a test holds the two together.
//!
//! Source: `deploy/DECISIONS.md`, "Message" and "Fields"; the order of the kinds is D28.

use super::tables::Table;

/// A kind of right or registration, one of the twelve lists of a feedback message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 土地所有权
    LandOwnership,
    /// 建设用地使用权、宅基地使用权
    LandUse,
    /// 房地产权
    Building,
    /// 海域（含无居民海岛）使用权
    SeaUse,
    /// 构（建）筑物所有权
    Structure,
    /// 林权
    Forest,
    /// 抵押权
    Mortgage,
    /// 预告登记
    PreNotice,
    /// 查封登记
    Seizure,
    /// 异议登记
    Objection,
    /// 地役权
    Easement,
    /// 农用地使用权（非林地）
    AgriculturalUse,
}

impl Kind {
    /// The line of the field map that describes this kind.
    #[must_use]
    pub fn table(self) -> &'static KindTable {
        &KINDS[self as usize]
    }

    /// Whether this is an ownership or use right, which brings its unit's charges into an answer (D3).
    #[must_use]
    pub fn is_ownership_or_use(self) -> bool {
        !self.is_charge()
    }

    /// Whether this burdens or announces something on a unit that another right is on.
    #[must_use]
    pub fn is_charge(self) -> bool {
        matches!(self, Self::Mortgage | Self::PreNotice | Self::Seizure | Self::Objection | Self::Easement)
    }
}

/// What a field holds, and so how it is read, checked, ordered and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text as registered.
    Text,
    /// A code of the named list (`code-lists.csv`), as registered.
    Code(&'static str),
    /// A date, with or without a time: `2020-02-11`, `2020-02-11T09:30:00`; text as registered where it is no date.
    Date,
    /// A whole number.
    Integer,
    /// A decimal area in a fixed unit.
    Area(AreaUnit),
    /// A decimal area whose unit is the code in the field of that column.
    AreaIn(&'static str),
    /// A decimal amount of money, 万元 unless the registration says otherwise.
    Amount,
}

/// A unit of area, with the code of list MJDW.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AreaUnit {
    /// 平方米, code 1
    SquareMetre,
    /// 亩, code 2
    Mu,
    /// 公顷, code 3
    Hectare,
}

impl AreaUnit {
    /// The code of list MJDW.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SquareMetre => "1",
            Self::Mu => "2",
            Self::Hectare => "3",
        }
    }
}

/// Where a value comes from; the first source that is not empty gives it (D21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A column of the right's own row.
    Own(&'static str),
    /// A column of the parcel (ZDJBXX).
    Parcel(&'static str),
    /// A column of the sea area (ZHJBXX).
    Sea(&'static str),
    /// A column of the house (H).
    House(&'static str),
    /// A column of the building (ZRZ) that the house stands in.
    Building(&'static str),
    /// A column of the structure (GZW).
    Structure(&'static str),
    /// A column of the project's building (FDCQXM).
    Project(&'static str),
    /// The place of the unit that a charge is on: ZJJZWZL of a mortgage of an unfinished building (DYBDCLX 4), else
    /// DYWQD.ZL, FDCQ.FDZL, H.ZL, GZW.ZL, ZDJBXX.ZL.
    Place,
    /// BDBZZQSE; of a maximum mortgage (DYFS 2) ZGZQSE, where empty BDBZZQSE (D22).
    SecuredClaim,
    /// The names of the registration's QLR rows, joined by `、` in the order of SXH (D24).
    HolderNames,
    /// The column of the kind's certificate: BDCQZH, or BDCDJZMH.
    Certificate,
}

/// One thing told of a registration or a party.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The tag in the gRPC contract.
    pub tag: u32,
    /// The name in the gRPC contract and in JSON.
    pub name: &'static str,
    /// The element of the specification's message; absent where the message does not carry it.
    pub element: Option<&'static str>,
    /// The Chinese label.
    pub label: &'static str,
    /// What it holds.
    pub value: Value,
    /// Where it comes from, in order of precedence.
    pub sources: &'static [Source],
}

/// One kind of registration.
#[derive(Debug)]
pub struct KindTable {
    /// The kind described.
    pub kind: Kind,
    /// The tag of its details in the gRPC contract's `Registration`.
    pub tag: u32,
    /// The list element of the message.
    pub list: &'static str,
    /// The item element of the message.
    pub item: &'static str,
    /// The Chinese name.
    pub label: &'static str,
    /// The message of the gRPC contract that holds its details.
    pub message: &'static str,
    /// The registry tables it comes from.
    pub tables: &'static [Table],
    /// The column, and element, of its certificate number; empty where it has none.
    pub certificate: &'static str,
    /// Its details, in the order of the message.
    pub fields: &'static [Field],
}

impl KindTable {
    /// The detail of this name.
    ///
    /// # Panics
    ///
    /// Panics where there is none: names are constants of this crate.
    #[must_use]
    pub fn field(&self, name: &str) -> &'static Field {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .expect("field names are constants, and a test asks for each")
    }
}

/// The tags of [`COMMON`] and [`PARTY`] that the rules of matching and answering read.
pub mod tag {
    #![expect(missing_docs, reason = "each is named as its field in the tables below")]
    pub const STORED_STATUS: u32 = 3;
    pub const CERTIFICATE_NUMBER: u32 = 4;
    pub const BUSINESS_NUMBER: u32 = 5;
    pub const REGISTERED_AT: u32 = 6;
    pub const REGISTRAR: u32 = 7;
    pub const DISTRICT_CODE: u32 = 8;
    pub const REMARK: u32 = 9;
    pub const RIGHT_TYPE: u32 = 10;
    pub const ENDED_AT: u32 = 13;

    pub const PARTY_UNIT_NUMBER: u32 = 1;
    pub const PARTY_ORDER: u32 = 2;
    pub const PARTY_NAME: u32 = 3;
    pub const PARTY_CERTIFICATE_NUMBER: u32 = 4;
    pub const PARTY_DOCUMENT_KIND: u32 = 7;
    pub const PARTY_DOCUMENT_NUMBER: u32 = 8;
    pub const PARTY_KIND: u32 = 19;
    pub const PARTY_SHARE: u32 = 20;
    pub const PARTY_CO_OWNERSHIP: u32 = 21;
    pub const PARTY_BUSINESS_NUMBER: u32 = 24;
    pub const PARTY_STORED_STATUS: u32 = 25;
}

/// The code as it is compared: without blanks and without leading zeros (`01` is `1`, `0` stays).
#[must_use]
pub fn code(registered: &str) -> &str {
    let trimmed = registered.trim();
    let stripped = trimmed.trim_start_matches('0');
    if stripped.is_empty() && !trimmed.is_empty() { "0" } else { stripped }
}

use AreaUnit::{Hectare, Mu, SquareMetre};
use Source::{Building, Certificate, HolderNames, House, Own, Parcel, Place, Project, Sea, SecuredClaim, Structure};
use Value::{Amount, Area, AreaIn, Code, Date, Integer, Text};

#[expect(clippy::too_many_arguments, reason = "the columns of a table of facts")]
const fn field(
    tag: u32,
    name: &'static str,
    element: Option<&'static str>,
    label: &'static str,
    value: Value,
    sources: &'static [Source],
) -> Field {
    Field { tag, name, element, label, value, sources }
}

/// The twelve kinds, in the order of an answer (D28) and, but for the last two, of the message.
pub const KINDS: [KindTable; 12] = [
    KindTable {
        kind: Kind::LandOwnership,
        tag: 20,
        list: "TDSYQLIST",
        item: "TDSYQ",
        label: "土地所有权",
        message: "LandOwnership",
        tables: &[Table::Tdsyq],
        certificate: "BDCQZH",
        fields: LAND_OWNERSHIP,
    },
    KindTable {
        kind: Kind::LandUse,
        tag: 21,
        list: "JSYDSYQLIST",
        item: "JSYDSYQ",
        label: "建设用地使用权、宅基地使用权",
        message: "LandUse",
        tables: &[Table::Jsydsyq],
        certificate: "BDCQZH",
        fields: LAND_USE,
    },
    KindTable {
        kind: Kind::Building,
        tag: 22,
        list: "FDCQLIST",
        item: "FDCQ",
        label: "房地产权",
        message: "BuildingOwnership",
        tables: &[Table::Fdcq1, Table::Fdcq2],
        certificate: "BDCQZH",
        fields: BUILDING,
    },
    KindTable {
        kind: Kind::SeaUse,
        tag: 23,
        list: "HYSYQLIST",
        item: "HYSYQ",
        label: "海域（含无居民海岛）使用权",
        message: "SeaUse",
        tables: &[Table::Hysyq],
        certificate: "BDCQZH",
        fields: SEA_USE,
    },
    KindTable {
        kind: Kind::Structure,
        tag: 24,
        list: "GJZWSYQLIST",
        item: "GJZWSYQ",
        label: "构（建）筑物所有权",
        message: "StructureOwnership",
        tables: &[Table::Gjzwsyq],
        certificate: "BDCQZH",
        fields: STRUCTURE,
    },
    KindTable {
        kind: Kind::Forest,
        tag: 25,
        list: "LQLIST",
        item: "LQ",
        label: "林权",
        message: "ForestRight",
        tables: &[Table::Lq],
        certificate: "BDCQZH",
        fields: FOREST,
    },
    KindTable {
        kind: Kind::Mortgage,
        tag: 26,
        list: "DYAQLIST",
        item: "DYAQ",
        label: "抵押权",
        message: "Mortgage",
        tables: &[Table::Dyaq],
        certificate: "BDCDJZMH",
        fields: MORTGAGE,
    },
    KindTable {
        kind: Kind::PreNotice,
        tag: 27,
        list: "YGDJLIST",
        item: "YGDJ",
        label: "预告登记",
        message: "PreNotice",
        tables: &[Table::Ygdj],
        certificate: "BDCDJZMH",
        fields: PRE_NOTICE,
    },
    KindTable {
        kind: Kind::Seizure,
        tag: 28,
        list: "CFDJLIST",
        item: "CFDJ",
        label: "查封登记",
        message: "Seizure",
        tables: &[Table::Cfdj],
        certificate: "",
        fields: SEIZURE,
    },
    KindTable {
        kind: Kind::Objection,
        tag: 29,
        list: "YYXXLIST",
        item: "YYXX",
        label: "异议登记",
        message: "Objection",
        tables: &[Table::Yydj],
        certificate: "BDCDJZMH",
        fields: OBJECTION,
    },
    KindTable {
        kind: Kind::Easement,
        tag: 30,
        list: "DYIQLIST",
        item: "DYIQ",
        label: "地役权",
        message: "Easement",
        tables: &[Table::Dyiq],
        certificate: "BDCDJZMH",
        fields: EASEMENT,
    },
    KindTable {
        kind: Kind::AgriculturalUse,
        tag: 31,
        list: "NYDSYQLIST",
        item: "NYDSYQ",
        label: "农用地使用权（非林地）",
        message: "AgriculturalUse",
        tables: &[Table::Nydsyq],
        certificate: "BDCQZH",
        fields: AGRICULTURAL_USE,
    },
];

/// What every registration has, whatever its kind.
pub const COMMON: &[Field] = &[
    field(3, "stored_status", None, "权属状态", Code("QSZT"), &[Own("QSZT")]),
    field(4, "certificate_number", None, "不动产权证号", Text, &[Certificate]),
    field(5, "business_number", Some("YWH"), "业务号", Text, &[Own("YWH")]),
    field(6, "registered_at", Some("DJSJ"), "登记时间", Date, &[Own("DJSJ")]),
    field(7, "registrar", Some("DJJG"), "登记机构", Text, &[Own("DJJG")]),
    field(8, "district_code", Some("DQDM"), "地区代码", Text, &[Own("QXDM")]),
    field(9, "remark", Some("BEIZ"), "备注", Text, &[Own("FJ")]),
    field(10, "right_type", None, "权利类型", Code("QLLX"), &[Own("QLLX")]),
    field(11, "registration_type", None, "登记类型", Code("DJLX"), &[Own("DJLX")]),
    field(12, "registration_reason", None, "登记原因", Text, &[Own("DJYY")]),
    field(13, "ended_at", None, "注销（解封）时间", Date, &[Own("ZXSJ"), Own("ZXYYDJSJ"), Own("JFDJSJ")]),
];

/// What is known of a party (table QLR; element QLRXX), in the order of the message.
pub const PARTY: &[Field] = &[
    field(1, "unit_number", Some("BDCDYH"), "不动产单元号", Text, &[Own("BDCDYH")]),
    field(2, "order", Some("SXH"), "顺序号", Integer, &[Own("SXH")]),
    field(3, "name", Some("QLRMC"), "权利人名称", Text, &[Own("QLRMC")]),
    field(4, "certificate_number", Some("BDCQZH"), "不动产权证号", Text, &[Own("BDCQZH")]),
    field(5, "certificate_print_number", Some("QZYSXLH"), "权证印刷序列号", Text, &[Own("QZYSXLH")]),
    field(6, "holds_certificate", Some("SFCZR"), "是否持证人", Code("SF"), &[Own("SFCZR")]),
    field(7, "document_kind", Some("ZJZL"), "证件种类", Code("ZJZL"), &[Own("ZJZL")]),
    field(8, "document_number", Some("ZJH"), "证件号", Text, &[Own("ZJH")]),
    field(9, "issuing_authority", Some("FZJG"), "发证机关", Text, &[Own("FZJG")]),
    field(10, "industry", Some("SSHY"), "所属行业", Text, &[Own("SSHY")]),
    field(11, "country", Some("GJ"), "国家/地区", Code("GJHDQ"), &[Own("GJ")]),
    field(12, "household_province", Some("HJSZSS"), "户籍所在省市", Code("SSZD"), &[Own("HJSZSS")]),
    field(13, "sex", Some("XB"), "性别", Code("XB"), &[Own("XB")]),
    field(14, "telephone", Some("DH"), "电话", Text, &[Own("DH")]),
    field(15, "address", Some("DZ"), "地址", Text, &[Own("DZ")]),
    field(16, "postcode", Some("YB"), "邮编", Text, &[Own("YB")]),
    field(17, "employer", Some("GZDW"), "工作单位", Text, &[Own("GZDW")]),
    field(18, "email", Some("DZYJ"), "电子邮件", Text, &[Own("DZYJ")]),
    field(19, "holder_kind", Some("QLRLX"), "权利人类型", Code("QLRLX"), &[Own("QLRLX")]),
    field(20, "share", Some("QLBL"), "权利比例", Text, &[Own("QLBL")]),
    field(21, "co_ownership", Some("GYFS"), "共有方式", Code("GYFS"), &[Own("GYFS")]),
    field(22, "co_ownership_text", Some("GYQK"), "共有情况", Text, &[Own("GYQK")]),
    field(23, "remark", Some("BZ"), "备注", Text, &[Own("BZ")]),
    field(24, "business_number", Some("YWH"), "业务号", Text, &[Own("YWH")]),
    field(25, "stored_status", Some("QSZT"), "权属状态", Code("QSZT"), &[Own("QSZT")]),
    field(26, "property_type", Some("BDCLX"), "不动产类型", Text, &[Own("BDCLX")]),
];

const LAND_OWNERSHIP: &[Field] = &[
    field(1, "location", Some("ZL"), "坐落", Text, &[Parcel("ZL")]),
    field(2, "parcel_area", Some("ZDMJ"), "宗地面积", AreaIn("MJDW"), &[Parcel("ZDMJ")]),
    field(3, "area_unit", Some("MJDW"), "面积单位", Code("MJDW"), &[Parcel("MJDW"), Own("MJDW")]),
    field(4, "land_use", Some("YT"), "用途", Code("YT"), &[Own("YT"), Parcel("YT")]),
    field(5, "right_nature", Some("QLXZ"), "权利性质", Code("QLXZ"), &[Parcel("QLXZ")]),
    field(6, "farmland_area", None, "农用地面积", AreaIn("MJDW"), &[Own("NYDMJ")]),
    field(7, "construction_land_area", None, "建设用地面积", AreaIn("MJDW"), &[Own("JSYDMJ")]),
    field(8, "unused_land_area", None, "未利用地面积", AreaIn("MJDW"), &[Own("WLYDMJ")]),
];

const LAND_USE: &[Field] = &[
    field(1, "location", Some("ZL"), "坐落", Text, &[Parcel("ZL")]),
    field(2, "land_use", Some("YT"), "用途", Code("YT"), &[Own("YT"), Parcel("YT")]),
    field(3, "area", Some("SYQMJ"), "使用权面积", Area(SquareMetre), &[Own("SYQMJ")]),
    field(4, "starts_on", Some("SYQQSSJ"), "使用期限起", Date, &[Own("SYQQSSJ")]),
    field(5, "ends_on", Some("SYQJSSJ"), "使用期限止", Date, &[Own("SYQJSSJ")]),
    field(6, "right_nature", Some("QLXZ"), "权利性质", Code("QLXZ"), &[Parcel("QLXZ")]),
    field(7, "price", None, "取得价格", Amount, &[Own("QDJG")]),
    field(8, "amount_unit", None, "金额单位", Text, &[Own("JEDW")]),
];

const BUILDING: &[Field] = &[
    field(1, "location", Some("FDZL"), "坐落", Text, &[Own("FDZL"), House("ZL")]),
    field(
        2,
        "floor_area",
        Some("JZMJ"),
        "建筑面积",
        Area(SquareMetre),
        &[Own("JZMJ"), Project("JZMJ"), House("SCJZMJ")],
    ),
    field(3, "exclusive_area", Some("ZYJZMJ"), "专有建筑面积", Area(SquareMetre), &[Own("ZYJZMJ"), House("SCTNJZMJ")]),
    field(4, "shared_area", Some("FTJZMJ"), "分摊建筑面积", Area(SquareMetre), &[Own("FTJZMJ"), House("SCFTJZMJ")]),
    field(
        5,
        "planned_use",
        Some("GHYT"),
        "规划用途",
        Code("GHYT"),
        &[Own("GHYT"), Project("GHYT"), House("FWYT1"), Building("GHYT")],
    ),
    field(6, "house_nature", Some("FWXZ"), "房屋性质", Code("FWXZ"), &[Own("FWXZ"), House("FWXZ")]),
    field(7, "completed_on", Some("JGSJ"), "竣工时间", Date, &[Own("JGSJ"), Project("JGSJ"), Building("JGRQ")]),
    field(8, "land_use_starts_on", Some("TDSYQSSJ"), "土地使用起始时间", Date, &[Own("TDSYQSSJ")]),
    field(9, "land_use_ends_on", Some("TDSYJSSJ"), "土地使用结束时间", Date, &[Own("TDSYJSSJ")]),
    field(10, "storeys", Some("ZCS"), "总层数", Integer, &[Own("ZCS"), Project("ZCS"), Building("ZCS")]),
    field(11, "storey", None, "所在层", Integer, &[Own("SZC")]),
    field(12, "structure", None, "房屋结构", Code("FWJG"), &[Own("FWJG"), Project("FWJG")]),
    field(13, "land_user", None, "土地使用权人", Text, &[Own("TDSYQR")]),
    field(14, "exclusive_land_area", None, "独用土地面积", Area(SquareMetre), &[Own("DYTDMJ")]),
    field(15, "shared_land_area", None, "分摊土地面积", Area(SquareMetre), &[Own("FTTDMJ")]),
    field(16, "price", None, "房地产交易价格", Amount, &[Own("FDCJYJG")]),
    field(17, "amount_unit", None, "金额单位", Text, &[Own("JEDW")]),
    field(18, "project", None, "项目名称", Text, &[Project("XMMC")]),
    field(19, "building", None, "幢号", Text, &[Project("ZH")]),
];

const SEA_USE: &[Field] = &[
    field(1, "project", Some("XMMC"), "项目名称", Text, &[Sea("XMMC")]),
    field(2, "location", Some("YHWZSM"), "用海位置说明", Text, &[Sea("YHWZSM")]),
    field(3, "sea_use_a", Some("YHLXA"), "用海类型A", Code("HYSYLXA"), &[Sea("YHLXA")]),
    field(4, "sea_use_b", Some("YHLXB"), "用海类型B", Code("HYSYLXB"), &[Sea("YHLXB")]),
    field(5, "island", Some("HDMC"), "海岛名称", Text, &[Sea("HDMC")]),
    field(6, "island_location", Some("HDWZ"), "海岛位置", Text, &[Sea("HDWZ")]),
    field(7, "island_use", Some("HDYT"), "海岛用途", Code("WJMHDYT"), &[Sea("HDYT")]),
    field(8, "area", Some("SYQMJ"), "使用权面积", Area(Hectare), &[Own("SYQMJ")]),
    field(9, "starts_on", Some("SYQQSSJ"), "使用权起始时间", Date, &[Own("SYQQSSJ")]),
    field(10, "ends_on", Some("SYQJSSJ"), "使用权结束时间", Date, &[Own("SYQJSSJ")]),
];

const STRUCTURE: &[Field] = &[
    field(1, "location", Some("ZL"), "坐落", Text, &[Own("ZL"), Structure("ZL")]),
    field(2, "planned_use", Some("GJZWGHYT"), "构（建）筑物规划用途", Text, &[Own("GJZWGHYT")]),
    field(3, "area", Some("GJZWMJ"), "构（建）筑物面积", Area(SquareMetre), &[Own("GJZWMJ")]),
    field(4, "starts_on", Some("TDHYSYQSSJ"), "土地/海域使用期限起", Date, &[Own("TDHYSYQSSJ")]),
    field(5, "ends_on", Some("TDHYSYJSSJ"), "土地/海域使用期限止", Date, &[Own("TDHYSYJSSJ")]),
    field(6, "structure_type", None, "构（建）筑物类型", Code("GJZWLX"), &[Own("GJZWLX")]),
    field(7, "user", None, "土地/海域使用权人", Text, &[Own("TDHYSYQR")]),
    field(8, "completed_on", None, "竣工时间", Date, &[Own("JGSJ")]),
];

const FOREST: &[Field] = &[
    field(1, "location", Some("ZL"), "坐落", Text, &[Parcel("ZL"), Own("XDM")]),
    field(2, "area", Some("SYQMJ"), "使用权（承包）面积", Area(Mu), &[Own("SYQMJ")]),
    field(3, "starts_on", Some("LDSYQSSJ"), "使用（承包）期限起", Date, &[Own("LDSYQSSJ")]),
    field(4, "ends_on", Some("LDSYJSSJ"), "使用（承包）期限止", Date, &[Own("LDSYJSSJ")]),
    field(5, "land_ownership_nature", Some("LDSYQXZ"), "林地所有权性质", Code("TDSYQXZ"), &[Own("LDSYQXZ")]),
    field(6, "place_name", None, "小地名", Text, &[Own("XDM")]),
    field(7, "forest_compartment", None, "林班", Text, &[Own("LB")]),
    field(8, "forest_subcompartment", None, "小班", Text, &[Own("XB")]),
    field(9, "tree_species", None, "主要树种", Text, &[Own("ZYSZ")]),
    field(10, "forest_kind", None, "林种", Code("LZ"), &[Own("LZ")]),
    field(11, "lessor", None, "发包方", Text, &[Own("FBF")]),
    field(12, "forest_owner", None, "森林、林木所有权人", Text, &[Own("SLLMSYQR1")]),
    field(13, "forest_user", None, "森林、林木使用权人", Text, &[Own("SLLMSYQR2")]),
];

const MORTGAGE: &[Field] = &[
    field(1, "property_kind", Some("DYBDCLX"), "抵押不动产类型", Code("DYBDCLX"), &[Own("DYBDCLX")]),
    field(2, "location", Some("ZL"), "坐落", Text, &[Place]),
    field(3, "mortgagor", Some("DYR"), "抵押人", Text, &[Own("DYR")]),
    field(4, "mortgage_kind", Some("DYFS"), "抵押方式", Code("DYFS"), &[Own("DYFS")]),
    field(5, "secured_claim", Some("BDBZZQSE"), "被担保主债权数额", Amount, &[SecuredClaim]),
    field(6, "performance_starts_on", Some("ZWLXQSSJ"), "债务履行期限起", Date, &[Own("ZWLXQSSJ")]),
    field(7, "performance_ends_on", Some("ZWLXJSSJ"), "债务履行期限止", Date, &[Own("ZWLXJSSJ")]),
    field(8, "mortgagee", Some("DYQR"), "抵押权人", Text, &[HolderNames]),
    field(9, "maximum_claim", None, "最高债权数额", Amount, &[Own("ZGZQSE")]),
    field(10, "maximum_claim_fact", None, "最高债权确定事实", Text, &[Own("ZGZQQDSS")]),
    field(11, "unfinished_building_scope", None, "在建建筑物抵押范围", Text, &[Own("ZJJZWDYFW")]),
    field(12, "rank", None, "抵押权顺位", Text, &[Own("DYQSW")]),
    field(13, "currency", None, "币种", Text, &[Own("BZ")]),
    field(14, "amount_unit", None, "金额单位", Text, &[Own("JEDW")]),
    field(15, "secured_scope", None, "担保范围", Text, &[Own("DBFW")]),
];

const PRE_NOTICE: &[Field] = &[
    field(1, "notice_kind", Some("YGDJZL"), "预告登记种类", Code("YGDJZL"), &[Own("YGDJZL")]),
    field(2, "location", Some("ZL"), "坐落", Text, &[Own("BDCZL"), Place]),
    field(3, "planned_use", Some("GHYT"), "规划用途", Code("GHYT"), &[Own("GHYT"), House("FWYT1")]),
    field(
        4,
        "floor_area",
        Some("JZMJ"),
        "建筑面积",
        Area(SquareMetre),
        &[Own("JZMJ"), House("SCJZMJ"), House("YCJZMJ")],
    ),
    field(5, "obligor", None, "义务人", Text, &[Own("YWR")]),
    field(6, "price_or_claim", None, "取得价格/被担保主债权数额", Amount, &[Own("QDJG")]),
    field(7, "amount_unit", None, "金额单位", Text, &[Own("JEDW")]),
    field(8, "storey", None, "所在层", Integer, &[Own("SZC")]),
    field(9, "storeys", None, "总层数", Integer, &[Own("ZCS")]),
    field(10, "land_user", None, "土地使用权人", Text, &[Own("TDSYQR")]),
];

const SEIZURE: &[Field] = &[
    field(1, "location", Some("ZL"), "坐落", Text, &[Place]),
    field(2, "seizing_authority", Some("CFJG"), "查封机关", Text, &[Own("CFJG")]),
    field(3, "seizure_kind", Some("CFLX"), "查封类型", Code("CFLX"), &[Own("CFLX")]),
    field(4, "document_number", Some("CFWH"), "查封文号", Text, &[Own("CFWH")]),
    field(5, "starts_on", Some("CFQSSJ"), "查封期限起", Date, &[Own("CFQSSJ")]),
    field(6, "ends_on", Some("CFJSSJ"), "查封期限止", Date, &[Own("CFJSSJ")]),
    field(7, "seizure_business_number", Some("CFYWH"), "查封业务号", Text, &[Own("YWH")]),
    field(8, "scope", None, "查封范围", Text, &[Own("CFFW")]),
    field(9, "lifting_business_number", None, "解封业务号", Text, &[Own("JFYWH")]),
    field(10, "lifting_authority", None, "解封机关", Text, &[Own("JFJG")]),
    field(11, "lifting_document_number", None, "解封文号", Text, &[Own("JFWH")]),
];

const OBJECTION: &[Field] = &[
    field(1, "location", Some("ZL"), "坐落", Text, &[Place]),
    field(2, "objector", Some("YYSQR"), "异议申请人", Text, &[HolderNames]),
    field(3, "matter", Some("YYSX"), "异议事项", Text, &[Own("YYSX")]),
];

const EASEMENT: &[Field] = &[
    field(1, "servient_unit_number", Some("GYDBDCDYH"), "供役地不动产单元号", Text, &[Own("GYDBDCDYH")]),
    field(2, "servient_holder", Some("GYDQLR"), "供役地权利人", Text, &[Own("GYDQLR")]),
    field(3, "servient_document_kind", Some("GYDQLRZJZL"), "供役地权利人证件种类", Code("ZJZL"), &[Own("GYDQLRZJZL")]),
    field(4, "servient_document_number", Some("GYDQLRZJH"), "供役地权利人证件号", Text, &[Own("GYDQLRZJH")]),
    field(5, "dominant_unit_number", Some("XYDBDCDYH"), "需役地不动产单元号", Text, &[Own("XYDBDCDYH")]),
    field(6, "dominant_location", Some("XYDZL"), "需役地坐落", Text, &[Own("XYDZL")]),
    field(7, "dominant_holder", Some("XYDQLR"), "需役地权利人", Text, &[Own("XYDQLR")]),
    field(8, "dominant_document_kind", Some("XYDQLRZJZL"), "需役地权利人证件种类", Code("ZJZL"), &[Own("XYDQLRZJZL")]),
    field(9, "dominant_document_number", Some("XYDQLRZJH"), "需役地权利人证件号", Text, &[Own("XYDQLRZJH")]),
    field(10, "content", Some("DYQNR"), "地役权内容", Text, &[Own("DYQNR")]),
    field(11, "starts_on", Some("QLQSSJ"), "权利起始时间", Date, &[Own("QLQSSJ")]),
    field(12, "ends_on", Some("QLJSSJ"), "权利结束时间", Date, &[Own("QLJSSJ")]),
];

const AGRICULTURAL_USE: &[Field] = &[
    field(1, "location", Some("ZL"), "坐落", Text, &[Own("ZL"), Parcel("ZL")]),
    field(2, "lessor", Some("FBFMC"), "发包方名称", Text, &[Own("FBFMC")]),
    field(3, "area", Some("CBMJ"), "承包（使用权）面积", Area(Mu), &[Own("CBMJ")]),
    field(4, "starts_on", Some("CBQSSJ"), "承包(使用)起始时间", Date, &[Own("CBQSSJ")]),
    field(5, "ends_on", Some("CBJSSJ"), "承包(使用)结束时间", Date, &[Own("CBJSSJ")]),
    field(6, "land_ownership_nature", Some("TDSYQXZ"), "土地所有权性质", Code("TDSYQXZ"), &[Own("TDSYQXZ")]),
    field(7, "water_kind", Some("SYTTLX"), "水域滩涂类型", Code("SYTTLX"), &[Own("SYTTLX")]),
    field(8, "aquaculture_method", Some("YZYFS"), "养殖业方式", Code("YZYFS"), &[Own("YZYFS")]),
];
