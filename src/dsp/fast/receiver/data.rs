//! Data: every symbol is decided upon, and the decision teaches, if it can be trusted.

use super::super::Mode;
use super::Event;
use super::decoder::Decoder;
use super::equaliser::{AFTER, BEFORE};
use super::gate::{Gate, Trust};
use super::line::{Line, Loops};
use super::presence::Signal;
use super::recovery::Recovery;
use super::search::Tones;
use super::short::Begun;

/// The last segment, and the data.
#[derive(Clone, Debug)]
pub(super) struct Data {
    decoder: Decoder,
    gate: Gate,
    recovery: Recovery,
    at: u64,
    /// Symbols of the last segment that are left.
    left: u32,
}

impl Data {
    /// From the last segment of training on, which lasts so many symbols and begins at a half symbol.
    pub(super) fn new(mode: Mode, at: u64, ones: u32, error: f32, recovery: Recovery) -> Self {
        Self { decoder: Decoder::new(mode, ones), gate: Gate::new(mode, error), recovery, at, left: ones }
    }

    /// Data that have begun while a short training was looked for.
    pub(super) fn begun(mode: Mode, line: &mut Line, begun: Begun) -> Self {
        line.watch(begun.at - Line::WATCHED);
        Self::new(mode, begun.at, 0, begun.error, Recovery::new(Tones::new(mode), begun.timing))
    }

    pub(super) const fn is_trained(&self) -> bool {
        self.left == 0
    }

    /// The mean error, as a share of the power.
    pub(super) const fn error(&self) -> f32 {
        self.gate.error()
    }

    /// Goes on when the half symbols for the next symbol are there; false when the signal has ended.
    #[inline]
    pub(super) fn half_symbol(&mut self, line: &mut Line, event: &mut dyn FnMut(Event)) -> bool {
        line.window.end() <= self.at + AFTER || self.symbol(line, event)
    }

    fn symbol(&mut self, line: &mut Line, event: &mut dyn FnMut(Event)) -> bool {
        let here = self.at;
        self.at += 2;
        let heard = line.heard(here);
        let aim = self.decoder.take(heard, &mut |bits| event(Event::Bits(bits)));
        let mut trust = Trust::Doubtful;
        if !line.had_hole_since(here - BEFORE) {
            trust = self.gate.hear(line.share(aim - heard));
        }
        if self.gate.closed() > 0 {
            self.recovery.hear(line, &self.decoder, here, heard, self.gate.closed());
        }
        match trust {
            Trust::Trusted => line.follow(here, heard, aim, Loops::DECIDED),
            Trust::Doubtful => line.coast(),
            Trust::Lost => return false,
        }
        if self.left > 0 {
            self.left -= 1;
            if self.left == 0 {
                event(Event::Trained);
            }
        }
        !(here / 2).is_multiple_of(8) || self.is_there(line, event)
    }

    /// Whether the signal is still there.
    fn is_there(&mut self, line: &mut Line, event: &mut dyn FnMut(Event)) -> bool {
        self.gate.set_most();
        let mut give = |bits| event(Event::Bits(bits));
        match line.presence.judge(&line.window, self.gate.error()) {
            Signal::There => self.decoder.release(&mut give),
            Signal::Faint(_) => self.decoder.hold(),
            Signal::Gone(since) => {
                self.decoder.finish((self.at.saturating_sub(since) / 2) as usize, &mut give);
                return false;
            }
        }
        true
    }
}
