//! Datagrams of the far end: put in order, read in the grammar that it speaks, and passed on as what was heard.

use std::time::Instant;

use tracing::{debug, trace};

use super::hearing;
use super::limits::TAIL;
use super::proof::Advice;
use super::{Output, Terminal};
use crate::signal::Heard;
use crate::t38::ifp::{Grammar, IfpError, Packet};
use crate::t38::udptl::Delivery;

/// Data packets after which a far end's grammar is believed.
const GRAMMAR_PROOFS: u8 = 8;

impl Terminal {
    pub(super) fn datagram(&mut self, octets: &[u8], now: Instant) {
        if let Err(error) = self.receiver.accept(octets, now) {
            self.counts.malformed_datagrams += 1;
            debug!(%error, octets = octets.len(), "datagram ignored");
        }
        self.deliver(now);
    }

    /// Hears what the receiver has put in order.
    pub(super) fn deliver(&mut self, now: Instant) {
        while let Some(delivery) = self.receiver.poll() {
            match delivery {
                Delivery::Lost => self.hearing.lost(),
                Delivery::Packet(ifp) => self.packet(&ifp, now),
            }
        }
        self.pass_heard(now);
    }

    fn packet(&mut self, ifp: &[u8], now: Instant) {
        let (packet, grammar) = match self.decode(ifp) {
            Ok(decoded) => decoded,
            Err(error) => {
                self.counts.malformed_packets += 1;
                debug!(%error, "packet ignored");
                self.hearing.lost();
                return;
            }
        };
        trace!(?packet, "heard");
        if grammar != self.heard_grammar {
            debug!(?grammar, "the far end speaks another version's grammar");
            self.heard_grammar = grammar;
            self.grammar_proofs = 0;
        }
        if matches!(packet, Packet::Data { .. }) {
            self.grammar_proofs = self.grammar_proofs.saturating_add(1);
            if self.grammar_proofs >= GRAMMAR_PROOFS {
                // What it speaks it understands, whatever was agreed on.
                self.spoken_grammar = grammar;
            }
        }
        self.hearing.packet(packet, now);
    }

    fn decode(&self, ifp: &[u8]) -> Result<(Packet, Grammar), IfpError> {
        let decoded = Packet::decode_tolerantly(ifp, self.heard_grammar)?;
        // The later grammar's good frame is the carrier's end in that of 1998; but no carrier ends inside a
        // whole frame.
        if decoded == (hearing::bare_end(), Grammar::Version0)
            && self.hearing.is_inside_whole_frame()
            && let Ok(other) = Packet::decode(ifp, Grammar::Extended)
        {
            return Ok((other, Grammar::Extended));
        }
        Ok(decoded)
    }

    pub(super) fn pass_heard(&mut self, now: Instant) {
        while let Some(heard) = self.hearing.poll() {
            if heard == Heard::End {
                self.quiet_until = self.quiet_until.max(now + self.gap());
            }
            if matches!(heard, Heard::Preamble | Heard::Carrier { .. }) {
                // It has heard us.
                self.has_last_word = false;
                if !self.is_parting {
                    self.tail = TAIL.len();
                }
            }
            match self.proof.hears(&heard, now) {
                Advice::Pass => self.outputs.push_back(Output::Heard(heard)),
                Advice::Drop => debug!(?heard, "asks for the fast training check again"),
                Advice::Release => {
                    self.sent(now);
                    self.outputs.push_back(Output::Heard(heard));
                }
                Advice::Again => {
                    self.outputs.push_back(Output::Heard(heard));
                    let again = self.proof.repetition();
                    self.say_again(again, now);
                }
            }
        }
    }
}
