//! The fax part of a call: a T.30 procedure over its carrier, coupled so that what one gives the other takes.
//!
//! The carrier is T.38 or a set of modems over audio; it may change once, before the first page, and the procedure goes on.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Progress;
use super::audio::{LONG_ENOUGH, Sign};
use super::ending::AudioRecord;
use super::interface::Output;
use super::modems::{Modems, Taken};
use super::offer::FarAudio;
use super::remote::Remote;
use crate::dsp::progress::Progress as Reached;
use crate::model::{Cause, Phase};
use crate::modem;
use crate::signal::{Burst, Heard, Listen, Modulation};
use crate::t30::{self, Switch};
use crate::t38::{self, udptl::Datagram};

/// Steps that one input may cause between T.30 and its carrier before we call it a fault of ours.
const MOST_STEPS: usize = 100_000;
/// Who was heard within this time is there.
const STILL_THERE: Duration = Duration::from_secs(5);
/// How far ahead the packets of a far end are that an address translator gave another port: what was lost meanwhile.
const GOES_ON: std::ops::RangeInclusive<u16> = 1..=50;
/// Signs of a fax that wait to be looked at; the next turn takes them.
const MOST_SIGNS: usize = 8;

/// What carries the signals of T.30.
pub(super) enum Carrier {
    /// Packets that name them.
    T38 {
        /// Their terminal.
        terminal: Box<t38::Terminal>,
        /// Where they go.
        remote: Remote,
        /// The number of the far end's packet that came last.
        sequence: Option<u16>,
    },
    /// Sound.
    Audio(Box<Modems>),
}

/// What a carrier says, whichever it is.
enum Said {
    Heard(Heard),
    Sent,
}

/// T.30 and its carrier.
pub(super) struct Fax {
    procedure: t30::Procedure,
    carrier: Carrier,
    began: Instant,
    /// When something last came from the far end, or a message of ours ended, behind which something should come. Nothing before the
    /// first packet: whether there is a fax at all is for T.30 to find out.
    spoken_at: Option<Instant>,
    /// A page, a block or a training check of ours is on its way; nobody speaks meanwhile.
    message_is_out: bool,
    /// Documents that are done with, for who tells their outcome.
    over: Vec<t30::Ending>,
    /// A page has begun, in either direction: the carrier stays.
    in_message: bool,
    /// Whether the far end was heard to be a fax.
    is_fax: bool,
    signs: VecDeque<Sign>,
}

impl Carrier {
    /// T.38 with a far end there.
    pub(super) fn t38(settings: t38::Settings, remote: Option<SocketAddr>, now: Instant) -> Self {
        Self::T38 { terminal: Box::new(t38::Terminal::new(settings, now)), remote: Remote::new(remote), sequence: None }
    }

    fn send(&mut self, burst: Burst, now: Instant) {
        match self {
            Self::T38 { terminal, .. } => terminal.handle(t38::Input::Send(burst), now),
            Self::Audio(modems) => modems.terminal.handle(modem::Input::Send(burst), now),
        }
    }

    fn stop_sending(&mut self, now: Instant) {
        match self {
            Self::T38 { terminal, .. } => terminal.handle(t38::Input::StopSending, now),
            Self::Audio(modems) => modems.terminal.handle(modem::Input::StopSending, now),
        }
    }

    fn listen(&mut self, listen: Listen, now: Instant) {
        match self {
            // T.38 says itself what comes.
            Self::T38 { .. } => {}
            Self::Audio(modems) => modems.terminal.handle(modem::Input::Listen(listen), now),
        }
    }

    fn part(&mut self, now: Instant) {
        match self {
            Self::T38 { terminal, .. } => terminal.handle(t38::Input::Part, now),
            Self::Audio(modems) => modems.terminal.handle(modem::Input::Part, now),
        }
    }

    /// The next thing it says; what is for the network goes to `outputs`.
    fn poll(&mut self, outputs: &mut VecDeque<Output>) -> Option<Said> {
        match self {
            Self::T38 { terminal, remote, .. } => loop {
                match terminal.poll()? {
                    t38::Output::Datagram(datagram) => {
                        if let Some(to) = remote.address() {
                            outputs.push_back(Output::T38 { to, datagram });
                        }
                    }
                    t38::Output::Heard(heard) => return Some(Said::Heard(heard)),
                    t38::Output::Sent => return Some(Said::Sent),
                }
            },
            Self::Audio(modems) => Some(match modems.terminal.poll()? {
                modem::Output::Heard(heard) => Said::Heard(heard),
                modem::Output::Sent => Said::Sent,
            }),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Self::T38 { terminal, .. } => terminal.deadline(),
            Self::Audio(modems) => Some(modems.deadline()),
        }
    }
}

impl Fax {
    /// A fax that begins now.
    pub(super) fn start(procedure: t30::Procedure, carrier: Carrier, now: Instant) -> Self {
        let (in_message, is_fax) = (false, false);
        let mut fax = Self {
            procedure,
            carrier,
            began: now,
            spoken_at: None,
            message_is_out: false,
            over: Vec::new(),
            in_message,
            is_fax,
            signs: VecDeque::new(),
        };
        fax.procedure.handle(t30::Input::Start, now);
        fax
    }

    /// Goes on over T.38 what began over audio.
    pub(super) fn switch_to_t38(
        &mut self,
        settings: t38::Settings,
        remote: Option<SocketAddr>,
        fastest: Modulation,
        now: Instant,
        outputs: &mut VecDeque<Output>,
    ) {
        self.leave_audio(now, outputs);
        let ced_was_heard = now.saturating_duration_since(self.began) >= LONG_ENOUGH;
        self.carrier = Carrier::t38(settings, remote, now);
        (self.spoken_at, self.message_is_out) = (None, false);
        if self.in_message {
            // What was cut off cannot be said again: the next call begins at this page.
            return self.stop(Cause::ProtocolError("it changed to T.38 in the middle of a page"), now);
        }
        let transport = t30::Transport::InternetAware;
        self.procedure.handle(t30::Input::Switched(Switch { transport, fastest, ced_was_heard }), now);
    }

    /// Goes on over audio where nothing came over T.38.
    pub(super) fn switch_to_audio(&mut self, modems: Modems, fastest: Modulation, now: Instant) {
        self.carrier = Carrier::Audio(Box::new(modems));
        (self.spoken_at, self.message_is_out) = (None, false);
        let (transport, ced_was_heard) = (t30::Transport::Audio, true);
        self.procedure.handle(t30::Input::Switched(Switch { transport, fastest, ced_was_heard }), now);
    }

    /// Whether it goes over T.38, and nothing has come over that.
    pub(super) const fn hears_nothing_over_t38(&self) -> bool {
        !self.is_audio() && self.spoken_at.is_none() && !self.in_message
    }

    /// What carries it, for the record.
    pub(super) const fn carrier_name(&self) -> &'static str {
        match self.carrier {
            Carrier::T38 { .. } => "T.38",
            Carrier::Audio(_) => "G.711",
        }
    }

    /// What the network did to it, where it goes over audio.
    pub(super) fn audio_record(&self) -> Option<AudioRecord> {
        match &self.carrier {
            Carrier::T38 { .. } => None,
            Carrier::Audio(modems) => Some(modems.record()),
        }
    }

    /// Whether it goes over audio.
    pub(super) const fn is_audio(&self) -> bool {
        matches!(self.carrier, Carrier::Audio(_))
    }

    /// Whether the far end was heard to be a fax.
    pub(super) const fn is_fax(&self) -> bool {
        self.is_fax
    }

    /// Whether its carrier may change without the loss of a page.
    pub(super) const fn may_switch(&self) -> bool {
        self.is_audio() && !self.in_message
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.procedure.deadline(), self.carrier.deadline()].into_iter().flatten().min()
    }

    /// A later description of the same T.38: it may have moved.
    pub(super) fn described_t38(&mut self, address: Option<SocketAddr>) {
        match &mut self.carrier {
            Carrier::T38 { remote, .. } => remote.described(address),
            Carrier::Audio(_) => {}
        }
    }

    /// A later description of the same audio.
    pub(super) fn described_audio(&mut self, far: FarAudio) {
        match &mut self.carrier {
            Carrier::T38 { .. } => {}
            Carrier::Audio(modems) => modems.described(far),
        }
    }

    /// The far end hears no audio for now.
    pub(super) const fn hold(&mut self) {
        match &mut self.carrier {
            Carrier::T38 { .. } => {}
            Carrier::Audio(modems) => modems.hold(),
        }
    }

    /// No more audio is said or heard.
    pub(super) fn leave_audio(&mut self, now: Instant, outputs: &mut VecDeque<Output>) {
        match &mut self.carrier {
            Carrier::T38 { .. } => {}
            Carrier::Audio(modems) => modems.leave(now, outputs),
        }
    }

    /// A datagram on the T.38 port.
    pub(super) fn t38_datagram(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) {
        match &mut self.carrier {
            // What nobody's terminal can have sent says nothing about where the far end is.
            Carrier::T38 { terminal, remote, sequence } => {
                let Ok(decoded) = Datagram::decode(datagram) else { return };
                if !remote.believes(source) {
                    let ahead = sequence.map_or(0, |last| decoded.sequence.wrapping_sub(last));
                    if remote.address().is_none_or(|address| address.ip() != source.ip()) || !GOES_ON.contains(&ahead) {
                        return;
                    }
                    remote.moved(source);
                }
                *sequence = Some(decoded.sequence);
                self.spoken_at = Some(now);
                terminal.handle(t38::Input::Datagram(datagram), now);
            }
            Carrier::Audio(_) => {}
        }
    }

    /// A report of the far end on our audio.
    pub(super) fn reported(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) {
        match &mut self.carrier {
            Carrier::T38 { .. } => {}
            Carrier::Audio(modems) => modems.reported(datagram, source, now),
        }
    }

    /// A datagram on the audio port. It is played in its turn.
    pub(super) fn audio_datagram(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) {
        match &mut self.carrier {
            // The far end's audio goes on for a while.
            Carrier::T38 { .. } => {}
            Carrier::Audio(modems) => {
                let taken = modems.datagram(datagram, source, now);
                if taken != Taken::No {
                    self.spoken_at = Some(now);
                }
                if let Taken::Sign(sign) = taken {
                    // A gateway that names a tone does not let it sound.
                    if let Sign::Tone(tone) = sign {
                        self.procedure.handle(t30::Input::Heard(Heard::Tone(tone)), now);
                    }
                    self.note(sign);
                }
            }
        }
    }

    /// What the call has reached instead of a fax, when it is sure.
    pub(super) const fn progress(&mut self) -> Option<Reached> {
        match &mut self.carrier {
            Carrier::T38 { .. } => None,
            Carrier::Audio(modems) => modems.progress(),
        }
    }

    /// The far end was heard to be a fax.
    pub(super) fn is_one(&mut self) {
        self.is_fax = true;
        match &mut self.carrier {
            Carrier::T38 { .. } => {}
            Carrier::Audio(modems) => modems.end_progress(),
        }
    }

    /// How long it has been the far end's turn without a packet of it.
    // T.30's own timers count from signals; a far end that is gone sends not even packets.
    pub(super) fn silence(&self, now: Instant) -> Duration {
        let since = self.spoken_at.filter(|_| !self.message_is_out);
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// Whether packets of the far end come, or would if it were its turn.
    pub(super) fn is_heard(&self, now: Instant) -> bool {
        self.spoken_at.is_some() && self.silence(now) < STILL_THERE
    }

    /// Hears and says the next 20 ms of audio, if they are due; whether they were.
    pub(super) fn turn(&mut self, now: Instant, outputs: &mut VecDeque<Output>) -> bool {
        match &mut self.carrier {
            Carrier::T38 { .. } => false,
            Carrier::Audio(modems) => modems.turn(now, outputs),
        }
    }

    pub(super) fn timeout(&mut self, now: Instant) {
        if let Carrier::T38 { terminal, .. } = &mut self.carrier
            && terminal.deadline().is_some_and(|deadline| deadline <= now)
        {
            terminal.handle(t38::Input::Timeout, now);
        }
        if self.procedure.deadline().is_some_and(|deadline| deadline <= now) {
            self.procedure.handle(t30::Input::Timeout, now);
        }
    }

    pub(super) fn page(&mut self, bits: Arc<[u8]>, now: Instant) {
        self.procedure.handle(t30::Input::Page(bits), now);
    }

    pub(super) fn verdict(&mut self, verdict: t30::Verdict, now: Instant) {
        self.procedure.handle(t30::Input::PageVerdict(verdict), now);
    }

    /// How long the far end needs to hear what we said last, a DCN; nothing where it was not the last word.
    pub(super) const fn parting(&self) -> Option<Duration> {
        let (has_last_word, parting) = match &self.carrier {
            Carrier::T38 { terminal, .. } => (terminal.has_last_word(), super::timer::PARTING),
            Carrier::Audio(modems) => (modems.terminal.has_last_word(), super::timer::PLAYOUT),
        };
        if has_last_word { Some(parting) } else { None }
    }

    /// T.30 is over; our last word is repeated from now on, or played to its end.
    pub(super) fn part(&mut self, now: Instant) {
        self.carrier.part(now);
    }

    /// The documents that were done with since the last time.
    pub(super) fn documents_over(&mut self) -> Vec<t30::Ending> {
        std::mem::take(&mut self.over)
    }

    pub(super) fn withdraw(&mut self, document: usize, now: Instant) {
        self.procedure.handle(t30::Input::Withdraw { document }, now);
    }

    pub(super) fn stop(&mut self, cause: Cause, now: Instant) {
        self.procedure.handle(t30::Input::Stop(cause), now);
    }

    /// The next sign of a fax that was heard in the audio.
    pub(super) fn sign(&mut self) -> Option<Sign> {
        self.signs.pop_front()
    }

    /// A buffer that was sent may be filled again.
    pub(super) fn give_back(&mut self, buffer: Vec<u8>) {
        match &mut self.carrier {
            Carrier::T38 { .. } => {}
            Carrier::Audio(modems) => modems.give_back(buffer),
        }
    }

    /// Lets T.30 and its carrier talk until both have nothing more to say; gives what is for the outside.
    pub(super) fn settle(&mut self, outputs: &mut VecDeque<Output>, now: Instant) -> Option<t30::Ending> {
        let mut ending = None;
        for _ in 0..MOST_STEPS {
            let mut quiet = true;
            while let Some(output) = self.procedure.poll() {
                quiet = false;
                match output {
                    t30::Output::Send(burst) => {
                        self.message_is_out =
                            matches!(burst, Burst::Page { .. } | Burst::Block { .. } | Burst::TrainingCheck { .. });
                        self.carrier.send(burst, now);
                    }
                    t30::Output::StopSending => self.carrier.stop_sending(now),
                    t30::Output::Listen(listen) => self.carrier.listen(listen, now),
                    t30::Output::NeedPage { document, index, format } => {
                        outputs.push_back(Output::NeedPage { document, index, format });
                    }
                    t30::Output::Polled { document } => outputs.push_back(Output::Polled { document }),
                    t30::Output::PageReceived(page) => outputs.push_back(Output::PageReceived(page)),
                    t30::Output::Confirmed { document, pages } => {
                        outputs.push_back(Output::Confirmed { document, pages });
                    }
                    t30::Output::DocumentOver(over) => self.over.push(over),
                    t30::Output::Progress(progress) => {
                        self.in_message |= matches!(progress.phase, Phase::C | Phase::D);
                        outputs.push_back(Output::Progress(Progress::Fax(progress)));
                    }
                    t30::Output::Ended(end) => ending = Some(end),
                }
            }
            while let Some(said) = self.carrier.poll(outputs) {
                quiet = false;
                match said {
                    Said::Heard(heard) => {
                        if let Some(sign) = sign_of(&heard) {
                            self.note(sign);
                        }
                        self.procedure.handle(t30::Input::Heard(heard), now);
                    }
                    Said::Sent => {
                        if std::mem::take(&mut self.message_is_out) {
                            self.spoken_at = self.spoken_at.map(|_| now);
                        }
                        self.procedure.handle(t30::Input::Sent, now);
                    }
                }
            }
            if quiet {
                return ending;
            }
        }
        debug_assert!(false, "T.30 and its carrier never came to rest");
        ending
    }

    /// Keeps a sign of a fax, for those who decide about T.38.
    fn note(&mut self, sign: Sign) {
        if self.may_switch() && self.signs.len() < MOST_SIGNS {
            self.signs.push_back(sign);
        }
    }
}

fn sign_of(heard: &Heard) -> Option<Sign> {
    match heard {
        Heard::Tone(tone) => Some(Sign::Tone(*tone)),
        Heard::Preamble => Some(Sign::Preamble),
        Heard::Carrier { .. } | Heard::Frame(_) | Heard::DamagedFrame | Heard::Bits(_) | Heard::End => None,
    }
}
