//! The timers of a call itself; those of SIP, T.38 and T.30 are in their engines.

use std::time::{Duration, Instant};

/// How long our DCN is repeated before we hang up, unless the far end does. A BYE that overtakes a DCN that was lost ends the fax for a far
/// end as one that broke off, a second after it confirmed the last page. Losses come in rows of some tenths of a second.
pub(super) const PARTING: Duration = Duration::from_millis(900);
/// How long the far end may need to play what we sent last over audio, a DCN, before our BYE ends the call: a jitter buffer's
/// longest delay.
pub(super) const PLAYOUT: Duration = Duration::from_millis(500);
/// How long the far end may take to answer our farewell.
// RFC 3261 §17.1.2.2: timer F, as long as a BYE is tried
pub(super) const LEAVING_LIMIT: Duration = Duration::from_secs(32);
/// How long a line is held for the answer to our farewell. It is said again after 0.5, 1.5 and 3.5 s; after that the far end is gone, or
/// its answer is waited for by nobody but the leg.
// RFC 3261 §17.1.2.2: timer E
pub(super) const FAREWELL_LIMIT: Duration = Duration::from_secs(4);
/// Once all is said what the far end repeats is answered as before, for at most so long; requests of the call get 481 afterwards.
// RFC 3261 §17.1.1.2 (timer D), §17.2.2 (timer J), and what a packet may take
pub(super) const LINGER: Duration = Duration::from_secs(33);
/// After a refused re-INVITE to T.38, or one that nobody answers, the far end has this long to ask itself.
pub(super) const SECOND_CHANCE: Duration = Duration::from_secs(5);

/// How long the far end may leave our re-INVITE to T.38 undecided, glare and its waits included.
pub(super) const ASKED_LIMIT: Duration = Duration::from_secs(20);
/// How long the far end may take to ask for T.38 where we never do: as long as a caller waits for the other machine.
// T.30 (09/2005) §5.4.3.1: T1
pub(super) const FAR_END_ASKS: Duration = Duration::from_secs(35);
/// How long we still wait for the called side's own request once its CED was heard: as long as CED lasts, and what its gateway needs to
/// hear the V.21 that follows.
// T.30 (09/2005) §4.3.3.1: CED is 2.6 s to 4.0 s long
pub(super) const CED_AND_PREAMBLE: Duration = Duration::from_millis(4500);

/// How long nothing at all may come over T.38 that was agreed on in place of audio, until we ask for the audio again: a called machine says
/// its DIS within this time, and says it on for T1, 35 s.
// T.30 (09/2005) §5.4.3.1
pub(super) const T38_IS_DEAD: Duration = Duration::from_secs(10);
/// The same where we were called: a caller may have nothing to say for longer, and asks itself if it misses us.
pub(super) const T38_IS_DEAD_CALLED: Duration = Duration::from_secs(15);

/// How long we still wait once half a second of its V.21 was heard: the rest of the preamble.
// T.30 (09/2005) §5.3.1: 1 s ± 15 %
pub(super) const PREAMBLE: Duration = Duration::from_millis(500);

/// How long we go on calling for a fax once something else was heard. Machines that tell faxes from voices speak first and listen for our
/// calling tone meanwhile; a person has beeps in his ear.
pub(super) const AFTER_VOICE: Duration = Duration::from_secs(20);
/// The same after the tone of an answering machine, which has listened all the while it spoke.
pub(super) const AFTER_GREETING: Duration = Duration::from_secs(10);
/// The same after a tone of the network or of a data modem.
pub(super) const AFTER_TONE: Duration = Duration::from_secs(5);
/// While something else than a fax is heard T.38 is not asked for, for it would cut a person off; it is thought of again after this.
pub(super) const ASK_LATER: Duration = Duration::from_secs(3);

/// The waits. All run from when they are set; the driver may be late, never early.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Timer {
    /// No word from the trunk: `OutboundSettings::response_timeout`; timer B is too long for a call that another trunk could take.
    /// Ours
    Response,
    /// It has rung long enough: `OutboundSettings::answer_timeout`. Ours
    Answer,
    /// It has rung long enough on our side: `InboundSettings::answer_after`. Ours
    PickUp,
    /// Time to send our own re-INVITE to T.38: `T38Policy::ask`, at most [`CED_AND_PREAMBLE`]
    /// after the far end's CED and [`PREAMBLE`] after its V.21. Ours
    Reinvite,
    /// T.38 was agreed on in place of audio, and nothing has come over it: [`T38_IS_DEAD`], [`T38_IS_DEAD_CALLED`]. Ours
    DeadT38,
    /// Neither side got T.38 going, and there is no fax over audio: [`ASKED_LIMIT`], [`SECOND_CHANCE`] or [`FAR_END_ASKS`]. Ours
    NoFax,
    /// Nothing came during a fax: `LineSettings::media_timeout`. Ours
    Media,
    /// Something was heard that is no fax: [`AFTER_VOICE`], [`AFTER_GREETING`] or [`AFTER_TONE`]. Ours
    NotAFax,
    /// The call as a whole: `LineSettings::call_limit`. Ours
    Limit,
    /// Our last word of T.30 is repeated, or played at the far end: [`PARTING`], [`PLAYOUT`]. Ours
    Parting,
    /// The farewell: [`LEAVING_LIMIT`]. RFC 3261 §17.1.2.2
    Leaving,
    /// The far end has not answered our farewell yet: [`FAREWELL_LIMIT`]. Ours
    Farewell,
    /// Repetitions after the farewell: [`LINGER`]. Ours
    Linger,
}

/// The timers that run; one of each at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers(Vec<(Timer, Instant)>);

impl Timers {
    /// Starts a timer, or starts it again.
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.clear(timer);
        self.0.push((timer, at));
    }

    pub(super) fn runs(&self, timer: Timer) -> bool {
        self.0.iter().any(|(running, _)| *running == timer)
    }

    /// Brings a timer that runs forward, if it would end later.
    pub(super) fn hasten(&mut self, timer: Timer, at: Instant) {
        for (_, end) in self.0.iter_mut().filter(|(running, _)| *running == timer) {
            *end = at.min(*end);
        }
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        self.0.retain(|(running, _)| *running != timer);
    }

    pub(super) fn clear_all(&mut self) {
        self.0.clear();
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|(_, at)| *at).min()
    }

    /// Takes the timer that ended first, if one has ended.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let (timer, _) = *self.0.iter().filter(|(_, at)| *at <= now).min_by_key(|(timer, at)| (*at, *timer))?;
        self.clear(timer);
        Some(timer)
    }
}
