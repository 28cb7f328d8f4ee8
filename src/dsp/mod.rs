//! Samples of telephone audio: G.711 coding, the tones that open a fax call.
//!
//! Pure arithmetic at 8000 samples a second; no modems yet, no packets. The one place besides images where floats
//! are used.

pub mod g711;
pub mod preamble;
pub mod tone;

/// Samples in a second.
pub const SAMPLES_PER_SECOND: u32 = 8000;
/// Samples in the 20 ms of a packet.
pub const FRAME_SAMPLES: usize = 160;
