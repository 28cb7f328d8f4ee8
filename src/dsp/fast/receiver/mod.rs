//! The receiver: samples to bits.
//!
//! Samples, with clipped peaks put right ([`clipping`]), pass a filter that gives the signal twice a symbol ([`front`]). While nothing is received these half symbols are compared with the
//! conditioning sequence of the modem ([`search`]); its first symbols give an equaliser and a carrier in one step ([`training`]), the rest of it
//! makes them better. Then every symbol is decided upon ([`data`], [`decoder`]), and how far it lay from the decision steers equaliser, carrier and clock
//! ([`mod@line`]), unless there is a hole in the signal ([`presence`]), a click ([`clicks`]) or it makes no sense ([`gate`]): a lost packet teaches
//! nothing, and since clock and carrier go on as they were, the symbols after it are received as those before.

mod bank;
mod carrier;
mod clicks;
mod clipping;
mod data;
mod decoder;
mod equaliser;
mod front;
mod gate;
mod line;
mod normal;
mod presence;
mod recovery;
mod search;
mod short;
#[cfg(test)]
mod tests;
mod training;
mod viterbi;
mod window;

use super::{Mode, Training};
use data::Data;
use front::MOST_AT_ONCE;
use line::Line;
use presence::{Presence, Signal};
use search::{Found, Place, Search};
use short::{Kept, Short};
use training::{Conditioning, Misfit, Step};

/// What a receiver has to tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Energy that looks like this modem's training has begun.
    Carrier,
    /// Training was successful; data follow.
    Trained,
    /// The bits of a symbol.
    Bits(Bits),
    /// Training was not successful.
    TrainingFailed,
    /// The signal has ended.
    CarrierLost,
}

/// Some bits; the first is the least significant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bits {
    /// The bits; above them there are zeros.
    pub bits: u8,
    /// How many: as many as a symbol of the mode has.
    pub count: u8,
}

impl Bits {
    /// One after the other, in the order of the line.
    pub fn iter(self) -> impl Iterator<Item = bool> {
        (0..self.count).map(move |at| self.bits >> at & 1 == 1)
    }
}

/// A receiver of one mode.
#[derive(Clone, Debug)]
pub struct Receiver {
    mode: Mode,
    training: Training,
    line: Line,
    state: State,
    kept: Option<Box<Kept>>,
    /// The mean error of the last signal, as a share of its power.
    error: f32,
    /// Whether the samples are made up.
    is_concealed: bool,
}

#[derive(Clone, Debug)]
enum State {
    /// Waiting for a carrier.
    Searching(Box<Searching>),
    /// The first symbols of the conditioning come in, unless something more like it is found; if they are none, the search goes on.
    Gathering(Box<Gathering>),
    /// The conditioning goes on, and V.17's bridge.
    Conditioning(Box<Conditioning>),
    /// The last segment, and then data.
    Data(Box<Data>),
    /// Training failed: until there is silence.
    Failed,
}

#[derive(Clone, Debug)]
struct Searching {
    search: Search,
    short: Option<Short>,
    /// Since when there has been a carrier.
    since: Option<u64>,
    /// When there was last any signal.
    last: u64,
}

#[derive(Clone, Debug)]
struct Gathering {
    /// What was found.
    found: Place,
    /// Where symbols are gathered from.
    place: Place,
    searching: Searching,
}

/// Symbols from what was found within which something else is no repetition of it.
const REPETITION_FREE: u64 = 100;
/// Longest time from the alternations to where the conditioning must have been recognised.
const SEARCH_MILLISECONDS: u64 = 1000;
/// Longest silence within it.
const PAUSE_MILLISECONDS: u64 = 100;

impl Receiver {
    /// A receiver that waits for long training.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        let mut receiver = Self {
            mode,
            training: Training::Long,
            line: Line::new(mode),
            state: State::Failed,
            kept: None,
            error: 1.0,
            is_concealed: false,
        };
        receiver.search();
        receiver
    }

    /// Waits for a carrier of a mode. For [`Training::Short`] what the last good long training has found is used.
    pub fn restart(&mut self, mode: Mode, training: Training) {
        self.mode = mode;
        self.training = training;
        self.line.change(mode);
        self.search();
    }

    /// Whether data are being received.
    #[must_use]
    pub fn is_trained(&self) -> bool {
        match &self.state {
            State::Data(data) => data.is_trained(),
            State::Searching(_) | State::Gathering(_) | State::Conditioning(_) | State::Failed => false,
        }
    }

    /// The ratio of signal and noise in the present or last carrier, as the decisions see it.
    #[must_use]
    pub fn signal_to_noise_db(&self) -> f32 {
        -10.0 * self.error.max(1e-9).log10()
    }

    /// Takes samples, tells what they mean.
    pub fn receive(&mut self, samples: &[i16], event: &mut dyn FnMut(Event)) {
        for samples in samples.chunks(MOST_AT_ONCE) {
            self.line.front.take(samples);
            while let Some(signal) = self.line.front.next() {
                self.line.hear(signal, self.is_concealed);
                self.half_symbol(event);
            }
        }
    }

    /// Takes samples that were made up for a lost packet: time passes, and nothing is learned from them.
    pub fn receive_concealed(&mut self, samples: &[i16], event: &mut dyn FnMut(Event)) {
        self.is_concealed = true;
        self.receive(samples, event);
        self.is_concealed = false;
    }

    fn search(&mut self) {
        let short = match (self.training, &self.kept) {
            (Training::Short, Some(kept)) if self.mode.has_short_training() => {
                Some(Short::new(self.mode, (**kept).clone(), training::worst_error(self.mode, Training::Short)))
            }
            (Training::Short, _) | (Training::Long, _) => None,
        };
        self.line.forget_signal();
        self.state =
            State::Searching(Box::new(Searching { search: Search::new(self.mode), short, since: None, last: 0 }));
    }

    fn half_symbol(&mut self, event: &mut dyn FnMut(Event)) {
        let end = self.line.window.end();
        match &mut self.state {
            State::Searching(searching) => {
                if let Some(next) = searching.look(self.mode, &mut self.line, event) {
                    self.state = next;
                }
            }
            State::Gathering(gathering) => {
                if matches!(self.line.presence.judge(&self.line.window, 0.0), Signal::Gone(_)) {
                    self.state = State::Searching(Box::new(gathering.searching.clone()));
                } else if gathering.is_complete(&mut self.line) {
                    match Conditioning::long(self.mode, &mut self.line, gathering.place) {
                        Ok(conditioning) => self.state = State::Conditioning(Box::new(conditioning)),
                        Err(Misfit::Partly) => gathering.place.pass_over(training::FIRST_SYMBOLS),
                        Err(Misfit::Wholly) => {
                            self.state = State::Searching(Box::new(gathering.searching.clone()));
                        }
                    }
                }
            }
            State::Conditioning(conditioning) => match conditioning.half_symbol(&mut self.line) {
                Step::On => {}
                Step::Failed => self.state = self.fail(event),
                Step::Over(data, kept) => {
                    self.error = data.error();
                    self.kept = kept.or(self.kept.take());
                    self.state = State::Data(data);
                }
            },
            State::Data(data) => {
                let is_on = data.half_symbol(&mut self.line, event);
                self.error = data.error();
                if !is_on {
                    event(Event::CarrierLost);
                    self.search();
                }
            }
            State::Failed => {
                if end.is_multiple_of(16) && self.line.presence.judge(&self.line.window, 0.0) != Signal::There {
                    self.search();
                }
            }
        }
    }

    /// Gives up on a training.
    fn fail(&mut self, event: &mut dyn FnMut(Event)) -> State {
        event(Event::TrainingFailed);
        let level = self.line.presence.level();
        self.line.presence = Presence::new(self.mode, level.max(search::LEAST_POWER));
        State::Failed
    }
}

impl Gathering {
    /// Whether the first symbols are there. Goes over to something more like the conditioning, if there is.
    fn is_complete(&mut self, line: &mut Line) -> bool {
        if let Found::Conditioning(better) = self.searching.search.look(&line.window)
            && better.likeness > self.found.likeness
            && better.at < self.found.at + 2 * REPETITION_FREE
        {
            (self.found, self.place) = (better, better);
            line.watch(better.at);
        }
        training::gathered(line, &mut self.place)
    }
}

impl Searching {
    fn look(&mut self, mode: Mode, line: &mut Line, event: &mut dyn FnMut(Event)) -> Option<State> {
        let end = line.window.end();
        let found = self.search.look(&line.window);
        if found != Found::Nothing && self.since.is_none() {
            line.note_signal();
            event(Event::Carrier);
            self.since = Some(end);
        }
        if let Found::Conditioning(place) = found {
            line.watch(place.at);
            return Some(State::Gathering(Box::new(Gathering { found: place, place, searching: self.clone() })));
        }
        if let Some(begun) = self.short.as_mut().and_then(|short| short.look(line)) {
            return Some(match begun.symbol {
                Some(symbol) => State::Conditioning(Box::new(Conditioning::short(mode, line, begun, symbol))),
                None => {
                    event(Event::Trained);
                    State::Data(Box::new(Data::begun(mode, line, begun)))
                }
            });
        }
        if self.search.is_present() {
            self.last = end;
        }
        let half_symbols = |milliseconds: u64| milliseconds * 2 * u64::from(mode.symbols_per_second()) / 1000;
        let is_late = |since: u64| {
            end > since + half_symbols(SEARCH_MILLISECONDS) || end > self.last + half_symbols(PAUSE_MILLISECONDS)
        };
        if self.since.is_some_and(is_late) {
            event(Event::TrainingFailed);
            line.forget_signal();
            self.since = None;
        }
        None
    }
}
