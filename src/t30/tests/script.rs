//! Each engine against bytes of other makers, one step after the other.

mod strangers;
mod without_correction;

use super::line::{answerer_settings, caller_settings, page_bits};
use crate::model::{Cause, Phase};
use crate::signal::{Burst, Heard, Modulation, Tone, Training};
use crate::t30::{
    Ending, Input, Output, PageEnd, ReceivedPage, Receiver, ReceiverSettings, Sender, Switch, Transport, Verdict,
};
use std::time::{Duration, Instant};

/// The octets Asterisk 22 with spandsp sent over T.38.
pub(super) const CSI: [u8; 23] = [
    0xFF, 0xC0, 0x02, 0x0C, 0x0C, 0x0C, 0xCC, 0x04, 0xAC, 0xAC, 0xAC, 0x04, 0x8C, 0xD4, 0x04, 0x04, 0x04, 0x04, 0x04,
    0x04, 0x04, 0x04, 0x04,
];
pub(super) const DIS: [u8; 13] = [0xFF, 0xC8, 0x01, 0x20, 0x77, 0x1F, 0x23, 0x01, 0x89, 0x01, 0x01, 0x01, 0x18];
pub(super) const TSI: [u8; 23] = [
    0xFF, 0xC0, 0xC2, 0x9C, 0x9C, 0x9C, 0x9C, 0x04, 0xAC, 0xAC, 0xAC, 0x04, 0x8C, 0xD4, 0x04, 0x04, 0x04, 0x04, 0x04,
    0x04, 0x04, 0x04, 0x04,
];
pub(super) const DCS: [u8; 7] = [0xFF, 0xC8, 0xC1, 0x00, 0x46, 0x1F, 0x22];
pub(super) const CFR: [u8; 3] = [0xFF, 0xC8, 0x21];
const MCF: [u8; 3] = [0xFF, 0xC8, 0x31];
const RCP: [u8; 3] = [0xFF, 0xC0, 0x61];
const PPS_EOP_ONE_FRAME: [u8; 7] = [0xFF, 0xC8, 0xFD, 0xF4, 0x00, 0x00, 0x00];
pub(super) const DCN: [u8; 3] = [0xFF, 0xC8, 0xDF];

/// Either engine with its clock.
pub(super) struct Bench<E> {
    pub(super) engine: E,
    now: Instant,
    pub(super) sent: Vec<Burst>,
    pub(super) stops: usize,
    pub(super) needs: Vec<u32>,
    pub(super) pages: Vec<ReceivedPage>,
    pub(super) ending: Option<Ending>,
    handle: fn(&mut E, Input, Instant),
    poll: fn(&mut E) -> Option<Output>,
    deadline: fn(&E) -> Option<Instant>,
}

pub(super) fn clock() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "the one base of this test's virtual time")]
    Instant::now()
}

/// The change to T.38 of a call whose tones were heard.
pub(super) fn to_t38() -> Switch {
    Switch { transport: Transport::InternetAware, fastest: Modulation::V17At14400, ced_was_heard: true }
}

pub(super) fn caller(pages: u32, transport: Transport) -> Bench<Sender> {
    let now = clock();
    let settings = crate::t30::SenderSettings { transport, ..caller_settings(pages, true) };
    Bench::new(Sender::new(settings, now), now, Sender::handle, Sender::poll, Sender::deadline)
}

pub(super) fn answerer() -> Bench<Receiver> {
    answerer_over(answerer_settings().transport)
}

pub(super) fn answerer_over(transport: Transport) -> Bench<Receiver> {
    let now = clock();
    let engine = Receiver::new(ReceiverSettings { transport, ..answerer_settings() }, now);
    Bench::new(engine, now, Receiver::handle, Receiver::poll, Receiver::deadline)
}

impl<E> Bench<E> {
    pub(super) fn new(
        engine: E,
        now: Instant,
        handle: fn(&mut E, Input, Instant),
        poll: fn(&mut E) -> Option<Output>,
        deadline: fn(&E) -> Option<Instant>,
    ) -> Self {
        let (sent, needs, pages) = (Vec::new(), Vec::new(), Vec::new());
        Self { engine, now, sent, stops: 0, needs, pages, ending: None, handle, poll, deadline }
    }

    pub(super) fn give(&mut self, input: Input) {
        (self.handle)(&mut self.engine, input, self.now);
        while let Some(output) = (self.poll)(&mut self.engine) {
            match output {
                Output::Send(burst) => self.sent.push(burst),
                Output::StopSending => self.stops += 1,
                Output::NeedPage { index, .. } => self.needs.push(index),
                Output::PageReceived(page) => self.pages.push(page),
                Output::Confirmed { .. }
                | Output::DocumentOver(_)
                | Output::Polled { .. }
                | Output::Progress(_)
                | Output::Listen(_) => {}
                Output::Ended(ending) => self.ending = Some(ending),
            }
        }
    }

    pub(super) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = (self.deadline)(&self.engine).filter(|at| *at <= until) {
            self.now = at;
            self.give(Input::Timeout);
        }
        self.now = until;
    }

    /// A control signal of the far end.
    pub(super) fn hear(&mut self, frames: &[&[u8]]) {
        self.give(Input::Heard(Heard::Preamble));
        self.wait(Duration::from_secs(1));
        for frame in frames {
            self.wait(Duration::from_millis(200));
            self.give(Input::Heard(Heard::Frame(frame.to_vec())));
        }
        self.give(Input::Heard(Heard::End));
    }

    /// A fast carrier of the far end.
    pub(super) fn hear_carrier(&mut self, bits: &[u8]) {
        let carrier = Heard::Carrier { modulation: Modulation::V29At9600, training: Training::Long };
        self.give(Input::Heard(carrier));
        self.wait(Duration::from_secs(3));
        self.give(Input::Heard(Heard::Bits(bits.to_vec())));
        self.give(Input::Heard(Heard::End));
    }

    /// The carrier sends what it has been given, until nothing more comes; the bursts but for silence.
    pub(super) fn let_send(&mut self) -> Vec<Burst> {
        let mut all = Vec::new();
        while !self.sent.is_empty() {
            let bursts = std::mem::take(&mut self.sent);
            let counts = bursts.iter().filter(|burst| !matches!(burst, Burst::Tone(Tone::Cng))).count();
            all.extend(bursts.into_iter().filter(|burst| !matches!(burst, Burst::Silence(_))));
            for _ in 0..counts {
                self.wait(Duration::from_millis(100));
                self.give(Input::Sent);
            }
        }
        all
    }

    pub(super) fn cause(&self) -> Option<Cause> {
        self.ending.as_ref().map(|ending| ending.cause.clone())
    }
}

pub(super) fn controls(bursts: &[Burst]) -> Vec<Vec<u8>> {
    bursts
        .iter()
        .filter_map(|burst| match burst {
            Burst::Control(frames) => frames.last().cloned(),
            Burst::Tone(_)
            | Burst::Silence(_)
            | Burst::TrainingCheck { .. }
            | Burst::Page { .. }
            | Burst::Block { .. } => None,
        })
        .collect()
}

pub(super) fn up_to_last_pps(bench: &mut Bench<Sender>) {
    bench.give(Input::Start);
    assert_eq!(bench.let_send(), [Burst::Tone(Tone::Cng)]);
    bench.hear(&[&CSI, &DIS]);
    assert_eq!(bench.stops, 1, "CNG ends when V.21 is heard");
    let trained = bench.let_send();
    assert_eq!(controls(&trained), [DCS.to_vec()], "the DCS that Asterisk sends to such a DIS");
    assert_eq!(trained.last(), Some(&Burst::TrainingCheck { modulation: Modulation::V17At14400 }));
    bench.hear(&[&CFR]);
    assert_eq!(bench.needs, [0]);
    bench.give(Input::Page(page_bits(0, 200)));
    let page = bench.let_send();
    assert!(matches!(&page[0], Burst::Block { training: Training::Short, frames, .. } if frames.len() == 4));
    assert_eq!(controls(&page), [PPS_EOP_ONE_FRAME.to_vec()]);
}

#[test]
fn a_caller_meets_asterisk_and_every_frame_is_what_asterisk_itself_would_send() {
    let mut bench = caller(1, Transport::InternetAware);
    up_to_last_pps(&mut bench);
    bench.hear(&[&MCF]);
    assert_eq!(controls(&bench.let_send()), [DCN.to_vec()]);
    let ending = bench.ending.expect("over");
    assert_eq!((ending.cause, ending.pages), (Cause::Sent, 1));
    assert_eq!(ending.record.remote_id.as_deref(), Some("+1 555 3000"));
}

#[test]
fn an_answerer_meets_asterisk() {
    let mut bench = answerer();
    bench.give(Input::Start);
    let sent = bench.let_send();
    assert_eq!(sent[0], Burst::Tone(Tone::Ced));
    assert!(matches!(&sent[1], Burst::Control(frames) if frames[0] == CSI && frames[1] == DIS), "{sent:02x?}");
    bench.hear(&[&TSI, &DCS]);
    let carrier = |training| Input::Heard(Heard::Carrier { modulation: Modulation::V17At14400, training });
    bench.give(carrier(Training::Long));
    bench.give(Input::Heard(Heard::Bits(vec![0; 2700])));
    bench.give(Input::Heard(Heard::End));
    assert_eq!(controls(&bench.let_send()), [CFR.to_vec()]);
    bench.give(carrier(Training::Short));
    let mut frame = vec![0xFF, 0xC0, 0x60, 0x00];
    frame.extend([0x5A; 256]);
    bench.give(Input::Heard(Heard::Frame(frame)));
    for _ in 0..3 {
        bench.give(Input::Heard(Heard::Frame(RCP.to_vec())));
    }
    bench.give(Input::Heard(Heard::End));
    bench.hear(&[&PPS_EOP_ONE_FRAME]);
    assert!(bench.let_send().is_empty(), "no MCF before the verdict");
    assert_eq!(bench.pages[0].bits, [0x5A; 256]);
    bench.give(Input::PageVerdict(Verdict::Good));
    assert_eq!(controls(&bench.let_send()), [MCF.to_vec()]);
    bench.hear(&[&PPS_EOP_ONE_FRAME]);
    assert_eq!(controls(&bench.let_send()), [MCF.to_vec()], "MCF again");
    assert_eq!(bench.pages.len(), 1);
    bench.hear(&[&DCN]);
    let ending = bench.ending.expect("over");
    assert_eq!((ending.cause, ending.pages), (Cause::Sent, 1));
    assert_eq!(ending.record.remote_id.as_deref(), Some("+1 555 9999"));
}

/// A block of one frame, with its closing frames.
pub(super) fn one_frame_block(bench: &mut Bench<Receiver>, octet: u8) {
    let carrier = Heard::Carrier { modulation: Modulation::V17At14400, training: Training::Short };
    bench.give(Input::Heard(carrier));
    let mut frame = vec![0xFF, 0xC0, 0x60, 0x00];
    frame.extend([octet; 256]);
    bench.give(Input::Heard(Heard::Frame(frame)));
    for _ in 0..3 {
        bench.give(Input::Heard(Heard::Frame(RCP.to_vec())));
    }
    bench.give(Input::Heard(Heard::End));
}

/// An answerer whose MCF for the last page, of one frame, is leaving.
fn up_to_leaving_mcf() -> Bench<Receiver> {
    let mut bench = answerer();
    bench.give(Input::Start);
    bench.let_send();
    bench.hear(&[&TSI, &DCS]);
    let training = Training::Long;
    bench.give(Input::Heard(Heard::Carrier { modulation: Modulation::V17At14400, training }));
    bench.give(Input::Heard(Heard::Bits(vec![0; 2700])));
    bench.give(Input::Heard(Heard::End));
    bench.let_send();
    one_frame_block(&mut bench, 0x5A);
    bench.hear(&[&PPS_EOP_ONE_FRAME]);
    bench.give(Input::PageVerdict(Verdict::Good));
    bench
}

#[test]
fn a_command_said_again_while_its_answer_leaves_is_answered_once() {
    let mut bench = up_to_leaving_mcf();
    bench.hear(&[&PPS_EOP_ONE_FRAME]);
    assert_eq!(controls(&bench.let_send()), [MCF.to_vec()], "a second MCF would pass for that of the next page");
    bench.wait(Duration::from_secs(3));
    bench.hear(&[&PPS_EOP_ONE_FRAME]);
    assert_eq!(controls(&bench.let_send()), [MCF.to_vec()], "the first one was lost after all");
    assert_eq!(bench.pages.len(), 1);
}

#[test]
fn a_command_said_again_at_the_very_end_of_its_answer_is_answered_again() {
    let mut bench = up_to_leaving_mcf();
    assert!(matches!(std::mem::take(&mut bench.sent)[..], [Burst::Silence(_)]));
    bench.give(Input::Sent);
    assert_eq!(controls(&std::mem::take(&mut bench.sent)), [MCF.to_vec()]);
    bench.give(Input::Heard(Heard::Preamble));
    bench.wait(Duration::from_millis(40));
    bench.give(Input::Sent);
    bench.hear(&[&PPS_EOP_ONE_FRAME]);
    assert_eq!(controls(&bench.let_send()), [MCF.to_vec()], "who began so late has heard the first one and asks again");
    assert_eq!(bench.pages.len(), 1);
}

#[test]
fn a_block_repeated_after_its_confirmation_is_no_new_page_but_another_block_is() {
    let mut bench = up_to_leaving_mcf();
    assert_eq!(controls(&bench.let_send()), [MCF.to_vec()]);
    one_frame_block(&mut bench, 0x5A);
    bench.hear(&[&PPS_EOP_ONE_FRAME]);
    assert_eq!(controls(&bench.let_send()), [MCF.to_vec()]);
    assert_eq!(bench.pages.len(), 1);
    // A sender whose counter stands still is believed by what it sends.
    one_frame_block(&mut bench, 0x5B);
    bench.hear(&[&PPS_EOP_ONE_FRAME]);
    assert_eq!(bench.pages.len(), 2);
}

#[test]
fn a_caller_is_not_deceived_by_its_own_echo() {
    let mut bench = caller(1, Transport::Audio);
    up_to_last_pps(&mut bench);
    bench.hear(&[&PPS_EOP_ONE_FRAME]);
    assert!(bench.let_send().is_empty() && bench.ending.is_none());
    bench.hear(&[&MCF]);
    bench.let_send();
    assert_eq!(bench.cause(), Some(Cause::Sent));
}

#[test]
fn an_answerer_ignores_its_own_dis_and_mcf() {
    let mut bench = answerer();
    bench.give(Input::Start);
    bench.let_send();
    bench.hear(&[&CSI, &DIS]);
    bench.hear(&[&MCF]);
    assert!(bench.sent.is_empty() && bench.ending.is_none());
    bench.wait(Duration::from_secs(4));
    assert_eq!(controls(&bench.let_send()), [DIS.to_vec()], "DIS again after T4");
}

#[test]
fn an_answer_with_the_wrong_x_bit_counts() {
    let mut bench = caller(1, Transport::Audio);
    up_to_last_pps(&mut bench);
    bench.hear(&[&[0xFF, 0xC8, 0xB1]]);
    bench.let_send();
    assert_eq!(bench.cause(), Some(Cause::Sent));
}

#[test]
fn a_late_answer_cuts_the_repeat_short() {
    let mut bench = caller(1, Transport::Audio);
    up_to_last_pps(&mut bench);
    let stops = bench.stops;
    bench.wait(Duration::from_millis(3500));
    assert_eq!(bench.sent.len(), 1, "the repeat begins");
    bench.hear(&[&MCF]);
    assert_eq!(bench.stops, stops + 1);
    bench.sent.remove(0);
    assert_eq!(controls(&bench.let_send()), [DCN.to_vec(), DCN.to_vec()]);
    assert_eq!(bench.cause(), Some(Cause::Sent));
}

#[test]
fn a_path_whose_answers_come_late_is_given_more_time_over_packets_only() {
    for (transport, repeats) in [(Transport::InternetAware, 0), (Transport::Audio, 1)] {
        let mut bench = caller(1, transport);
        up_to_last_pps(&mut bench);
        bench.wait(Duration::from_millis(3500));
        assert_eq!(bench.sent.len(), 1, "the repeat begins");
        bench.hear(&[&[0xFF, 0xC8, 0x37]]);
        bench.sent.remove(0);
        assert_eq!(controls(&bench.let_send()), [vec![0xFF, 0xC8, 0xF6]], "RNR is answered by RR");
        bench.wait(Duration::from_millis(4000));
        assert_eq!(bench.sent.len(), repeats, "{transport:?}");
        bench.wait(Duration::from_millis(600));
        assert_eq!(bench.sent.len(), 1, "{transport:?}");
    }
}

#[test]
fn three_tries_without_an_answer_end_a_single_page_as_unconfirmed() {
    let mut bench = caller(1, Transport::Audio);
    up_to_last_pps(&mut bench);
    let mut repeats = 0;
    for _ in 0..10 {
        bench.wait(Duration::from_millis(3500));
        repeats += controls(&bench.let_send()).iter().filter(|frame| **frame == PPS_EOP_ONE_FRAME).count();
    }
    assert_eq!(repeats, 2);
    assert_eq!(bench.cause(), Some(Cause::LastConfirmationLost));
}

#[test]
fn hanging_up_on_the_last_command_is_a_lost_confirmation_but_dcn_is_a_refusal() {
    let mut silent = caller(1, Transport::Audio);
    up_to_last_pps(&mut silent);
    silent.give(Input::Stop(Cause::Disconnected(Phase::A)));
    assert_eq!(silent.cause(), Some(Cause::LastConfirmationLost));
    let mut refused = caller(1, Transport::Audio);
    up_to_last_pps(&mut refused);
    refused.hear(&[&[0xFF, 0xC8, 0x5F]]);
    assert_eq!(refused.cause(), Some(Cause::Disconnected(Phase::D)));
}

#[test]
fn a_cancelled_call_stops_sending_and_says_dcn() {
    let mut bench = caller(1, Transport::Audio);
    bench.give(Input::Start);
    bench.let_send();
    bench.hear(&[&DIS]);
    let stops = bench.stops;
    bench.give(Input::Stop(Cause::Cancelled));
    assert_eq!(bench.stops, stops + 1);
    bench.sent.drain(..1);
    assert_eq!(controls(&bench.let_send()), [DCN.to_vec(), DCN.to_vec()]);
    assert_eq!(bench.cause(), Some(Cause::Cancelled));
}

#[test]
fn a_carrier_that_never_reports_cannot_hang_the_call() {
    let mut bench = caller(1, Transport::Audio);
    bench.give(Input::Start);
    bench.hear(&[&DIS]);
    bench.wait(Duration::from_secs(120));
    assert!(matches!(bench.cause(), Some(Cause::Local(_))), "{:?}", bench.cause());
}

#[test]
fn changing_the_carrier_begins_identification_anew() {
    let mut bench = caller(1, Transport::Audio);
    bench.give(Input::Start);
    bench.let_send();
    bench.wait(Duration::from_secs(10));
    bench.give(Input::Switched(to_t38()));
    assert_eq!(bench.let_send(), [Burst::Tone(Tone::Cng)]);
    bench.wait(Duration::from_secs(55));
    assert!(bench.ending.is_none(), "T0 began anew");
    bench.wait(Duration::from_secs(6));
    bench.let_send();
    assert_eq!(bench.cause(), Some(Cause::NoFaxHeard));
}

#[test]
fn an_end_that_is_never_reported_does_not_matter() {
    let mut bench = caller(1, Transport::Audio);
    bench.give(Input::Start);
    bench.let_send();
    bench.give(Input::Heard(Heard::Preamble));
    bench.give(Input::Heard(Heard::Frame(DIS.to_vec())));
    bench.wait(Duration::from_millis(600));
    assert_eq!(controls(&bench.let_send()), [DCS.to_vec()]);
}
