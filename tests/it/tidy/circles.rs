//! No two files of a room import each other, not even by way of others: each file can be read after those that it needs.
//!
//! A name that a page only hands on (`pub use store::Mirror`) counts as a use of the file that has it, and makes no import of
//! the page, unless the page uses the name itself. Tests beside the code do not count.

use std::collections::{BTreeMap, BTreeSet};

use super::{begins_word, code_of, files_under, has_extension, is_word, read, room_of};

/// A module as its file has it.
#[derive(Default)]
struct Module {
    /// Where a name that is imported here leads, as a path from the top.
    imported: BTreeMap<String, Vec<String>>,
    /// Paths from the top that the code uses.
    used: Vec<Vec<String>>,
}

type Modules = BTreeMap<Vec<String>, Module>;

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    let mut rooms: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for path in files_under("src").into_iter().filter(|path| has_extension(path, "rs")) {
        if let Some(room) = room_of(&path).map(str::to_owned) {
            let source = read(&path);
            rooms.entry(room).or_default().push((path, source));
        }
    }
    let faults: Vec<String> = rooms.values().flat_map(|files| circles_of(files)).collect();
    assert!(rooms.len() > 8 && faults.is_empty(), "files that import each other:\n{}", faults.join("\n"));
}

/// The circles among files, each once: `a -> b -> a`.
fn circles_of(files: &[(String, String)]) -> Vec<String> {
    let is_test = |path: &str| path.split('/').any(|part| part == "tests" || part == "tests.rs");
    let names: BTreeSet<Vec<String>> = files.iter().map(|(path, _)| module_of(path)).collect();
    let files = files.iter().filter(|(path, _)| !is_test(path));
    let modules: Modules = files
        .map(|(path, source)| {
            let module = module_of(path);
            let parsed = parse(&module, &code_of(source), &names);
            (module, parsed)
        })
        .collect();
    let imports: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> = modules
        .iter()
        .map(|(name, module)| {
            let targets = module.used.iter().filter_map(|path| resolve(path, &modules, 0));
            (name, targets.filter(|target| target != name).collect())
        })
        .collect();
    let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
    let mut circles = Vec::new();
    for name in modules.keys() {
        let Some(circle) = circle_from(name, &imports) else { continue };
        if circle.iter().any(|name| seen.contains(name)) {
            continue;
        }
        circles.push(circle.iter().chain([name]).map(|name| name.join("::")).collect::<Vec<_>>().join(" -> "));
        seen.extend(circle);
    }
    circles
}

/// The shortest way from a module back to itself, without its end.
fn circle_from(
    start: &Vec<String>,
    imports: &BTreeMap<&Vec<String>, BTreeSet<Vec<String>>>,
) -> Option<Vec<Vec<String>>> {
    let mut ways = vec![vec![start.clone()]];
    let mut reached = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| imports.get(last)).into_iter().flatten() {
                if next == start {
                    return Some(way);
                }
                if reached.insert(next) {
                    longer.push(way.iter().cloned().chain([next.clone()]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}

/// `src/a/b.rs` and `src/a/b/mod.rs` are both `a::b`.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    inside.split('/').map(str::to_owned).collect()
}

/// The file to which a path from the top leads; `None` where that is outside the room.
fn resolve(path: &[String], modules: &Modules, depth: usize) -> Option<Vec<String>> {
    let length = (1..=path.len()).rev().find(|length| modules.contains_key(&path[..*length]))?;
    let module = &modules[&path[..length]];
    let further = path.get(length).and_then(|name| module.imported.get(name));
    match further {
        // Names that lead in a circle would not compile; the bound is for code that does not.
        Some(further) if depth < 8 => resolve(further, modules, depth + 1),
        _ => Some(path[..length].to_vec()),
    }
}

fn parse(module: &[String], code: &str, names: &BTreeSet<Vec<String>>) -> Module {
    // Who may see an item is no import.
    let code = without_tests(code).split("pub(in ").enumerate();
    let code: String = code
        .map(|(at, part)| if at == 0 { part } else { part.split_once(')').map_or(part, |(_, rest)| rest) })
        .collect();
    let mut parsed = Module::default();
    let (mut rest, mut inline, mut handed_on) = (code.as_str(), String::new(), Vec::new());
    while let Some(at) = use_of(rest) {
        let before = &rest[..at];
        let tree = &rest[at + "use ".len()..];
        let end = tree.find(';').unwrap_or(tree.len());
        let is_public =
            before.trim_end().rsplit([';', '}', ']']).next().is_some_and(|word| word.trim().starts_with("pub"));
        for (path, alias) in expand(&[], &tree[..end]) {
            let Some(path) = from_the_top(module, &path, names) else { continue };
            parsed.imported.insert(alias.clone(), path.clone());
            if is_public && path.starts_with(module) {
                handed_on.push((alias, path));
            } else {
                parsed.used.push(path);
            }
        }
        inline.push_str(before);
        inline.push('\n');
        rest = &tree[end..];
    }
    inline.push_str(rest);
    let used: BTreeSet<&str> = inline.split(|char: char| !is_word(char)).collect();
    parsed.used.extend(handed_on.into_iter().filter(|(alias, _)| used.contains(alias.as_str())).map(|(_, path)| path));
    parsed.used.extend(inline_paths(&inline).iter().filter_map(|path| from_the_top(module, path, names)));
    parsed
}

/// The code before the tests beside it.
fn without_tests(code: &str) -> &str {
    let mut tests = code.match_indices("mod tests {").map(|(at, _)| at);
    let is_marked = |at: &usize| code[..*at].trim_end().ends_with("#[cfg(test)]");
    tests.find(is_marked).map_or(code, |at| &code[..at])
}

/// Where the next `use` begins.
fn use_of(code: &str) -> Option<usize> {
    code.match_indices("use ").map(|(at, _)| at).find(|at| begins_word(code, *at))
}

/// The paths of a `use`, each with the name that it has here.
fn expand(prefix: &[String], tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    if let Some((head, group)) = tree.split_once('{') {
        let heads = head.split("::").map(str::trim).filter(|part| !part.is_empty());
        let prefix: Vec<String> = prefix.iter().cloned().chain(heads.map(str::to_owned)).collect();
        let group = group.rsplit_once('}').map_or(group, |(inside, _)| inside);
        return parts_of(group).iter().flat_map(|part| expand(&prefix, part)).collect();
    }
    let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let parts = path.split("::").map(str::trim).filter(|part| !part.is_empty());
    let mut path: Vec<String> = prefix.iter().cloned().chain(parts.map(str::to_owned)).collect();
    if path.last().is_some_and(|last| last == "self" || last == "*") && path.len() > 1 {
        path.pop();
    }
    let name = alias.map(str::to_owned).or_else(|| path.last().cloned());
    name.into_iter().map(|name| (path.clone(), name)).collect()
}

/// The parts of a group between its own commas.
fn parts_of(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (at, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[start..]);
    parts.into_iter().filter(|part| !part.trim().is_empty()).collect()
}

/// Paths that stand in code: `super::tell(…)`, `store::Meta::of(…)`.
fn inline_paths(code: &str) -> Vec<Vec<String>> {
    let is_part = |char: char| is_word(char) || char == ':';
    let words = code.split(|char: char| !is_part(char));
    let parts =
        |word: &str| word.split("::").map(str::to_owned).take_while(|part| !part.is_empty()).collect::<Vec<_>>();
    words.filter(|word| word.contains("::") && !word.starts_with(':')).map(parts).collect()
}

/// A path counted from the top of the crate; `None` where it begins with what is no module of ours.
fn from_the_top(module: &[String], path: &[String], names: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    let join = |base: &[String], path: &[String]| base.iter().chain(path).cloned().collect::<Vec<_>>();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some(join(module, &path[1..])),
        "super" => {
            let climbed = path.iter().take_while(|part| *part == "super").count();
            Some(join(&module[..module.len().checked_sub(climbed)?], &path[climbed..]))
        }
        first => {
            let child = join(module, &[first.to_owned()]);
            names.contains(&child).then(|| join(module, path))
        }
    }
}

/// The rule itself, on small rooms.
fn circles(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<_> = files.iter().map(|(path, code)| (format!("src/{path}.rs"), (*code).to_owned())).collect();
    circles_of(&files)
}

#[test]
fn a_circle_is_found_in_every_form_of_import() {
    for (first, second) in [
        ("use super::two::Two;", "use super::one::One;"),
        ("use super::{three, two::{self, Two}};", "fn f() { crate::room::one::f() }"),
        ("use crate::{other, room::{two::Two as Three}};", "use super::{one};"),
        ("fn f() -> super::two::Two {}", "pub(super) use super::one::One;"),
    ] {
        let found = circles(&[("room/mod", "mod one; mod two;"), ("room/one", first), ("room/two", second)]);
        assert_eq!(found, ["room::one -> room::two -> room::one"], "{first} {second}");
    }
    let three = [("a/x", "use super::y::Y;"), ("a/y", "use super::z::Z;"), ("a/z", "use super::x::X;")];
    assert_eq!(circles(&three), ["a::x -> a::y -> a::z -> a::x"]);
}

#[test]
fn a_circle_through_the_rooms_page_is_found() {
    let page = "mod one; use one::One; pub struct Page;";
    assert_eq!(circles(&[("room/mod", page), ("room/one", "use super::Page;")]), ["room -> room::one -> room"]);
    let own = "mod one; pub use one::One; fn f() -> One {} pub struct Page;";
    assert_eq!(circles(&[("room/mod", own), ("room/one", "use super::Page;")]), ["room -> room::one -> room"]);
    let called = "mod one; fn f() { one::run() }";
    assert_eq!(circles(&[("room/mod", called), ("room/one", "super::f()")]), ["room -> room::one -> room"]);
    // What the page hands on is the other file's.
    let page = "mod one; mod two; pub use {one::One, two::Two}; pub struct Page;";
    let found = circles(&[("room/mod", page), ("room/one", "use super::Two;"), ("room/two", "use crate::room::One;")]);
    assert_eq!(found, ["room::one -> room::two -> room::one"]);
}

#[test]
fn what_points_one_way_is_no_circle() {
    let page = "mod one; mod two; pub use one::One;";
    let one = "use super::{two::Two, Page}; use std::two; use crate::other::one::One;";
    let two = "pub struct Two; // use super::one::One;\n#[cfg(test)] mod tests { use super::super::one::One; }";
    assert!(circles(&[("room/mod", page), ("room/one", one), ("room/two", two)]).is_empty());
    assert!(circles(&[("room/mod", page), ("room/one", ""), ("room/tests", "use super::one;")]).is_empty());
    let seen = "pub(in crate::room) struct One;";
    assert!(circles(&[("room/mod", "mod one; use one::One;"), ("room/one", seen)]).is_empty());
}
