//! A report as one HTML page: no script, no reference to anything outside, charts drawn here.
//!
//! It is kept with case files and printed, so it must be read in years and on paper: what refused means is told by a hatching
//! and not by a colour alone, every bar stands beside its number in a table, and a policy in its head forbids the page to load
//! anything, whatever a value in it might be.

use jiff::civil::Date;

use super::{
    chart::{self, length},
    contents::Report,
    count::{Court, Tally},
    html::{escaped, grouped, parts, put, told},
    labels,
    plain::{entries, title},
};
use crate::service::record::{FOUND, NOTHING_FOUND};

const STYLE: &str = include_str!("style.css");

/// Handlers that have a row of their own; the rest is told together.
const HANDLERS_MAX: usize = 500;

/// The page; where nothing was asked, a sentence stands in the place of charts and tables.
pub(super) fn html(report: &Report) -> String {
    let mut page = String::with_capacity(64 * 1024);
    let title = format!("不动产登记查询统计　{}", title(report));
    page.push_str("<!doctype html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    );
    put(
        &mut page,
        format_args!("<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{HATCH}<main>\n", escaped(&title)),
    );
    head(&mut page, report);
    figures(&mut page, report.counts.total);
    if report.counts.total.total() == 0 {
        page.push_str("<p class=\"none\">本期没有查询。</p>\n");
    } else {
        over_time(&mut page, report);
        by_court(&mut page, report);
        by_handler(&mut page, report);
        by_outcome(&mut page, report);
    }
    notes(&mut page, report);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

/// The pattern of what was refused, for every chart of the page.
const HATCH: &str = "<svg class=\"defs\" aria-hidden=\"true\"><defs><pattern id=\"refused\" width=\"5\" height=\"5\" \
    patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect class=\"hatch-ground\" width=\"5\" height=\"5\"/>\
    <line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"5\"/></pattern></defs></svg>\n";

fn head(page: &mut String, report: &Report) {
    put(page, format_args!("<header>\n<p>不动产登记查询统计</p>\n<h1>{}</h1>\n", escaped(&title(report))));
    put(page, format_args!("<p>存证账本 {}　{}</p>\n", escaped(&report.ledger), escaped(&entries(report))));
    let made = report.made.strftime("%Y-%m-%d %H:%M");
    put(page, format_args!("<p>时区 {}　制表时间 {made}</p>\n", escaped(&report.zone_name())));
    if report.is_unfinished() {
        page.push_str("<p class=\"unfinished\">本期尚未结束，数字截至制表时间。</p>\n");
    }
    page.push_str("</header>\n");
}

fn figures(page: &mut String, total: Tally) {
    page.push_str("<dl class=\"figures\">\n");
    for (class, name, count) in [("", "查询总数", total.total())].into_iter().chain(parts(total)) {
        put(page, format_args!("<div class=\"{class}\"><dt>{name}</dt><dd>{}</dd></div>\n", grouped(count)));
    }
    page.push_str("</dl>\n");
}

fn legend(page: &mut String) {
    page.push_str("<ul class=\"legend\">");
    for (class, name, _) in parts(Tally::default()) {
        put(
            page,
            format_args!(
                "<li><svg aria-hidden=\"true\"><rect class=\"{class}\" width=\"100%\" height=\"100%\"/></svg>{name}</li>"
            ),
        );
    }
    page.push_str("</ul>\n");
}

fn over_time(page: &mut String, report: &Report) {
    let periods: Vec<_> = report.counts.periods.iter().map(|(date, tally)| (*date, *tally)).collect();
    let by_day = report.months.count() == 1;
    put(page, format_args!("<section>\n<h2>{}</h2>\n", if by_day { "每日查询" } else { "每月查询" }));
    legend(page);
    page.push_str("<figure>\n");
    chart::over_time(page, &periods, by_day);
    page.push_str("</figure>\n");
    time_table(page, &periods, by_day);
    page.push_str("</section>\n");
}

/// The numbers of the chart over time, in three tables side by side.
fn time_table(page: &mut String, periods: &[(Date, Tally)], by_day: bool) {
    page.push_str("<div class=\"side-by-side\">\n");
    for part in periods.chunks(periods.len().div_ceil(3)) {
        page.push_str("<table>\n<thead><tr><th scope=\"col\">日期</th>");
        for name in ["合计", "查有", "未查到", "拒绝"] {
            put(page, format_args!("<th scope=\"col\" class=\"number\">{name}</th>"));
        }
        page.push_str("</tr></thead>\n<tbody>\n");
        for (date, tally) in part {
            let label = if by_day { date.to_string() } else { date.strftime("%Y-%m").to_string() };
            put(page, format_args!("<tr><th scope=\"row\">{label}</th>"));
            numbers(page, *tally);
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n</table>\n");
    }
    page.push_str("</div>\n");
}

fn numbers(page: &mut String, tally: Tally) {
    for count in [tally.total(), tally.found, tally.nothing_found, tally.refused] {
        let zero = if count == 0 { " zero" } else { "" };
        put(page, format_args!("<td class=\"number{zero}\">{}</td>", grouped(count)));
    }
}

/// A row of a table with bars: what it is of, each name escaped already, and what came of its queries.
struct Row {
    names: Vec<String>,
    tally: Tally,
}

fn by_court(page: &mut String, report: &Report) {
    page.push_str("<section>\n<h2>按法院</h2>\n");
    let rows = report.counts.courts.iter().map(|(court, tally)| Row { names: vec![court_name(court)], tally: *tally });
    table_with_bars(page, &["法院"], &rows.collect::<Vec<_>>(), report.counts.total);
    page.push_str("</section>\n");
}

fn court_name(court: &Court) -> String {
    let whole = labels::court(court);
    // A code is not broken at the end of a line.
    match whole.strip_suffix(&format!("（{}）", court.code)) {
        Some(name) => format!("{}<span class=\"code\">（{}）</span>", escaped(name), escaped(&court.code)),
        None => escaped(&whole),
    }
}

fn by_handler(page: &mut String, report: &Report) {
    page.push_str("<section>\n<h2>按承办人</h2>\n");
    let handlers = &report.counts.handlers;
    let mut rows: Vec<_> = handlers
        .iter()
        .take(HANDLERS_MAX)
        .map(|handler| {
            let label = escaped(&labels::handler(handler, report.is_revealed));
            let is_pseudonym = handler.name.is_none() && !handler.pseudonym.is_empty();
            let label = if is_pseudonym { format!("<span class=\"pseudonym\">{label}</span>") } else { label };
            Row { names: vec![court_name(&handler.court), label], tally: handler.tally }
        })
        .collect();
    if let Some(rest) = handlers.get(HANDLERS_MAX..).filter(|rest| !rest.is_empty()) {
        let mut tally = Tally::default();
        for handler in rest {
            tally += handler.tally;
        }
        rows.push(Row {
            names: vec![String::new(), format!("其余 {} 名合计", grouped(rest.len() as u64))], tally
        });
    }
    table_with_bars(page, &["法院", "承办人"], &rows, report.counts.total);
    page.push_str("</section>\n");
}

fn table_with_bars(page: &mut String, header: &[&str], rows: &[Row], total: Tally) {
    legend(page);
    page.push_str("<table>\n<thead><tr>");
    for name in header {
        put(page, format_args!("<th scope=\"col\">{name}</th>"));
    }
    page.push_str("<th scope=\"col\" class=\"bar\"></th>");
    for name in ["合计", "查有登记", "未查到登记", "拒绝"] {
        put(page, format_args!("<th scope=\"col\" class=\"number\">{name}</th>"));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    let most = rows.iter().map(|row| row.tally.total()).max().unwrap_or_default();
    for Row { names, tally } in rows {
        page.push_str("<tr>");
        for (at, name) in names.iter().enumerate() {
            if at + 1 == names.len() {
                put(page, format_args!("<th scope=\"row\" class=\"name\">{name}</th>"));
            } else {
                put(page, format_args!("<td class=\"name\">{name}</td>"));
            }
        }
        let told = format!("共 {}：{}", grouped(tally.total()), told(*tally));
        level_bar(page, &parts(*tally).map(|(class, _, count)| (class, count)), most, &told);
        numbers(page, *tally);
        page.push_str("</tr>\n");
    }
    put(
        page,
        format_args!(
            "</tbody>\n<tfoot><tr><th scope=\"row\" colspan=\"{}\">合计</th><td class=\"bar\"></td>",
            header.len()
        ),
    );
    numbers(page, total);
    page.push_str("</tr></tfoot>\n</table>\n");
}

/// A cell with a level bar; its full width is `most`.
fn level_bar(page: &mut String, parts: &[(&str, u64)], most: u64, told: &str) {
    put(page, format_args!("<td class=\"bar\"><svg role=\"img\"><title>{}</title>", escaped(told)));
    let share = |count: u64| length(count) / length(most.max(1)) * 100.0;
    let mut before = 0;
    for (class, count) in parts.iter().filter(|(_, count)| *count > 0) {
        let (x, width) = (share(before), share(*count));
        put(page, format_args!("<rect class=\"{class}\" x=\"{x:.2}%\" width=\"{width:.2}%\" height=\"100%\"/>"));
        before += count;
    }
    page.push_str("</svg></td>");
}

fn by_outcome(page: &mut String, report: &Report) {
    let counts = &report.counts;
    page.push_str("<section>\n<h2>按结果</h2>\n");
    page.push_str("<table>\n<thead><tr><th scope=\"col\">结果</th><th scope=\"col\" class=\"bar\"></th><th scope=\"col\" class=\"number\">件数</th><th scope=\"col\" class=\"number\">占比</th></tr></thead>\n<tbody>\n");
    let total = counts.total.total();
    let most = counts.outcomes.iter().map(|(_, count)| *count).max().unwrap_or_default();
    for (word, count) in &counts.outcomes {
        let (class, prefix) = match word.as_str() {
            FOUND => ("found", ""),
            NOTHING_FOUND => ("nothing", ""),
            _ => ("refused", "拒绝："),
        };
        let label = labels::outcome(word);
        let original = if class == "refused" && label != word {
            format!(" <span class=\"word\">{}</span>", escaped(word))
        } else {
            String::new()
        };
        put(page, format_args!("<tr><th scope=\"row\" class=\"name\">{prefix}{}{original}</th>", escaped(label)));
        level_bar(page, &[(class, *count)], most, &format!("{label} {}", grouped(*count)));
        let share = length(*count) / length(total.max(1)) * 100.0;
        put(
            page,
            format_args!("<td class=\"number\">{}</td><td class=\"number\">{share:.1}%</td></tr>\n", grouped(*count)),
        );
    }
    put(
        page,
        format_args!(
            "</tbody>\n<tfoot><tr><th scope=\"row\">合计</th><td class=\"bar\"></td><td class=\"number\">{}</td><td class=\"number\">100.0%</td></tr></tfoot>\n</table>\n</section>\n",
            grouped(total)
        ),
    );
}

fn notes(page: &mut String, report: &Report) {
    let others =
        report.counts.others.iter().map(|(kind, count)| format!("{} {} 条", labels::kind(*kind), grouped(*count)));
    let others = others.collect::<Vec<_>>().join("，");
    page.push_str("<section class=\"notes\">\n<h2>说明</h2>\n<ul>\n");
    let handlers = if report.is_revealed {
        "承办人姓名取自密封存证内容，显示姓名一事已记入账本；存证内容已过保存期限的，只显示代号。"
    } else {
        "承办人以代号显示，代号是账本检索标签的前 8 位，同一证件号的代号始终相同。"
    };
    for note in [
        "一件查询对应账本中的一条存证：已答复的查询，或者被拒绝的请求。同一请求单号重复发送的，返回原答复，不再计数。",
        "被拒绝的请求没有写明法院或者承办人，或者所写法院未登记的，列为“不明”。",
        handlers,
        "日期和月份按制表机器的时区划分。",
        &format!("查询以外的存证条目：{others}。"),
        "本页不含脚本，不引用任何外部内容；数字可以用 bdcd ledger export 逐条核对，账本可以用 bdcd ledger verify 验证。",
    ] {
        put(page, format_args!("<li>{}</li>\n", escaped(note)));
    }
    page.push_str("</ul>\n</section>\n");
}
