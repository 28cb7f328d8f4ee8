//! Keeps the house in order: who may import whom, how long a file may be, and that every cited standard is listed.
//!
//! It reads the sources as text. Comments and strings are blanked first and items for tests are cut out, so that what is
//! found is code; the finders have tests of their own at the end.

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
    ("srtp", &[]),
    ("sdp", &["srtp", "dsp"]),
    ("rtp", &["dsp"]),
    ("dsp", &[]),
    ("smtp", &["model"]),
    ("sip", &[]),
    ("t30", &["model", "signal"]),
    ("t38", &["signal"]),
    ("modem", &["signal", "dsp"]),
    ("policy", &["model"]),
    ("pages", &["model", "mail", "image"]),
    ("call", &["model", "signal", "image", "srtp", "sdp", "rtp", "dsp", "sip", "t30", "t38", "modem"]),
    ("trace", &["model", "signal", "srtp", "sdp", "rtp", "dsp", "sip", "t30", "t38", "modem"]),
    ("queue", &["model", "policy"]),
    ("spool", &["model", "queue"]),
    ("io", &["model", "clock", "smtp", "sip", "rtp", "call", "pages", "mail"]),
    (
        "stage",
        &[
            "model", "signal", "clock", "mail", "image", "policy", "pages", "smtp", "sip", "t30", "t38", "call",
            "trace", "queue", "spool", "io",
        ],
    ),
    ("config", &["model"]),
    (
        "app",
        &[
            "model", "signal", "clock", "config", "stage", "io", "queue", "spool", "policy", "pages", "smtp", "call",
            "mail", "sip", "t30", "t38",
        ],
    ),
    (
        "cli",
        &[
            "app", "clock", "config", "model", "queue", "spool", "stage", "policy", "pages", "image", "mail", "io",
            "call", "trace",
        ],
    ),
    ("main", &["app", "cli", "config"]),
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
    ("rustls", &["io"]),
    ("tokio_rustls", &["io"]),
    ("rustls_native_certs", &["io"]),
    ("webpki", &["io"]),
    ("hickory_resolver", &["io"]),
    ("sdp_types", &["sdp"]),
    ("base64", &["sdp"]),
    ("aes", &["srtp"]),
    ("ctr", &["srtp"]),
    ("ring", &["srtp"]),
    ("subtle", &["srtp"]),
    ("tiff", &["image"]),
    ("toml", &["config"]),
    ("clap", &["cli"]),
    ("rustix", &["spool", "io", "app", "cli"]),
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
    assert!(!found.is_empty(), "{} has no source file", folder.display());
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a source file")
}

/// The names from the root of the crate to the module of a file: `src/t30/sender/mod.rs` is `t30`, `sender`.
fn module_path(relative: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        relative.with_extension("").components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    names.pop_if(|last| last == "mod");
    names
}

/// `src/t30/sender/train.rs` belongs to `t30`.
fn module_of(path: &Path) -> String {
    let relative = path.strip_prefix(root().join("src")).expect("a file of src");
    module_path(relative).swap_remove(0)
}

fn is_test(path: &Path) -> bool {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    path.components().any(|part| part.as_os_str() == "tests") || name == "tests" || name.ends_with("_tests")
}

fn is_table(path: &Path) -> bool {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    name.contains("table") || name == "codes"
}

fn is_word(character: u8) -> bool {
    character.is_ascii_alphanumeric() || character == b'_'
}

/// The octet behind a string or character literal that begins at `at`, if one does; a lifetime is none.
fn literal_end(text: &[u8], at: usize) -> Option<usize> {
    let behind_word = at > 0 && is_word(text[at - 1]);
    match text[at] {
        b'"' => {
            let mut end = at + 1;
            while end < text.len() && text[end] != b'"' {
                end += if text[end] == b'\\' { 2 } else { 1 };
            }
            Some((end + 1).min(text.len()))
        }
        b'r' | b'b' | b'c' if !behind_word => {
            let prefix = text[at..].iter().take_while(|octet| octet.is_ascii_lowercase()).count();
            let raw = text[at..at + prefix].contains(&b'r');
            let hashes = text[at + prefix..].iter().take_while(|octet| **octet == b'#').count();
            let quote = at + prefix + hashes;
            match text.get(quote) {
                Some(b'"') if raw && prefix <= 2 => {
                    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
                    let body = &text[quote + 1..];
                    let length = body.windows(close.len()).position(|window| window == close)?;
                    Some(quote + 1 + length + close.len())
                }
                Some(b'"' | b'\'') if prefix == 1 && hashes == 0 => literal_end(text, quote),
                _ => None,
            }
        }
        b'\'' if text.get(at + 1) == Some(&b'\\') => {
            let close = text.get(at + 3..)?.iter().position(|octet| *octet == b'\'')?;
            Some(at + 3 + close + 1)
        }
        b'\'' => {
            let continued = text.get(at + 2..)?.iter().take_while(|octet| **octet & 0xC0 == 0x80).count();
            let close = at + 2 + continued;
            (text.get(close) == Some(&b'\'')).then_some(close + 1)
        }
        _ => None,
    }
}

/// The octet behind a comment that begins at `at`, if one does.
fn comment_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    if rest.starts_with(b"//") {
        return Some(at + rest.iter().position(|octet| *octet == b'\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with(b"/*") {
        return None;
    }
    let (mut depth, mut end) = (0, at);
    while end < text.len() {
        match &text[end..(end + 2).min(text.len())] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                end += 1;
                continue;
            }
        }
        end += 2;
        if depth == 0 {
            break;
        }
    }
    Some(end)
}

/// The text with comments and literals made blank; lines stay where they are.
fn code_only(text: &str) -> String {
    let octets = text.as_bytes();
    let mut code = Vec::with_capacity(octets.len());
    let mut at = 0;
    while at < octets.len() {
        match comment_end(octets, at).or_else(|| literal_end(octets, at)) {
            Some(end) => {
                code.extend(octets[at..end].iter().map(|octet| if *octet == b'\n' { b'\n' } else { b' ' }));
                at = end;
            }
            None => {
                code.push(octets[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(code).expect("literals and comments are cut at whole characters")
}

/// Code without the items that only tests have: unit tests may use whatever helps them.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        kept.push_str(&rest[..at]);
        rest = &rest[at + MARK.len()..];
        rest = &rest[item_end(rest)..];
    }
    kept + rest
}

/// The octet behind the first item of some code: its semicolon, or the brace that closes it.
fn item_end(code: &str) -> usize {
    let mut depth = 0_u32;
    for (at, character) in code.char_indices() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Where `word` stands in code as a word of its own.
fn places<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let octets = code.as_bytes();
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).is_some_and(|place| is_word(octets[place]));
        let after = octets.get(at + word.len()).is_some_and(|octet| is_word(*octet));
        !before && !after
    })
}

/// The modules that code names as `root::module`; an import in braces, which the table could not be held against, as such.
fn imports_of(code: &str, root: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for at in places(code, root) {
        let Some(rest) = code[at + root.len()..].trim_start().strip_prefix("::") else { continue };
        let rest = rest.trim_start();
        let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let other = || rest.chars().take(30).collect::<String>().replace('\n', " ");
        found.insert(if word.is_empty() { format!("all at once: {root}::{}", other()) } else { word });
    }
    found
}

/// Paths of `super::` that lead above the root of the module, with the line of each. `depth` is how many modules deep the file is.
fn strays(code: &str, depth: usize) -> Vec<usize> {
    let mut found = Vec::new();
    // For each brace that is open, whether it is a module's.
    let mut braces: Vec<bool> = Vec::new();
    let mut statement = 0;
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        let character = rest.chars().next().expect("not at the end");
        match character {
            '{' => {
                braces.push(places(&code[statement..at], "mod").next().is_some());
                statement = at;
            }
            '}' => drop(braces.pop()),
            _ => {}
        }
        if matches!(character, '{' | '}' | ';') {
            statement = at + 1;
        }
        let begins_word = at == 0 || !is_word(code.as_bytes()[at - 1]);
        if begins_word && rest.starts_with("super") {
            if super_count(rest) > depth - 1 + braces.iter().filter(|is_module| **is_module).count() {
                found.push(code[..at].matches('\n').count() + 1);
            }
            // Past the whole path, so that its later words do not count again.
            at += rest.find(|c: char| !(c.is_alphanumeric() || "_: \n".contains(c))).unwrap_or(rest.len());
            continue;
        }
        at += character.len_utf8();
    }
    found
}

/// How many `super` a path begins with; `pub(super)` says who may see an item and is no path.
fn super_count(path: &str) -> usize {
    let mut rest = path;
    let mut count = 0;
    while let Some(behind) = rest.trim_start().strip_prefix("super") {
        match behind.trim_start().strip_prefix("::") {
            Some(more) => {
                count += 1;
                rest = more;
            }
            None => break,
        }
    }
    count
}

/// Whether code names a foreign crate. A module of ours of the same name is told apart by the `use` or `mod` that brings it.
fn names_crate(code: &str, name: &str) -> bool {
    let brings = |statement: &str| {
        let used = ["use crate", "use super", "use self"].iter().any(|start| statement.contains(start));
        let declared = places(statement, name).any(|at| statement[..at].trim_end().ends_with("mod"));
        declared || used && places(statement, name).next().is_some()
    };
    if code.split([';', '}']).any(brings) {
        return false;
    }
    places(code, name).any(|at| {
        let behind = code[at + name.len()..].trim_start();
        let before = code[..at].trim_end();
        let is_first =
            !before.ends_with("::") || before.trim_end_matches(':').trim_end().ends_with(['{', ',', ';', '(', '}']);
        let is_used = before.ends_with("use") || before.ends_with("extern crate");
        is_first && (behind.starts_with("::") || is_used)
    })
}

#[test]
fn every_module_imports_only_what_the_table_allows() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")) {
        let module = module_of(&path);
        if module == "lib" || is_test(&path) {
            continue;
        }
        let code = without_tests(&code_only(&read(&path)));
        let Some(allowed) = table.get(module.as_str()) else {
            wrong.push(format!("{module} is not in the table"));
            continue;
        };
        for import in imports_of(&code, if module == "main" { "faxramp" } else { "crate" }) {
            if import != module && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{}: {module} may not import {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_path_of_super_leaves_its_module() {
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")) {
        if matches!(module_of(&path).as_str(), "lib" | "main") {
            continue;
        }
        let depth = module_path(path.strip_prefix(root().join("src")).expect("a file of src")).len();
        for line in strays(&code_only(&read(&path)), depth) {
            wrong.push(format!("{}:{line}: write crate::, so that the table of imports sees it", path.display()));
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
        let code = without_tests(&code_only(&read(&path)));
        for (name, modules) in CRATE_ONLY_IN {
            if !modules.contains(&module.as_str()) && names_crate(&code, name) {
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
            let text = read(&path);
            if !text.starts_with("//!") {
                wrong.push(format!("{}: begins with no //! line", path.display()));
            }
            // Comments count as they stand; only the tests are cut out.
            let tests = code_only(&text).lines().count() - without_tests(&code_only(&text)).lines().count();
            let lines = text.lines().count() - tests;
            if lines > LONGEST_FILE && !is_test(&path) && !is_table(&path) {
                wrong.push(format!("{}: {lines} lines; split it by noun", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The standards that a comment names: `RFC 5321`, also each of `RFC 5321, 1870`; `T.30`, `V.27ter`; `TIFF 6.0`, `MS-OXCMAIL`,
/// `ISO 32000-1`, `BT.601`.
fn cited(line: &str) -> Vec<String> {
    let Some(comment) = line.find("//").map(|at| &line[at..]) else { return Vec::new() };
    let words: Vec<&str> = comment.split_whitespace().collect();
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    let digits = |word: &str| -> String { word.chars().take_while(char::is_ascii_digit).collect() };
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index + 1).copied().unwrap_or_default();
        match plain(word).as_str() {
            "RFC" => {
                for (place, number) in words[index + 1..].iter().enumerate() {
                    let sound =
                        (3..=5).contains(&digits(number).len()) && (place == 0 || plain(number) == digits(number));
                    if !sound {
                        break;
                    }
                    found.push(format!("RFC {}", digits(number)));
                    if !number.ends_with(',') {
                        break;
                    }
                }
            }
            family @ ("TIFF" | "ISO") if next.starts_with(|c: char| c.is_ascii_digit()) => {
                // "ISO 32000-1:2008" is an edition of "ISO 32000-1".
                found.push(format!("{family} {}", plain(next.split(':').next().unwrap_or_default())));
            }
            word if word.starts_with("MS-OX") => found.push(word.to_owned()),
            word => {
                let (letter, number) = word.split_once('.').unwrap_or_default();
                let known = matches!(letter, "T" | "V" | "G" | "E" | "X" | "Q" | "BT");
                if known && number.starts_with(|c: char| c.is_ascii_digit()) {
                    // "T.30's" and "V.17/V.29" end where the number does, but for endings such as "ter".
                    let end = number.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(number.len());
                    found.push(format!("{letter}.{}", &number[..end]));
                }
            }
        }
    }
    found
}

#[test]
fn every_cited_standard_is_listed() {
    let listed = fs::read_to_string(root().join("STANDARDS.md")).expect("STANDARDS.md");
    let mut missing = BTreeSet::new();
    for path in ["src", "render/src"].iter().flat_map(|folder| rust_files(&root().join(folder))) {
        for line in read(&path).lines() {
            for standard in cited(line) {
                if !listed.contains(&format!("\n| {standard} ")) {
                    missing.insert(format!("{standard} (cited in {})", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "STANDARDS.md does not list:\n{}", missing.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn each_standard_is_listed_once_with_its_status_and_a_reason() {
    let listed = fs::read_to_string(root().join("STANDARDS.md")).expect("STANDARDS.md");
    let mut seen = BTreeSet::new();
    for row in listed.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Standard ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [standard, status, what] = cells[..] else { panic!("not three cells: {row}") };
        assert!(["Yes", "Partial", "Planned", "No"].contains(&status), "no status of ours: {row}");
        assert!(what.len() >= 10, "says nothing: {row}");
        assert!(seen.insert(standard.split(" (").next()), "listed twice: {standard}");
    }
    assert!(seen.len() > 50, "the list has {} rows", seen.len());
}

#[test]
fn the_finders_find() {
    let code =
        "use crate::model::Number; fn f() { crate::queue::x() } use crate::{a, b}; use $crate::q; use my_crate::z;";
    let found = imports_of(code, "crate");
    assert!(["model", "queue", "q"].iter().all(|module| found.contains(*module)), "{found:?}");
    assert!(found.iter().any(|word| word.starts_with("all at once")) && !found.contains("z"), "{found:?}");
    assert_eq!(cited("    // T.30 (09/2005) §5.3.6.1.7 and RFC 5321 §4.5.2"), ["T.30", "RFC 5321"]);
    assert_eq!(
        cited("//! Standards: RFC 5321, 1870, 2033. V.27ter's; X.691 §1"),
        ["RFC 5321", "RFC 1870", "RFC 2033", "V.27ter", "X.691"]
    );
    assert_eq!(
        cited("// TIFF 6.0 section 8, MS-OXCMAIL §2, ISO 32000-1:2008 §7.3, BT.601-7 §2.5"),
        ["TIFF 6.0", "MS-OXCMAIL", "ISO 32000-1", "BT.601"]
    );
    assert!(cited("    let x = \"T.30\";").is_empty());
}

#[test]
fn comments_literals_and_tests_are_no_code() {
    let text = r##"
        use a; // crate::b
        /* crate::c /* nested */ crate::c */
        const D: &str = "crate::d \" {"; const E: &str = r#"crate::e " }"#; const F: [char; 3] = ['"', '\'', '{'];
        fn g<'a>(x: &'a str) { crate::g() }
        #[cfg(test)]
        mod tests;
        use crate::h;
        #[cfg(test)]
        mod more { use crate::i; fn j() { } }
        use crate::k;
    "##;
    let code = without_tests(&code_only(text));
    assert_eq!(imports_of(&code, "crate").into_iter().collect::<Vec<_>>(), ["g", "h", "k"], "{code}");
    assert_eq!(code_only(text).lines().count(), text.lines().count());
}

#[test]
fn supers_are_counted_against_the_depth() {
    assert_eq!(strays("use super::a;", 1), [1]);
    assert_eq!(strays("use x;\nuse super::super::a;", 2), [2]);
    assert!(strays("use super::super::a; pub(super) fn f() {}", 3).is_empty());
    assert!(strays("pub(super) fn f() {} mod tests { use super::a; }", 1).is_empty());
    assert_eq!(strays("mod tests { use super::a; }\nfn f() { super::g() }", 1), [2]);
    assert_eq!(strays("fn f() { if x { super::super::g() } }", 2), [1]);
    assert!(strays("fn f() { my_super::g(); super_x::h() }", 1).is_empty());
}

#[test]
fn a_module_of_ours_is_not_taken_for_a_crate_of_its_name() {
    assert!(names_crate("fn f() { tiff::decode() }", "tiff"));
    assert!(names_crate("use tiff::Decoder;", "tiff") && names_crate("use tiff as other;", "tiff"));
    assert!(names_crate("#[tokio::test] async fn f() {}", "tokio"));
    assert!(names_crate("fn f() { ::tiff::decode() }", "tiff"));
    assert!(!names_crate("use crate::image::{Bitmap, tiff}; fn f() { tiff::read() }", "tiff"));
    assert!(!names_crate("fn f() { crate::image::tiff::read(); let tiff = 1; }", "tiff"));
    assert!(!names_crate("pub mod tiff; pub use tiff::Page;", "tiff"));
}
