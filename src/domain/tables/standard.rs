//! Every table of the standard with the columns that are not read, and how a bureau's spelling of a name is recognised.
//!
//! A package may list tables and columns that feed no answer. They are told from names that nobody knows: an unknown name
//! may be a holder table or a number column under another name, and then people would be missed (D47).
//!
//! Nothing here is read from a package by a guess: [`similar`] only says what a message may suggest.
//!
//! Source: 《不动产登记数据库标准（试行）》, `deploy/DECISIONS.md`, "Tables".

use unicode_normalization::UnicodeNormalization as _;

use super::Table;

/// A table of the standard.
#[derive(Debug)]
struct Standard {
    name: &'static str,
    exchange_name: &'static str,
    label: &'static str,
    /// For a table that is read, its columns that are not; names parted by blanks.
    unread: &'static str,
}

/// Characters that are letters by their category and are drawn as nothing.
const FILLERS: [char; 3] = ['\u{115f}', '\u{1160}', '\u{3164}'];

/// Columns of a database's own that any table may have beside the standard's (`deploy/DECISIONS.md`, "Tables").
const ROW_NUMBERS: [&str; 2] = ["ID", "BSM"];

/// A suggestion by the beginning of a name wants so many letters in common, and at most so many behind them.
const PREFIX_MIN: usize = 3;
const SUFFIX_MAX: usize = 2;

/// Folds the name of a table or column: width and case are folded, and only letters, digits, `_` and `.` stay.
///
/// Blanks, quotes, brackets and invisible characters are dropped. Both sides of a comparison go through this.
#[must_use]
pub fn fold(name: &str) -> String {
    let is_kept = |char: &char| (char.is_alphanumeric() || matches!(char, '_' | '.')) && !FILLERS.contains(char);
    name.nfkc().filter(is_kept).flat_map(char::to_uppercase).collect()
}

/// Whether the standard has a table of this name, standard or exchange, read or not.
#[must_use]
pub fn is_table(name: &str) -> bool {
    let name = fold(name);
    STANDARD.iter().any(|table| table.name == name || table.exchange_name == name)
}

/// Whether the standard's table has a column of this name, read or not.
#[must_use]
pub fn has_column(table: Table, column: &str) -> bool {
    let column = fold(column);
    let of_table = STANDARD.iter().find(|standard| standard.name == table.name());
    let is_unread = of_table.is_some_and(|standard| standard.unread.split(' ').any(|known| known == column));
    is_unread || ROW_NUMBERS.contains(&column.as_str()) || table.position(&column).is_some()
}

/// The names of the standard that a table may be meant by, those that are read first; none where nothing is like it.
///
/// `BDCK.QLR`, `QLR_XZ`, `T_QLRB` and `权利人` are like `QLR`.
#[must_use]
pub fn similar(name: &str) -> Vec<&'static str> {
    let name = fold(name);
    let by_part = |table: &&Standard| has_part(&name, table.name) || has_part(&name, table.exchange_name);
    let by_label = |table: &&Standard| is_labelled(&fold(table.label), &name);
    let by_prefix = |table: &&Standard| parts(&name).any(|part| is_prefix(table.name, part));
    for is_like in [&by_part as &dyn Fn(&&Standard) -> bool, &by_label, &by_prefix] {
        let mut found: Vec<&'static str> = STANDARD.iter().filter(is_like).map(|table| table.name).collect();
        if !found.is_empty() {
            found.sort_by_key(|name| Table::from_name(name).is_none());
            return found;
        }
    }
    Vec::new()
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['.', '_'])
}

/// Whether `wanted` stands in `name` between separators.
fn has_part(name: &str, wanted: &str) -> bool {
    let is_separator = |char: Option<char>| matches!(char, None | Some('.' | '_'));
    name.match_indices(wanted).any(|(at, found)| {
        is_separator(name[..at].chars().next_back()) && is_separator(name[at + found.len()..].chars().next())
    })
}

fn is_prefix(wanted: &str, part: &str) -> bool {
    let rest = part.strip_prefix(wanted);
    wanted.len() >= PREFIX_MIN && rest.is_some_and(|rest| rest.len() <= SUFFIX_MAX)
}

/// Whether a name has a table's label in it, or is a part of the label.
fn is_labelled(label: &str, name: &str) -> bool {
    let is_long = |text: &str| text.chars().count() >= 2;
    label == name || (is_long(label) && name.contains(label)) || (is_long(name) && label.contains(name))
}

const fn standard(
    name: &'static str,
    exchange_name: &'static str,
    label: &'static str,
    unread: &'static str,
) -> Standard {
    Standard { name, exchange_name, label, unread }
}

const STANDARD: [Standard; 40] = [
    standard(
        "ZDJBXX",
        "KTT_ZDJBXX",
        "宗地基本信息",
        "ID YSDM ZDTZM DJ JG QLLX QLSDFS RJL JZMD JZXG ZDT DJH DAH BZ ZT GHYTMC YDYHFL DKDM JGDW BSM QXDM FJ \
         JDH JFH ZH",
    ),
    standard("ZDBHQK", "KTF_ZDBHQK", "宗地变化情况", ""),
    standard(
        "ZHJBXX",
        "KTT_ZHJBXX",
        "宗海基本信息",
        "ID YSDM ZHTZM XMXZ DB ZHAX YDFW ZHT DAH ZT BSM QXDM DJSJ DBR FJ DJJGBM DJJGMC JDH JFH ZH",
    ),
    standard("YHZK", "KTF_ZH_YHZK", "用海状况", ""),
    standard("YHYDZB", "KTF_ZH_YHYDZB", "用海、用岛坐标", "MBS QXDM"),
    standard("ZHBHQK", "KTF_ZHBHQK", "宗海变化情况", ""),
    standard(
        "ZRZ",
        "KTT_FW_ZRZ",
        "自然幢",
        "ID YSDM XMMC JZWMC JZWGD ZZDMJ ZYDMJ YCJZMJ SCJZMJ DSCS DXCS DXSD FWJG ZTS JZWJBYT DAH BZ ZT LDDM \
         LDZL YTMC PZYT SJYT BSM QXDM",
    ),
    standard("LJZ", "KTT_FW_LJZ", "逻辑幢", ""),
    standard("C", "KTT_FW_C", "层", ""),
    standard(
        "H",
        "KTT_FW_H",
        "户",
        "YSDM LJZH CH MJDW SJCS HH SHBW HX HXJG FWYT2 FWYT3 YCTNJZMJ YCFTJZMJ YCDXBFJZMJ YCQTJZMJ YCFTXS \
         SCDXBFJZMJ SCQTJZMJ SCFTXS GYTDMJ FTTDMJ DYTDMJ FWLX FCFHT ZT ZDDM ZRZBSM YTMC PZYT SJYT FWLXMC \
         FWXZMC QXDM",
    ),
    standard("GZW", "KTT_GZW", "构筑物", "ID YSDM GZWMC DAH ZT BSM"),
    standard("MZDZW", "MZDZW", "面状定着物", ""),
    standard("XZDZW", "XZDZW", "线状定着物", ""),
    standard("DZDZW", "DZDZW", "点状定着物", ""),
    standard("JZX", "KTT_GY_JZX", "界址线", ""),
    standard("JZD", "KTT_GY_JZD", "界址点", "ID YSDM JZDH JBLX JZDLX BSM"),
    standard("TDSYQ", "QLF_QL_TDSYQ", "土地所有权", "YSDM GDMJ LDMJ CDMJ QTNYDMJ DBR SSYWH"),
    standard("JSYDSYQ", "QLF_QL_JSYDSYQ", "建设用地使用权、宅基地使用权", "YSDM DBR SSYWH TDSYQX"),
    standard("FDCQ1", "QLT_FW_FDCQ_DZ", "房地产权（项目内多幢房屋）", "YSDM DBR FCFHT SSYWH TDSYQX YT"),
    standard("FDCQXM", "QLF_FW_FDCQ_DZ_XM", "房地产权（项目内多幢房屋）项目信息", "ZTS XMJC SSYWH PZYT YTMC SJYT QXDM"),
    standard(
        "FDCQ2",
        "QLT_FW_FDCQ_YZ",
        "房地产权（独幢、层、套、间房屋）",
        "YSDM DBR TDSYQX SJYT YT FWXZMC SSYWH YTMC",
    ),
    standard("FDCQ3", "QLF_FW_FDCQ_QFSYQ", "建筑物区分所有权业主共有部分", ""),
    standard(
        "HYSYQ",
        "QLF_QL_HYSYQ",
        "海域（含无居民海岛）使用权",
        "YSDM SYJZE SYJBZYJ SYJJNQK DBR SSYWH SYQQX JEDW SYJJKPZ HYGLH",
    ),
    standard("GJZWSYQ", "QLT_QL_GJZWSYQ", "构（建）筑物所有权", "YSDM TDHYSYMJ DBR GJZWPMT"),
    standard(
        "NYDSYQ",
        "QLF_QL_NYDSYQ",
        "农用地使用权（非林地）",
        "YSDM FBFDM CYZL SYZCL DBR SSYWH CBQX CBHTBM YT YDYHFL TDCBHT",
    ),
    standard("LQ", "QLT_QL_LQ", "林权", "YSDM ZS QY ZLND DBR SSYWH FBFDM LDSYQX SLLB"),
    standard("QTXGQL", "QLF_QL_QTXGQL", "其他相关权利", ""),
    standard("DYIQ", "QLF_QL_DYIQ", "地役权", "YSDM DBR SSYWH QLQX"),
    standard(
        "DYAQ",
        "QLF_QL_DYAQ",
        "抵押权",
        "YSDM ZXDYYY DBR DYJELX SSYWH DYRLX SFYGDJ DYMJ MJDW DYQX SFCZJZHXZ ZXDBR",
    ),
    standard("YGDJ", "QLF_QL_YGDJ", "预告登记", "YSDM FWXZ FWJG DBR ZXYGYY SSYWH YTMC DBFW SFCZJZHXZ"),
    standard("YYDJ", "QLF_QL_YYDJ", "异议登记", "YSDM DBR ZXYYYY ZXYYDBR SSYWH"),
    standard("CFDJ", "QLF_QL_CFDJ", "查封登记", "YSDM CFWJ DBR JFWJ JFDBR SSYWH CFQX"),
    standard("QLR", "ZTT_GY_QLR", "权利人", "YSDM DJSJ QLRTZ CBFBM FBFBM QXDM"),
    standard("ZXDJ", "QLF_QL_ZXDJ", "注销登记", "YSDM QXDM DJJG DBR DJSJ BZ"),
    standard("GZDJ", "QLF_QL_GZDJ", "更正登记", ""),
    standard("DYWQD", "QLF_QL_DYAQ_DYWQD", "抵押物清单", "YSDM YT MJ ZXDYYY"),
    standard("JTCY", "ZTT_GY_JTCY", "家庭成员", ""),
    standard("ZD_K", "ZD_K", "宗地空间坐标", "ZZB KJLX"),
    standard("ZH_K", "ZH_K", "宗海空间坐标", "MBS"),
    standard("XZXZ", "QLT_QL_XZXZ", "限制", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_that_is_read_is_a_table_of_the_standard() {
        for table in Table::ALL {
            let standard = STANDARD.iter().find(|standard| standard.name == table.name()).unwrap();
            assert_eq!(Table::from_name(standard.exchange_name), Some(table));
            let is_read = |column: &&str| table.position(column).is_some();
            assert_eq!(standard.unread.split(' ').find(is_read), None, "{table:?}");
        }
    }

    #[test]
    fn names_are_folded() {
        for name in
            ["zjh", " ＺＪＨ\t", "\"ZJH\"", "ZJH\u{200b}", "\u{202d}`Zjh`\u{202c}", "[ZJH]", "Z\u{0}JH", "\u{3164}ZJH"]
        {
            assert_eq!(fold(name), "ZJH", "{name:?}");
        }
        assert_eq!(fold("证件号 (旧)"), "证件号旧");
    }

    #[test]
    fn columns_of_the_standard_are_known_whether_they_are_read_or_not() {
        assert!(["ZJH", "ysdm", "CBFBM", "BSM"].iter().all(|column| has_column(Table::Qlr, column)));
        assert!(!["ZJHM", "证件号", "QLRZJHM", "", "JFDJSJ"].iter().any(|column| has_column(Table::Qlr, column)));
    }

    #[test]
    fn tables_are_known_by_either_name() {
        assert!(["JTCY", "qlf_ql_qtxgql", "QLR", "XZXZ"].iter().all(|name| is_table(name)));
        assert!(!["BDCK.QLR", "QLR_XZ", "权利人", ""].iter().any(|name| is_table(name)));
    }

    #[test]
    fn another_name_of_a_table_is_recognised() {
        for name in ["BDCK.QLR", "QLR_XZ", "权利人", "权利人表", "bdcs_qlr_xz", "T_QLRB", "dbo.ZTT_GY_QLR"] {
            assert_eq!(similar(name), ["QLR"], "{name}");
        }
        assert_eq!(similar("BDCS_FSQL_LS_CFDJ"), ["CFDJ"]);
        assert_eq!(similar("T_H"), ["H"]);
        assert_eq!(similar("抵押"), ["DYAQ", "DYWQD"]);
        assert_eq!(similar("KEHU"), [""; 0]);
    }
}
