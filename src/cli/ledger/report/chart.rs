//! The chart of queries over time: an upright bar for each day or month, drawn as SVG.

use jiff::civil::Date;

use super::{
    count::Tally,
    html::{grouped, parts, put, told},
};

/// Size of the chart, and the room for its labels, in its own units; it is scaled to the page.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 46.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 34.0;

/// Where the bars stand.
const FLOOR: f64 = HEIGHT - BOTTOM;

/// The widest bar: a few months shall not look like walls.
const BAR_MAX: f64 = 44.0;

/// A count as a length.
#[expect(clippy::cast_precision_loss, reason = "a length on paper needs no 53 bits")]
pub(super) fn length(count: u64) -> f64 {
    count as f64
}

/// Numbers at which the chart has a line, at most six: steps of 1, 2 or 5 and zeros, up to above the highest bar.
fn ticks(max: u64) -> Vec<u64> {
    let mut steps = (0..18).flat_map(|zeros| [1, 2, 5].map(|one| one * 10_u64.pow(zeros)));
    let step = steps.find(|step| max.div_ceil(*step) <= 5).unwrap_or(u64::MAX);
    (0..=max.div_ceil(step).max(1)).map(|at| at.saturating_mul(step)).collect()
}

/// Draws the chart of some periods, in order and not all without queries.
pub(super) fn over_time(page: &mut String, periods: &[(Date, Tally)], by_day: bool) {
    let name = |date: Date| {
        let (year, month, day) = (date.year(), date.month(), date.day());
        if by_day { format!("{month}月{day}日") } else { format!("{year}年{month}月") }
    };
    let most = periods.iter().copied().reduce(|most, one| if one.1.total() > most.1.total() { one } else { most });
    let (most_on, most) = most.unwrap_or_default();
    let ticks = ticks(most.total());
    let highest = length(ticks.last().copied().unwrap_or(1));
    let slot = (WIDTH - LEFT) / length(periods.len().max(1) as u64);
    put(
        page,
        format_args!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"time-title time-desc\">\n"
        ),
    );
    put(page, format_args!("<title id=\"time-title\">{}的查询件数</title>\n", if by_day { "每日" } else { "每月" }));
    let (on, count) = (name(most_on), grouped(most.total()));
    put(
        page,
        format_args!("<desc id=\"time-desc\">最多的是{on}，{count} 件：{}。全部数字见下表。</desc>\n", told(most)),
    );
    for tick in ticks {
        line(page, tick, highest);
    }
    for (at, (date, tally)) in (0..).zip(periods) {
        let middle = LEFT + slot * (length(at) + 0.5);
        let bar = Bar { middle, width: (slot * 0.7).min(BAR_MAX), highest };
        bar.draw(page, *tally, &name(*date));
        label(page, middle, *date, (at == 0, by_day));
    }
    page.push_str("</svg>\n");
}

/// How high a count stands.
fn rise(count: u64, highest: f64) -> f64 {
    length(count) / highest * (FLOOR - TOP)
}

/// A level line with its number.
fn line(page: &mut String, tick: u64, highest: f64) {
    let y = FLOOR - rise(tick, highest);
    let class = if tick == 0 { "axis" } else { "grid" };
    put(page, format_args!("<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"));
    let (x, y) = (LEFT - 8.0, y + 4.0);
    put(page, format_args!("<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{}</text>\n", grouped(tick)));
}

/// The place of an upright bar.
struct Bar {
    middle: f64,
    width: f64,
    highest: f64,
}

impl Bar {
    fn draw(&self, page: &mut String, tally: Tally, name: &str) {
        if tally.total() == 0 {
            return;
        }
        put(page, format_args!("<g><title>{name}：{}</title>", told(tally)));
        let (x, width) = (self.middle - self.width / 2.0, self.width);
        let mut below = 0;
        for (class, _, count) in parts(tally).into_iter().filter(|(_, _, count)| *count > 0) {
            let (y, height) = (FLOOR - rise(below + count, self.highest), rise(count, self.highest));
            put(
                page,
                format_args!(
                    "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
                ),
            );
            below += count;
        }
        page.push_str("</g>\n");
    }
}

/// The day under a bar, or the month, and the year where one begins.
fn label(page: &mut String, x: f64, date: Date, (is_first, by_day): (bool, bool)) {
    let y = FLOOR + 16.0;
    let text = if by_day { date.day().to_string() } else { format!("{}月", date.month()) };
    put(page, format_args!("<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>\n"));
    if !by_day && (is_first || date.month() == 1) {
        let (y, year) = (y + 15.0, date.year());
        put(page, format_args!("<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{year}</text>\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_few_lines_and_the_highest_is_above_all_bars() {
        for max in (0..2000).chain([12_345, 99_999, 1_000_001]) {
            let ticks = ticks(max);
            assert!(
                (2..=6).contains(&ticks.len()) && ticks.last().is_some_and(|last| *last >= max),
                "{max}: {ticks:?}"
            );
        }
        assert_eq!(ticks(34), [0, 10, 20, 30, 40]);
    }
}
