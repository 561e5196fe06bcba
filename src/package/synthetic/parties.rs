//! Invented people, companies and banks, in every form in which registers hold them.

use super::numbers::{credit_code, identity_number, licence_number, organisation_code, short_form};
use super::random::{Random, index, mix};

/// A holder as one QLR row has it.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub(super) name: String,
    /// ZJZL
    pub(super) document_kind: &'static str,
    /// ZJH
    pub(super) document_number: String,
    /// QLRLX
    pub(super) kind: &'static str,
}

impl Holder {
    fn new(name: String, document_kind: &'static str, document_number: String, kind: &'static str) -> Self {
        Self { name, document_kind, document_number, kind }
    }
}

/// The persons before this one are kept for the subjects that the summary names.
pub(super) const PERSONS_RESERVED: u64 = 100;

/// The companies before this one are kept likewise.
pub(super) const COMPANIES_RESERVED: u64 = 20;

/// A person by the 18-digit number.
pub(super) fn person(id: u64) -> Holder {
    Holder::new(person_name(id), "1", identity_number(id), "1")
}

/// A person by the 15-digit number.
pub(super) fn person_in_short(id: u64) -> Holder {
    Holder::new(person_name(id), "1", short_form(&identity_number(id)), "1")
}

/// A person in the form in which this person is registered, mostly the 18-digit number.
pub(super) fn person_as_registered(id: u64) -> Holder {
    let mut holder = person(id);
    let number = holder.document_number.clone();
    let serial = id % 100_000_000;
    (holder.document_kind, holder.document_number) = match mix(id) % 1000 {
        0..8 => ("3", format!("E{serial:08}")),
        8..14 => ("2", format!("H{serial:08}")),
        14..16 => ("2", format!("H{serial:08}{:02}", 1 + id % 9)),
        16..20 => ("5", format!("军字第{serial:07}号")),
        20..26 => ("4", number),
        26..32 => ("99", number),
        32..37 => ("", String::new()),
        37..39 => ("1", "无".to_owned()),
        39..49 => ("1", full_width(&number)),
        49..55 => ("1", format!("{}-{}-{}", &number[..6], &number[6..14], &number[14..])),
        55..60 => ("1", format!("{} {} {}", &number[..6], &number[6..14], &number[14..])),
        60..560 => ("1", number.to_lowercase()),
        _ => ("1", number),
    };
    holder.name = match mix(id) % 1000 {
        0..8 => format!("{}{}{}", FIRST_FOREIGN[index(id % 8)], DOTS[index(id % 4)], LAST_FOREIGN[index(id / 8 % 8)]),
        960..975 => {
            format!("{}{}{}", GIVEN_UYGHUR[index(id % 8)], DOTS[index(id % 4)], GIVEN_UYGHUR[index(id / 8 % 8)])
        }
        975..985 => holder.name.chars().flat_map(|each| [each, '\u{3000}']).collect::<String>().trim().to_owned(),
        _ => holder.name,
    };
    holder
}

/// Several persons in one row.
pub(super) fn joined(persons: &[Holder]) -> Holder {
    let each = |text: fn(&Holder) -> &str| persons.iter().map(text).collect::<Vec<_>>().join("、");
    Holder::new(each(|holder| &holder.name), "1", each(|holder| &holder.document_number), "1")
}

/// A company by its credit code.
pub(super) fn company(id: u64) -> Holder {
    Holder::new(company_name(id), "8", credit_code(&organisation_code(id)), "2")
}

/// A company by its organisation code, with or without hyphen.
pub(super) fn company_by_old_code(id: u64, has_hyphen: bool) -> Holder {
    let code = organisation_code(id);
    let code = if has_hyphen { format!("{}-{}", &code[..8], &code[8..]) } else { code };
    Holder::new(company_name(id), "6", code, "2")
}

/// A company as some row has it: one with a credit code under any of its codes, others by licence or by name alone.
pub(super) fn company_as_registered(id: u64, random: &mut Random) -> Holder {
    match (mix(id) % 100, random.below(100)) {
        (0..10, _) => Holder::new(company_name(id), "7", licence_number(id), "2"),
        (10..15, _) => Holder::new(company_name(id), "", String::new(), "2"),
        (15..18, _) => Holder::new(company_name(id), "", String::new(), ""),
        (18..22, _) => Holder::new(format!("测试县第{id}中学"), "8", credit_code(&organisation_code(id)), "3"),
        (_, 0..15) => company_by_old_code(id, true),
        (_, 15..25) => company_by_old_code(id, false),
        (_, 25..30) => Holder { document_kind: "7", ..company(id) },
        (_, 30..32) => Holder { document_kind: "99", ..company(id) },
        _ => company(id),
    }
}

/// One of a dozen banks.
pub(super) fn bank(random: &mut Random) -> Holder {
    let which = random.below(12);
    let name = format!("测试{}银行股份有限公司测试县支行", BANKS[index(which)]);
    let code = organisation_code(1_000_000_000 + which);
    match random.below(10) {
        0 => Holder::new(name, "6", format!("{}-{}", &code[..8], &code[8..]), "2"),
        _ => Holder::new(name, "8", credit_code(&code), "2"),
    }
}

/// A village collective, which has no number.
pub(super) fn collective(village: u64) -> Holder {
    let name = format!("测试县云溪镇{}村第{}村民小组农民集体", WORDS[index(village % 40)], 1 + village / 40);
    Holder::new(name, "", String::new(), "99")
}

fn person_name(id: u64) -> String {
    match id {
        1 => return "欧阳测宁".to_owned(),
        2 => return "上官测安".to_owned(),
        3 => return "司徒测和".to_owned(),
        4 => return "诸葛测平".to_owned(),
        _ => {}
    }
    let chance = mix(id ^ 0x6e61_6d65);
    let character = |list: &str, at: u64| {
        let count = list.chars().count() as u64;
        list.chars().nth(index(at % count)).unwrap_or('某')
    };
    let mut name = String::from(character(SURNAMES, chance));
    name.push(character(GIVEN, chance >> 16));
    if chance >> 60 != 0 {
        name.push(character(GIVEN, chance >> 32));
    }
    name
}

fn company_name(id: u64) -> String {
    let (first, second) = (WORDS[index(id % 40)], WORDS[index(id / 40 % 40)]);
    let trade = TRADES[index(id / 1600 % 10)];
    match id / 16_000 {
        0 => format!("测试{first}{second}{trade}有限公司"),
        again => format!("测试{first}{second}第{again}{trade}有限公司"),
    }
}

fn full_width(number: &str) -> String {
    let wide = |each: char| char::from_u32(u32::from(each) + 0xfee0).unwrap_or(each);
    number.chars().map(wide).collect()
}

const DOTS: [&str; 4] = ["·", "•", "．", "・"];

const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜";

const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉建国文志新春梅红雪晨宇浩然子轩欣怡梓涵博雅思远嘉诚永年德海云山清和𠮷㐂";

const GIVEN_UYGHUR: [&str; 8] = ["阿卜杜", "买买提", "吐尔逊", "艾合买提", "古丽娜尔", "热依汗", "玉素甫", "帕提古丽"];

const FIRST_FOREIGN: [&str; 8] = ["约翰", "玛丽", "安娜", "彼得", "James", "Maria", "Ivan", "Emma"];

const LAST_FOREIGN: [&str; 8] = ["史密斯", "琼斯", "穆勒", "佐藤", "Smith", "Garcia", "Petrov", "Brown"];

const BANKS: [&str; 12] =
    ["农商", "城商", "兴农", "惠民", "通源", "恒丰源", "江岸", "海岸", "北岭", "南溪", "东浦", "西川"];

const WORDS: [&str; 40] = [
    "云海", "天泽", "宏远", "嘉禾", "金桥", "华庭", "瑞丰", "盛世", "东升", "恒信", "永昌", "德润", "泰和", "新城",
    "锦绣", "长青", "安澜", "博远", "中原", "九州", "星河", "明珠", "鼎新", "万象", "通达", "聚源", "龙腾", "凤鸣",
    "启航", "方圆", "四海", "同心", "立信", "广源", "康宁", "乐居", "望江", "临川", "松岭", "清溪",
];

const TRADES: [&str; 10] =
    ["房地产开发", "置业", "贸易", "物流", "机械制造", "食品", "建筑工程", "农业科技", "信息技术", "酒店管理"];
