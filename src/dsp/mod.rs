//! Samples of telephone audio: G.711 coding, the tones that open a fax call, V.21 and the fast modems, HDLC, and what an answered
//! call sounds like.
//!
//! Pure arithmetic at 8000 samples a second; no packets. The one place besides images where floats are used.

pub mod fast;
pub mod g711;
pub mod hdlc;
pub mod preamble;
pub mod progress;
pub mod tone;
pub mod v21;

/// Samples in a second.
pub const SAMPLES_PER_SECOND: u32 = 8000;
/// Samples in the 20 ms of a packet.
pub const FRAME_SAMPLES: usize = 160;
/// Peak of a sine at 0 dBm0 in linear samples: 3.14 dB below A-law's overload point, and within 0.03 dB for µ-law.
// G.711 (11/1988) §4
pub const PEAK_AT_0_DBM0: f32 = 22_470.0;
