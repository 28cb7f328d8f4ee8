//! Captures of real calls of Asterisk, and captures as other programs wrap them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::pcap::{self, CaptureError};
use super::{Findings, Loss, Side, Trace, What, advice, dissect, ladder};
use crate::model::Cause;

/// A line that says busy: INVITE, 100, 486, ACK.
const BUSY: &[u8] = include_bytes!("testdata/asterisk-busy.pcap");
/// A call in which Asterisk asks for T.38 and hangs up in the middle of its first frames.
const HANG_UP: &[u8] = include_bytes!("testdata/asterisk-t38-then-hangup.pcap");
/// The SIP over TCP of a call between two Asterisks, turned into pcapng by Wireshark's editcap.
const OVER_TCP: &[u8] = include_bytes!("testdata/asterisk-sip-over-tcp.pcapng");

#[expect(clippy::disallowed_methods, reason = "any moment will do")]
fn calls(file: &[u8]) -> Vec<Trace> {
    dissect(&pcap::read(file).unwrap().packets, true, Instant::now())
}

fn names(trace: &Trace) -> Vec<(Side, &str)> {
    trace.steps.iter().map(|step| (step.side, step.name.as_str())).collect()
}

#[test]
fn a_busy_line_is_four_steps_and_the_cause_is_told() {
    let [call] = &calls(BUSY)[..] else { panic!("one call") };
    let steps = [(Side::Near, "INVITE"), (Side::Far, "100 Trying"), (Side::Far, "486 Busy Here"), (Side::Near, "ACK")];
    assert_eq!(names(call), steps);
    assert_eq!(call.steps[2].detail, "Q.850 cause 17");
    assert_eq!(call.steps[2].what, What::Fault);
    assert_eq!((call.findings.refused, call.findings.answered, call.findings.heard_back), (Some(486), false, true));
}

#[test]
fn tones_t38_and_frames_of_asterisk_are_on_one_ladder() {
    let [call] = &calls(HANG_UP)[..] else { panic!("one call") };
    let told = names(call);
    for step in [(Side::Near, "CNG"), (Side::Far, "CED"), (Side::Far, "CSI"), (Side::Far, "BYE")] {
        assert!(told.contains(&step), "{step:?} in {told:?}");
    }
    let csi = call.steps.iter().find(|step| step.name == "CSI").unwrap();
    assert_eq!(csi.detail, "\"+1 555 8014\"");
    assert!((1.4..1.8).contains(&csi.lasted.as_secs_f64()), "preamble and frame at 300 bit/s: {:?}", csi.lasted);
    assert_eq!((call.findings.t38_asked_by, call.findings.t38_agreed), (Some(Side::Far), true));
    assert!(call.steps.is_sorted_by_key(|step| step.at));
    let Loss { arrived, rebuilt, lost } = call.findings.audio[1];
    assert!(arrived > 100 && rebuilt == 0 && lost == 0, "{arrived}, {rebuilt}, {lost}");
}

#[test]
fn rungs_are_of_one_length_and_point_to_who_is_spoken_to() {
    let [call] = &calls(HANG_UP)[..] else { panic!("one call") };
    let rows = ladder(call).rows;
    assert_eq!(rows[0].rung, "us ──── INVITE ──────────────────────▶ far");
    assert_eq!(rows[1].rung, "us ◀─── 100 Trying ─────────────────── far");
    let length = rows[0].rung.chars().count();
    assert!(rows.iter().all(|row| row.rung.chars().count() == length), "{rows:#?}");
}

#[test]
fn packets_that_did_not_come_are_told_and_counted() {
    let mut capture = pcap::read(HANG_UP).unwrap();
    let [whole] = &calls(HANG_UP)[..] else { panic!("one call") };
    let before = whole.findings.fax[1];
    // Ten packets of each side in a row, more than the three repetitions bring back. UDPTL begins with its number, which is small.
    let mut numbers = BTreeMap::new();
    capture.packets.retain(|packet| {
        let number: &mut u32 = numbers.entry(packet.from).or_default();
        *number += u32::from(packet.octets.first() == Some(&0));
        packet.octets.first() != Some(&0) || !(10..20).contains(number)
    });
    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    let calls = dissect(&capture.packets, true, Instant::now());
    let after = calls[0].findings.fax[1];
    assert!(after.lost > 0 && after.arrived < before.arrived, "{before:?}, {after:?}");
    assert!(calls[0].steps.iter().any(|step| step.name == "packets lost" && step.what == What::Fault));
}

#[test]
fn what_is_written_is_read_again_for_both_families() {
    let pairs = [("192.0.2.1:5060", "198.51.100.7:5060"), ("[2001:db8::1]:40000", "[2001:db8::2]:4001")];
    let mut file = pcap::file_header();
    for (from, to) in pairs {
        pcap::record(
            Duration::new(1_700_000_000, 123_456_000),
            from.parse().unwrap(),
            to.parse().unwrap(),
            b"octets",
            &mut file,
        );
    }
    let capture = pcap::read(&file).unwrap();
    assert_eq!((capture.packets.len(), capture.passed_over, capture.cut_off), (2, 0, false));
    for (packet, (from, to)) in capture.packets.iter().zip(pairs) {
        assert_eq!((packet.from.to_string().as_str(), packet.to.to_string().as_str()), (from, to));
        assert_eq!((packet.at, &packet.octets[..]), (Duration::new(1_700_000_000, 123_456_000), &b"octets"[..]));
    }
    assert_eq!(file[24 + 16 + 10..24 + 16 + 12], [0x8E, 0x8F], "the header's checksum, as worked out by hand");
}

#[test]
fn captures_of_other_programs_are_read_whatever_they_wrap_packets_in() {
    let mut raw = Vec::new();
    pcap::record(
        Duration::from_secs(5),
        "192.0.2.1:1".parse().unwrap(),
        "192.0.2.2:2".parse().unwrap(),
        b"x",
        &mut raw,
    );
    let ip = &raw[16..];
    let ethernet = [&[0; 12][..], &[0x08, 0x00]].concat();
    let tagged = [&[0; 12][..], &[0x81, 0x00, 0x00, 0x07, 0x08, 0x00]].concat();
    for (link, wrap) in [(1, ethernet), (1, tagged), (113, vec![0; 16]), (276, vec![0; 20]), (0, vec![2, 0, 0, 0])] {
        let frame = [&wrap[..], ip].concat();
        let length = u32::try_from(frame.len()).unwrap();
        // A big-endian machine, and nanoseconds.
        let mut file = 0xA1B2_3C4D_u32.to_be_bytes().to_vec();
        file.extend([0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]);
        file.extend(u32::to_be_bytes(link));
        for field in [5, 7, length, length] {
            file.extend(u32::to_be_bytes(field));
        }
        file.extend(&frame);
        let capture = pcap::read(&file).unwrap();
        assert_eq!(capture.packets.len(), 1, "link type {link}");
        assert_eq!((capture.packets[0].at, &capture.packets[0].octets[..]), (Duration::new(5, 7), &b"x"[..]));
    }
    let mut wireless = pcap::file_header();
    wireless[20] = 105;
    assert_eq!(pcap::read(&wireless), Err(CaptureError::LinkType(105)));
    assert_eq!(pcap::read(b"SQLite format 3"), Err(CaptureError::NotACapture));
}

/// The packets of a capture of ours in the new format, written by a machine of an order of octets: times count parts of a second by this unit.
fn in_blocks(packets: &[pcap::Packet], number: fn(u32) -> [u8; 4], half: fn(u16) -> [u8; 2], unit: u8) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
        let length = number(u32::try_from(12 + body.len() + padding.len()).unwrap());
        [&number(kind)[..], &length, body, &padding, &length].concat()
    };
    let per_second = if unit & 0x80 == 0 { 10_u128.pow(unit.into()) } else { 1 << (unit & 0x7F) };
    let section = [&number(0x1A2B_3C4D)[..], &half(1), &half(0), &[0xFF; 8]].concat();
    let resolution = [&half(9)[..], &half(1), &[unit, 0, 0, 0]].concat();
    let wireless = [&half(105)[..], &half(0), &number(0)].concat();
    let bare = [&half(101)[..], &half(0), &number(0), &resolution, &half(0), &half(0)].concat();
    // Names of hosts come between; the first interface is one that nobody can read.
    let mut file = [block(0x0A0D_0D0A, &section), block(1, &wireless), block(4, &[0; 4]), block(1, &bare)].concat();
    for packet in packets {
        let mut record = Vec::new();
        pcap::record(packet.at, packet.from, packet.to, &packet.octets, &mut record);
        let frame = &record[16..];
        let length = number(u32::try_from(frame.len()).unwrap());
        let time = u64::try_from(packet.at.as_nanos() * per_second / 1_000_000_000).unwrap();
        let (high, low) = (u32::try_from(time >> 32).unwrap(), u32::try_from(time & 0xFFFF_FFFF).unwrap());
        let body = [&number(1)[..], &number(high), &number(low), &length, &length, frame].concat();
        file.extend(block(6, &body));
    }
    file
}

#[test]
fn the_new_format_of_wireshark_says_the_same_as_the_old_one_in_either_order_of_octets() {
    let old = pcap::read(BUSY).unwrap();
    for file in [
        in_blocks(&old.packets, u32::to_le_bytes, u16::to_le_bytes, 6),
        in_blocks(&old.packets, u32::to_be_bytes, u16::to_be_bytes, 9),
    ] {
        assert_eq!(pcap::read(&file).unwrap().packets, old.packets);
        let whole = pcap::read(&file[..file.len() - 1]).unwrap();
        assert_eq!((whole.packets.len(), whole.cut_off), (old.packets.len() - 1, true));
    }
    let binary = pcap::read(&in_blocks(&old.packets, u32::to_le_bytes, u16::to_le_bytes, 0x80 | 20)).unwrap();
    for (read, known) in binary.packets.iter().zip(&old.packets) {
        assert!(known.at - read.at <= Duration::from_micros(1), "{:?}, {:?}", read.at, known.at);
    }
}

#[test]
fn sip_over_tcp_is_put_together_and_told_as_over_udp() {
    let [call] = &calls(OVER_TCP)[..] else { panic!("one call") };
    let told = names(call);
    assert_eq!(&told[..3], [(Side::Near, "INVITE"), (Side::Far, "100 Trying"), (Side::Far, "200 OK")]);
    assert_eq!((call.findings.t38_asked_by, call.findings.t38_agreed), (Some(Side::Far), true));
    assert_eq!(told.iter().filter(|(_, name)| *name == "INVITE").count(), 3, "{told:?}");
    assert_eq!(&told[told.len() - 2..], [(Side::Far, "BYE"), (Side::Near, "200 OK")]);
}

#[test]
fn a_capture_that_breaks_off_is_read_as_far_as_it_goes() {
    let capture = pcap::read(&BUSY[..BUSY.len() - 10]).unwrap();
    assert!(capture.cut_off);
    assert_eq!(capture.packets.len(), pcap::read(BUSY).unwrap().packets.len() - 1);
}

const NO_AUDIO: [Loss; 2] = [Loss { arrived: 0, rebuilt: 0, lost: 0 }; 2];

#[test]
fn audio_that_was_lost_on_either_way_is_told_from_half_a_hundredth_on() {
    let loss = |lost| Loss { arrived: 1000 - lost, rebuilt: 0, lost };
    assert_eq!(advice(&Cause::Sent, None, [loss(4), loss(4)]), Vec::<String>::new());
    let told = advice(&Cause::Sent, None, [loss(12), loss(5)]);
    assert!(told[0].contains("1.2 %") && told[0].contains("to the far end"), "{told:?}");
    assert!(told[1].contains("0.5 %") && told[1].contains("to us"), "{told:?}");
}

#[test]
fn the_advice_goes_by_what_was_seen() {
    let findings = Findings::default();
    let silent = advice(&Cause::TrunkDown, Some(&findings), NO_AUDIO);
    assert!(silent[0].contains("No answer came"), "{silent:?}");

    let findings = Findings { answered: true, heard_back: true, t38_asked_by: Some(Side::Near), ..findings };
    let refused = Findings { t38_refused: Some(488), ..findings.clone() };
    assert!(advice(&Cause::NoCommonTransport, Some(&refused), NO_AUDIO)[0].contains("refused our T.38 with 488"));

    let sent = Loss { arrived: 50, rebuilt: 0, lost: 0 };
    let walled = Findings { t38_agreed: true, fax: [sent, Loss::default()], ..findings.clone() };
    assert!(advice(&Cause::MediaLost, Some(&walled), NO_AUDIO)[0].contains("firewall"));

    let lossy = Loss { arrived: 90, rebuilt: 8, lost: 2 };
    let lossy = Findings { t38_agreed: true, fax: [sent, lossy], ..findings };
    let told = advice(&Cause::Sent, Some(&lossy), NO_AUDIO);
    assert_eq!(told.len(), 1, "of a fax that was sent only the network is worth a word: {told:?}");
    assert!(
        told[0].contains("10 of 100") && told[0].contains("8 came back") && told[0].contains("2 did not"),
        "{told:?}"
    );
    assert_eq!(advice(&Cause::Sent, None, NO_AUDIO), Vec::<String>::new());
}

proptest! {
    #[test]
    fn damaged_captures_never_panic(
        source in prop::sample::select(vec![HANG_UP, OVER_TCP]),
        place: usize,
        octet: u8,
        length: prop::sample::Index,
    ) {
        let mut file = source[..length.index(source.len()).max(1)].to_vec();
        let place = place % file.len();
        file[place] = octet;
        if let Ok(capture) = pcap::read(&file) {
            #[expect(clippy::disallowed_methods, reason = "any moment will do")]
            let calls = dissect(&capture.packets, true, Instant::now());
            for call in &calls {
                prop_assert!(ladder(call).rows.len() <= call.steps.len());
            }
        }
    }
}
