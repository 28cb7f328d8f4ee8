//! An IP trunk: RTP packets that are lost, late or out of order, into our playout.

use std::time::{Duration, Instant};

use faxramp::dsp::g711::Law;
use faxramp::rtp::playout::{Mark, Playout};
use faxramp::rtp::{Packet, Sender};

use super::network::PACKET;
use crate::chance::Chance;

/// What happens to packets on their way.
#[derive(Clone, Copy, Debug)]
pub struct Trunk {
    /// Lost in a thousand.
    pub lost_per_mille: u32,
    /// In a thousand, how many come behind the one that was sent after them.
    pub swapped_per_mille: u32,
    /// Each takes up to so many milliseconds more than the quickest, evenly spread.
    pub jitter_milliseconds: u32,
    /// Packets at the beginning that nothing happens to.
    pub spared: usize,
    /// Chooses the chance.
    pub seed: u64,
}

/// A frame's time.
const FRAME: Duration = Duration::from_millis(20);
/// The payload type of µ-law.
const PCMU: u8 = 0;

impl Trunk {
    /// What our playout makes of a signal, frame by frame, and which frames have something filled in.
    #[must_use]
    pub fn carry(&self, signal: &[i16], start: Instant) -> (Vec<i16>, Vec<bool>) {
        let mut chance = Chance::new(self.seed);
        let mut sender = Sender::new(7, 100, 1000);
        let mut arrivals: Vec<(Duration, Vec<u8>)> = Vec::new();
        for (place, samples) in signal.chunks_exact(PACKET).enumerate() {
            let codes: Vec<u8> = samples.iter().map(|sample| Law::Mu.encode(*sample)).collect();
            let octets = sender.send(PCMU, &codes, PACKET as u32);
            let spared = place < self.spared;
            let jitter = Duration::from_millis(u64::from(chance.below(self.jitter_milliseconds + 1)));
            let swap =
                if !spared && chance.per_mille(self.swapped_per_mille) { FRAME + FRAME / 2 } else { Duration::ZERO };
            if spared || !chance.per_mille(self.lost_per_mille) {
                arrivals.push((FRAME * place as u32 + jitter + swap, octets));
            }
        }
        arrivals.sort_by_key(|(arrival, _)| *arrival);
        let mut playout = Playout::new();
        let (mut heard, mut filled) = (Vec::with_capacity(signal.len()), Vec::new());
        let mut arrivals = arrivals.into_iter().peekable();
        // A second more, for what the playout keeps back.
        for tick in 0..signal.len() / PACKET + 50 {
            let now = FRAME * tick as u32 + FRAME / 2;
            while let Some((arrival, octets)) = arrivals.next_if(|(arrival, _)| *arrival <= now) {
                let packet = Packet::decode(&octets).expect("our own packet");
                playout.receive(&packet, start + arrival);
            }
            let frame = playout.play(start + now);
            filled.push(frame.mark == Mark::Concealed);
            heard.extend_from_slice(frame.samples);
        }
        (heard, filled)
    }
}
