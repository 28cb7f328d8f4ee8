//! What a terminal never exceeds, and times of our own choice.

use std::time::Duration;

/// Time between copies of a datagram; more than a burst of loss in a queue, less than the shortest training.
pub const COPY_GAP: Duration = Duration::from_millis(20);
/// Least time between packets when not paced as a modem: a tick of the clocks that drive us.
pub const FAST_GAP: Duration = Duration::from_millis(1);
/// Most that is sent in a second when not paced as a modem, repeated packets and heads included: a home's line and its router take it.
pub const FAST_BITS_PER_SECOND: u32 = 2_000_000;

/// Bursts that may wait for the one being sent; T.30 waits for `Sent` and has one.
pub(super) const MOST_WAITING: usize = 16;
/// Copies of a datagram, the first included.
pub(super) const MOST_COPIES: u8 = 5;
/// Lateness that is caught up with; beyond, the schedule moves.
pub(super) const MOST_LATE: Duration = Duration::from_secs(1);
/// Times between the repetitions of the last datagram after a signal.
pub(super) const TAIL: [Duration; 8] = [
    Duration::from_millis(60),
    Duration::from_millis(80),
    Duration::from_millis(120),
    Duration::from_millis(160),
    Duration::from_millis(240),
    Duration::from_millis(320),
    Duration::from_millis(480),
    Duration::from_millis(640),
];
/// Packets repeated at parting: a frame of three octets, an octet a packet, between its indicator and its end.
pub(super) const PARTING_REDUNDANCY: u8 = 5;
/// Most packets repeated because of loss; Asterisk refuses datagrams with fifteen and more.
pub(super) const MOST_REDUNDANCY: u8 = 9;
/// Datagrams of the far end after which its loss says something.
pub(super) const FEWEST_TO_JUDGE: u64 = 40;
/// Least [`super::Settings::keep_alive`].
pub(super) const SHORTEST_KEEP_ALIVE: Duration = Duration::from_secs(1);
/// Bounds of [`super::Settings::chunk`].
pub(super) const SHORTEST_CHUNK: Duration = Duration::from_millis(10);
/// Bounds of [`super::Settings::chunk`].
pub(super) const LONGEST_CHUNK: Duration = Duration::from_millis(40);
/// Head of a data packet with one field.
pub(super) const FIELD_OVERHEAD_OCTETS: usize = 6;
/// Head of a packet with a whole frame: its field, the good check and the lengths in the datagram.
pub(super) const FAST_OVERHEAD_OCTETS: usize = 10;
/// Bounds of the octets in a packet when not paced as a modem; the upper one holds a frame of error correction mode.
pub(super) const FEWEST_FAST_OCTETS: usize = 32;
/// See [`FEWEST_FAST_OCTETS`].
pub(super) const MOST_FAST_OCTETS: usize = 264;
/// Heads of Ethernet, IP and UDP.
pub(super) const PACKET_HEADS_OCTETS: usize = 42;
/// What the tried gateways and Asterisk use.
pub(super) const FEC_SPAN: u8 = 3;
/// What the tried gateways and Asterisk use.
pub(super) const FEC_ENTRIES: u8 = 3;
