//! The registry tables that feed an answer, and the columns read of each.
//!
//! A bureau may export a table under its standard name or its exchange name, with columns in any order and others beside
//! them. What is not listed here is not read.
//!
//! Source: 《不动产登记数据库标准（试行）》, `deploy/DECISIONS.md`, "Tables".

pub mod standard;

use std::sync::LazyLock;

/// A registry table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// ZDJBXX 宗地基本信息
    Zdjbxx,
    /// ZHJBXX 宗海基本信息
    Zhjbxx,
    /// ZRZ 自然幢
    Zrz,
    /// H 户
    H,
    /// GZW 构筑物
    Gzw,
    /// TDSYQ 土地所有权
    Tdsyq,
    /// JSYDSYQ 建设用地使用权、宅基地使用权
    Jsydsyq,
    /// FDCQ1 房地产权（项目内多幢房屋）
    Fdcq1,
    /// FDCQXM 房地产权（项目内多幢房屋）项目信息
    Fdcqxm,
    /// FDCQ2 房地产权（独幢、层、套、间房屋）
    Fdcq2,
    /// HYSYQ 海域（含无居民海岛）使用权
    Hysyq,
    /// GJZWSYQ 构（建）筑物所有权
    Gjzwsyq,
    /// NYDSYQ 农用地使用权（非林地）
    Nydsyq,
    /// LQ 林权
    Lq,
    /// DYIQ 地役权
    Dyiq,
    /// DYAQ 抵押权
    Dyaq,
    /// DYWQD 抵押物清单
    Dywqd,
    /// YGDJ 预告登记
    Ygdj,
    /// YYDJ 异议登记
    Yydj,
    /// CFDJ 查封登记
    Cfdj,
    /// ZXDJ 注销登记
    Zxdj,
    /// QLR 权利人
    Qlr,
    /// `ZD_K` 宗地空间坐标
    ZdK,
    /// `ZH_K` 宗海空间坐标
    ZhK,
    /// JZD 界址点
    Jzd,
    /// YHYDZB 用海、用岛坐标
    Yhydzb,
}

/// One table as read: names and columns.
#[derive(Debug)]
struct Described {
    table: Table,
    name: &'static str,
    exchange_name: &'static str,
    columns: &'static [&'static str],
}

/// Column names that later exports use for a column of the standard (`deploy/DECISIONS.md`, "Tables").
const SYNONYMS: &[(Table, &str, &str)] = &[(Table::Dyiq, "XYDQLRZJZH", "XYDQLRZJH"), (Table::Yhydzb, "ZHDM", "ZHHDDM")];

impl Table {
    /// Every table, in the order of the standard.
    pub const ALL: [Self; 26] = [
        Self::Zdjbxx,
        Self::Zhjbxx,
        Self::Zrz,
        Self::H,
        Self::Gzw,
        Self::Tdsyq,
        Self::Jsydsyq,
        Self::Fdcq1,
        Self::Fdcqxm,
        Self::Fdcq2,
        Self::Hysyq,
        Self::Gjzwsyq,
        Self::Nydsyq,
        Self::Lq,
        Self::Dyiq,
        Self::Dyaq,
        Self::Dywqd,
        Self::Ygdj,
        Self::Yydj,
        Self::Cfdj,
        Self::Zxdj,
        Self::Qlr,
        Self::ZdK,
        Self::ZhK,
        Self::Jzd,
        Self::Yhydzb,
    ];

    /// The table of this name, standard or exchange, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let is = |known: &str| known.eq_ignore_ascii_case(name.trim());
        TABLES.iter().find(|t| is(t.name) || is(t.exchange_name)).map(|t| t.table)
    }

    /// The standard name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.described().name
    }

    /// The columns read, in the order of the standard; a row's values come in this order.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        self.described().columns
    }

    /// The position of `column` among [`Table::columns`], by its own name or a later synonym, in any case.
    #[must_use]
    pub fn position(self, column: &str) -> Option<usize> {
        let wanted = SYNONYMS
            .iter()
            .find(|(table, synonym, _)| *table == self && synonym.eq_ignore_ascii_case(column))
            .map_or(column, |(_, _, standard)| standard);
        self.columns().iter().position(|known| known.eq_ignore_ascii_case(wanted))
    }

    /// The position of `column` among [`Table::columns`], by its own name as it stands there.
    #[must_use]
    pub fn column(self, column: &str) -> Option<usize> {
        let columns = self.columns();
        let at = usize::from(PLACES[self as usize][place_of(column)]);
        if columns.get(at) == Some(&column) {
            return Some(at);
        }
        columns.iter().position(|known| *known == column)
    }

    fn described(self) -> &'static Described {
        &TABLES[self as usize]
    }
}

/// Where the columns of each table stand, by [`place_of`] their names: a row is asked for a hundred columns. Of two with one
/// place the first has it.
static PLACES: LazyLock<Vec<[u8; 256]>> = LazyLock::new(|| {
    let of = |table: Table| {
        let mut places = [u8::MAX; 256];
        for (column, at) in table.columns().iter().zip(0..u8::MAX) {
            let place = &mut places[place_of(column)];
            *place = at.min(*place);
        }
        places
    };
    Table::ALL.into_iter().map(of).collect()
});

fn place_of(column: &str) -> usize {
    let bytes = column.as_bytes();
    let byte = |at: usize| usize::from(bytes.get(at).copied().unwrap_or(0));
    (bytes.len() + byte(0) * 3 + byte(1) * 31 + byte(bytes.len() / 2) * 7 + byte(bytes.len().saturating_sub(1)) * 13)
        % 256
}

const fn described(
    table: Table,
    name: &'static str,
    exchange_name: &'static str,
    columns: &'static [&'static str],
) -> Described {
    Described { table, name, exchange_name, columns }
}

const TABLES: [Described; 26] = [
    described(
        Table::Zdjbxx,
        "ZDJBXX",
        "KTT_ZDJBXX",
        &["ZDDM", "BDCDYH", "ZL", "ZDMJ", "MJDW", "YT", "QLXZ", "ZDSZD", "ZDSZN", "ZDSZX", "ZDSZB", "TFH"],
    ),
    described(
        Table::Zhjbxx,
        "ZHJBXX",
        "KTT_ZHJBXX",
        &[
            "ZHDM", "BDCDYH", "XMMC", "YHZMJ", "ZHMJ", "YHLXA", "YHLXB", "YHWZSM", "HDMC", "HDDM", "YDMJ", "HDWZ",
            "HDYT",
        ],
    ),
    described(Table::Zrz, "ZRZ", "KTT_FW_ZRZ", &["BDCDYH", "ZDDM", "ZRZH", "JGRQ", "ZCS", "GHYT"]),
    described(
        Table::H,
        "H",
        "KTT_FW_H",
        &["BDCDYH", "FWBM", "ZRZH", "ZL", "FWYT1", "YCJZMJ", "SCJZMJ", "SCTNJZMJ", "SCFTJZMJ", "FWXZ"],
    ),
    described(Table::Gzw, "GZW", "KTT_GZW", &["BDCDYH", "ZDZHDM", "ZL", "MJDW", "MJ"]),
    described(
        Table::Tdsyq,
        "TDSYQ",
        "QLF_QL_TDSYQ",
        &[
            "ZDDM", "BDCDYH", "YWH", "QLLX", "DJLX", "DJYY", "MJDW", "NYDMJ", "JSYDMJ", "WLYDMJ", "BDCQZH", "QXDM",
            "DJJG", "DJSJ", "FJ", "QSZT", "YT",
        ],
    ),
    described(
        Table::Jsydsyq,
        "JSYDSYQ",
        "QLF_QL_JSYDSYQ",
        &[
            "ZDDM", "BDCDYH", "YWH", "QLLX", "DJLX", "DJYY", "SYQMJ", "SYQQSSJ", "SYQJSSJ", "QDJG", "BDCQZH", "QXDM",
            "DJJG", "DJSJ", "FJ", "QSZT", "YT", "JEDW",
        ],
    ),
    described(
        Table::Fdcq1,
        "FDCQ1",
        "QLT_FW_FDCQ_DZ",
        &[
            "BDCDYH", "YWH", "QLLX", "DJLX", "DJYY", "FDZL", "TDSYQR", "DYTDMJ", "FTTDMJ", "TDSYQSSJ", "TDSYJSSJ",
            "FDCJYJG", "BDCQZH", "QXDM", "DJJG", "DJSJ", "FJ", "QSZT", "JEDW",
        ],
    ),
    described(
        Table::Fdcqxm,
        "FDCQXM",
        "QLF_FW_FDCQ_DZ_XM",
        &["BDCDYH", "XMMC", "ZH", "ZCS", "GHYT", "FWJG", "JZMJ", "JGSJ", "YWH"],
    ),
    described(
        Table::Fdcq2,
        "FDCQ2",
        "QLT_FW_FDCQ_YZ",
        &[
            "BDCDYH", "YWH", "QLLX", "DJLX", "DJYY", "FDZL", "TDSYQR", "DYTDMJ", "FTTDMJ", "TDSYQSSJ", "TDSYJSSJ",
            "FDCJYJG", "GHYT", "FWXZ", "FWJG", "SZC", "ZCS", "JZMJ", "ZYJZMJ", "FTJZMJ", "JGSJ", "BDCQZH", "QXDM",
            "DJJG", "DJSJ", "FJ", "QSZT", "JEDW",
        ],
    ),
    described(
        Table::Hysyq,
        "HYSYQ",
        "QLF_QL_HYSYQ",
        &[
            "ZHHDDM", "BDCDYH", "YWH", "QLLX", "DJLX", "DJYY", "SYQMJ", "SYQQSSJ", "SYQJSSJ", "BDCQZH", "QXDM", "DJJG",
            "DJSJ", "FJ", "QSZT",
        ],
    ),
    described(
        Table::Gjzwsyq,
        "GJZWSYQ",
        "QLT_QL_GJZWSYQ",
        &[
            "BDCDYH",
            "YWH",
            "QLLX",
            "DJLX",
            "DJYY",
            "ZL",
            "TDHYSYQR",
            "TDHYSYQSSJ",
            "TDHYSYJSSJ",
            "GJZWLX",
            "GJZWGHYT",
            "GJZWMJ",
            "JGSJ",
            "BDCQZH",
            "QXDM",
            "DJJG",
            "DJSJ",
            "FJ",
            "QSZT",
        ],
    ),
    described(
        Table::Nydsyq,
        "NYDSYQ",
        "QLF_QL_NYDSYQ",
        &[
            "BDCDYH", "YWH", "QLLX", "DJLX", "DJYY", "ZL", "FBFMC", "CBMJ", "CBQSSJ", "CBJSSJ", "TDSYQXZ", "SYTTLX",
            "YZYFS", "BDCQZH", "QXDM", "DJJG", "DJSJ", "FJ", "QSZT",
        ],
    ),
    described(
        Table::Lq,
        "LQ",
        "QLT_QL_LQ",
        &[
            "BDCDYH",
            "YWH",
            "QLLX",
            "DJLX",
            "DJYY",
            "FBF",
            "SYQMJ",
            "LDSYQSSJ",
            "LDSYJSSJ",
            "LDSYQXZ",
            "SLLMSYQR1",
            "SLLMSYQR2",
            "ZYSZ",
            "LZ",
            "LB",
            "XB",
            "XDM",
            "BDCQZH",
            "QXDM",
            "DJJG",
            "DJSJ",
            "FJ",
            "QSZT",
        ],
    ),
    described(
        Table::Dyiq,
        "DYIQ",
        "QLF_QL_DYIQ",
        &[
            "YWH",
            "GYDBDCDYH",
            "GYDQLR",
            "GYDQLRZJZL",
            "GYDQLRZJH",
            "XYDBDCDYH",
            "XYDZL",
            "XYDQLR",
            "XYDQLRZJZL",
            "XYDQLRZJH",
            "DJLX",
            "DJYY",
            "DYQNR",
            "BDCDJZMH",
            "QLQSSJ",
            "QLJSSJ",
            "QXDM",
            "DJJG",
            "DJSJ",
            "FJ",
            "QSZT",
        ],
    ),
    described(
        Table::Dyaq,
        "DYAQ",
        "QLF_QL_DYAQ",
        &[
            "BDCDYH",
            "YWH",
            "DYBDCLX",
            "DYR",
            "DYFS",
            "DJLX",
            "DJYY",
            "ZJJZWZL",
            "ZJJZWDYFW",
            "BDBZZQSE",
            "ZWLXQSSJ",
            "ZWLXJSSJ",
            "ZGZQQDSS",
            "ZGZQSE",
            "ZXDYYWH",
            "ZXSJ",
            "BDCDJZMH",
            "QXDM",
            "DJJG",
            "DJSJ",
            "FJ",
            "QSZT",
            "DYQSW",
            "BZ",
            "JEDW",
            "DBFW",
        ],
    ),
    described(
        Table::Dywqd,
        "DYWQD",
        "QLF_QL_DYAQ_DYWQD",
        &["YWH", "XH", "ZL", "BDCDYH", "FWBH", "QSZT", "ZXDYYWH", "ZXSJ"],
    ),
    described(
        Table::Ygdj,
        "YGDJ",
        "QLF_QL_YGDJ",
        &[
            "BDCDYH", "YWH", "BDCZL", "YWR", "YWRZJZL", "YWRZJH", "YGDJZL", "DJLX", "DJYY", "TDSYQR", "GHYT", "SZC",
            "ZCS", "JZMJ", "QDJG", "BDCDJZMH", "QXDM", "DJJG", "DJSJ", "FJ", "QSZT", "ZXYGYWH", "ZXSJ", "JEDW",
        ],
    ),
    described(
        Table::Yydj,
        "YYDJ",
        "QLF_QL_YYDJ",
        &["BDCDYH", "YWH", "YYSX", "BDCDJZMH", "QXDM", "DJJG", "DJSJ", "ZXYYYWH", "ZXYYDJSJ", "FJ", "QSZT"],
    ),
    described(
        Table::Cfdj,
        "CFDJ",
        "QLF_QL_CFDJ",
        &[
            "BDCDYH", "YWH", "CFJG", "CFLX", "CFWH", "CFQSSJ", "CFJSSJ", "CFFW", "QXDM", "DJJG", "DJSJ", "JFYWH",
            "JFJG", "JFWH", "JFDJSJ", "FJ", "QSZT",
        ],
    ),
    described(Table::Zxdj, "ZXDJ", "QLF_QL_ZXDJ", &["BDCDYH", "BDCQZH", "YWH", "ZXYWH", "ZXSJ", "QLLX"]),
    described(
        Table::Qlr,
        "QLR",
        "ZTT_GY_QLR",
        &[
            "BDCDYH", "SXH", "QLRMC", "BDCQZH", "QZYSXLH", "SFCZR", "ZJZL", "ZJH", "FZJG", "SSHY", "GJ", "HJSZSS",
            "XB", "DH", "DZ", "YB", "GZDW", "DZYJ", "QLRLX", "QLBL", "GYFS", "GYQK", "BZ", "YWH", "QLLX", "QSZT",
        ],
    ),
    described(Table::ZdK, "ZD_K", "ZD_K", &["BDCDYH", "ZDX", "XH", "XZB", "YZB"]),
    described(Table::ZhK, "ZH_K", "ZH_K", &["BDCDYH", "ZDX", "XH", "XZB", "YZB"]),
    described(Table::Jzd, "JZD", "KTT_GY_JZD", &["ZDZHDM", "SXH", "XZBZ", "YZBZ"]),
    described(Table::Yhydzb, "YHYDZB", "KTF_ZH_YHYDZB", &["ZHHDDM", "XH", "BW", "DJ"]),
];

impl Table {
    /// What the standard calls it, as people are told of it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Zdjbxx => "宗地基本信息",
            Self::Zhjbxx => "宗海基本信息",
            Self::Zrz => "自然幢",
            Self::H => "户",
            Self::Gzw => "构筑物",
            Self::Tdsyq => "土地所有权",
            Self::Jsydsyq => "建设用地使用权",
            Self::Fdcq1 => "房地产权（项目内多幢房屋）",
            Self::Fdcqxm => "房地产权项目信息",
            Self::Fdcq2 => "房地产权（独幢、层、套、间房屋）",
            Self::Hysyq => "海域使用权",
            Self::Gjzwsyq => "构（建）筑物所有权",
            Self::Nydsyq => "农用地使用权（非林地）",
            Self::Lq => "林权",
            Self::Dyiq => "地役权",
            Self::Dyaq => "抵押权",
            Self::Dywqd => "抵押物清单",
            Self::Ygdj => "预告登记",
            Self::Yydj => "异议登记",
            Self::Cfdj => "查封登记",
            Self::Zxdj => "注销登记",
            Self::Qlr => "权利人",
            Self::ZdK => "宗地空间坐标",
            Self::ZhK => "宗海空间坐标",
            Self::Jzd => "界址点",
            Self::Yhydzb => "用海、用岛坐标",
        }
    }
}
