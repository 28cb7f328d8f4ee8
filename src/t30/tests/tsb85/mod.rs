//! The procedures of TSB-85 (ETS 300 242) and calls of the field as scripts of our own, played against our engines in virtual time,
//! each over either carrier's timers.
//!
//! They test the procedure: who says what when. The carrier (preambles, framing, levels, tolerance of clocks) is tested
//! where it is made, in [`crate::t38`]; what a page looks like, in [`crate::image`].

mod field;
mod parse;
mod polling;
mod receive;
mod tester;
mod transmit;

use crate::t30::Transport;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Name, what it is about, and the script (see [`parse`]).
type Script = (&'static str, &'static str, &'static str);

/// Procedures, and parts of some, that are not played, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("MRGN01 (in part)", "CED and preamble lengths, flags: t38::terminal is tested for them"),
    (
        "MRGN02, MRGN05, ORGC01, ORGC03 (in part)",
        "pictures and levels: image is tested for the first, packets have not the second",
    ),
    ("MRGN04 (in part)", "bad rows are counted by image::quality, which is tested for 4.9 % and 15.1 %"),
    ("MRGX01 (in part)", "it wants DCN after three DIS; T1 leaves time for six, and No-caller-response wants those"),
    ("MTGN28 (in part)", "how soon after DCN the call is cleared is the matter of call"),
    ("T1-after-EOMx (in part)", "it has EOM answered by nothing, which is MTGX08; ours has the DIS missing"),
];

/// Names of a group: `MRGN01` to `MRGN17`.
fn numbered(group: &str, numbers: std::ops::RangeInclusive<u32>) -> Vec<String> {
    numbers.map(|number| format!("{group}{number:02}")).collect()
}

/// The names of all procedures and of the thirteen calls, by the tester's own list.
fn names() -> Vec<String> {
    let groups = [
        ("MRGN", 1..=17),
        ("ORGC", 1..=3),
        ("OREN", 1..=10),
        ("MRGX", 1..=15),
        ("MTGP", 1..=2),
        ("OTGP", 3..=3),
        ("MTGN", 1..=28),
        ("OTGC", 1..=11),
        ("OTEN", 1..=6),
        ("MTGX", 1..=23),
        ("MRGP", 1..=8),
        ("ORGP", 9..=10),
    ];
    let mut names: Vec<String> = groups.into_iter().flat_map(|(group, numbers)| numbered(group, numbers)).collect();
    names.retain(|name| name != "MRGN06" && name != "OTGC09");
    names.extend(["MRGN06a".into(), "MRGN06b".into()]);
    names.extend(numbered("OTGC09-", 1..=12));
    assert_eq!(names.len(), 138);
    names.extend(field::SCRIPTS.iter().map(|(name, ..)| (*name).into()));
    assert_eq!(names.len(), 138 + 13);
    names
}

fn scripts() -> impl Iterator<Item = Script> {
    [receive::SCRIPTS, transmit::SCRIPTS, polling::SCRIPTS, field::SCRIPTS, field::MORE].into_iter().flatten().copied()
}

fn outcome(script: &str) -> Result<(), String> {
    for transport in [Transport::Audio, Transport::InternetAware] {
        let played = catch_unwind(AssertUnwindSafe(|| tester::play(script, transport)));
        match played {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => return Err(format!("{transport:?}: {reason}")),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "panicked".into());
                return Err(format!("{transport:?}: {text}"));
            }
        }
    }
    Ok(())
}

#[test]
fn every_procedure_is_passed_or_left_out_for_a_reason() {
    let mut failed = Vec::new();
    for (name, about, script) in scripts() {
        match outcome(script) {
            Ok(()) => println!("{name:<24} passed    {about}"),
            Err(reason) => {
                println!("{name:<24} FAILED    {about}");
                failed.push(format!("{name}: {reason}"));
            }
        }
    }
    for (name, reason) in LEFT_OUT {
        println!("{name:<24} left out  {reason}");
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn no_procedure_is_forgotten_and_none_has_two_scripts() {
    let mut have: Vec<&str> = scripts().map(|(name, ..)| name).collect();
    have.sort_unstable();
    let missing: Vec<String> = names().into_iter().filter(|name| !have.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(have.windows(2).all(|pair| pair[0] != pair[1]));
}
