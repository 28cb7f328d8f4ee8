//! What is heard in the audio before a fax has said who it is: its tones, or something that is no fax.

use std::net::SocketAddr;
use std::time::Instant;

use crate::call::audio::Sign;
use crate::call::engine::{Call, Role, Speaker, State};
use crate::call::timer::{AFTER_GREETING, AFTER_TONE, AFTER_VOICE, CED_AND_PREAMBLE, PREAMBLE, Timer};
use crate::dsp::progress::Progress as Reached;
use crate::model::Sound;
use crate::signal::Tone;

impl Call {
    /// A datagram on the audio port.
    pub(in crate::call) fn audio(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) {
        match self.state.speaker() {
            Some(Speaker::Tone(audio)) => {
                if let Some(sign) = audio.heard(datagram, source) {
                    self.sign(sign, now);
                }
            }
            Some(Speaker::Fax(fax)) => fax.audio_datagram(datagram, source, now),
            None => {}
        }
    }

    /// The tone that we send.
    // T.30 (09/2005) §4.3.3
    pub(super) const fn own_tone(&self) -> Tone {
        match self.role {
            Role::Caller(_) => Tone::Cng,
            Role::Answerer(_) => Tone::Ced,
        }
    }

    /// A fax was heard in the audio.
    pub(in crate::call) fn sign(&mut self, sign: Sign, now: Instant) {
        // Our own tone is an echo, and says nothing of who is there.
        if sign == Sign::Tone(self.own_tone()) {
            return;
        }
        self.fax_tone_heard = true;
        if let State::Fax(fax) = &mut self.state {
            fax.is_one();
        }
        self.heard_instead = None;
        self.timers.clear(Timer::NotAFax);
        match sign {
            // A gateway that means to ask has heard it as well.
            Sign::Preamble => self.timers.hasten(Timer::Reinvite, now + PREAMBLE),
            // The calling tone proves a fax: nothing is gained by more of our answer tone.
            Sign::Tone(Tone::Cng) => self.timers.hasten(Timer::Reinvite, now),
            // The called side's gateway asks when it hears the V.21 behind this tone; if it has not by then, it waits for us.
            Sign::Tone(Tone::Ced) => self.timers.hasten(Timer::Reinvite, now + CED_AND_PREAMBLE),
        }
    }

    /// Something was heard that is no fax. What was heard first says most: a busy tone after a voice is that of a person who has hung up.
    pub(in crate::call) fn reached(&mut self, reached: Reached, now: Instant) {
        let (sound, wait) = match reached {
            // Whoever answered lets it ring elsewhere; the wait for a fax goes on.
            Reached::Ringback => return,
            Reached::Voice => (Sound::Voice, Some(AFTER_VOICE)),
            Reached::AnsweringMachine => (Sound::AnsweringMachine, Some(AFTER_GREETING)),
            Reached::Busy => (Sound::BusyTone, Some(AFTER_TONE)),
            Reached::Congestion => (Sound::CongestionTone, Some(AFTER_TONE)),
            Reached::SpecialInformation => (Sound::InformationTone, Some(AFTER_TONE)),
            Reached::DialTone => (Sound::DialTone, Some(AFTER_TONE)),
            Reached::DataModem => (Sound::DataModem, Some(AFTER_TONE)),
            // T0 is the end of it.
            Reached::Silence => (Sound::Silence, None),
        };
        self.heard_instead = Some(match (self.heard_instead, sound) {
            (None | Some(Sound::Silence), sound) => sound,
            (Some(Sound::Voice), Sound::AnsweringMachine) => sound,
            (Some(before), _) => before,
        });
        let Some(wait) = wait else { return };
        if self.timers.runs(Timer::NotAFax) {
            self.timers.hasten(Timer::NotAFax, now + wait);
        } else {
            self.timers.set(Timer::NotAFax, now + wait);
        }
    }
}
