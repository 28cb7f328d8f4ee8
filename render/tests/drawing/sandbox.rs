//! The walls around the renderer, tried from within.

use crate::harness::{draw, request};

use faxramp::pages::worker::{Kind, Limits, Sandbox};

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

/// `SIGSYS`: killed for a forbidden system call.
const FORBIDDEN_CALL: i32 = 31;
const DENIED: i32 = 10;

fn attempt(deed: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_faxramp-render"))
        .args(["--try-in-sandbox", deed])
        .env_clear()
        .output()
        .expect("the renderer starts")
}

/// A kernel without Landlock or seccomp cannot pass; the strict sandbox says so and stops.
fn walls_stand() -> bool {
    attempt("nothing").status.success()
}

#[test]
fn inside_the_walls_no_file_can_be_read_or_written() {
    if !walls_stand() {
        return;
    }
    for deed in ["read-file", "read-own-binary", "write-file"] {
        let output = attempt(deed);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(DENIED), "{deed}: {:?} {said}", output.status);
        assert!(said.starts_with("denied: Permission denied"), "{deed}: {said}");
    }
}

#[test]
fn inside_the_walls_sockets_programs_and_threads_kill_the_process() {
    if !walls_stand() {
        return;
    }
    for deed in ["open-socket", "start-program", "start-thread"] {
        let output = attempt(deed);
        assert_eq!(output.status.signal(), Some(FORBIDDEN_CALL), "{deed}: {:?}", output.status);
        assert!(output.stdout.is_empty(), "{deed}");
    }
}

#[test]
fn inside_the_walls_memory_is_bounded() {
    if !walls_stand() {
        return;
    }
    assert_eq!(attempt("take-memory").status.code(), Some(DENIED));
}

#[test]
fn a_strict_sandbox_still_draws_where_the_kernel_has_all_walls() {
    if !walls_stand() {
        return;
    }
    let text = b"inside";
    let strict = faxramp::pages::worker::Request { sandbox: Sandbox::Strict, ..request(Kind::Text, "strict", text) };
    let drawn = draw(&strict, text).expect("a page");
    assert_eq!((drawn.pages.len(), drawn.warnings.len()), (1, 0));
}

#[test]
fn a_process_that_runs_out_of_time_is_seen_as_dead() {
    // No processor time at all: the kernel kills the child at its first tick.
    let text = "word ".repeat(200_000).into_bytes();
    let limits = Limits { processor_seconds: 0, pages: 10_000, ..Limits::default() };
    let hurried = faxramp::pages::worker::Request { limits, ..request(Kind::Text, "hurried", &text) };
    let failure = draw(&hurried, &text).expect_err("no time");
    assert_eq!(failure, faxramp::pages::worker::Failure::Died);
}
