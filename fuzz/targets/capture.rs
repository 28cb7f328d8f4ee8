//! A capture file made elsewhere, and the ladders of the calls in it.
//!
//! Input: the file.
//! Holds: a ladder has no more rows than the call has steps, steps are in the order of time, and what is read of a file is not more than is in it.
#![no_main]

use std::time::Instant;

use faxramp::trace::{dissect, ladder, pcap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let Ok(capture) = pcap::read(file) else { return };
    assert!(capture.packets.iter().map(|packet| packet.octets.len()).sum::<usize>() <= file.len());
    for call in dissect(&capture.packets, true, Instant::now()) {
        assert!(call.steps.is_sorted_by_key(|step| step.at));
        assert!(ladder(&call).rows.len() <= call.steps.len());
    }
});
