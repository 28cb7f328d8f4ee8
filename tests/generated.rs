//! Files made from the code are those committed. `UPDATE=1 cargo test --test main generated` writes them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use faxramp::cli::generated::{SHELLS, completions, manual_pages};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Compares each file with what it has to be, or writes it.
fn settle(files: &[(PathBuf, String)]) {
    let mut stale = Vec::new();
    for (path, text) in files {
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(path.parent().expect("a folder of the project")).expect("the folder is made");
            fs::write(path, text).expect("the file is written");
        } else if fs::read_to_string(path).ok().as_ref() != Some(text) {
            stale.push(path.display().to_string());
        }
    }
    assert!(
        stale.is_empty(),
        "not as the code says (run UPDATE=1 cargo test --test main generated):\n{}",
        stale.join("\n")
    );
}

fn names_in(folder: &Path, ends_with: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder of the project");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(ends_with)).collect()
}

#[test]
fn manual_pages_are_those_of_the_command_line() {
    let folder = root().join("man");
    let pages = manual_pages();
    let files: Vec<(PathBuf, String)> =
        pages.iter().map(|page| (folder.join(page.file_name()), page.text.clone())).collect();
    settle(&files);
    let wanted: BTreeSet<String> = pages.iter().map(|page| page.file_name()).collect();
    assert_eq!(names_in(&folder, ".1"), wanted, "a page of a command that is no more");
}

#[test]
fn completions_are_those_of_the_command_line() {
    let folder = root().join("contrib/completions");
    let files: Vec<(PathBuf, String)> =
        SHELLS.into_iter().map(|(shell, name)| (folder.join(name), completions(shell))).collect();
    settle(&files);
}
