//! What went over the wire in a call: kept as a capture file that every analyser opens, read back as a ladder for people.
//!
//! ```text
//!  a call ──[Packet]──▶ pcap::file_header, pcap::record ──▶ a file
//!  a file ──▶ pcap::read ──[Packet]──▶ dissect ──[Step]──▶ ladder (text), or JSON
//! ```
//! The capture is the only thing that is kept, so the ladder of a call of ours and that of a capture made elsewhere are the same work.
//! Everything here is a function of values; files belong to `stage` and `cli`. What is read may come from anybody.

mod audio;
mod diagnosis;
mod dissect;
mod fax;
mod ladder;
pub mod pcap;
mod signalling;
mod step;
mod words;

#[cfg(test)]
mod tests;

pub use diagnosis::advice;
pub use dissect::{Findings, Trace, dissect};
pub use ladder::{Ladder, Row, ladder};
pub use pcap::{Capture, CaptureError, Packet};
pub use step::{Layer, Loss, Side, Step, What};
