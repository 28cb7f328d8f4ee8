//! T.30 and T.38 together against packets written by hand, one octet of V.21 a packet as gateways send them: what the scripts of
//! [`crate::t30`] ask also survives the wire.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::party::{at, inbound, outbound, page_bits, sending};
use crate::call::Output;
use crate::call::fax::{Carrier, Fax};
use crate::model::Cause;
use crate::signal::Modulation;
use crate::t30::{self, Procedure, Verdict};
use crate::t38;

const CFR: [u8; 3] = [0xFF, 0xC8, 0x21];
const MCF: [u8; 3] = [0xFF, 0xC8, 0x31];
const MPS: [u8; 3] = [0xFF, 0xC8, 0x72];
const EOP: [u8; 3] = [0xFF, 0xC8, 0x74];
const DCN: [u8; 3] = [0xFF, 0xC8, 0x5F];
/// V.27ter at 4800 bit/s, no error correction.
const DCS: [u8; 6] = [0xFF, 0xC8, 0x41, 0x00, 0x50, 0x00];
const DIS: [u8; 6] = [0xFF, 0xC8, 0x01, 0x00, 0x50, 0x00];

// T.38 (09/2010) §7.3, version 0: indicators and data fields as octets.
const NO_SIGNAL: u8 = 0x00;
const CED: u8 = 0x04;
const PREAMBLE: u8 = 0x06;
const V27TER_4800_TRAINING: u8 = 0x0A;
const V21_DATA: u8 = 0xC0;
const V27TER_4800_DATA: u8 = 0xC4;
const HDLC_DATA: u8 = 0x80;
const SIG_END: u8 = 0x10;
const FCS_OK: u8 = 0x20;
const FCS_BAD: u8 = 0x30;
const NON_ECM_DATA: u8 = 0xE0;
const NON_ECM_SIG_END: u8 = 0x70;

struct Wire {
    fax: Fax,
    now: Instant,
    sequence: u16,
    outputs: VecDeque<Output>,
    last_sequence: Option<u16>,
    frame: Vec<u8>,
    /// Last frames of the signals of the device.
    heard: VecDeque<Vec<u8>>,
    silent: bool,
    ending: Option<t30::Ending>,
}

impl Wire {
    fn new(device: impl FnOnce(Instant) -> Procedure) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one base of this test's virtual time")]
        let now = Instant::now();
        let fax = Fax::start(device(now), Carrier::t38(t38::Settings::default(), Some(at(1, 4002)), now), now);
        let (outputs, heard) = (VecDeque::new(), VecDeque::new());
        let frame = Vec::new();
        let mut wire =
            Self { fax, now, sequence: 0, outputs, last_sequence: None, frame, heard, silent: true, ending: None };
        wire.settle();
        wire
    }

    fn settle(&mut self) {
        loop {
            let ending = self.fax.settle(&mut self.outputs, self.now);
            self.ending = ending.or(self.ending.take());
            let Some(output) = self.outputs.pop_front() else { return };
            match output {
                Output::T38 { datagram, .. } => self.on_datagram(&datagram),
                Output::NeedPage { index, .. } => self.fax.page(page_bits(index), self.now),
                Output::PageReceived(page) if page.wants_verdict => self.fax.verdict(Verdict::Good, self.now),
                Output::Sip { .. }
                | Output::Resolve { .. }
                | Output::Audio { .. }
                | Output::Report { .. }
                | Output::Polled { .. }
                | Output::PageReceived(_)
                | Output::Confirmed { .. }
                | Output::Progress(_)
                | Output::DocumentOver(_)
                | Output::Ended(_)
                | Output::Finished => {}
            }
        }
    }

    /// The first packet of a datagram, repeats left out.
    fn on_datagram(&mut self, datagram: &[u8]) {
        let sequence = u16::from_be_bytes([datagram[0], datagram[1]]);
        if self.last_sequence == Some(sequence) {
            return;
        }
        self.last_sequence = Some(sequence);
        let packet = &datagram[3..3 + usize::from(datagram[2])];
        self.silent = packet == [NO_SIGNAL];
        let [V21_DATA, fields, rest @ ..] = packet else { return };
        let mut rest = rest;
        for _ in 0..*fields {
            let kind = rest[0];
            rest = &rest[1..];
            if kind & 0x80 != 0 {
                let length = usize::from(u16::from_be_bytes([rest[0], rest[1]])) + 1;
                self.frame.extend_from_slice(&rest[2..2 + length]);
                rest = &rest[2 + length..];
            }
            if [FCS_OK, 0x40].contains(&kind) {
                let frame = std::mem::take(&mut self.frame);
                if frame[1] == 0xC8 {
                    self.heard.push_back(frame);
                }
            }
        }
    }

    fn pass(&mut self, milliseconds: u64) {
        let until = self.now + Duration::from_millis(milliseconds);
        while let Some(at) = self.fax.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.fax.timeout(self.now);
            self.settle();
        }
        self.now = until;
    }

    fn packet(&mut self, packet: &[u8]) {
        let mut datagram = self.sequence.to_be_bytes().to_vec();
        datagram.push(packet.len().try_into().unwrap());
        datagram.extend_from_slice(packet);
        datagram.extend([0, 0]);
        self.sequence = self.sequence.wrapping_add(1);
        self.fax.t38_datagram(&datagram, at(1, 4002), self.now);
        self.settle();
    }

    fn say(&mut self, frame: &[u8], check: u8) {
        self.pass(75);
        self.packet(&[PREAMBLE]);
        self.pass(1000);
        for octet in frame {
            self.packet(&[V21_DATA, 1, HDLC_DATA, 0, 0, *octet]);
            self.pass(27);
        }
        self.pass(54);
        self.packet(&[V21_DATA, 1, check]);
        self.packet(&[V21_DATA, 1, SIG_END]);
        self.packet(&[NO_SIGNAL]);
    }

    fn fast(&mut self, octets: &[u8]) {
        self.pass(75);
        self.packet(&[V27TER_4800_TRAINING]);
        self.pass(950);
        for chunk in octets.chunks(24) {
            let mut packet = vec![V27TER_4800_DATA, 1, NON_ECM_DATA, 0, u8::try_from(chunk.len() - 1).unwrap()];
            packet.extend_from_slice(chunk);
            self.packet(&packet);
            self.pass(40);
        }
        self.packet(&[V27TER_4800_DATA, 1, NON_ECM_SIG_END]);
        self.packet(&[NO_SIGNAL]);
    }

    /// The next signal of the device ends with this frame, X bit aside; then it falls silent.
    fn expect(&mut self, code: u8) {
        for _ in 0..2000 {
            if self.silent && !self.heard.is_empty() {
                break;
            }
            self.pass(10);
        }
        let heard = self.heard.pop_front();
        assert_eq!(heard.as_ref().map(|frame| frame[2] & 0x7F), Some(code & 0x7F), "{heard:02x?}");
    }

    fn ended(&mut self) -> (Cause, u32) {
        self.pass(20_000);
        assert!(self.heard.is_empty(), "{:02x?}", self.heard);
        self.ending.take().map(|ending| (ending.cause, ending.pages)).expect("over")
    }
}

/// An answerer that has sent CFR.
fn trained_answerer() -> Wire {
    let mut wire = Wire::new(|now| Procedure::answerer(inbound().fax, now));
    wire.expect(DIS[2]);
    wire.say(&DCS, FCS_OK);
    wire.fast(&[0; 900]);
    wire.expect(CFR[2]);
    wire
}

fn page() -> Arc<[u8]> {
    page_bits(0)
}

#[test]
fn a_clipped_dcn_leaves_the_fax_sent() {
    let mut wire = trained_answerer();
    wire.fast(&page());
    wire.say(&EOP, FCS_OK);
    wire.expect(MCF[2]);
    wire.pass(75);
    wire.packet(&[PREAMBLE]);
    wire.pass(1100);
    wire.packet(&[NO_SIGNAL]);
    wire.expect(MCF[2]);
    wire.expect(MCF[2]);
    assert_eq!(wire.ended(), (Cause::Sent, 1));
}

#[test]
fn commands_that_are_damaged_or_repeated_cost_nothing() {
    let mut wire = trained_answerer();
    wire.fast(&page());
    wire.say(&MPS, FCS_BAD);
    wire.pass(3450);
    wire.say(&MPS, FCS_OK);
    wire.expect(MCF[2]);
    wire.say(&MPS, FCS_OK);
    wire.expect(MCF[2]);
    wire.fast(&page());
    wire.say(&EOP, FCS_OK);
    wire.expect(MCF[2]);
    wire.say(&DCN, FCS_OK);
    assert_eq!(wire.ended(), (Cause::Sent, 2));
}

#[test]
fn an_echo_of_our_command_is_no_answer() {
    let mut wire = Wire::new(|now| {
        let mut outbound = outbound();
        let fax = sending(&mut outbound);
        fax.documents[0].pages.truncate(1);
        fax.max_modulation = Modulation::V29At9600;
        Procedure::caller(outbound.fax, now)
    });
    wire.pass(3000);
    wire.packet(&[CED]);
    wire.pass(3000);
    wire.say(&DIS, FCS_OK);
    wire.expect(DCS[2]);
    wire.pass(4000);
    wire.say(&CFR, FCS_OK);
    wire.expect(EOP[2]);
    wire.say(&[0xFF, 0xC8, 0xF4], FCS_OK);
    wire.say(&MCF, FCS_OK);
    wire.expect(DCN[2]);
    assert_eq!(wire.ended(), (Cause::Sent, 1));
}
