//! The procedures of TSB-85 (ETS 300 242) and calls of the field as scripts of our own, played against our engines in virtual time,
//! each over either carrier's timers.
//!
//! They test the procedure: who says what when. The carrier (preambles, framing, levels, tolerance of clocks) is tested
//! where it is made, in [`crate::t38`]; what a page looks like, in [`crate::image`].

mod field;
mod parse;
mod receive;
mod tester;
mod transmit;

use crate::t30::Transport;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Name, what it is about, and the script (see [`parse`]).
type Script = (&'static str, &'static str, &'static str);

/// What is not played, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("MRGN05", "is about the level of a signal; a packet has none"),
    ("OTEN03", "see a_receiver_not_ready_is_asked_until_t5_is_over"),
];

fn scripts() -> impl Iterator<Item = Script> {
    [receive::SCRIPTS, transmit::SCRIPTS, field::SCRIPTS].into_iter().flatten().copied()
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
