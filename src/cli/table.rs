//! An answer as a table for people, with Chinese labels, by the field map.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table as Grid, presets::UTF8_FULL_CONDENSED};

use crate::{
    domain::{
        answer::Answer,
        kinds::{AreaUnit, Field, PARTY, Value, tag},
        matching::{Flag, Rule},
        record::{Matched, Party, Registration, Role, Status, Unit},
        tables::Table,
    },
    spec::{codes, withheld_because},
};

/// The whole answer: a table a unit, then what was searched.
pub(super) fn of_answer(answer: &Answer) -> String {
    let mut text = String::new();
    let generation = &answer.generation;
    let mut line = |parts: std::fmt::Arguments<'_>| {
        text.write_fmt(parts).and_then(|()| text.write_char('\n')).unwrap_or_default();
    };
    line(format_args!("{}　查询请求单号 {}", generation.authority_name, answer.request_number));
    line(format_args!("数据 {}，截止 {}", generation.name(), generation.as_of));
    for unit in &answer.units {
        line(format_args!("\n{}", heading(unit)));
        line(format_args!("{}", of_unit(unit)));
    }
    if answer.units.is_empty() {
        line(format_args!("\n未查询到登记信息。"));
    }
    let coverage = &answer.coverage;
    line(format_args!("\n命中 {} 件，列出 {} 件。", coverage.found, coverage.reported));
    for (rule, count) in &coverage.withheld {
        line(format_args!("未列出 {count} 件：{}。", withheld_because(*rule)));
    }
    let searched: Vec<_> = generation.tables.iter().map(|(table, _)| table.name()).collect();
    line(format_args!("检索表：{}", searched.join(" ")));
    let not_searched: Vec<_> = generation.tables_not_searched().map(Table::label).collect();
    if !not_searched.is_empty() {
        line(format_args!("未检索：{}", not_searched.join("、")));
    }
    for (table, rows) in &generation.quarantined {
        line(format_args!("隔离 {rows} 行，未参与查询：{}", table.label()));
    }
    for gap in &generation.accepted {
        line(format_args!("数据缺陷（已确认接受）：{}：{}", gap.what, gap.reason));
    }
    line(format_args!("{}", answer.statement));
    text
}

fn heading(unit: &Unit) -> String {
    let mut parts = vec![if unit.number.is_empty() {
        format!("无不动产单元号（{}）", unit.group)
    } else {
        format!("不动产单元 {}", unit.number)
    }];
    if !unit.location.is_empty() {
        parts.push(unit.location.clone());
    }
    if !unit.area.is_empty() {
        parts.push(format!("{}{}", unit.area, codes::label("MJDW", &unit.area_unit).unwrap_or_default()));
    }
    parts.join("　")
}

fn of_unit(unit: &Unit) -> Grid {
    let mut table = Grid::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_none() {
        table.set_width(120);
    }
    for registration in &unit.registrations {
        table.add_row([title(registration), details(registration)]);
    }
    if let Some(position) = &unit.position {
        let [east, south, west, north] = &position.boundaries;
        let mut text = format!("东：{east}　南：{south}　西：{west}　北：{north}");
        if !position.sheet.is_empty() {
            write!(text, "\n图幅号：{}", position.sheet).unwrap_or_default();
        }
        let points = position.points.len() + position.geographic_points.len();
        if points > 0 {
            write!(text, "\n界址点坐标 {points} 个（--format json 列出）").unwrap_or_default();
        }
        table.add_row([if position.is_of_parcel { "位置（宗地）".to_owned() } else { "位置".to_owned() }, text]);
    }
    table
}

fn title(registration: &Registration) -> String {
    let mut title = registration.kind.table().label.to_owned();
    if registration.status == Status::Ended {
        title.push_str("\n【已终止】");
    }
    if registration.waiting_order > 0 {
        write!(title, "\n轮候第{}位", registration.waiting_order).unwrap_or_default();
    }
    let why = match &registration.matched {
        Some(Matched::Party { rule, flags, .. }) => {
            let told: Vec<_> = [ruled(*rule)].into_iter().chain(flags.iter().map(|flag| flagged(*flag))).collect();
            format!("\n[{}]", told.join("，"))
        }
        Some(Matched::OnSubjectUnit { flags }) => {
            let told: Vec<_> =
                ["被查询人不动产上的登记"].into_iter().chain(flags.iter().map(|flag| flagged(*flag))).collect();
            format!("\n[{}]", told.join("，"))
        }
        None => String::new(),
    };
    title + &why
}

fn ruled(rule: Rule) -> &'static str {
    match rule {
        Rule::Exact => "证件号一致",
        Rule::Variant => "15/18位身份证号换算一致",
        Rule::Orgcode => "组织机构代码一致",
        Rule::Name => "名称一致",
    }
}

fn flagged(flag: Flag) -> &'static str {
    match flag {
        Flag::NameDiffers => "姓名不同",
        Flag::Renamed => "名称已变",
        Flag::VerifyOnSite => "需现场核实",
        Flag::StatusDoubtful => "是否有效存疑，需现场核实",
    }
}

fn details(registration: &Registration) -> String {
    let mut lines = Vec::new();
    let mut add = |label: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("{label}：{text}"));
        }
    };
    let common = &registration.common;
    let table = registration.kind.table();
    for field in table.fields {
        add(field.label, &shown(field, registration));
    }
    let certificate = if table.certificate == "BDCDJZMH" { "不动产登记证明号" } else { "不动产权证号" };
    add(certificate, common.get(tag::CERTIFICATE_NUMBER));
    add("登记时间", &common.get(tag::REGISTERED_AT).replace('T', " "));
    add("登记机构", common.get(tag::REGISTRAR));
    add("业务号", common.get(tag::BUSINESS_NUMBER));
    add("附记", common.get(tag::REMARK));
    for party in &registration.parties {
        add(role(party.role), &of_party(party));
    }
    lines.join("\n")
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Holder => "权利人",
        Role::Obligor => "义务人",
        Role::ServientHolder => "供役地权利人",
        Role::DominantHolder => "需役地权利人",
    }
}

fn of_party(party: &Party) -> String {
    let coded = |tag: u32| {
        let field = PARTY.iter().find(|field| field.tag == tag);
        let text = party.values.get(tag);
        field.map_or(String::new(), |field| labelled(field.value, text))
    };
    let number = party.values.get(tag::PARTY_DOCUMENT_NUMBER);
    let document = format!("{} {number}", coded(tag::PARTY_DOCUMENT_KIND));
    let told = [
        party.values.get(tag::PARTY_NAME).to_owned(),
        document.trim().to_owned(),
        coded(tag::PARTY_CO_OWNERSHIP),
        party.values.get(tag::PARTY_SHARE).to_owned(),
    ];
    told.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("，")
}

/// A detail with its unit, or its code's label.
fn shown(field: &Field, registration: &Registration) -> String {
    let text = registration.details.get(field.tag);
    let unit = match field.value {
        _ if text.is_empty() => return String::new(),
        Value::Area(AreaUnit::SquareMetre) => "平方米",
        Value::Area(AreaUnit::Mu) => "亩",
        Value::Area(AreaUnit::Hectare) => "公顷",
        Value::AreaIn(_) => codes::label("MJDW", registration.detail("area_unit")).unwrap_or_default(),
        Value::Amount => {
            let stated = registration.kind.table().fields.iter().find(|field| field.name == "amount_unit");
            match stated.map(|field| registration.details.get(field.tag)) {
                Some(unit) if !unit.is_empty() => return format!("{text}（金额单位 {unit}）"),
                _ => "万元",
            }
        }
        Value::Date => return text.replace('T', " "),
        Value::Text | Value::Code(_) | Value::Integer => return labelled(field.value, text),
    };
    format!("{text}{unit}")
}

fn labelled(value: Value, text: &str) -> String {
    match value {
        Value::Code(list) if !text.is_empty() => {
            codes::label(list, text).map_or_else(|| text.to_owned(), |label| format!("{label}（{text}）"))
        }
        _ => text.to_owned(),
    }
}
