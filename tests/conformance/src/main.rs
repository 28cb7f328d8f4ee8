//! The scripts of `src/t30/tests/tsb85`, played against the binary over SIP and UDPTL, all at once and in real time.
//!
//! In the crate the same scripts are played against the engines in virtual time, to the octet and the millisecond. Here it is the
//! program as an operator runs it: faxes are handed in by its own commands, documents are offered, and the tester is a telephone
//! that the trunk leads to. What of a script cannot be asked from outside is named in [`NOT_ASKED`].
//!
//! `cargo run --manifest-path tests/conformance/Cargo.toml [-- WORDS]`. Environment: `FAXRAMP_BIN` (default
//! target/release/faxramp, else target/debug/faxramp). Ends with `N passed, N failed`; what failed tells all that was on the line.

mod lab;
mod pages;
mod play;
mod sip;
mod wire;

// The language and the texts of the scripts have one place, in the crate's own tests.
#[path = "../../../src/t30/tests/tsb85/field.rs"]
mod field;
#[expect(dead_code, reason = "what a page holds is compared octet by octet in the crate")]
#[path = "../../../src/t30/tests/tsb85/parse.rs"]
mod parse;
#[path = "../../../src/t30/tests/tsb85/polling.rs"]
mod polling;
#[path = "../../../src/t30/tests/tsb85/receive.rs"]
mod receive;
#[path = "../../../src/t30/tests/tsb85/transmit.rs"]
mod transmit;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use faxramp::signal;
use lab::Lab;

/// Name, what it is about, and the script.
type Script = (&'static str, &'static str, &'static str);

/// What the first line of a script has whose device cannot be had from outside, and why; it is played in virtual time alone.
const NOT_ASKED: &[(&str, &str)] = &[
    ("answers good bad", "what a page looks like decides, not the script"),
    ("over-audio", "here is T.38"),
    (" to ", "faxes are handed in here without a sub-address"),
];

/// Scripts that are left out for other reasons.
const LEFT_OUT: &[(&str, &str)] = &[
    ("carrier-lost-for-a-moment", "how good half a page and another are is for the picture to say"),
    ("frames-of-the-other-size", "a page cut so is none that can be read"),
];

/// How long after the start of one call the next begins: what all of them hand in goes through one door.
const STAGGER: Duration = Duration::from_millis(120);

/// So many that failed are played again by themselves; more are no accident.
const MOST_PLAYED_AGAIN: usize = 10;

/// Added to the place of a script that is played again, so that it has numbers of its own.
const AGAIN: usize = 500;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let scripts: Vec<Script> = [receive::SCRIPTS, transmit::SCRIPTS, polling::SCRIPTS, field::SCRIPTS, field::MORE]
        .into_iter()
        .flatten()
        .copied()
        .filter(|(name, ..)| words.is_empty() || words.iter().any(|word| name.contains(word.as_str())))
        .collect();
    let lab = match Lab::start() {
        Ok(lab) => Arc::new(lab),
        Err(fault) => {
            println!("conformance: {fault}");
            return ExitCode::FAILURE;
        }
    };
    let begin = Instant::now();
    let mut asked = Vec::new();
    for (place, (name, about, script)) in scripts.into_iter().enumerate() {
        let device = script.trim_start().lines().next().unwrap_or("").trim();
        let reason = NOT_ASKED.iter().find(|(word, _)| device.contains(word));
        if let Some((_, reason)) = reason.or_else(|| LEFT_OUT.iter().find(|(other, _)| *other == name)) {
            println!("     left out  {name:<26} {reason}");
            continue;
        }
        asked.push((place, (name, about, script)));
    }
    let played = asked.len();
    let mut failed = play_at_once(&lab, asked, STAGGER);
    let quiet = failed.len() <= MOST_PLAYED_AGAIN;
    if quiet && !failed.is_empty() {
        println!("conformance: those that failed are played again, one by one: what a busy machine delays is no fault");
        let again = failed.into_iter().map(|(place, script)| (place + AGAIN, script));
        failed = again.flat_map(|script| play_at_once(&lab, vec![script], Duration::ZERO)).collect();
    }
    println!("conformance: {:.0} s; logs are in {}", begin.elapsed().as_secs_f32(), lab.folder().display());
    println!("{} passed, {} failed", played - failed.len(), failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A script and its place, which makes its numbers.
type Placed = (usize, Script);

/// Plays scripts side by side, each begun so much after the one before, and tells how each went; gives those that failed.
fn play_at_once(lab: &Arc<Lab>, scripts: Vec<Placed>, stagger: Duration) -> Vec<Placed> {
    let results = mpsc::channel();
    let count = scripts.len();
    for (turn, (place, script)) in scripts.into_iter().enumerate() {
        let (lab, results) = (Arc::clone(lab), results.0.clone());
        std::thread::spawn(move || {
            std::thread::sleep(stagger * u32::try_from(turn).unwrap_or(u32::MAX));
            let began = Instant::now();
            // A player that panics is a failed script, not a run that never ends.
            let log = Arc::new(Mutex::new(Vec::new()));
            let noted = Arc::clone(&log);
            let outcome = std::panic::catch_unwind(move || play::play(&lab, place, script.2, noted))
                .unwrap_or_else(|_| Err("the player panicked".into()));
            // The run may have been given up.
            let _ = results.send((place, script, outcome, began.elapsed(), log));
        });
    }
    let mut failed = Vec::new();
    for (place, script, outcome, took, log) in results.1.iter().take(count) {
        let (name, about, _) = script;
        match outcome {
            Ok(()) => println!("ok   {:6.1} s  {name:<26} {about}", took.as_secs_f32()),
            Err(fault) => {
                println!("FAIL {:6.1} s  {name:<26} {about}\n         {fault}", took.as_secs_f32());
                for line in log.lock().iter().flat_map(|lines| lines.iter()) {
                    println!("         {line}");
                }
                failed.push((place, script));
            }
        }
    }
    failed
}
