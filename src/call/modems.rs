//! Modems over the audio of a call: what T.30 wants is played into packets, and what comes is heard out of them.
//!
//! Both ways advance together, a frame of 20 ms at a time, as the modems' clock is the count of their samples.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use super::audio::Sign;
use super::ending::AudioRecord;
use super::interface::Output;
use super::offer::FarAudio;
use super::stream::Stream;
use crate::dsp::FRAME_SAMPLES;
use crate::dsp::progress::{self, Progress};
use crate::modem::{self, Terminal};
use crate::rtp::event::{self, Event, Told};
use crate::rtp::playout::{Part, Playout};
use crate::signal::Tone;

/// A set of modems at one end of a call.
pub(super) struct Modems {
    pub(super) terminal: Terminal,
    stream: Stream,
    playout: Playout,
    frame: [i16; FRAME_SAMPLES],
    events: event::Listener,
    /// Tells what the call has reached, until a fax is heard; only where we called.
    progress: Option<progress::Detector>,
    told: Option<Progress>,
}

/// What became of a datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    /// It is not the far end's.
    No,
    /// It is its audio.
    Audio,
    /// In it a gateway names the sign of a fax.
    Sign(Sign),
}

impl Modems {
    pub(super) fn new(stream: Stream, settings: &modem::Settings, now: Instant) -> Self {
        let terminal = Terminal::new(settings, now);
        let (mut playout, frame, events) = (Playout::new(), [0; FRAME_SAMPLES], event::Listener::new());
        playout.set_payload_types(stream.payload_types());
        Self { terminal, stream, playout, frame, events, progress: None, told: None }
    }

    /// Listens for what else than a fax may have answered.
    pub(super) fn listen_for_progress(&mut self) {
        self.progress = Some(progress::Detector::new());
    }

    /// A fax was heard: nothing else is there.
    pub(super) fn end_progress(&mut self) {
        (self.progress, self.told) = (None, None);
    }

    /// What the call has reached, when it is sure.
    pub(super) const fn progress(&mut self) -> Option<Progress> {
        self.told.take()
    }

    /// A later description of the same audio.
    pub(super) fn described(&mut self, far: FarAudio) {
        self.stream.described(far);
        self.playout.set_payload_types(self.stream.payload_types());
    }

    /// The far end hears nothing for now.
    pub(super) const fn hold(&mut self) {
        self.stream.hold();
    }

    /// When the next frame is due.
    pub(super) const fn deadline(&self) -> Instant {
        self.stream.deadline()
    }

    /// Takes a datagram of the audio port.
    pub(super) fn datagram(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) -> Taken {
        let events = self.stream.events();
        let Some(packet) = self.stream.packet(datagram, source) else { return Taken::No };
        self.playout.receive(&packet, now);
        let told = if events == Some(packet.payload_type) { self.events.hear(&packet).ok() } else { None };
        let sign = told.into_iter().flatten().flatten().find_map(|told| match told {
            Told::Began(Event::Calling) => Some(Sign::Tone(Tone::Cng)),
            Told::Began(event) if event.is_answer_tone() => Some(Sign::Tone(Tone::Ced)),
            Told::Began(Event::Preamble) => Some(Sign::Preamble),
            Told::Began(_) | Told::Ended(..) => None,
        });
        sign.map_or(Taken::Audio, Taken::Sign)
    }

    /// Hears and says one frame, if its turn has come by `now`; whether it had.
    pub(super) fn turn(&mut self, now: Instant, outputs: &mut VecDeque<Output>) -> bool {
        let Some(due) = self.stream.turn(now) else { return false };
        // While we speak nothing but our echo comes.
        self.playout.set_line_is_silent(self.terminal.is_speaking());
        let heard = self.playout.play(due);
        for part in heard.parts() {
            self.terminal.handle(input_of(part), due);
        }
        if let Some(progress) = &mut self.progress {
            self.told = progress.hear(heard.samples).or(self.told);
        }
        self.terminal.play(&mut self.frame, due);
        self.stream.say(&self.frame, outputs);
        self.stream.report(|| self.playout.statistics(), due, outputs);
        true
    }

    /// No more is said or heard.
    pub(super) fn leave(&mut self, now: Instant, outputs: &mut VecDeque<Output>) {
        self.stream.leave(&self.playout.statistics(), now, outputs);
    }

    /// Takes a report of the far end.
    pub(super) fn reported(&mut self, datagram: &[u8], source: SocketAddr, now: Instant) {
        self.stream.reported(datagram, source, now);
    }

    /// What the network and the modems made of it so far.
    pub(super) fn record(&self) -> AudioRecord {
        let (stream, counts) = (self.playout.statistics(), self.terminal.counts());
        let told = self.stream.told();
        AudioRecord {
            codec: self.stream.codec_name().to_owned(),
            srtp: self.stream.suite_name().map(str::to_owned),
            sent: self.stream.sent_packets().into(),
            missed_there: told.map(|told| told.lost),
            round_trip_ms: told.and_then(|told| told.round_trip).map(|time| time.as_secs_f64() * 1000.0),
            goodbye: self.stream.goodbye().map(str::to_owned),
            received: stream.received,
            lost: stream.lost,
            late: stream.late,
            concealed_frames: stream.concealed_frames,
            slips: stream.slips,
            jitter_ms: stream.jitter.as_secs_f64() * 1000.0,
            drift_parts_per_million: stream.drift_parts_per_million,
            failed_trainings: counts.failed_trainings,
            signal_to_noise_db: counts.signal_to_noise_db,
        }
    }

    /// A buffer that was sent may be filled again.
    pub(super) fn give_back(&mut self, buffer: Vec<u8>) {
        self.stream.give_back(buffer);
    }
}

const fn input_of(part: Part<'_>) -> modem::Input<'_> {
    match part {
        Part::Came(samples) => modem::Input::Samples(samples),
        Part::MadeUp(samples) => modem::Input::Concealed(samples),
    }
}
