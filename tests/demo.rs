//! The demonstration as a program would run it: its exit code, its last word, and the files it names.

use std::ffi::OsString;
use std::path::Path;

use faxramp::cli::console::Console;
use faxramp::cli::exit::Exit;
use serde_json::Value;

#[test]
fn the_demonstration_proves_every_page_and_leaves_what_it_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().join("demo");
    let words = ["faxramp", "demo", "--json", "--directory"].map(OsString::from);
    let arguments = words.into_iter().chain([directory.clone().into_os_string()]);
    let (mut console, kept) = Console::kept();
    let exit = faxramp::cli::run(arguments, None, &mut console);
    let out = kept.out();
    assert_eq!(exit, Exit::Ok, "{}\n{out}", kept.complaints());
    let events: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let summary = events.last().expect("a summary");
    assert_eq!((&summary["event"], &summary["equal"]), (&"summary".into(), &true.into()));
    let faxes = summary["faxes"].as_array().expect("faxes");
    assert_eq!(faxes.len(), 2);
    for fax in faxes {
        assert_eq!((&fax["pages_sent"], &fax["pages_equal"]), (&3.into(), &3.into()), "{fax}");
        assert_eq!(fax["pictures"].as_array().map(Vec::len), Some(3), "{fax}");
        let pdf = std::fs::read(fax["pdf"].as_str().expect("a path")).expect("the PDF");
        assert!(pdf.starts_with(b"%PDF-"), "{fax}");
        assert!(Path::new(fax["receipt"].as_str().expect("a path")).is_file(), "{fax}");
    }
    assert_eq!(
        events.iter().filter(|event| event["event"] == "call-ended").count(),
        4,
        "two calls, seen from both ends"
    );
}

#[test]
fn a_folder_that_is_in_use_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mine"), "precious").expect("written");
    let words = ["faxramp", "demo", "--directory"].map(OsString::from);
    let (mut console, kept) = Console::kept();
    let exit = faxramp::cli::run(words.into_iter().chain([folder.path().into()]), None, &mut console);
    assert_eq!(exit, Exit::Data);
    assert!(kept.complaints().contains("is not empty"), "{}", kept.complaints());
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1);
}
