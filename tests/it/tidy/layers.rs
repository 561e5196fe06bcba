//! Each room uses exactly the rooms that the table on the page of `src/lib.rs` names for it.
//!
//! The table stands in reading order, from the bottom up, as the `mod` lines below it do. A room names only rooms above it, so
//! no rooms import each other in a circle. A room that is named and not used is a fault as well: what the table allows, some
//! code needs.

use std::collections::{BTreeMap, BTreeSet};

use super::{begins_word, code_of, files_under, has_extension, is_word, read, room_of};

/// A row of the table: a room, and the rooms that it uses.
type Row = (String, BTreeSet<String>);

#[test]
fn rooms_use_exactly_the_rooms_that_the_map_says() {
    let map = read("src/lib.rs");
    let rows = rows_of(&map);
    let mut faults = faults_of_the_map(&rows, &map);
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files_under("src").iter().filter(|path| has_extension(path, "rs")) {
        let Some(room) = room_of(path) else { continue };
        let names = names_from_the_top(path, &code_of(&read(path)));
        used.entry(room.to_owned()).or_default().extend(names);
    }
    faults.extend(faults_of_use(&rows, &used));
    assert!(rows.len() > 10 && faults.is_empty(), "{}", faults.join("\n"));
}

/// The rows of the table on the page: ``| [`room`] | what it has | `other`, `another` |``.
fn rows_of(map: &str) -> Vec<Row> {
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = map.lines().filter_map(|line| line.strip_prefix("//! | [`"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_end_matches([' ', '|']).split(" | ").collect();
        let room = cells[0].trim_end_matches("`]").to_owned();
        (room, cells.last().map(|used| quoted(used)).unwrap_or_default().into_iter().collect())
    })
    .collect()
}

fn faults_of_the_map(rows: &[Row], map: &str) -> Vec<String> {
    let declared: Vec<&str> = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let listed: Vec<&str> = rows.iter().map(|(room, _)| room.as_str()).collect();
    let mut faults = Vec::new();
    if declared != listed {
        faults.push(format!(
            "src/lib.rs declares {declared:?} and describes {listed:?}: the same rooms, in the same order"
        ));
    }
    for (at, (room, used)) in rows.iter().enumerate() {
        let above = &listed[..at];
        faults.extend(
            used.iter()
                .filter(|name| !above.contains(&name.as_str()))
                .map(|name| format!("src/lib.rs: `{room}` uses `{name}`, which does not stand above it")),
        );
    }
    faults
}

/// Where the names that a room takes from the top of the crate are not the rooms that its row names.
fn faults_of_use(rows: &[Row], used: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let rooms: BTreeSet<&String> = rows.iter().map(|(room, _)| room).collect();
    let mut faults: Vec<String> = used
        .keys()
        .filter(|room| !rooms.contains(room))
        .map(|room| format!("src/{room}: the room has no row in src/lib.rs"))
        .collect();
    for (room, stated) in rows {
        let names = used.get(room).cloned().unwrap_or_default();
        let names: BTreeSet<String> = names.into_iter().filter(|name| name != room && rooms.contains(name)).collect();
        faults.extend(names.difference(stated).map(|name| format!("src/{room}: it may not use `{name}`")));
        faults.extend(
            stated.difference(&names).map(|name| format!("src/{room}: it does not use `{name}`, as src/lib.rs says")),
        );
    }
    faults
}

/// The first names of what follows a `::`: one, or those of a group in braces.
fn first_names(after: &str) -> Vec<String> {
    let after = after.trim_start();
    let Some(group) = after.strip_prefix('{') else {
        return vec![after.chars().take_while(|char| is_word(*char)).collect()];
    };
    let (mut depth, mut names, mut name) = (0_i32, Vec::new(), String::new());
    for char in group.chars() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(std::mem::take(&mut name)),
            _ if depth == 0 => name.push(char),
            _ => {}
        }
    }
    names.push(name);
    let first = |name: &String| name.trim().chars().take_while(|char| is_word(*char)).collect::<String>();
    names.iter().map(first).filter(|name| !name.is_empty()).collect()
}

/// Names that the code takes from the top of the crate: after `crate::`, or after as many `super::` as the file is deep.
fn names_from_the_top(path: &str, code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::").filter(|(at, _)| begins_word(code, *at)) {
        names.extend(first_names(&code[at + "crate::".len()..]));
    }
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let depth = inside.split('/').count();
    for (at, _) in code.match_indices("super::").filter(|(at, _)| begins_word(code, *at)) {
        let mut after = &code[at..];
        let mut climbed = 0;
        while let Some(rest) = after.strip_prefix("super::") {
            (after, climbed) = (rest, climbed + 1);
        }
        // One deeper within `mod tests`; a name that is no room is ignored by the caller.
        if climbed >= depth {
            names.extend(first_names(after));
        }
    }
    names
}

#[test]
fn names_are_found_in_every_form_of_path() {
    let names = |path: &str, code: &str| names_from_the_top(path, code).into_iter().collect::<Vec<_>>();
    assert_eq!(names("src/a/b.rs", "use crate::{mirror::Reader, spec::{x, y}, domain};"), ["domain", "mirror", "spec"]);
    assert_eq!(names("src/a/b.rs", "crate::rpc::serve()"), ["rpc"]);
    assert_eq!(names("src/a/b.rs", "use super::super::package::read;"), ["package"]);
    assert_eq!(names("src/a/mod.rs", "use super::package;"), ["package"]);
    assert!(names("src/a/b.rs", "use super::c; my_crate::d()").is_empty());
    assert_eq!(first_names("{self, a::{b, c}, d as e}"), ["self", "a", "d"]);
}

#[test]
fn a_map_that_is_not_the_territory_is_a_fault() {
    let map = |rows: &str| format!("{rows}\npub mod low;\npub mod high;\n");
    let faults = |rows: &str, used: &[(&str, &[&str])]| {
        let map = map(rows);
        let used =
            used.iter().map(|(room, names)| ((*room).to_owned(), names.iter().map(ToString::to_string).collect()));
        let rows = rows_of(&map);
        [faults_of_the_map(&rows, &map), faults_of_use(&rows, &used.collect())].concat()
    };
    let right = "//! | [`low`] | `serde` alone | none |\n//! | [`high`] | the top | `low` |";
    assert!(faults(right, &[("low", &["low", "std"]), ("high", &["low"])]).is_empty());
    for (used, told) in [
        (&[("low", &["high"][..]), ("high", &["low"])][..], "src/low: it may not use `high`"),
        (&[("high", &[])], "src/high: it does not use `low`, as src/lib.rs says"),
        (&[("high", &["low"]), ("other", &[])], "src/other: the room has no row in src/lib.rs"),
    ] {
        assert_eq!(faults(right, used), [told]);
    }
    let circle = "//! | [`low`] | a | `high` |\n//! | [`high`] | b | `low` |";
    assert_eq!(
        faults(circle, &[("low", &["high"]), ("high", &["low"])]),
        ["src/lib.rs: `low` uses `high`, which does not stand above it"]
    );
    let turned = "//! | [`high`] | b | none |\n//! | [`low`] | a | none |";
    assert_eq!(faults(turned, &[]).len(), 1);
}
