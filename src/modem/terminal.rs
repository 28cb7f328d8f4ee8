//! The terminal: what is sent is played, sample by sample, and what is heard is told.
//!
//! ```text
//! Send ──▶ Player ──play──▶ samples, Sent
//!            │ our own voice
//! Samples ▶ Hearing ──▶ Heard
//! ```

use std::collections::VecDeque;
use std::time::Instant;

use super::hearing::{Hearing, Voice};
use super::playing::Player;
use super::settings::{Counts, Settings};
use crate::signal::{Burst, Heard, Listen};

/// What the terminal is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input<'a> {
    /// Put this on the line. One asked for while another is being sent waits for it; calling tone does not, it stops.
    Send(Burst),
    /// Stop sending at once; there will be no `Sent`.
    StopSending,
    /// What the far end may send next.
    Listen(Listen),
    /// T.30 is over: what waits is dropped, what is being sent goes on to its end, and nothing that is heard matters any more.
    Part,
    /// The next samples from the far end, of any number.
    Samples(&'a [i16]),
    /// The same, where the far end's were lost: what was made up in their place. Nothing is learned from it, and a control frame with
    /// one such hole is mended.
    Concealed(&'a [i16]),
}

/// What the terminal says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// This was heard from the far end.
    Heard(Heard),
    /// The last sample of the burst was played. Silence says so up to one call of [`Terminal::play`] early, so that what follows begins
    /// to the sample.
    Sent,
}

/// One end of a fax call over audio. Time advances with the samples: [`Terminal::play`] and [`Input::Samples`] are given as many of
/// them, and `now` is their time.
#[derive(Debug)]
pub struct Terminal {
    player: Player,
    hearing: Hearing,
    /// Whether the last control signal is ours, and the far end has said nothing since.
    has_last_word: bool,
    is_parting: bool,
    outputs: VecDeque<Output>,
}

impl Terminal {
    /// A terminal that is silent and listens for V.21.
    #[must_use]
    pub fn new(settings: &Settings, _now: Instant) -> Self {
        Self {
            player: Player::new(settings),
            hearing: Hearing::new(settings),
            has_last_word: false,
            is_parting: false,
            outputs: VecDeque::new(),
        }
    }

    /// Takes an input; [`Terminal::poll`] then says what follows.
    pub fn handle(&mut self, input: Input<'_>, _now: Instant) {
        match input {
            Input::Send(burst) => {
                if let Burst::Control(frames) = &burst {
                    self.hearing.own_frames(frames);
                    self.has_last_word = true;
                }
                self.player.send(burst);
            }
            Input::StopSending => self.player.stop(),
            Input::Listen(listen) => self.hearing.expect(listen),
            Input::Part => {
                self.player.forget_waiting();
                self.is_parting = true;
            }
            Input::Samples(samples) => {
                if !self.is_parting {
                    self.hearing.hear(samples, true);
                }
            }
            Input::Concealed(samples) => {
                if !self.is_parting {
                    self.hearing.hear(samples, false);
                }
            }
        }
        self.pass_heard();
    }

    /// Fills `samples` with what is to be sent next, silence where nothing is.
    pub fn play(&mut self, samples: &mut [i16], _now: Instant) {
        let before = self.player.voice();
        let outputs = &mut self.outputs;
        self.player.play(samples, || outputs.push_back(Output::Sent));
        let after = self.player.voice();
        // What ended within these samples still counts for all of them.
        let voice = if after == Voice::Silent { before } else { after };
        self.hearing.own_voice(voice);
        self.pass_heard();
    }

    /// The next output, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether nothing is being sent and nothing waits.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.player.is_idle()
    }

    /// Whether a signal of ours is on the line that the far end waits for the end of. Within our calling tone, and between two signals of
    /// ours, it may begin.
    #[must_use]
    pub const fn is_speaking(&self) -> bool {
        !matches!(self.player.voice(), Voice::Silent)
    }

    /// Whether a control signal of ours is the last there was: nothing shows that the far end has it.
    #[must_use]
    pub const fn has_last_word(&self) -> bool {
        self.has_last_word
    }

    /// Counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.hearing.counts()
    }

    fn pass_heard(&mut self) {
        while let Some(heard) = self.hearing.poll() {
            if matches!(heard, Heard::Preamble | Heard::Carrier { .. }) {
                // It has heard us.
                self.has_last_word = false;
            }
            self.outputs.push_back(Output::Heard(heard));
        }
    }
}
