//! Phases A and B of the receiver up to a DCS: CED, CSI, DIS, repeated until T1 is over; or SEP, PWD, CIG, DTC, three times.
//!
//! T.30 (09/2005) §5.2.2, §4.3.3.1, Figure 5-2b place R.

use super::hear::Command;
use super::{Manner, Receiver, State};
use crate::model::{Cause, Compression, Phase, Resolution};
use crate::signal::{Burst, Frame, Tone};
use crate::t30::capability::Capability;
use crate::t30::frame::{Name, write_identification};
use crate::t30::timers::{PAUSE, T1, T2_BEFORE_DIS, Timer};
use crate::t30::{Switch, Transport};
use std::time::{Duration, Instant};

/// NSF, CSI and DIS with their preamble, and time for an answer to begin: with less of T1 left another DIS would only be cut off by the
/// DCN. T1 is over then, for this is less than its tolerance.
const LEAST_TIME_FOR_DIS: Duration = Duration::from_millis(4100);

/// Waiting for a DCS.
#[derive(Debug)]
pub(super) struct Identifying {
    /// A DIS has been sent in this phase B; before, after EOM, T2 runs.
    dis_sent: bool,
    heard: bool,
}

impl Identifying {
    /// A caller has heard the DIS.
    pub(super) const fn fetching() -> Self {
        Self { dis_sent: true, heard: true }
    }

    pub(super) const fn nothing_heard(&self) -> bool {
        !self.heard
    }

    pub(super) const fn dis_sent(&self) -> bool {
        self.dis_sent
    }
}

impl Receiver {
    pub(super) fn on_start(&mut self, now: Instant) {
        if !matches!(self.state, State::Idle) {
            return;
        }
        let mut bursts = Vec::new();
        if self.settings.send_ced {
            bursts.extend([Burst::Tone(Tone::Ced), Burst::Silence(PAUSE)]);
        }
        bursts.push(Burst::Control(self.identification()));
        self.state = State::Identifying(Identifying { dis_sent: true, heard: false });
        self.line.timers.set(Timer::T1, now + T1);
        self.line.send(bursts, now);
        self.show();
    }

    /// Before a page nothing is lost by beginning again: what the old carrier cut off is said again over the new one.
    pub(super) fn on_switched(&mut self, switch: Switch, now: Instant) {
        let may_begin_again = self.confirmed == 0 && matches!(self.manner, Manner::Answering { .. });
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Idle => {
                self.adopt(switch);
                self.state = State::Idle;
            }
            State::Identifying(identifying) if may_begin_again && self.line.busy() => {
                // Behind CED, or behind enough of it, only the DIS is missing.
                self.settings.send_ced &= !switch.ced_was_heard && !self.line.on_last_burst();
                self.adopt(switch);
                self.hear_afresh();
                self.line.timers.clear();
                self.state = State::Idle;
                self.on_start(now);
                self.state = State::Identifying(identifying);
            }
            // The DIS has gone out: its DCS comes over the new carrier, or it is sent again in three seconds.
            State::Identifying(identifying) if may_begin_again => {
                self.adopt(switch);
                self.hear_afresh();
                self.wait_for_dcs(identifying.dis_sent, now);
                self.state = State::Identifying(identifying);
            }
            // The training check was cut off, which says nothing of the rate: the DCS comes again.
            State::Checking(_) | State::Retraining if may_begin_again => {
                self.adopt(switch);
                self.hear_afresh();
                self.line.timers.clear();
                self.line.timers.set(Timer::T1, now + T1);
                self.state = State::Identifying(Identifying { dis_sent: true, heard: true });
                self.wait_for_dcs(true, now);
                self.show();
            }
            state @ (State::Identifying(_)
            | State::Checking(_)
            | State::Retraining
            | State::Receiving(_)
            | State::Judging(_)
            | State::Releasing(_)
            | State::Ended) => self.state = state,
        }
    }

    fn adopt(&mut self, switch: Switch) {
        let Switch { transport, fastest, ced_was_heard: _ } = switch;
        (self.settings.transport, self.settings.max_modulation) = (transport, fastest);
    }

    /// Whatever was up on the old carrier has ended there.
    fn hear_afresh(&mut self) {
        self.line.stop();
        self.ear = super::Ear::default();
        self.line.timers.cancel(Timer::Signal);
        self.line.timers.cancel(Timer::Settle);
        self.line.timers.cancel(Timer::CarrierSilence);
    }

    /// After EOM: MCF is leaving; the DIS follows when T2 has shown that no repeated EOM comes.
    // T.30 (09/2005) §5.3.6.1.6
    pub(super) fn identify_again(&mut self) {
        self.state = State::Identifying(Identifying { dis_sent: false, heard: true });
        self.show();
    }

    pub(super) fn send_dis(&mut self, identifying: Identifying, now: Instant) {
        if !identifying.dis_sent {
            self.line.timers.set(Timer::T1, now + T1);
        }
        if !self.may_identify(now) {
            return;
        }
        self.state = State::Identifying(Identifying { dis_sent: true, ..identifying });
        let frames = self.identification();
        self.answer(frames, now);
    }

    pub(super) fn after_identification(&mut self, identifying: Identifying, now: Instant) {
        let dis_sent = identifying.dis_sent;
        self.state = State::Identifying(identifying);
        self.wait_for_dcs(dis_sent, now);
    }

    /// T4 until the DIS is sent again; T2 until it is sent at all.
    pub(super) fn wait_for_dcs(&mut self, dis_sent: bool, now: Instant) {
        if self.ear.busy() {
            return;
        }
        if dis_sent {
            self.line.timers.set(Timer::T4, now + self.wait_for_reply());
        } else {
            self.line.timers.set(Timer::T2, now + T2_BEFORE_DIS);
        }
    }

    pub(super) fn on_no_reply_to_dis(&mut self, now: Instant) {
        if self.ear.busy() || self.line.busy() {
            return;
        }
        if self.line.timers.at(Timer::T1).is_some_and(|end| end < now + LEAST_TIME_FOR_DIS) {
            self.on_nobody_identified(now);
            return;
        }
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Identifying(identifying) => self.send_dis(identifying, now),
            state @ (State::Idle
            | State::Checking(_)
            | State::Retraining
            | State::Receiving(_)
            | State::Judging(_)
            | State::Releasing(_)
            | State::Ended) => self.state = state,
        }
    }

    /// T1 has run out.
    pub(super) fn on_nobody_identified(&mut self, now: Instant) {
        let nothing_heard = matches!(&self.state, State::Identifying(identifying) if identifying.nothing_heard());
        self.finish(if nothing_heard { Cause::NoFaxHeard } else { Cause::NoResponse(Phase::B) }, now);
    }

    pub(super) fn somebody_is_there(&mut self) {
        if let State::Identifying(identifying) = &mut self.state
            && !identifying.heard
        {
            identifying.heard = true;
            self.show();
        }
    }

    /// A command before any DCS.
    pub(super) fn on_command_before_dcs(&mut self, identifying: Identifying, command: Command, now: Instant) {
        match command {
            Command::Dcs(command) => self.on_dcs(&command, now),
            Command::Poll(asked) => {
                self.state = State::Identifying(identifying);
                self.on_polled(asked, Name::Dtc, now);
            }
            Command::Dis(capability) => self.on_dis(identifying, capability, now),
            Command::Crp => {
                self.state = State::Identifying(identifying);
                let frames = if self.last_sent.is_empty() { self.identification() } else { self.last_sent.clone() };
                self.answer(frames, now);
            }
            // After EOM its MCF may have been lost.
            Command::AfterPage(_) | Command::Pps(_) | Command::Rr => {
                let dis_sent = identifying.dis_sent;
                self.state = State::Identifying(identifying);
                if !self.repeat_answer(&command, true, now) {
                    self.wait_for_dcs(dis_sent, now);
                }
            }
            Command::Eor(_) | Command::Ctc(_) => {
                let dis_sent = identifying.dis_sent;
                self.state = State::Identifying(identifying);
                self.wait_for_dcs(dis_sent, now);
            }
        }
    }

    /// CSI and DIS, or what a caller says that fetches.
    pub(super) fn identification(&mut self) -> Vec<Frame> {
        if let Some(frames) = self.request() {
            return frames;
        }
        let mut frames = Vec::new();
        // T.30 (09/2005) §5.3.6.1.1: NSF, CSI, DIS.
        if !self.settings.non_standard_facilities.is_empty() {
            frames.push(self.line.leading_frame(Name::Nsf, &self.settings.non_standard_facilities));
        }
        if !self.settings.station_id.is_empty() {
            frames.push(self.line.leading_frame(Name::Csi, &write_identification(&self.settings.station_id)));
        }
        let mut offer = self.offer();
        self.announce_documents(&mut offer);
        let dis = self.line.frame(Name::Dis, &offer.write());
        self.last_dis = Some(dis.clone());
        frames.push(dis);
        frames
    }

    /// What we can receive, as a DIS or DTC.
    pub(super) fn offer(&self) -> Capability {
        let settings = &self.settings;
        let mut offer = Capability::of_receiver();
        if settings.transport == Transport::InternetAware {
            offer.set_t38();
        }
        offer.set_modems(settings.max_modulation);
        for resolution in Resolution::ALL {
            if resolution <= settings.finest {
                offer.offer_resolution(resolution);
            }
        }
        if settings.finest >= Resolution::Superfine {
            offer.set_prefers_metric();
        }
        offer.set_width(settings.widest);
        offer.set_length(settings.longest);
        offer.set_letter_and_legal();
        offer.set_row_time(settings.row_time_ms);
        for compression in &settings.compressions {
            // T.30 (09/2005) Table 2 note 10: T.6 only with error correction.
            if *compression != Compression::Mmr || settings.ecm {
                offer.add_compression(*compression);
            }
        }
        if settings.ecm {
            offer.set_ecm();
        }
        if settings.sub_address {
            offer.set_sub_address();
        }
        offer
    }
}
