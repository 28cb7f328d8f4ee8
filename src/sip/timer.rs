//! Every wait of SIP by name, and the table that holds those that run.

use std::time::{Duration, Instant};

/// Estimate of the round trip.
// RFC 3261 §17.1.1.1
pub const T1: Duration = Duration::from_millis(500);
/// Longest interval between retransmissions of a non-INVITE request or of a response to INVITE.
pub const T2: Duration = Duration::from_secs(4);
/// How long a message may stay in the network.
pub const T4: Duration = Duration::from_secs(5);
/// How long a transaction is tried: 32 s.
pub const T1_64: Duration = Duration::from_secs(32);

/// The waits. A to M are those of RFC 3261 table 4 and RFC 6026 §8; the rest are those of one call.
/// All run from the moment they are set, with no tolerance: the driver may be late, never early.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// INVITE retransmission, UDP only: T1, doubling. RFC 3261 §17.1.1.2
    A,
    /// INVITE without any response: 64·T1. RFC 3261 §17.1.1.2
    B,
    /// Absorbs repeated final responses to INVITE: 32 s, 0 on TCP. RFC 3261 §17.1.1.2
    D,
    /// Request retransmission, UDP only: T1, doubling to T2. RFC 3261 §17.1.2.2
    E,
    /// Request without final response: 64·T1. RFC 3261 §17.1.2.2
    F,
    /// Retransmission of a failure response to INVITE, UDP only: T1, doubling to T2. RFC 3261 §17.2.1
    G,
    /// Failure response to INVITE without ACK: 64·T1. RFC 3261 §17.2.1
    H,
    /// Absorbs repeated ACKs: T4, 0 on TCP. RFC 3261 §17.2.1
    I,
    /// Absorbs repeated requests: 64·T1, 0 on TCP. RFC 3261 §17.2.2
    J,
    /// Absorbs repeated responses: T4, 0 on TCP. RFC 3261 §17.1.2.2
    K,
    /// Absorbs repeated INVITEs after a 2xx: 64·T1. RFC 6026 §8.7
    L,
    /// Waits for more 2xx, forked or repeated: 64·T1. RFC 6026 §8.4
    M,
    /// Retransmission of our 2xx to INVITE until its ACK: T1, doubling to T2. RFC 3261 §13.3.1.4
    OkRetransmission,
    /// Our 2xx to INVITE without ACK: 64·T1, then BYE. RFC 3261 §13.3.1.4
    OkWithoutAck,
    /// A target of our INVITE says nothing and another one is left: [`TARGET_LIMIT`], then the next. RFC 3263 §4.3
    Target,
    /// Our offer met the peer's: 2.1 to 4 s for who made the Call-ID, else 0 to 2 s. RFC 3261 §14.1
    Glare,
    /// CANCEL sent and no final response to the INVITE: 64·T1. RFC 3261 §9.1
    CancelGrace,
    /// Ringing without an answer, either side: [`RINGING_LIMIT`]. Ours; above timer C of proxies, RFC 3261 §16.6
    Ringing,
    /// 180 said again so that proxies do not give up: every minute. RFC 3261 §13.3.1.1
    RingingAgain,
    /// Retransmission of a reliable provisional response until its PRACK: T1, doubling without limit. RFC 3262 §3
    Provisional,
    /// Our reliable provisional response without PRACK: 64·T1, then 504. RFC 3262 §3
    ProvisionalWithoutPrack,
    /// Our turn to refresh the session: half the session interval. RFC 4028 §7.2
    Refresh,
    /// The session was not refreshed: the session interval less a third of it, or less 32 s, then BYE. RFC 4028 §10
    SessionExpiry,
    /// A name of a redirection is being looked up by the owner: [`RESOLVE_LIMIT`]. Ours
    Resolve,
    /// Our re-INVITE with a provisional response only: [`OFFER_LIMIT`]. Ours
    Offer,
    /// The peer's offer not answered by our own call engine: [`ANSWER_LIMIT`], then 488. Ours
    Answer,
    /// After the end: what transactions are left are dropped: 96 s (the longest chain is 64·T1 for a challenged BYE,
    /// 64·T1 again, and J). Ours
    WindDown,
}

/// How long a call may ring before the leg gives up.
pub const RINGING_LIMIT: Duration = Duration::from_secs(240);
/// How long a target may say nothing when another one is left. Over UDP the INVITE is said four times in it, and the last
/// saying has more than two seconds to be answered.
// RFC 3263 §4.3 waits for timer B, 32 s: a caller would have given up
pub const TARGET_LIMIT: Duration = Duration::from_secs(6);
/// Between two 180.
pub const RINGING_AGAIN: Duration = Duration::from_secs(60);
/// How long our re-INVITE may be pending.
pub const OFFER_LIMIT: Duration = Duration::from_secs(40);
/// How long the peer's re-INVITE or UPDATE may wait for our answer.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// How long the owner may look up where a redirection leads.
pub const RESOLVE_LIMIT: Duration = Duration::from_secs(10);
/// How long a finished leg lives at most.
pub const WIND_DOWN: Duration = Duration::from_secs(96);

/// The timers that run; one of each at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers(Vec<(Timer, Instant)>);

impl Timers {
    /// Starts a timer, or starts it again.
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.stop(timer);
        self.0.push((timer, at));
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.0.retain(|(running, _)| *running != timer);
    }

    pub(super) fn is_running(&self, timer: Timer) -> bool {
        self.0.iter().any(|(running, _)| *running == timer)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the timer that ended first, if one has ended.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let (timer, _) = *self.0.iter().filter(|(_, at)| *at <= now).min_by_key(|(timer, at)| (*at, *timer))?;
        self.stop(timer);
        Some(timer)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|(_, at)| *at).min()
    }
}
