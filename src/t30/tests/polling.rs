//! Polling: two ends of ours over a line, and one against octets written by hand after the Recommendation.

use super::line::{CALLER, Line, Outcome, answerer_settings, caller_settings, page_bits, poll_settings, with_document};
use super::script::{Bench, clock, controls};
use crate::model::{Cause, Phase, Resolution};
use crate::signal::{Burst, Modulation};
use crate::t30::frame::{Name, build, write_identification};
use crate::t30::{AnswererSettings, Document, Errand, PollSettings, Procedure};

/// DIS of a terminal with V.27ter at 4800 bit/s and a document, that takes passwords.
const DIS_WITH_DOCUMENT: [u8; 10] = [0xFF, 0xC8, 0x01, 0x00, 0x80, 0x11, 0x01, 0x01, 0x01, 0x40];
/// DTC of a terminal that receives at 4800 bit/s by V.27ter.
const DTC: [u8; 6] = [0xFF, 0xC8, 0x81, 0x00, 0x50, 0x10];

fn run(errand: Errand, answerer: AnswererSettings) -> Outcome {
    Line::between(errand, answerer).run()
}

fn of_document(outcome: &Outcome, pages: u32) -> bool {
    let got: Vec<_> = outcome.pages.iter().zip(&outcome.takers).filter(|(_, taker)| **taker == CALLER).collect();
    got.len() == pages as usize
        && got.iter().enumerate().all(|(place, ((page, _), _))| {
            page.bits[..9000] == page_bits(100 + u32::try_from(place).unwrap(), 9000)[..]
        })
}

#[test]
fn a_document_is_fetched_bit_for_bit_and_counted_by_both() {
    let outcome = run(Errand::Poll(poll_settings()), with_document(3));
    assert_eq!((outcome.caller.cause.clone(), outcome.answerer.cause.clone()), (Cause::Sent, Cause::Sent));
    assert_eq!((outcome.caller.record.received, outcome.answerer.record.sent), (3, 3));
    assert_eq!((outcome.caller.pages, outcome.answerer.pages), (3, 3));
    assert!(of_document(&outcome, 3), "{:#?}", outcome.log);
    assert_eq!(outcome.polled, Some(0));
    assert_eq!(outcome.answerer.record.remote_id.as_deref(), Some("+39 02 1234567"), "CIG");
    assert_eq!(outcome.caller.record.remote_id.as_deref(), Some("+1 555 3000"), "TSI");
}

#[test]
fn a_document_whose_pages_differ_in_format_goes_by_eom() {
    let mut answerer = with_document(3);
    answerer.documents[0].pages[1].resolution = Resolution::Standard;
    let outcome = run(Errand::Poll(poll_settings()), answerer);
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.record.received), (Cause::Sent, 3), "{:#?}", outcome.log);
    assert!(of_document(&outcome, 3));
}

#[test]
fn pages_go_one_way_and_a_document_the_other() {
    for ecm in [true, false] {
        let mut poll = poll_settings();
        poll.receive.ecm = ecm;
        let outcome = run(Errand::SendThenPoll(caller_settings(2, ecm), poll), with_document(1));
        assert_eq!((outcome.caller.cause.clone(), outcome.answerer.cause.clone()), (Cause::Sent, Cause::Sent));
        assert_eq!((outcome.caller.record.sent, outcome.caller.record.received), (2, 1));
        assert_eq!((outcome.answerer.record.sent, outcome.answerer.record.received), (1, 2));
        assert!(of_document(&outcome, 1));
    }
}

#[test]
fn with_nothing_to_fetch_a_caller_says_so_and_its_own_pages_go_by_eop() {
    let answerer = || AnswererSettings { receive: answerer_settings(), documents: Vec::new() };
    let outcome = run(Errand::Poll(poll_settings()), answerer());
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages), (Cause::NothingToPoll, 0));
    let outcome = run(Errand::SendThenPoll(caller_settings(2, true), poll_settings()), answerer());
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages), (Cause::NothingToPoll, 2));
    assert_eq!(outcome.answerer.cause, Cause::Sent, "EOP, not EOM");
}

#[test]
fn a_selective_address_picks_the_document_and_none_picks_the_one_without() {
    let document = |selective: Option<&str>, pages: usize| Document {
        selective: selective.map(str::to_owned),
        pages: vec![caller_settings(1, true).documents[0].pages[0]; pages],
        password: None,
    };
    let documents = vec![document(Some("11"), 1), document(None, 2), document(Some("22"), 3)];
    for (selective, place, pages) in [(Some("22"), Some(2), 3), (None, Some(1), 2), (Some("33"), None, 0)] {
        let poll = PollSettings { selective: selective.map(str::to_owned), ..poll_settings() };
        let answerer = AnswererSettings { receive: answerer_settings(), documents: documents.clone() };
        let outcome = run(Errand::Poll(poll), answerer);
        assert_eq!((outcome.polled, outcome.caller.pages), (place, pages));
        let cause = if place.is_some() { Cause::Sent } else { Cause::NothingToPoll };
        assert_eq!(outcome.answerer.cause, cause);
    }
    // Without bit 47 the far end might hand out another one.
    let poll = PollSettings { selective: Some("22".into()), ..poll_settings() };
    let outcome = run(Errand::Poll(poll), with_document(1));
    assert!(matches!(outcome.caller.cause, Cause::Incompatible(_)), "{:?}", outcome.caller.cause);
    assert!(outcome.pages.is_empty());
}

#[test]
fn a_document_with_a_password_goes_to_those_who_know_it() {
    for (password, answerer, caller) in [
        (Some("secret 1"), Cause::Sent, Cause::Sent),
        (Some("secret 2"), Cause::PollPassword, Cause::PollRefused),
        (None, Cause::PollPassword, Cause::PollRefused),
    ] {
        let mut settings = with_document(1);
        settings.documents[0].password = Some("secret 1".into());
        let poll = PollSettings { password: password.map(str::to_owned), ..poll_settings() };
        let outcome = run(Errand::Poll(poll), settings);
        assert_eq!((outcome.answerer.cause.clone(), outcome.caller.cause.clone()), (answerer, caller));
        assert_eq!(outcome.caller.record.password_sent, password.is_some());
    }
}

fn bench(procedure: Procedure) -> Bench<Procedure> {
    Bench::new(procedure, clock(), Procedure::handle, Procedure::poll, Procedure::deadline)
}

fn answering(answerer: AnswererSettings) -> Bench<Procedure> {
    let mut bench = bench(Procedure::answerer(answerer, clock()));
    bench.give(crate::t30::Input::Start);
    bench.let_send();
    bench
}

/// All frames of the control signals among bursts.
fn frames(bursts: &[Burst]) -> Vec<Vec<u8>> {
    let signals = bursts.iter().filter_map(|burst| match burst {
        Burst::Control(frames) => Some(frames.clone()),
        Burst::Tone(_) | Burst::Silence(_) | Burst::TrainingCheck { .. } | Burst::Page { .. } | Burst::Block { .. } => {
            None
        }
    });
    signals.flatten().collect()
}

#[test]
fn the_caller_that_fetches_sets_the_x_bit_in_every_frame() {
    let poll = PollSettings { password: Some("9876".into()), ..poll_settings() };
    let mut bench = bench(Procedure::caller(Errand::Poll(poll), clock()));
    bench.give(crate::t30::Input::Start);
    bench.let_send();
    bench.hear(&[&DIS_WITH_DOCUMENT]);
    let asked = frames(&bench.let_send());
    assert_eq!(asked[0][..3], [0xFF, 0xC0, 0x82], "CIG");
    assert_eq!(asked[1], build(Name::Pwd, true, false, &write_identification("9876")));
    assert_eq!(asked[2][..3], [0xFF, 0xC8, 0x81], "DTC");
    assert_eq!(asked[2][9] & 0x40, 0x40, "bit 50: PWD was sent");
    assert_eq!(asked[2][4] & 0x80, 0, "we have nothing to be polled");
    bench.hear(&[&[0xFF, 0xC8, 0x41, 0x00, 0x00, 0x00]]);
    bench.hear_carrier(&[0; 450]);
    assert_eq!(controls(&bench.let_send()), [[0xFF, 0xC8, 0xA1].to_vec()], "CFR");
    bench.hear_carrier(&[0x55; 2000]);
    bench.hear(&[&[0xFF, 0xC8, 0x74]]);
    bench.give(crate::t30::Input::PageVerdict(crate::t30::Verdict::Good));
    assert_eq!(controls(&bench.let_send()), [[0xFF, 0xC8, 0xB1].to_vec()], "MCF");
    bench.hear(&[&[0xFF, 0xC8, 0x5F]]);
    assert_eq!(bench.cause(), Some(Cause::Sent));
}

#[test]
fn the_answerer_that_is_polled_leaves_the_x_bit_clear() {
    let mut bench = answering(with_document(1));
    bench.hear(&[&DTC]);
    let sent = bench.let_send();
    let commands = frames(&sent);
    assert_eq!(commands[0][..3], [0xFF, 0xC0, 0x42], "TSI");
    assert_eq!(commands[1][..5], [0xFF, 0xC8, 0x41, 0x00, 0x50], "DCS for V.27ter at 4800 bit/s");
    assert_eq!(sent.last(), Some(&Burst::TrainingCheck { modulation: Modulation::V27ter4800 }));
    bench.hear(&[&[0xFF, 0xC8, 0xA1]]);
    bench.give(crate::t30::Input::Page(page_bits(0, 500)));
    assert_eq!(controls(&bench.let_send()), [[0xFF, 0xC8, 0x74].to_vec()], "EOP");
    bench.hear(&[&[0xFF, 0xC8, 0xB1]]);
    assert_eq!(controls(&bench.let_send()), [[0xFF, 0xC8, 0x5F].to_vec()], "DCN");
    assert_eq!(bench.cause(), Some(Cause::Sent));
}

#[test]
fn a_caller_whose_operator_wants_to_receive_asks_by_dis_and_we_set_the_x_bit() {
    let mut bench = answering(with_document(1));
    bench.hear(&[&[0xFF, 0xC8, 0x01, 0x00, 0x50, 0x00]]);
    assert_eq!(controls(&bench.let_send())[0][..3], [0xFF, 0xC8, 0xC1], "DCS");
    let mut none = answering(AnswererSettings { receive: answerer_settings(), documents: Vec::new() });
    none.hear(&[&[0xFF, 0xC8, 0x01, 0x00, 0x50, 0x00]]);
    assert_eq!(controls(&none.let_send()), [[0xFF, 0xC8, 0xDF].to_vec()], "DCN");
    assert_eq!(none.cause(), Some(Cause::NothingToPoll));
}

#[test]
fn a_password_lost_on_the_way_is_asked_for_again_once() {
    let mut settings = with_document(1);
    settings.documents[0].password = Some("9876".into());
    let mut bench = answering(settings);
    let dtc = [0xFF, 0xC8, 0x81, 0x00, 0x50, 0x11, 0x01, 0x01, 0x01, 0x40];
    bench.hear(&[&dtc]);
    assert_eq!(controls(&bench.let_send()), [[0xFF, 0xC8, 0x58].to_vec()], "CRP");
    bench.hear(&[&[0xFF, 0xC8, 0xD8]]);
    assert_eq!(controls(&bench.let_send()).len(), 1, "CRP to CRP");
    let password = build(Name::Pwd, true, false, &write_identification("9876"));
    bench.hear(&[&password, &dtc]);
    assert_eq!(controls(&bench.let_send())[0][..3], [0xFF, 0xC8, 0x41]);
}

#[test]
fn a_dtc_that_nobody_answers_is_sent_three_times_and_repeated_for_a_repeated_dis() {
    let mut bench = bench(Procedure::caller(Errand::Poll(poll_settings()), clock()));
    bench.give(crate::t30::Input::Start);
    bench.let_send();
    bench.hear(&[&DIS_WITH_DOCUMENT]);
    let mut asked = controls(&bench.let_send()).len();
    bench.hear(&[&DIS_WITH_DOCUMENT]);
    asked += controls(&bench.let_send()).len();
    assert_eq!(asked, 2);
    let mut last = Vec::new();
    for _ in 0..10 {
        bench.wait(std::time::Duration::from_secs(5));
        last.extend(controls(&bench.let_send()));
    }
    assert_eq!(last.len(), 3, "two repeats and DCN: {last:02x?}");
    assert_eq!(last[2], [0xFF, 0xC8, 0xDF]);
    assert_eq!(bench.cause(), Some(Cause::NoResponse(Phase::B)));
}

#[test]
fn after_eom_a_dtc_is_taken_before_our_dis_is_out() {
    let settings = |ecm| AnswererSettings {
        receive: crate::t30::ReceiverSettings { ecm, ..answerer_settings() },
        ..with_document(1)
    };
    let mut bench = answering(settings(false));
    bench.hear(&[&[0xFF, 0xC8, 0x41, 0x00, 0x50, 0x00]]);
    bench.hear_carrier(&[0; 900]);
    bench.let_send();
    bench.hear_carrier(&[0x55; 2000]);
    bench.hear(&[&[0xFF, 0xC8, 0x71]]);
    bench.give(crate::t30::Input::PageVerdict(crate::t30::Verdict::Good));
    assert_eq!(controls(&bench.let_send()), [[0xFF, 0xC8, 0x31].to_vec()], "MCF to EOM");
    bench.wait(std::time::Duration::from_secs(2));
    bench.hear(&[&[0xFF, 0xC8, 0x81, 0x00, 0x74, 0x00]]);
    assert_eq!(controls(&bench.let_send())[0][..3], [0xFF, 0xC8, 0x41], "DCS");
}

#[test]
fn hanging_up_on_our_dtc_is_a_refusal_even_when_the_end_of_the_call_overtakes_the_dcn() {
    let mut bench = bench(Procedure::caller(Errand::Poll(poll_settings()), clock()));
    bench.give(crate::t30::Input::Start);
    bench.let_send();
    bench.hear(&[&DIS_WITH_DOCUMENT]);
    bench.let_send();
    bench.give(crate::t30::Input::Stop(Cause::Disconnected(Phase::B)));
    assert_eq!(bench.cause(), Some(Cause::PollRefused));
}
