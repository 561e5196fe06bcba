//! Stories of registers as bureaus really export them: each entry of `fixtures/field` is a package, and what must come of it.
//!
//! `fixtures/field/README.md` says how a story is written, and lists them.

mod court;
mod package;
mod stage;
mod story;
mod words;

use std::{
    fs,
    path::{Path, PathBuf},
};

use stage::Stage;
use story::Story;

/// What is wrong with a step; where it is known to be wrong, that it is not any more.
fn settled(fault: Option<String>, pending: &str) -> Option<String> {
    if pending.is_empty() {
        return fault;
    }
    fault.is_none().then(|| format!("holds now, so take away the mark: pending = {pending:?}"))
}

fn name_of(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn written(path: &Path) -> String {
    fs::read_to_string(if path.is_dir() { path.join("story.toml") } else { path.to_owned() }).unwrap()
}

/// What is wrong with how the load came out.
fn of_load(story: &Story, loaded: &Result<String, String>) -> Option<String> {
    let lacks = |said: &str, texts: &[String]| -> Vec<String> {
        texts.iter().filter(|text| !said.contains(*text)).cloned().collect()
    };
    let (said, wanted) = match loaded {
        Ok(said) if story.refused.is_empty() => (said, &story.report),
        Ok(said) => return Some(format!("loads, and must be refused: {said}")),
        Err(said) if story.refused.is_empty() => return Some(format!("is refused: {said}")),
        Err(said) => (said, &story.refused),
    };
    let missing = lacks(said, wanted);
    let unwanted: Vec<_> = story.report_lacks.iter().filter(|text| said.contains(*text)).collect();
    (!missing.is_empty() || !unwanted.is_empty()).then(|| format!("lacks {missing:?}, must lack {unwanted:?}: {said}"))
}

/// What is wrong with how a story came out; empty where nothing is.
fn faults(stage: &Stage, path: &Path) -> Vec<String> {
    let story: Story = match toml::from_str(&written(path)) {
        Ok(story) => story,
        Err(error) => return vec![format!("cannot be read: {error}")],
    };
    if let Err(wanted) = story.check() {
        return vec![format!("a story {wanted}")];
    }
    let folder = tempfile::tempdir().unwrap();
    let package = if path.join("manifest.json").is_file() {
        path.to_owned()
    } else if path.is_dir() {
        path.join("package")
    } else {
        package::write(&story, folder.path());
        folder.path().to_owned()
    };
    let name = name_of(path);
    let loaded = stage.load(&package, &name, story.quarantine);
    let mut faults: Vec<String> = settled(of_load(&story, &loaded), &story.pending).into_iter().collect();
    if loaded.is_err() || (story.ask.is_empty() && story.exchange.is_empty() && story.message.is_empty()) {
        return faults;
    }
    let serving = stage.serve(&name);
    let asked = story.ask.iter().zip(1..).map(|(ask, at)| (format!("question {at}"), serving.ask(ask), &ask.pending));
    let exchanged = story
        .exchange
        .iter()
        .zip(1..)
        .map(|(exchange, at)| (format!("exchange {at}"), serving.exchange(exchange), &exchange.pending));
    let sent = story
        .message
        .iter()
        .zip(1..)
        .map(|(message, at)| (format!("message {at}"), serving.message(message), &message.pending));
    for (step, fault, pending) in asked.chain(exchanged).chain(sent) {
        faults.extend(settled(fault, pending).map(|fault| format!("{step}: {fault}")));
    }
    faults
}

/// Folders with a package, and files that hold one.
fn stories() -> Vec<PathBuf> {
    let entries = fs::read_dir("fixtures/field").unwrap().map(|entry| entry.unwrap().path());
    let mut stories: Vec<_> =
        entries.filter(|path| path.is_dir() || path.extension().is_some_and(|name| name == "toml")).collect();
    stories.sort();
    stories
}

/// Some of the stories, so that a machine with several cores plays them side by side.
fn play(part: usize) {
    let stage = Stage::new();
    let stories = stories().into_iter().skip(part).step_by(PARTS);
    let told: Vec<String> = stories
        .flat_map(|path| faults(&stage, &path).into_iter().map(move |fault| format!("{}: {fault}", name_of(&path))))
        .collect();
    assert!(told.is_empty(), "{} faults:\n{}", told.len(), told.join("\n"));
}

const PARTS: usize = 3;

/// The county in which every kind has its example; its page says where, and `county` reads that.
#[test]
fn the_dirty_county_comes_out_as_it_is_told() {
    let told = faults(&Stage::new(), Path::new("fixtures/county-dirty"));
    assert!(told.is_empty(), "{} faults:\n{}", told.len(), told.join("\n"));
}

#[test]
fn every_first_story_comes_out_as_it_is_told() {
    play(0);
}

#[test]
fn every_second_story_comes_out_as_it_is_told() {
    play(1);
}

#[test]
fn every_third_story_comes_out_as_it_is_told() {
    play(2);
}

#[test]
fn the_page_lists_every_story() {
    let stories = stories();
    assert!(stories.len() >= 150, "{} stories", stories.len());
    let page = fs::read_to_string("fixtures/field/README.md").unwrap();
    let missing: Vec<_> = stories.iter().map(|path| row(path)).filter(|row| !page.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "not on the page:\n{}", missing.join("\n"));
}

/// A story's line on the page.
fn row(path: &Path) -> String {
    let story: Story = toml::from_str(&written(path)).unwrap();
    let source = if story.source.is_empty() { "own example" } else { &story.source };
    let cell = |text: &str| text.replace('|', "\\|");
    format!("| `{}` | {} | {} |\n", name_of(path), cell(story.shows.trim_end_matches('.')), cell(source))
}

#[test]
fn a_key_that_nobody_knows_and_a_story_that_checks_nothing_are_errors() {
    let read = |text: &str| toml::from_str::<Story>(text);
    assert!(read("shows = 'x'\nreport = ['y']\n").unwrap().check().is_ok());
    for text in ["shows = 'x'\nreports = ['y']\n", "shows = 'x'\n[[ask]]\nshow = []\n", "source = 'y'\n"] {
        assert!(read(text).is_err(), "{text}");
    }
    for text in ["shows = 'x'\n", "shows = 'x'\nrefused = ['y']\n[[ask]]\n", "shows = 'x'\n[[exchange]]\n"] {
        assert!(read(text).unwrap().check().is_err(), "{text}");
    }
}
