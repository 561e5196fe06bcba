//! Dirt for a package: a share of the cells changed, kind by kind, as exports of real registers hold them; the same for a seed.

use std::{fs, path::Path};

use serde_json::Value;

use crate::dirt::Random;

/// Columns that the same dirt fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Unit,
    Certificate,
    Business,
    Number,
    Name,
    Code,
    Date,
    EndingDate,
    EndingNumber,
    Quantity,
    Text,
}

use Class::{Business, Certificate, Code, Date, EndingDate, EndingNumber, Name, Number, Quantity, Text, Unit};

/// The class of a column; `None` where a cell is left as it is: coordinates, ordinals, codes that nothing hangs on.
fn class(table: &str, column: &str) -> Option<Class> {
    Some(match column {
        "BDCDYH" | "GYDBDCDYH" | "XYDBDCDYH" if !["ZD_K", "ZH_K"].contains(&table) => Unit,
        "BDCQZH" | "BDCDJZMH" => Certificate,
        "YWH" => Business,
        "ZJH" | "YWRZJH" | "GYDQLRZJH" | "XYDQLRZJH" => Number,
        "QLRMC" | "YWR" | "GYDQLR" | "XYDQLR" => Name,
        "QSZT" | "CFLX" | "YGDJZL" | "QLRLX" | "DYFS" | "ZJZL" | "YWRZJZL" | "GYDQLRZJZL" | "XYDQLRZJZL" => Code,
        "JFDJSJ" | "ZXYYDJSJ" => EndingDate,
        "ZXSJ" if table != "ZXDJ" => EndingDate,
        "JFYWH" | "ZXDYYWH" | "ZXYYYWH" | "ZXYGYWH" => EndingNumber,
        "DJSJ" | "CFQSSJ" | "CFJSSJ" | "ZWLXQSSJ" | "ZWLXJSSJ" | "SYQQSSJ" | "SYQJSSJ" | "JGSJ" | "TDSYQSSJ" => Date,
        "JZMJ" | "ZYJZMJ" | "FTJZMJ" | "SCJZMJ" | "SYQMJ" | "BDBZZQSE" | "ZGZQSE" | "ZDMJ" | "FDCJYJG" => Quantity,
        "FJ" | "ZL" | "FDZL" | "DYR" | "DJJG" | "CFFW" | "XMMC" | "QLBL" | "CFJG" => Text,
        _ => return None,
    })
}

/// A cell, and one from another row of the column.
type Change = fn(&mut Random, &str, &str) -> String;

/// Kinds of dirt: name, columns, what becomes of a cell.
const DIRT: &[(&str, &[Class], Change)] = &[
    ("none words", &[Number, Name, Code, Date, EndingDate, EndingNumber, Quantity, Text], |random, _, _| {
        pick(random, &NONE)
    }),
    ("days for none", &[Date, EndingDate], |random, _, _| pick(random, &NO_DAYS)),
    ("invisible", &[Unit, Certificate, Business, Number, Name, Code, Date], |random, cell, _| {
        let at = random.below(cell.chars().count() + 1);
        let mark = pick(random, &INVISIBLE);
        cell.chars().take(at).chain(mark.chars()).chain(cell.chars().skip(at)).collect()
    }),
    // A tab is a control character (D39) and a mark between numbers (D41): inside one number it must not hide the number.
    ("tabs", &[Number], |random, cell, _| {
        let at = random.below(cell.chars().count() + 1);
        cell.chars().take(at).chain(['\t']).chain(cell.chars().skip(at)).collect()
    }),
    ("full width", &[Unit, Certificate, Business, Number, Name, Code], |_, cell, _| wide(cell)),
    ("entities", &[Unit, Certificate, Business, Number, Name, Code], |random, cell, _| {
        let pattern = pick(random, &["&nbsp;@", "@&#160;", "@&#8203;", "&zwnj;@", "@&#x200b;"]);
        pattern.replace('@', cell)
    }),
    ("dress", &[Unit, Certificate, Business, Number], |random, cell, _| {
        pick(random, &["'@", "`@", "=\"@\"", "’@", " @ ", "\"@\""]).replace('@', cell)
    }),
    ("unit forms", &[Unit], |random, cell, _| match random.below(5) {
        0 => dashed(cell, "-"),
        1 => dashed(cell, " "),
        2 => dashed(cell, "—"),
        3 => format!("{cell}等"),
        _ => format!("{cell}等2个"),
    }),
    ("labels", &[Number], |random, cell, _| {
        pick(random, &["身份证：@", "身份证号:@", "@（旧号）", "[@]", "（@）", "证件号码：@"]).replace('@', cell)
    }),
    ("several", &[Number, Name], |random, cell, other| {
        let between = pick(random, &["、", "，", ",", ";", "；", "/", "|", "\n", "／", "｜", "\r\n"]);
        if cell.is_empty() || other.is_empty() { cell.to_owned() } else { format!("{cell}{between}{other}") }
    }),
    ("spelled codes", &[Code], |random, cell, _| match random.below(4) {
        _ if cell.is_empty() => String::new(),
        0 => format!("{cell}.0"),
        1 => format!("0{cell}"),
        2 => wide(cell),
        _ => format!(" {cell}\u{200b}"),
    }),
    ("dates", &[Date, EndingDate], other_date),
    ("fillers", &[Number], |random, _, _| pick(random, &FILLERS)),
    ("damaged", &[Number], damage),
    ("endings", &[EndingDate], |random, _, _| {
        pick(random, &["已解除", "2020-13-45", "2023-05-06", "2023/5/6 0:00:00", "见附件", "待定", "1900-01-01"])
    }),
    ("ending numbers", &[EndingNumber], |random, _, _| pick(random, &["0", "无", "202311110001", "/", "000"])),
    ("unknown codes", &[Code], |random, _, _| pick(random, &UNKNOWN)),
    ("names", &[Name], dress_name),
    ("documents", &[Number], |random, cell, _| match random.below(4) {
        _ if cell.is_empty() => String::new(),
        0 => cell.replace("字第", "").replace('号', ""),
        1 => cell.replace("军字第", ""),
        2 if cell.len() == 9 => format!("{}({})", &cell[..8], &cell[8..]),
        _ => format!("中国护照{cell}"),
    }),
    ("quantities", &[Quantity], |random, cell, _| match random.below(4) {
        0 => "0".to_owned(),
        1 => "0.00".to_owned(),
        2 => format!("1,234{}", cell.find('.').map_or("", |at| &cell[at..])),
        _ => format!("１{cell}"),
    }),
];

const NONE: [&str; 28] = [
    "&nbsp;",
    "&#160;NULL",
    "NULL",
    "null",
    "(null)",
    "[NULL]",
    "None",
    "NaN",
    "N/A",
    "\\N",
    "-",
    "—",
    "/",
    "//",
    "*",
    "?",
    "无",
    "空",
    "不详",
    "未知",
    "暂无",
    "没有",
    "暂缺",
    "待补",
    "ｎｕｌｌ",
    "无\u{200b}",
    "（无）",
    "\u{3000}",
];

const NO_DAYS: [&str; 10] = [
    "1900-01-01",
    "1899-12-30",
    "1899-12-31 00:00:00",
    "0001-01-01",
    "0000-00-00",
    "1753-01-01",
    "9999-12-31",
    "1900/1/1 0:00:00",
    "0001-01-01 00:00:00",
    "1899-11-30",
];

const INVISIBLE: [&str; 13] = [
    "\u{200b}", "\u{feff}", "\u{ad}", "\u{2060}", "\u{202d}", "\u{202c}", "\u{200e}", "\u{2068}", "\u{180e}",
    "\u{3164}", "\u{2800}", "\u{fe0f}", "\u{7f}",
];

const FILLERS: [&str; 9] =
    ["111111111111111111", "123456789012345678", "XXX", "****", "0000", "1", "000000000000000000", "身份证", "见附件"];

const UNKNOWN: [&str; 3] = ["某码", "77", "待核实"];

fn pick(random: &mut Random, of: &[&str]) -> String {
    of[random.below(of.len())].to_owned()
}

fn wide(cell: &str) -> String {
    let wide = cell.chars().map(|char| match char {
        '!'..='~' => char::from_u32(u32::from(char) + 0xfee0).unwrap(),
        _ => char,
    });
    wide.collect()
}

fn dashed(cell: &str, dash: &str) -> String {
    if cell.len() != 28 {
        return cell.to_owned();
    }
    [&cell[..6], &cell[6..12], &cell[12..19], &cell[19..]].join(dash)
}

fn other_date(random: &mut Random, cell: &str, _: &str) -> String {
    if cell.len() < 10 || !cell.is_ascii() || &cell[4..5] != "-" {
        return cell.to_owned();
    }
    let (year, month, day) = (&cell[..4], &cell[5..7], &cell[8..10]);
    let plain = |text: &str| text.trim_start_matches('0').to_owned();
    let months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    match random.below(8) {
        0 => format!("{year}/{}/{} 0:00:00", plain(month), plain(day)),
        1 => format!("{day}-{}月-{}", plain(month), &year[2..]),
        2 => format!("{day}-{}-{}", months[month.parse::<usize>().unwrap() - 1], &year[2..]),
        3 => format!("{year}.{}.{}", plain(month), plain(day)),
        4 => format!("{year}{month}{day}"),
        5 => format!("{year}-{month}-{day}T16:00:00Z"),
        6 => format!("{year}-{month}-{day}T09:30:00+08:00"),
        _ => (20_000 + random.below(26_000)).to_string(),
    }
}

fn damage(random: &mut Random, cell: &str, _: &str) -> String {
    let chars = cell.chars().count();
    if !cell.is_ascii() || chars < 15 {
        return cell.to_owned();
    }
    match random.below(7) {
        0 => format!("{}.{}E+17", &cell[..1], &cell[1..6]),
        1 => format!("{cell}.0"),
        2 => format!("{}000", &cell[..15]),
        3 if chars == 18 => cell[..17].to_owned(),
        4 => format!("{}**********{}", &cell[..4], &cell[chars - 4..]),
        5 if chars == 18 => format!("{}{}", &cell[..17], if cell.ends_with('1') { '2' } else { '1' }),
        _ if chars == 18 => format!("{}х", &cell[..17]),
        _ => cell.to_owned(),
    }
}

fn dress_name(random: &mut Random, cell: &str, _: &str) -> String {
    match random.below(6) {
        _ if cell.is_empty() => String::new(),
        0 => {
            cell.replace('方', "\u{2f45}").replace('金', "\u{2fa6}").replace('龙', "\u{2ef0}").replace('长', "\u{2ed3}")
        }
        1 => format!("{cell}（原虚测旧名有限公司）"),
        2 => format!("{cell}（曾用名虚测旧名）"),
        3 => cell.replace('·', "\u{2024}").replace('•', "\u{25cf}").replace('．', "\u{fe52}"),
        4 => format!("{cell}\u{200e}"),
        _ => cell.replace("有限公司", "有限公司\u{3000}"),
    }
}

/// The names of the kinds of dirt.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    DIRT.iter().map(|(name, ..)| *name)
}

/// Changes one in `share` of the cells that the kinds fit.
pub(super) fn spoil(package: &Path, kinds: &[&str], share: usize, seed: u64) {
    let mut random = Random::new(seed);
    let path = package.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let mut accept = serde_json::Map::new();
    for entry in manifest["tables"].as_array_mut().unwrap() {
        let table = entry["name"].as_str().unwrap().to_owned();
        let file = package.join(entry["file"].as_str().unwrap());
        let mut reader = csv::Reader::from_path(&file).unwrap();
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let mut rows: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        for (at, column) in header.iter().enumerate() {
            let Some(class) = class(&table, column) else { continue };
            let fitting: Vec<_> =
                DIRT.iter().filter(|dirt| kinds.contains(&dirt.0) && dirt.1.contains(&class)).collect();
            for row in 0..rows.len() {
                if fitting.is_empty() || random.below(share) > 0 {
                    continue;
                }
                let other = rows[random.below(rows.len())][at].clone();
                let change = fitting[random.below(fitting.len())].2;
                rows[row][at] = change(&mut random, &rows[row][at], &other);
            }
            if class == Code {
                accept.extend(UNKNOWN.map(|code| (format!("{table}.{column}={code}"), "测试".into())));
            }
        }
        let mut writer = csv::Writer::from_path(&file).unwrap();
        writer.write_record(&header).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        writer.flush().unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, &fs::read(&file).unwrap());
        entry["sha256"] = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    }
    manifest["accept"] = accept.into();
    fs::write(path, manifest.to_string()).unwrap();
}
