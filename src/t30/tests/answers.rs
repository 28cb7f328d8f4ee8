//! What becomes of pages by the answers they get: RTN in its meanings, the operator's signals, frames that never arrive, CRP, DCN in
//! odd places, many pages, small frames.

use super::line::{Fate, Item, Line, answerer_settings, caller_settings, page_bits};
use super::script::{Bench, CSI, DIS, answerer, answerer_over, caller, controls, up_to_last_pps};
use crate::model::{Cause, Phase, Resolution};
use crate::signal::{Burst, Heard};
use crate::t30::ecm::FrameSize;
use crate::t30::frame::{Name, build, write_identification};
use crate::t30::{
    Input, PageEnd, PageShape, Receiver, ReceiverSettings, RtnMeaning, Sender, SenderSettings, Transport, Verdict,
};
use std::time::Duration;

const CFR: [u8; 3] = [0xFF, 0xC8, 0x21];
const FTT: [u8; 3] = [0xFF, 0xC8, 0x22];
const MCF: [u8; 3] = [0xFF, 0xC8, 0x31];
const DCN: [u8; 3] = [0xFF, 0xC8, 0xDF];
const PPS_EOP_ONE_FRAME: [u8; 7] = [0xFF, 0xC8, 0xFD, 0xF4, 0x00, 0x00, 0x00];
/// A terminal with V.27ter at 4800 bit/s and nothing else.
const POOR_DIS: [u8; 6] = [0xFF, 0xC8, 0x01, 0x00, 0x50, 0x10];

/// Three pages without error correction, the second of which the answerer's owner never takes.
fn second_page_refused(rtn: RtnMeaning) -> super::line::Outcome {
    let mut line = Line::new(SenderSettings { rtn, ..caller_settings(3, false) }, answerer_settings());
    line.page_octets = 14_000;
    line.judge =
        Box::new(|page| if page.bits[..14_000] == page_bits(1, 14_000)[..] { Verdict::Bad } else { Verdict::Good });
    line.run()
}

#[test]
fn rtn_that_means_unreadable_ends_the_call_at_the_page_so_that_a_later_one_resumes_there() {
    let outcome = second_page_refused(RtnMeaning::Resend);
    assert_eq!(
        (outcome.caller.cause.clone(), outcome.caller.pages, outcome.answerer.pages),
        (Cause::PageRejected, 1, 1)
    );
    let tries: Vec<u32> = outcome.caller.record.pages.iter().map(|page| page.index).collect();
    assert_eq!(tries, [0, 1, 1, 1]);
}

#[test]
fn a_page_that_is_gone_over_counts_for_neither_and_those_after_it_still_arrive() {
    let outcome = second_page_refused(RtnMeaning::ResendThenGoOn);
    assert_eq!(
        (outcome.caller.cause.clone(), outcome.caller.pages),
        (Cause::PageRejected, 1),
        "confirmed without a gap"
    );
    assert_eq!(outcome.answerer.pages, 2, "the first and the third");
    let confirmed: Vec<(u32, bool)> =
        outcome.caller.record.pages.iter().map(|page| (page.index, page.confirmed)).collect();
    assert_eq!(confirmed, [(0, true), (1, false), (1, false), (1, false), (2, true)]);
}

#[test]
fn rtn_that_means_printed_with_errors_counts_the_page_and_lowers_the_rate() {
    let outcome = second_page_refused(RtnMeaning::Printed);
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages), (Cause::Sent, 3));
    let rates: Vec<u32> = outcome.caller.record.pages.iter().map(|page| page.modulation.bits_per_second()).collect();
    assert!(rates[2] < rates[0], "{rates:?}");
}

/// The second frame of the first page never arrives.
fn doomed(item: &Item<'_>) -> Fate {
    let first = page_bits(0, 9000);
    let data = matches!(item.heard, Heard::Frame(frame) if frame.get(4..20) == Some(&first[256..272]));
    if data { Fate::Lost } else { Fate::Heard }
}

#[test]
fn after_a_page_that_frames_are_missing_of_the_others_go_if_that_is_wanted() {
    for (rtn, kept) in [(RtnMeaning::Resend, 0), (RtnMeaning::ResendThenGoOn, 1)] {
        let mut line = Line::new(SenderSettings { rtn, ..caller_settings(2, true) }, answerer_settings());
        line.fault = Box::new(doomed);
        let outcome = line.run();
        assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages), (Cause::PageRejected, 0), "{rtn:?}");
        assert_eq!(outcome.answerer.pages, kept, "{rtn:?}");
        assert_eq!(outcome.pages[0].0.ended, PageEnd::GivenUp);
    }
}

#[test]
fn small_frames_are_used_where_wanted_and_where_the_far_end_prefers_them() {
    let caller = SenderSettings { frame_size: FrameSize::Octets64, ..caller_settings(2, true) };
    let mut line = Line::new(caller, answerer_settings());
    line.page_octets = 20_000;
    let outcome = line.run();
    assert_eq!((outcome.caller.cause.clone(), outcome.answerer.pages), (Cause::Sent, 2));
    for (index, (page, _)) in outcome.pages.iter().enumerate() {
        assert_eq!(page.bits[..20_000], page_bits(u32::try_from(index).unwrap(), 20_000)[..]);
    }
    let blocks = outcome.log.iter().filter(|entry| entry.contains("Block of")).count();
    assert_eq!(blocks, 4, "20 000 octets are two blocks of 256 frames of 64");
    let mut bench = caller_bench(1);
    // Bits 7 and 27: frames of 64 octets are preferred.
    bench.hear(&[&[0xFF, 0xC8, 0x01, 0x02, 0x50, 0x11, 0x20]]);
    let command = controls(&bench.let_send()).remove(0);
    assert_eq!(command[6] & 0x30, 0x30, "bits 27 and 28: {command:02x?}");
}

#[test]
fn three_hundred_pages_go_in_one_call_and_their_counter_begins_anew_at_256() {
    let mut line = Line::new(caller_settings(300, true), answerer_settings());
    line.page_octets = 700;
    let outcome = line.run();
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages, outcome.answerer.pages), (Cause::Sent, 300, 300));
    for (index, (page, _)) in outcome.pages.iter().enumerate() {
        assert_eq!(page.bits[..700], page_bits(u32::try_from(index).unwrap(), 700)[..], "{index}");
    }
    let counters: Vec<String> = outcome
        .log
        .iter()
        .filter_map(|entry| entry.split("Control [fd, f2, ").nth(1))
        .map(|rest| rest[..2].to_owned())
        .collect();
    assert_eq!((counters[1].as_str(), counters[255].as_str(), counters[256].as_str()), ("80", "ff", "00"));
}

fn caller_bench(pages: u32) -> Bench<Sender> {
    let mut bench = caller(pages, Transport::Audio);
    bench.give(Input::Start);
    bench.let_send();
    bench
}

/// A caller without error correction whose first page and command are out.
fn after_first_page(pages: u32) -> Bench<Sender> {
    let mut bench = caller_bench(pages);
    bench.hear(&[&POOR_DIS]);
    bench.let_send();
    bench.hear(&[&CFR]);
    bench.give(Input::Page(page_bits(0, 2000)));
    bench.let_send();
    bench
}

#[test]
fn an_operator_wanted_is_not_to_be_had_and_the_fax_goes_on() {
    // PIP: the page was taken; nobody lifts the handset, so training begins as after RTP.
    let mut bench = after_first_page(2);
    bench.hear(&[&[0xFF, 0xC8, 0x35]]);
    assert_eq!(controls(&bench.let_send()).last().unwrap()[..3], [0xFF, 0xC8, 0xC1], "DCS");
    bench.hear(&[&CFR]);
    assert_eq!(bench.needs, [0, 1]);
    // PIN: it was not.
    let mut bench = after_first_page(2);
    bench.hear(&[&[0xFF, 0xC8, 0x34]]);
    assert_eq!(controls(&bench.let_send()).last().unwrap()[..3], [0xFF, 0xC8, 0xC1], "DCS");
    bench.hear(&[&CFR]);
    assert!(bench.needs.iter().all(|index| *index == 0), "{:?}", bench.needs);
    // PIP to the last page: all is confirmed.
    let mut bench = after_first_page(1);
    bench.hear(&[&[0xFF, 0xC8, 0x35]]);
    assert_eq!(controls(&bench.let_send()), [DCN.to_vec(), DCN.to_vec()]);
    assert_eq!(bench.cause(), Some(Cause::Sent));
}

#[test]
fn an_answer_that_cannot_be_read_is_asked_for_by_crp_before_the_command_is_repeated() {
    let mut bench = caller(1, Transport::Audio);
    up_to_last_pps(&mut bench);
    let unreadable = |bench: &mut Bench<Sender>| {
        bench.give(Input::Heard(Heard::Preamble));
        bench.wait(Duration::from_millis(1300));
        bench.give(Input::Heard(Heard::DamagedFrame));
        bench.give(Input::Heard(Heard::End));
    };
    let asks = |bench: &mut Bench<Sender>| {
        unreadable(bench);
        bench.wait(Duration::from_millis(450));
        assert!(bench.sent.is_empty(), "it may have been our echo, with the answer close behind it");
        bench.wait(Duration::from_millis(100));
        assert_eq!(controls(&bench.let_send()), [[0xFF, 0xC8, 0xD8].to_vec()], "CRP");
    };
    for _ in 0..2 {
        asks(&mut bench);
        asks(&mut bench);
        unreadable(&mut bench);
        bench.wait(Duration::from_millis(3500));
        assert_eq!(controls(&bench.let_send()), [PPS_EOP_ONE_FRAME.to_vec()]);
    }
    asks(&mut bench);
    // Its echo is not the far end's.
    bench.hear(&[&[0xFF, 0xC8, 0xD8]]);
    assert!(bench.sent.is_empty());
    bench.hear(&[&MCF]);
    assert_eq!(controls(&bench.let_send()), [DCN.to_vec(), DCN.to_vec()]);
    assert_eq!(bench.cause(), Some(Cause::Sent));
}

/// The rates of the training checks in bursts.
fn checks(bursts: &[Burst]) -> Vec<u32> {
    let rate = |burst: &Burst| match burst {
        Burst::TrainingCheck { modulation } => Some(modulation.bits_per_second()),
        Burst::Tone(_) | Burst::Silence(_) | Burst::Control(_) | Burst::Page { .. } | Burst::Block { .. } => None,
    };
    bursts.iter().filter_map(rate).collect()
}

#[test]
fn where_the_line_spoils_signals_a_check_fails_twice_before_a_low_rate_and_four_times_before_the_end() {
    for (is_bad, expected) in [
        (false, &[14_400, 12_000, 9600, 9600, 7200, 4800, 2400][..]),
        (true, &[14_400, 12_000, 9600, 9600, 7200, 7200, 7200, 4800, 4800, 2400, 2400, 2400, 2400]),
    ] {
        let mut bench = caller_bench(1);
        if is_bad {
            bench.give(Input::Heard(Heard::Preamble));
            bench.give(Input::Heard(Heard::DamagedFrame));
            bench.give(Input::Heard(Heard::End));
        }
        bench.hear(&[&DIS]);
        let mut rates = Vec::new();
        while bench.ending.is_none() && rates.len() < 20 {
            rates.extend(checks(&bench.let_send()));
            bench.hear(&[&[0xFF, 0xC8, 0x22]]);
        }
        bench.let_send();
        assert_eq!(rates, expected);
        assert_eq!(bench.cause(), Some(Cause::TrainingFailed));
        let v17 = bench.ending.as_ref().expect("over").record.v17;
        assert_eq!((v17.refused > 0, v17.left, v17.amid_damage), (true, true, is_bad));
    }
}

#[test]
fn who_names_itself_in_place_of_a_confirmation_has_begun_anew_though_its_dis_came_damaged() {
    let mut bench = caller(1, Transport::Audio);
    up_to_last_pps(&mut bench);
    bench.give(Input::Heard(Heard::Preamble));
    bench.wait(Duration::from_millis(2000));
    bench.give(Input::Heard(Heard::Frame(CSI.to_vec())));
    bench.wait(Duration::from_millis(400));
    bench.give(Input::Heard(Heard::DamagedFrame));
    bench.give(Input::Heard(Heard::End));
    assert_eq!(checks(&bench.let_send()), [14_400], "the page goes again; it takes no end of a page now");
}

/// An answerer that has sent CFR, with error correction.
fn trained() -> Bench<Receiver> {
    let mut bench = answerer();
    bench.give(Input::Start);
    bench.let_send();
    bench.hear(&[&[0xFF, 0xC8, 0xC1, 0x00, 0x46, 0x1F, 0x22]]);
    bench.hear_carrier(&[0; 2700]);
    assert_eq!(controls(&bench.let_send()), [CFR.to_vec()]);
    bench
}

const CRP: [u8; 3] = [0xFF, 0xC8, 0xD8];

#[test]
fn crp_is_answered_by_what_was_said_last() {
    let mut bench = answerer();
    bench.give(Input::Start);
    let dis = controls(&bench.let_send());
    bench.hear(&[&CRP]);
    assert_eq!(controls(&bench.let_send()), dis);
    let mut bench = trained();
    bench.hear(&[&CRP]);
    assert_eq!(controls(&bench.let_send()), [CFR.to_vec()]);
}

#[test]
fn a_confirmation_never_answers_crp_for_a_page_whose_command_went_unheard() {
    let mut bench = trained();
    super::script::one_frame_block(&mut bench, 0x5A);
    bench.hear(&[&[0xFF, 0xC8, 0xFD, 0xF2, 0x00, 0x00, 0x00]]);
    bench.give(Input::PageVerdict(Verdict::Good));
    assert_eq!(controls(&bench.let_send()), [MCF.to_vec()]);
    // The next page comes, its PPS does not.
    super::script::one_frame_block(&mut bench, 0x5B);
    bench.hear(&[&CRP]);
    assert_eq!(controls(&bench.let_send()), [[0xFF, 0xC8, 0x58].to_vec()], "the command is what is missing");
    // Not even the carrier of the next page was heard, only long silence.
    let mut bench = trained();
    super::script::one_frame_block(&mut bench, 0x5A);
    bench.hear(&[&[0xFF, 0xC8, 0xFD, 0xF2, 0x00, 0x00, 0x00]]);
    bench.give(Input::PageVerdict(Verdict::Good));
    bench.let_send();
    bench.wait(Duration::from_secs(6));
    bench.hear(&[&CRP]);
    assert_eq!(controls(&bench.let_send()), [[0xFF, 0xC8, 0x58].to_vec()]);
}

#[test]
fn operators_commands_are_answered_as_their_plain_forms() {
    for (code, last) in [(0xFA, false), (0xFC, true)] {
        let mut bench = answerer();
        bench.give(Input::Start);
        bench.let_send();
        bench.hear(&[&[0xFF, 0xC8, 0xC1, 0x00, 0x63, 0x1E]]);
        bench.hear_carrier(&[0; 1800]);
        bench.let_send();
        bench.hear_carrier(&[0x55; 4000]);
        bench.hear(&[&[0xFF, 0xC8, code]]);
        assert_eq!(bench.pages[0].ended == PageEnd::Last, last, "PRI-MPS or PRI-EOP");
        bench.give(Input::PageVerdict(Verdict::Good));
        assert_eq!(controls(&bench.let_send()), [MCF.to_vec()]);
    }
}

#[test]
fn notes_of_the_far_end_are_kept_and_answer_nothing() {
    let mut bench = after_first_page(1);
    bench.hear(&[&[0xFF, 0xC8, 0x53, 0x80, 0x01]]);
    bench.hear(&[&[0xFF, 0xC8, 0x3F, 0x02]]);
    assert!(bench.sent.is_empty(), "FNV and FDM are no answers");
    bench.hear(&[&MCF]);
    bench.let_send();
    let record = bench.ending.expect("over").record;
    assert_eq!(record.field_not_valid.as_deref(), Some(&[0x80, 0x01][..]));
    assert_eq!(record.file_diagnostics.as_deref(), Some(&[0x02][..]));
}

#[test]
fn dcn_in_any_place_ends_the_call_and_claims_no_more_than_was_confirmed() {
    type Place = (&'static str, fn() -> Bench<Sender>, Cause);
    let heard: [Place; 4] = [
        ("for DIS", || caller_bench(1), Cause::Disconnected(Phase::B)),
        (
            "for CFR",
            || {
                let mut bench = caller_bench(1);
                bench.hear(&[&POOR_DIS]);
                bench.let_send();
                bench
            },
            Cause::Disconnected(Phase::B),
        ),
        ("for MCF", || after_first_page(2), Cause::Disconnected(Phase::D)),
        ("for the last MCF", || after_first_page(1), Cause::Disconnected(Phase::D)),
    ];
    for (place, bench, cause) in heard {
        let mut bench = bench();
        bench.hear(&[&[0xFF, 0xC8, 0x5F]]);
        let ending = bench.ending.unwrap_or_else(|| panic!("{place}: it goes on"));
        assert_eq!((ending.cause, ending.pages), (cause, 0), "{place}");
    }
    let mut bench = trained();
    super::script::one_frame_block(&mut bench, 0x5A);
    bench.hear(&[&DCN]);
    let ending = bench.ending.expect("over");
    assert_eq!((ending.cause, ending.pages), (Cause::Disconnected(Phase::C), 0));
    assert_eq!(bench.pages[0].ended, PageEnd::CallLost);
}

#[test]
fn sender_identification_goes_only_to_those_who_take_it_and_is_kept_when_it_comes() {
    for (octet, sent) in [(0x40, true), (0x00, false)] {
        let mut bench = {
            let now = super::script::clock();
            let mut settings = caller_settings(1, true);
            settings.documents[0].sender_password = Some("77".into());
            Bench::new(Sender::new(settings, now), now, Sender::handle, Sender::poll, Sender::deadline)
        };
        bench.give(Input::Start);
        bench.let_send();
        bench.hear(&[&[0xFF, 0xC8, 0x01, 0x00, 0x50, 0x11, 0x01, 0x01, 0x01, octet]]);
        let command = controls(&bench.let_send()).remove(0);
        assert_eq!(command.get(9).is_some_and(|octet| octet & 0x40 != 0), sent, "bit 50 of the DCS: {command:02x?}");
    }
    let mut bench = answerer();
    bench.give(Input::Start);
    bench.let_send();
    let password = build(Name::Sid, true, false, &write_identification("77"));
    bench.hear(&[&password, &[0xFF, 0xC8, 0xC1, 0x00, 0x46, 0x1F, 0x22]]);
    bench.give(Input::Stop(Cause::MediaLost));
    assert_eq!(bench.ending.expect("over").record.sender_password.as_deref(), Some("77"));
}

#[test]
fn a_page_after_a_change_of_format_that_is_refused_comes_again_in_that_format() {
    let mut caller = caller_settings(2, false);
    caller.documents[0].pages[1] = PageShape { resolution: Resolution::Standard, ..caller.documents[0].pages[1] };
    let mut line = Line::new(caller, ReceiverSettings { ecm: false, ..answerer_settings() });
    line.page_octets = 14_000;
    let refused = std::cell::Cell::new(false);
    line.judge = Box::new(move |_| if refused.replace(true) { Verdict::Good } else { Verdict::Bad });
    let outcome = line.run();
    assert_eq!((outcome.caller.cause.clone(), outcome.caller.pages, outcome.answerer.pages), (Cause::Sent, 2, 2));
}

#[test]
fn hits_in_a_check_are_noise_at_the_first_rate_and_clicks_of_the_line_at_the_second() {
    let mut bench = answerer_over(Transport::Audio);
    bench.give(Input::Start);
    bench.let_send();
    let mut clicked = [0; 2700];
    for place in [450, 1200, 2000] {
        clicked[place..place + 3].fill(0xA5);
    }
    // Error correction, V.17 at 14400 and at 12000 bit/s.
    for (rate, answer) in [(0x46, FTT), (0x56, CFR)] {
        bench.hear(&[&[0xFF, 0xC8, 0xC1, 0x00, rate, 0x1F, 0x22]]);
        bench.hear_carrier(&clicked);
        assert_eq!(controls(&bench.let_send()), [answer.to_vec()], "{rate:#x}");
    }
}

#[test]
fn the_last_word_is_said_twice_over_audio_where_a_lost_packet_takes_it() {
    for (transport, times) in [(Transport::Audio, 2), (Transport::InternetAware, 1)] {
        let mut bench = caller(1, transport);
        up_to_last_pps(&mut bench);
        bench.hear(&[&MCF]);
        let one_frame = Burst::Control(vec![DCN.to_vec()]);
        assert_eq!(bench.let_send(), vec![one_frame; times], "signals of one final frame each");
    }
}
