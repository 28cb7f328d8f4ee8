//! What a terminal is told before it starts, and what it has counted when it is over. Values only.

use std::time::Duration;

#[cfg(doc)]
use super::{COPY_GAP, FAST_BITS_PER_SECOND};
use crate::t38::udptl::Statistics;

/// How the far end can rebuild lost packets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorCorrection {
    /// It cannot.
    None,
    /// Packets are repeated in later datagrams.
    Redundancy,
    /// Later datagrams carry parities.
    Fec,
}

/// How fast bursts are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pacing {
    /// As a modem plays them: what a gateway to the telephone network needs.
    Modem,
    /// As fast as the network takes them, see [`FAST_BITS_PER_SECOND`]: for two ends on the Internet that know each other.
    Fast,
    /// As a modem, until it is proved that there is none between the ends; then fast.
    Auto,
}

/// How a terminal behaves; what was negotiated and what was configured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The negotiated `T38FaxVersion`: 0 speaks the grammar of 1998.
    pub version: u8,
    /// The far end's `T38FaxMaxDatagram` in octets; see [`crate::t38::udptl::Sender::new`].
    pub max_datagram_octets: usize,
    /// The far end's `T38FaxMaxBuffer` in octets, if it names one: so much of a page is sent ahead of its modem's time at most.
    pub far_buffer_octets: Option<usize>,
    /// What the far end asked for in `T38FaxUdpEC`. All kinds are understood when received.
    pub error_correction: ErrorCorrection,
    /// Packets repeated behind an indicator or V.21 data; they are short and matter most.
    pub control_redundancy: u8,
    /// Packets repeated behind data of a fast modem.
    pub image_redundancy: u8,
    /// How fast to send.
    pub pacing: Pacing,
    /// How much line time one data packet holds, 10 to 40 ms; an octet at least.
    pub chunk: Duration,
    /// How often the datagram of an indicator or of the end of a signal is sent, [`COPY_GAP`] apart, under one number.
    pub copies: u8,
    /// Whether training leaves time for the tone against talker echo.
    pub talker_echo_protection: bool,
    /// After how long without sending the last datagram is sent again to hold the way through address translators open.
    pub keep_alive: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: 0,
            max_datagram_octets: 400,
            far_buffer_octets: None,
            error_correction: ErrorCorrection::Redundancy,
            control_redundancy: 4,
            image_redundancy: 3,
            pacing: Pacing::Modem,
            chunk: Duration::from_millis(30),
            copies: 3,
            talker_echo_protection: false,
            keep_alive: Some(Duration::from_secs(10)),
        }
    }
}

/// Counts for the record of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// The far end's datagrams.
    pub received: Statistics,
    /// Datagrams that could not be read.
    pub malformed_datagrams: u64,
    /// Packets that could not be read.
    pub malformed_packets: u64,
    /// Datagrams sent, copies included.
    pub sent: u64,
}
