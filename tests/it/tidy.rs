//! The repository checks its own style: layers, rooms of outside crates, length of files, orphans, notes to do, the top level.
//!
//! These are rules about text, so they read text. A rule that gets in the way is changed here, with its reason, not worked
//! around.

mod circles;
mod layers;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Outside crates that have rooms of their own; their types stay there.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("rusqlite", &["mirror", "ledger"]),
    ("quick_xml", &["spec"]),
    ("csv", &["package"]),
    ("tar", &["package"]),
    ("zstd", &["package"]),
    ("clap", &["cli"]),
    ("toml", &["config"]),
    ("comfy_table", &["cli"]),
    ("rcgen", &["cli"]),
    ("sd_notify", &["cli"]),
    ("signal_hook", &["cli"]),
    ("tonic", &["rpc", "server", "cli"]),
    ("tonic_types", &["rpc", "cli"]),
    ("prost", &["rpc", "server", "cli"]),
    ("tokio_rustls", &["server", "cli"]),
    ("x509_parser", &["server", "rpc", "config"]),
    ("tracing_subscriber", &["telemetry"]),
    ("prometheus_client", &["telemetry"]),
    ("tonic_health", &["server"]),
    ("axum", &["server"]),
];

const TOP_LEVEL: &[&str] =
    &["Cargo.lock", "Cargo.toml", "LICENSE", "README.md", "deploy", "fixtures", "proto", "src", "tests"];

/// Hosts that a page may point to. Anything else is a slip: the address of somebody's machine or mirror.
const HOSTS: &[&str] = &[
    "github.com",
    "c2sp.org",
    "www.apache.org",
    "www.court.gov.cn",
    "www.w3.org",
    "www.rfc-editor.org",
    "doc.rust-lang.org",
    "rustup.rs",
    "opensource.org",
    "schemas.xmlsoap.org",
    "www.freedesktop.org",
    "keepachangelog.com",
];

const FILE_LINES_MAX: usize = 600;
const MAIN_LINES_MAX: usize = 40;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|err| panic!("cannot read {path}: {err}"))
}

/// Files under a folder or the file itself, as paths from the top with `/`, sorted.
fn files_under(path: &str) -> Vec<String> {
    let full = root().join(path);
    if full.is_file() {
        return vec![path.to_owned()];
    }
    let Ok(entries) = fs::read_dir(&full) else { return Vec::new() };
    let names: BTreeSet<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.iter().flat_map(|name| files_under(&format!("{path}/{name}"))).collect()
}

fn rust_files() -> Vec<String> {
    let rooms = ["src", "tests", "proto"];
    rooms.iter().flat_map(|room| files_under(room)).filter(|path| has_extension(path, "rs")).collect()
}

/// The code of a Rust file: comments, texts and characters are blanked, so that words in them are no paths.
fn code_of(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("r\"") || rest.starts_with("r#") {
            raw_text_length(rest)
        } else if first == '"' {
            text_length(rest)
        } else {
            0
        };
        if skipped > 0 {
            code.push(' ');
            rest = &rest[skipped..];
        } else {
            // A lone quote as a character would otherwise open a text.
            let quote = ["'\"'", "'\\\"'"].into_iter().find(|quote| rest.starts_with(quote));
            let length = quote.map_or(first.len_utf8(), str::len);
            code.push_str(if quote.is_some() { " " } else { &rest[..length] });
            rest = &rest[length..];
        }
    }
    code
}

/// Bytes from an opening quote to its closing one, escapes skipped.
fn text_length(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => drop(chars.next()),
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Bytes of a raw text, or of the `r#` of a raw identifier.
fn raw_text_length(rest: &str) -> usize {
    let hashes = rest[1..].chars().take_while(|char| *char == '#').count();
    if !rest[1 + hashes..].starts_with('"') {
        return 1 + hashes;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let body = 2 + hashes;
    rest[body..].find(&close).map_or(rest.len(), |end| body + end + close.len())
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Whether `code[at..]` begins a word of its own.
fn begins_word(code: &str, at: usize) -> bool {
    !code[..at].chars().next_back().is_some_and(is_word)
}

fn room_of(path: &str) -> Option<&str> {
    path.strip_prefix("src/")?.split_once('/').map(|(room, _)| room)
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for path in files_under("src").iter().filter(|path| has_extension(path, "rs")) {
        let code = code_of(&read(path));
        for (name, rooms) in OUTSIDE {
            let needle = format!("{name}::");
            let is_used =
                code.match_indices(&needle).any(|(at, _)| begins_word(&code, at) && !code[..at].ends_with("::"));
            if is_used && !room_of(path).is_some_and(|room| rooms.contains(&room)) {
                faults.push(format!("{path}: `{name}` belongs to {rooms:?}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_have_one_subject() {
    let mut faults = Vec::new();
    for path in rust_files() {
        let source = read(&path);
        let lines = source.lines().count();
        if lines > FILE_LINES_MAX {
            faults.push(format!("{path}: {lines} lines are two subjects"));
        }
        if path.starts_with("src/") && !source.starts_with("//!") {
            faults.push(format!("{path}: opens without a page"));
        }
    }
    let main = read("src/main.rs").lines().count();
    if main >= MAIN_LINES_MAX {
        faults.push(format!("src/main.rs: {main} lines do more than parse, run and exit"));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The files that may hold the `mod` line of a file.
fn parents_of(path: &str) -> Vec<String> {
    let path = Path::new(path);
    let is_page = path.file_name().is_some_and(|name| name == "mod.rs");
    let module = if is_page { path.parent().unwrap() } else { path };
    let folder = module.parent().unwrap().to_str().unwrap().to_owned();
    let named = ["mod.rs", "lib.rs", "main.rs"].map(|name| format!("{folder}/{name}"));
    named.into_iter().chain([format!("{folder}.rs")]).collect()
}

#[test]
fn no_file_is_orphaned() {
    let roots = ["src/lib.rs", "src/main.rs", "tests/it/main.rs", "proto/build.rs"];
    let manifest = read("Cargo.toml");
    let mut faults = Vec::new();
    for path in rust_files().iter().filter(|path| !roots.contains(&path.as_str())) {
        let is_target = manifest.contains(&format!("path = \"{path}\""));
        let name = Path::new(path.trim_end_matches("/mod.rs")).file_stem().unwrap().to_str().unwrap().to_owned();
        let line = format!("mod {name};");
        let is_module = parents_of(path)
            .iter()
            .filter(|parent| root().join(parent).is_file())
            .any(|parent| code_of(&read(parent)).contains(&line));
        if !is_target && !is_module {
            faults.push(format!("{path}: no `{line}` and no target leads to it"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The text files of the repository: everything tracked but generated rows of the fixtures.
fn texts() -> Vec<(String, String)> {
    let hidden = [".ci/run", ".clippy.toml", ".gitattributes", ".gitignore", ".rustfmt.toml"];
    let paths = TOP_LEVEL.iter().chain(&hidden).flat_map(|path| files_under(path));
    paths
        .filter_map(|path| {
            let text = String::from_utf8(fs::read(root().join(&path)).unwrap()).ok()?;
            Some((path, text))
        })
        .collect()
}

#[test]
fn notes_to_do_name_an_issue() {
    // The words are put together here, or this file would be its own first fault.
    let words = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let mut faults = Vec::new();
    for (path, text) in texts() {
        for (number, line) in text.lines().enumerate() {
            for word in &words {
                for (at, _) in line.match_indices(word.as_str()) {
                    let after = &line[at + word.len()..];
                    let is_whole = begins_word(line, at) && !after.starts_with(is_word);
                    let digits = after.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
                    let names_issue =
                        digits.is_some_and(|(id, _)| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
                    if is_whole && !names_issue {
                        faults.push(format!("{path}:{}: write `{word}(#12)` with the number of an issue", number + 1));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_top_level_holds_what_it_should() {
    let names = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let visible: BTreeSet<String> =
        names.filter(|name| !name.starts_with('.') && name != "target" && !is_ignored(name)).collect();
    let allowed: BTreeSet<String> = TOP_LEVEL.iter().map(ToString::to_string).collect();
    let foreign: Vec<_> = visible.difference(&allowed).collect();
    let missing: Vec<_> = allowed.difference(&visible).collect();
    assert!(foreign.is_empty() && missing.is_empty(), "not of the top level: {foreign:?}; missing: {missing:?}");
}

fn is_ignored(name: &str) -> bool {
    read(".gitignore").lines().any(|line| line.trim_matches('/') == name)
}

#[test]
fn the_readme_names_its_two_commands() {
    let readme = read("README.md");
    for command in ["cargo run --release -- demo", "cargo test"] {
        let is_told = readme.lines().any(|line| line.trim_start_matches("$ ").starts_with(command));
        assert!(is_told, "README.md has no line `{command}`");
    }
    let targets = read("Cargo.toml");
    assert!(targets.contains("name = \"bdcd\"") && targets.contains("name = \"it\""));
}

#[test]
fn the_pages_point_to_what_exists() {
    for path in files_under("deploy").into_iter().chain(["README.md".to_owned()]) {
        if !has_extension(&path, "md") {
            continue;
        }
        let folder = PathBuf::from(&path).parent().unwrap().to_owned();
        for target in links_of(&read(&path)) {
            let file = target.split('#').next().unwrap();
            if !file.is_empty() && !file.contains("://") {
                assert!(root().join(&folder).join(file).exists(), "{path} points to `{target}`, which is not there");
            }
        }
    }
}

fn has_extension(path: &str, wanted: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == wanted)
}

/// The targets of `[text](target)`.
fn links_of(page: &str) -> Vec<&str> {
    let starts = page.match_indices("](").map(|(at, _)| &page[at + 2..]);
    starts.filter_map(|rest| rest.split_once(')').map(|(target, _)| target)).collect()
}

#[test]
fn every_decision_that_is_cited_has_its_paragraph() {
    let page = read("deploy/DECISIONS.md");
    let known: BTreeSet<u32> =
        page.lines().filter_map(|line| decisions_of(line.strip_prefix("### ")?).first().copied()).collect();
    let mut faults = Vec::new();
    for (path, text) in texts().iter().filter(|(path, _)| cites_decisions(path)) {
        for (number, line) in text.lines().enumerate() {
            let unknown = decisions_of(line).into_iter().filter(|decision| !known.contains(decision));
            faults.extend(unknown.map(|decision| format!("{path}:{}: no page has D{decision}", number + 1)));
        }
    }
    assert!(known.len() > 50 && faults.is_empty(), "{}", faults.join("\n"));
}

fn cites_decisions(path: &str) -> bool {
    ["rs", "md", "proto", "toml"].iter().any(|extension| has_extension(path, extension))
}

/// Numbers of decisions in a line: a D of its own and one or two digits.
fn decisions_of(line: &str) -> Vec<u32> {
    let starts = line.match_indices('D').filter(|(at, _)| begins_word(line, *at));
    let numbers = starts.filter_map(|(at, _)| {
        let rest = &line[at + 1..];
        let digits = rest.len() - rest.trim_start_matches(|char: char| char.is_ascii_digit()).len();
        let is_whole = (1..=2).contains(&digits) && !rest[digits..].starts_with(is_word);
        is_whole.then(|| rest[..digits].parse().ok()).flatten()
    });
    numbers.collect()
}

#[test]
fn sources_cite_only_pages_that_are_here() {
    let pages: BTreeSet<String> = texts().into_iter().map(|(path, _)| path).collect();
    let mut faults = Vec::new();
    for path in ["src", "tests", "proto"].iter().flat_map(|room| files_under(room)) {
        if !["rs", "proto", "toml"].iter().any(|extension| has_extension(&path, extension)) {
            continue;
        }
        let foreign: Vec<String> = read(&path).lines().flat_map(|line| foreign_pages(line, &pages)).collect();
        if !foreign.is_empty() {
            faults.push(format!("{path}: cites {foreign:?}, which no reader of the repository has"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Words of a line that name a page, `….md`, which is not in the repository.
fn foreign_pages(line: &str, pages: &BTreeSet<String>) -> Vec<String> {
    let suffix = [".", "md"].concat();
    let words = line.split(|char: char| !(is_word(char) || "-./".contains(char)));
    let named = words.map(|word| word.trim_matches(['.', '/', '-'])).filter(|word| word.ends_with(&suffix));
    let is_here = |word: &str| pages.iter().any(|page| page == word || page.ends_with(&format!("/{word}")));
    named.filter(|word| !is_here(word)).map(str::to_owned).collect()
}

#[test]
fn nothing_names_a_machine_or_its_registry() {
    // Put together, so that this file holds none of them.
    let paths: Vec<String> =
        ["work", "root", "home", "Users", "tmp/wt"].iter().map(|name| format!("/{name}/")).collect();
    let mut faults = Vec::new();
    for (path, text) in texts() {
        for (number, line) in text.lines().enumerate() {
            let at = |what: &str| format!("{path}:{}: {what}", number + 1);
            faults.extend(paths.iter().filter(|name| names_path(line, name)).map(|name| at(name)));
            faults.extend(hosts_of(line).into_iter().filter(|host| !HOSTS.contains(host)).map(&at));
        }
    }
    for line in read("Cargo.lock").lines().filter(|line| line.starts_with("source = ")) {
        if line != "source = \"registry+https://github.com/rust-lang/crates.io-index\"" {
            faults.push(format!("Cargo.lock: {line}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether an absolute path in the line begins with these folders.
fn names_path(line: &str, folders: &str) -> bool {
    let before = |at: usize| line[..at].chars().next_back();
    line.match_indices(folders).any(|(at, _)| before(at).is_none_or(|char| !is_word(char) && char != '.'))
}

/// The hosts of the addresses in a line; a host on the loopback, an example's or a text's own placeholder is none.
fn hosts_of(line: &str) -> Vec<&str> {
    let starts =
        line.match_indices("://").filter(|(at, _)| line[..*at].ends_with("http") || line[..*at].ends_with("https"));
    let hosts = starts.map(|(at, _)| {
        let host = line[at + 3..].split(|char: char| !(is_word(char) || "-.".contains(char))).next();
        host.unwrap_or_default().trim_end_matches('.')
    });
    let is_placeholder = |host: &str| {
        !host.contains('.') || host == "127.0.0.1" || [".example", ".invalid"].iter().any(|end| host.ends_with(end))
    };
    hosts.filter(|host| !is_placeholder(host)).collect()
}

mod rules {
    //! The reading of text that the rules above rest on.

    use super::{code_of, decisions_of, foreign_pages, hosts_of, names_path};

    #[test]
    fn comments_and_texts_are_no_code() {
        let source =
            "use crate::a; // crate::b\n/* crate::c */ let x = \"crate::d \\\" crate::e\"; r#\"crate::f\"#; '\"' g";
        let code = code_of(source);
        assert!(code.contains("crate::a"));
        for hidden in ["crate::b", "crate::c", "crate::d", "crate::e", "crate::f"] {
            assert!(!code.contains(hidden), "{hidden} in {code}");
        }
        assert!(code.ends_with('g'));
    }

    #[test]
    fn machines_are_told_from_pages() {
        let folders = ["/ro", "ot/"].concat();
        assert!(names_path(&format!("cd {folders}x"), &folders));
        assert!(!names_path(&format!("src{folders}x"), &folders));
        let address = ["https", "://mirror.internal:8080/index and http", "://127.0.0.1/"].concat();
        assert_eq!(hosts_of(&address), ["mirror.internal"]);
    }

    #[test]
    fn decisions_and_pages_are_told_from_other_words() {
        assert_eq!(decisions_of("D6, D16-D18 (D44); D2143569, ID7, D5x, YGDJ"), [6, 16, 18, 44]);
        let pages = ["deploy/LEDGER", "README"].map(|page| format!("{page}.md")).into();
        let cited = [["`LEDGER", "`, README", ", (notes", "`)"].join(".md")].concat();
        assert_eq!(foreign_pages(&cited, &pages), [["notes", "md"].join(".")]);
    }
}
