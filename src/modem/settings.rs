//! What a terminal is told before it starts, and what it has counted when it is over. Values only.

use std::time::Duration;

/// How a terminal behaves.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Level at which everything is sent, in dBm0.
    pub level_dbm0: f32,
    /// Whether fast carriers are sent with the tone against talker echo before their training.
    pub talker_echo_protection: bool,
    /// How long after the end of our own signal an echo of it may still come back: the round trip, and some.
    pub echo: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { level_dbm0: -13.0, talker_echo_protection: false, echo: Duration::from_millis(500) }
    }
}

/// Counts for the record of a call.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Counts {
    /// Fast carriers whose training was recognised.
    pub carriers: u64,
    /// Fast carriers that were there and could not be trained to.
    pub failed_trainings: u64,
    /// HDLC frames with a good check sequence.
    pub frames: u64,
    /// HDLC frames that were damaged.
    pub damaged_frames: u64,
    /// Signal to noise of the fast carrier heard last, in dB, as its equaliser saw it.
    pub signal_to_noise_db: Option<f32>,
}
