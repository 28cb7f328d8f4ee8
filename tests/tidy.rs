//! Keeps the house in order: who may import whom, how long a file may be, and that every cited standard is listed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which module may import which other modules of the crate. Adding a line is a design change: say why in the commit.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &[]),
    ("signal", &[]),
    ("mail", &["model"]),
    ("image", &["model"]),
    ("sdp", &[]),
    ("rtp", &[]),
    ("dsp", &[]),
    ("smtp", &["model"]),
    ("sip", &[]),
    ("t30", &["model", "signal"]),
    ("t38", &["signal"]),
    ("policy", &["model"]),
    ("pages", &["model", "mail", "image"]),
    ("call", &["model", "signal", "image", "sdp", "rtp", "dsp", "sip", "t30", "t38"]),
    ("queue", &["model", "policy"]),
    ("spool", &["model", "queue"]),
    ("io", &["model", "clock", "smtp", "sip", "rtp", "call", "pages", "mail"]),
    (
        "stage",
        &["model", "clock", "mail", "image", "policy", "pages", "smtp", "sip", "t30", "t38", "call", "queue", "spool", "io"],
    ),
    ("config", &["model"]),
    (
        "app",
        &["model", "clock", "config", "stage", "io", "queue", "spool", "policy", "pages", "smtp", "call", "mail", "sip", "t30", "t38"],
    ),
    ("cli", &["app", "clock", "config", "model", "queue", "spool", "stage", "policy", "pages", "image", "mail", "io"]),
];

/// Crates that only some modules may name.
const CRATE_ONLY_IN: &[(&str, &[&str])] = &[
    ("tokio", &["io", "stage", "app", "cli"]),
    ("rusqlite", &["queue"]),
    ("rsip", &["sip"]),
    ("smtp_proto", &["smtp"]),
    ("mail_parser", &["mail"]),
    ("mail_builder", &["mail"]),
    ("mail_send", &["io"]),
    ("sdp_types", &["sdp"]),
    ("tiff", &["image"]),
    ("toml", &["config"]),
];

/// Lines of a source file, tests and tables left out.
const LONGEST_FILE: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// `src/t30/caller/train.rs` belongs to `t30`.
fn module_of(path: &Path) -> String {
    let relative = path.strip_prefix(root().join("src")).expect("a file of src");
    let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The lines before the tests: unit tests may use whatever helps them.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

fn is_test_or_table(path: &Path) -> bool {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let in_tests = path.components().any(|part| part.as_os_str() == "tests");
    in_tests || name == "tests" || name.ends_with("_tests") || name.contains("table") || name == "codes"
}

/// The modules that `text` names as `crate::module`, in paths and in braces.
fn crate_imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let list = list.split(';').next().unwrap_or_default();
            found.insert(format!("{{ a braced import of the root: {}", list.chars().take(30).collect::<String>()));
        }
        let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if !word.is_empty() {
            found.insert(word);
        }
    }
    found
}

fn code_only(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_module_imports_only_what_the_table_allows() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")) {
        let module = module_of(&path);
        if matches!(module.as_str(), "lib" | "main") || is_test_or_table(&path) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        let Some(allowed) = table.get(module.as_str()) else {
            wrong.push(format!("{module} is not in the table"));
            continue;
        };
        for import in crate_imports(&code_only(without_tests(&text))) {
            if import != module && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{}: {module} may not import {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_imports_has_no_circle() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    while settled.len() < table.len() {
        let before = settled.len();
        for (module, imports) in &table {
            if imports.iter().all(|import| settled.contains(import)) {
                settled.insert(module);
            }
        }
        let left: Vec<_> = table.keys().filter(|module| !settled.contains(*module)).collect();
        assert!(settled.len() > before, "a circle among {left:?}");
    }
}

#[test]
fn foreign_crates_stay_behind_their_modules() {
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")) {
        let module = module_of(&path);
        let text = fs::read_to_string(&path).expect("a source file");
        let code = code_only(without_tests(&text));
        for (name, modules) in CRATE_ONLY_IN {
            if code.contains(&format!("{name}::")) && !modules.contains(&module.as_str()) {
                wrong.push(format!("{}: {name} belongs to {modules:?}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_source_file_is_too_long_and_each_says_what_it_is() {
    let mut wrong = Vec::new();
    for folder in ["src", "render/src"] {
        for path in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).expect("a source file");
            if !text.starts_with("//!") {
                wrong.push(format!("{}: begins with no //! line", path.display()));
            }
            let lines = without_tests(&text).lines().count();
            if lines > LONGEST_FILE && !is_test_or_table(&path) {
                wrong.push(format!("{}: {lines} lines; split it by noun", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `RFC 5321` and `T.30` out of a comment that cites a clause.
fn cited(line: &str) -> Vec<String> {
    let Some(comment) = line.find("//").map(|at| &line[at..]) else { return Vec::new() };
    if !comment.contains('§') {
        return Vec::new();
    }
    let mut found = Vec::new();
    let words: Vec<&str> = comment.split_whitespace().collect();
    for pair in words.windows(2) {
        if pair[0].trim_start_matches('(') == "RFC" {
            let number: String = pair[1].chars().take_while(char::is_ascii_digit).collect();
            if !number.is_empty() {
                found.push(format!("RFC {number}"));
            }
        }
    }
    for word in words {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let mut parts = word.splitn(2, '.');
        let (letter, number) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let itu = matches!(letter, "T" | "V" | "G" | "E" | "X") && !number.is_empty();
        if itu && number.chars().all(|c| c.is_ascii_digit()) {
            found.push(word.to_owned());
        }
    }
    found
}

#[test]
fn every_cited_standard_is_listed() {
    let listed = fs::read_to_string(root().join("STANDARDS.md")).expect("STANDARDS.md");
    let mut missing = BTreeSet::new();
    for path in rust_files(&root().join("src")) {
        for line in fs::read_to_string(&path).expect("a source file").lines() {
            for standard in cited(line) {
                if !listed.contains(&format!("| {standard} ")) {
                    missing.insert(format!("{standard} (cited in {})", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "STANDARDS.md does not list:\n{}", missing.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_finders_find() {
    let found = crate_imports("use crate::model::Number; fn f() { crate::queue::x() } use crate::{a, b};");
    assert!(found.contains("model") && found.contains("queue"), "{found:?}");
    assert!(found.iter().any(|word| word.starts_with('{')), "{found:?}");
    assert_eq!(cited("    // T.30 (09/2005) §5.3.6.1.7 and RFC 5321 §4.5.2"), vec!["RFC 5321", "T.30"]);
    assert!(cited("    let x = 1; // see T.30").is_empty());
}
