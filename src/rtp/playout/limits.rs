//! The figures of the playout, each with its reason. Times are in samples of 125 µs unless the name says otherwise.

use crate::dsp::FRAME_SAMPLES;

/// A frame of 20 ms. Frames are what is inserted and left out: 20 ms are a whole number of symbols and of carrier cycles in every modem
/// of a fax (2400 symbols a second: 48; 1600: 32; 1200: 24; carriers of 1700 and 1800 Hz: 34 and 36 cycles; V.21: 6 bits), so that a
/// receiver's clocks go on in step over it.
pub(super) const FRAME: i64 = FRAME_SAMPLES as i64;

/// The delay between the fastest packets and the moment they are played: 120 ms hold a jitter of 60 ms with a packet that was overtaken
/// by 45 ms more. Both ends together add a quarter of a second to the round trip, which T.30's timers of 3 s do not feel.
pub(super) const LEAST_DELAY: i64 = 6 * FRAME;
/// However much jitter was seen, packets are not held back longer: 400 ms each way leave two seconds of T4 for the far end.
pub(super) const MOST_DELAY: i64 = 20 * FRAME;
/// What is added to the jitter that was seen.
pub(super) const DELAY_MARGIN: i64 = 2 * FRAME;
/// The fastest packets may wait longer than they must by less than this before a frame is left out; twice a frame, so that the two
/// corrections do not chase each other.
pub(super) const SLACK: i64 = 2 * FRAME;
/// Waiting so much longer than they must, with no silence in sight, a frame is left out of a signal: at 200 ppm that takes a page of
/// twenty minutes.
pub(super) const MOST_EXCESS: i64 = 12 * FRAME;
/// Having lost so much of the delay, and packets coming just when they are due, a frame is inserted into a signal.
pub(super) const MOST_SHORTAGE: i64 = FRAME;
/// So many of them within the leads' windows; one alone may be a stray.
pub(super) const TIGHT_FOR_URGENCY: u32 = 2;

/// Samples that are kept: 1.024 s, a power of two. Nothing is written further ahead.
pub(super) const CAPACITY: usize = 8192;
/// A packet that comes so long after its time belongs to a clock that was set anew: 1 s.
pub(super) const MOST_LATENESS: i64 = 8000;
/// The longest packet: 200 ms, ten times the usual. A longer one is refused.
pub(super) const MOST_PACKET_SAMPLES: usize = 1600;
/// When nothing but late packets came for so long, their path has become longer and the clock is set anew: 100 ms.
pub(super) const LATE_FOR_MS: u128 = 100;

/// Jumps of the sequence number that are loss, and that are reordering.
// RFC 3550 Appendix A.1: MAX_DROPOUT and MAX_MISORDER
pub(super) const MOST_DROPOUT: u16 = 3000;
pub(super) const MOST_MISORDER: u16 = 100;

/// Frames in a row that are filled with the one before them; 200 ms. SpanDSP's receivers of all rates come through as long a repetition
/// with the lost symbols alone wrong, and lose the rest of the page by one frame of zeros. After it the sender is taken to have paused:
/// that is silence.
pub(super) const MOST_REPEATED: u32 = 10;
/// Silence that must have lasted before a frame of it is inserted or left out: 100 ms, more than the 75 ms between two signals of T.30.
pub(super) const QUIET_FRAMES: u32 = 5;
/// Mean square of silence: −48 dBm0, as fax receivers hear signals down to −43 dBm0. A sine of −13 dBm0 has a peak of 5110.
pub(super) const QUIET: u64 = (5110 * 5110 / 2) as u64 / 3162;
/// Mean square of an echo, by which the owner knows that it is not the far end: −35 dBm0. A louder one may be the far end after all, which
/// answers our calling tone, say; silence must then be silence.
pub(super) const MOST_ECHO: u64 = (5110 * 5110 / 2) as u64 / 158;

/// Leads are gathered for so long: 2 s.
pub(super) const WINDOW: i64 = 16_000;
/// The drift is measured from the fastest packet in each of these: 10 s.
pub(super) const DRIFT_WINDOW: i64 = 80_000;
/// Points before a drift is told: 60 s, in which jitter of 60 ms hides less than 100 ppm.
pub(super) const DRIFT_POINTS: u32 = 6;
