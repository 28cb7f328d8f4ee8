//! The spool on a real directory.

use super::{Kind, ORPHAN_AGE, Spool, SpoolError, SpoolName};
use crate::model::crash::VARIABLE;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

fn spool() -> (TempDir, Spool) {
    let directory = tempfile::tempdir().expect("a directory");
    let spool = Spool::open(&directory.path().join("spool")).expect("a spool");
    (directory, spool)
}

fn written(spool: &Spool, kind: Kind, bytes: &[u8]) -> SpoolName {
    let mut writer = spool.create(kind).expect("a writer");
    writer.write(bytes).expect("written");
    writer.commit().expect("committed")
}

fn entries(spool: &Spool, directory: &str) -> usize {
    fs::read_dir(spool.root.join(directory)).expect("a directory").count()
}

#[test]
fn a_committed_file_is_read_back_and_its_name_survives_a_row() {
    let (_directory, spool) = spool();
    let name = written(&spool, Kind::Message, b"Subject: a\r\n\r\n\0");
    let stored = SpoolName::from_stored(&name.to_string()).expect("a name");
    assert_eq!(spool.read(&stored, 100).expect("read"), b"Subject: a\r\n\r\n\0");
    assert_eq!(spool.size(&stored).expect("size"), 15);
    assert_eq!(entries(&spool, "tmp"), 0);
}

#[test]
fn a_dropped_file_leaves_nothing() {
    let (_directory, spool) = spool();
    let mut writer = spool.create(Kind::Pages).expect("a writer");
    writer.write(b"half").expect("written");
    assert_eq!((entries(&spool, "tmp"), entries(&spool, "pages")), (1, 0));
    drop(writer);
    assert_eq!((entries(&spool, "tmp"), entries(&spool, "pages")), (0, 0));
}

#[test]
fn nobody_else_may_read_a_fax() {
    let (_directory, spool) = spool();
    let name = written(&spool, Kind::Pages, b"II*\0");
    let mode = |path: &Path| fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(&spool.path(&name)), 0o600);
    assert_eq!(mode(&spool.root.join("pages")), 0o700);
}

#[test]
fn a_file_beyond_the_reader_s_limit_is_refused_and_a_missing_one_named() {
    let (_directory, spool) = spool();
    let name = written(&spool, Kind::Mail, b"12345");
    assert!(spool.read(&name, 5).is_ok());
    assert!(matches!(spool.read(&name, 4), Err(SpoolError::TooLarge { limit: 4, .. })));
    spool.remove(&name).expect("removed");
    spool.remove(&name).expect("removing twice is no error");
    assert!(matches!(spool.read(&name, 5), Err(SpoolError::Missing { .. })));
}

#[test]
fn only_old_files_that_no_row_names_are_swept() {
    let (_directory, spool) = spool();
    let kept = written(&spool, Kind::Message, b"kept");
    let orphan = written(&spool, Kind::Pages, b"orphan");
    let foreign = spool.root.join("pages/README");
    fs::write(&foreign, b"not ours").expect("written");
    let named = BTreeSet::from([kept.to_string()]);
    let modified = fs::metadata(spool.path(&orphan)).and_then(|found| found.modified()).expect("a time");
    assert!(spool.sweep_orphans(&named, modified + ORPHAN_AGE).expect("swept").is_empty());
    assert!(spool.sweep_orphans(&named, SystemTime::UNIX_EPOCH).expect("a clock set back").is_empty());
    let later = modified + ORPHAN_AGE + Duration::from_mins(1);
    assert_eq!(spool.sweep_orphans(&named, later).expect("swept"), [orphan]);
    assert!(spool.read(&kept, 10).is_ok());
    assert!(foreign.exists());
}

#[test]
fn unfinished_files_of_a_crash_are_swept_at_start() {
    let (_directory, spool) = spool();
    let mut writer = spool.create(Kind::Message).expect("a writer");
    writer.write(b"half").expect("written");
    std::mem::forget(writer);
    assert_eq!(spool.sweep_unfinished().expect("swept"), 1);
    assert_eq!(entries(&spool, "tmp"), 0);
}

#[test]
fn a_growing_file_keeps_its_pages_when_it_is_dropped_in_the_middle() {
    let (_directory, spool) = spool();
    let mut growing = spool.grow(Kind::Received).expect("a file");
    growing.write(b"page 1").expect("written");
    growing.sync().expect("synchronised");
    let name = growing.name().clone();
    drop(growing);
    spool.sweep_unfinished().expect("swept");
    assert_eq!(spool.read(&name, 100).expect("read"), b"page 1");
}

#[test]
fn a_full_disk_is_said_to_be_full() {
    // Linux: every write to /dev/full fails with ENOSPC.
    let error = fs::write("/dev/full", b"x").expect_err("full");
    assert!(super::at("write", Path::new("/dev/full"))(error).is_full());
    let (_directory, spool) = spool();
    assert!(spool.require_free(u64::MAX).is_err_and(|error| error.is_full()));
    assert!(spool.free_bytes().expect("some") > 0);
}

#[test]
fn no_text_from_a_row_leads_out_of_the_spool() {
    for text in [
        "",
        "messages",
        "messages/",
        "messages/../../etc/passwd",
        "../messages/0123456789abcdef0123456789abcdef",
        "tmp/0123456789abcdef0123456789abcdef",
        "messages/0123456789abcdef0123456789abcdeF",
        "messages/0123456789abcdef0123456789abcdef0",
        "messages/0123456789abcdef0123456789abcde/",
    ] {
        assert_eq!(SpoolName::from_stored(text), None, "{text}");
    }
}

/// Tells the test below that it is the process to be crashed, and where to work.
const DIRECTORY: &str = "FAXRAMP_SPOOL_CRASH_TEST_DIRECTORY";

/// Not a claim of its own: the body of the process that the test below starts and crashes.
#[test]
fn the_process_that_is_crashed() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        let spool = Spool::open(Path::new(&directory)).expect("a spool");
        written(&spool, Kind::Message, b"whole");
    }
}

#[test]
fn a_crash_around_the_rename_leaves_a_whole_file_or_none() {
    for (place, files, unfinished) in
        [("before-sync/messages", 0, 1), ("before-rename/messages", 0, 1), ("after-rename/messages", 1, 0)]
    {
        let directory = tempfile::tempdir().expect("a directory");
        let status = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "spool::tests::the_process_that_is_crashed"])
            .env(DIRECTORY, directory.path())
            .env(VARIABLE, place)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("started");
        assert!(!status.success(), "{place} was never reached");
        let spool = Spool::open(directory.path()).expect("opened again");
        assert_eq!((entries(&spool, "messages"), entries(&spool, "tmp")), (files, unfinished), "{place}");
        assert_eq!(spool.sweep_unfinished().expect("swept"), unfinished, "{place}");
        for entry in fs::read_dir(spool.root.join("messages")).expect("a directory") {
            assert_eq!(fs::read(entry.expect("an entry").path()).expect("read"), b"whole");
        }
    }
}

proptest! {
    #[test]
    fn a_name_is_only_what_the_spool_itself_wrote(text in "(messages|pages|\\.\\.)?/?[0-9a-g./]{0,40}") {
        if let Some(name) = SpoolName::from_stored(&text) {
            prop_assert_eq!(name.to_string(), text);
        }
    }
}
