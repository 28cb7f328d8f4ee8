//! Hearing V.21: bits, flags and frames become control signals with a beginning and an end.
//!
//! After a signal of our own its echo may come back. Bare flags are not believed for so long, which costs nothing of a real signal's
//! second of them; frames are, unless they are ours.

use tracing::debug;

use super::playing::samples_in;
use super::settings::Settings;
use crate::dsp::hdlc::{Deframer, Found, Mender};
use crate::dsp::v21::{Event, Receiver};
use crate::signal::Frame;

/// Listens for V.21.
#[derive(Debug)]
pub(super) struct Control {
    receiver: Receiver,
    deframer: Deframer,
    mender: Mender,
    signal: Signal,
    /// Bits since the last flag.
    since_flag: u32,
    is_asleep: bool,
    /// How long an echo may take, and for how long one may still come, in samples.
    longest_echo: usize,
    echo: usize,
    own_frames: Vec<Frame>,
    own_frames_for: usize,
}

/// Where we are in a signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Signal {
    Quiet,
    Open {
        /// Whether its last frame has come.
        is_complete: bool,
        /// Samples since the carrier was lost.
        silent: Option<usize>,
    },
}

/// What was noticed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Noticed<'a> {
    /// A signal has begun.
    Begin,
    /// A frame with a good check sequence.
    Frame(&'a [u8]),
    /// A frame that is not.
    Damaged,
    /// The carrier has gone, which may be for a moment only.
    Silence,
    /// The signal is over.
    End,
}

impl Control {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            receiver: Receiver::new(),
            deframer: Deframer::new(),
            mender: Mender::new(),
            signal: Signal::Quiet,
            since_flag: 0,
            is_asleep: false,
            longest_echo: samples_in(settings.echo),
            echo: 0,
            own_frames: Vec::new(),
            own_frames_for: 0,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.signal != Signal::Quiet
    }

    /// Nothing need be listened for; what comes later has nothing to do with what was before.
    pub(super) fn sleep(&mut self) {
        if !self.is_asleep {
            self.restart();
            self.is_asleep = true;
        }
    }

    /// Forgets what is under way; whether a signal was.
    pub(super) fn restart(&mut self) -> bool {
        self.receiver = Receiver::new();
        self.deframer.restart();
        self.mender.restart();
        std::mem::replace(&mut self.signal, Signal::Quiet) != Signal::Quiet
    }

    /// Frames of ours that are about to leave.
    pub(super) fn own_frames(&mut self, frames: &[Frame]) {
        self.own_frames = frames.to_vec();
    }

    /// We have fallen silent; `was_control`: after V.21.
    pub(super) const fn own_voice_over(&mut self, was_control: bool) {
        self.echo = if was_control { self.longest_echo } else { 0 };
        self.own_frames_for = OWN_FRAMES_SAMPLES;
    }

    /// Takes samples; `are_real` unless they were made up for lost ones. `notice` is told what they bring and, of these samples, the
    /// first behind it.
    pub(super) fn hear(&mut self, samples: &[i16], are_real: bool, notice: &mut dyn FnMut(usize, Noticed<'_>)) {
        self.is_asleep = false;
        let Self { receiver, deframer, mender, signal, since_flag, own_frames, echo, .. } = self;
        let mut ear = Ear { deframer, mender, signal, since_flag, own_frames, believes_flags: *echo == 0 };
        let mut take = |place: usize, event| match event {
            Event::Bit { bit, is_sure } => ear.bit(bit, is_sure, &mut |noticed| notice(place + 1, noticed)),
            Event::CarrierUp => ear.carrier_up(),
            Event::CarrierDown => ear.carrier_down(&mut |noticed| notice(place + 1, noticed)),
        };
        if are_real {
            receiver.receive(samples, &mut take);
        } else {
            receiver.receive_concealed(samples, &mut take);
        }
        if let Signal::Open { silent: Some(silent), .. } = signal {
            *silent += samples.len();
            if *silent >= LONGEST_DROPOUT_SAMPLES {
                if deframer.end() {
                    notice(samples.len(), Noticed::Damaged);
                }
                *signal = Signal::Quiet;
                notice(samples.len(), Noticed::End);
            }
        }
        self.echo = self.echo.saturating_sub(samples.len());
        self.own_frames_for = self.own_frames_for.saturating_sub(samples.len());
        if self.own_frames_for == 0 {
            self.own_frames.clear();
        }
    }
}

/// What bits and carrier changes are heard with.
struct Ear<'a> {
    deframer: &'a mut Deframer,
    mender: &'a mut Mender,
    signal: &'a mut Signal,
    since_flag: &'a mut u32,
    own_frames: &'a [Frame],
    believes_flags: bool,
}

impl Ear<'_> {
    fn bit(&mut self, bit: bool, is_sure: bool, notice: &mut dyn FnMut(Noticed<'_>)) {
        *self.since_flag = self.since_flag.saturating_add(1);
        let mended = self.mender.push(bit, is_sure, is_control_frame);
        match self.deframer.push(bit) {
            Some(Found::Flag(count)) => {
                *self.since_flag = 0;
                if count >= FLAGS_TO_BEGIN && self.believes_flags && *self.signal == Signal::Quiet {
                    *self.signal = Signal::Open { is_complete: false, silent: None };
                    notice(Noticed::Begin);
                }
            }
            Some(Found::Frame(frame)) => {
                *self.since_flag = 0;
                // What the mender has is the same one, a doubt of which was well guessed.
                take_frame(frame, self.own_frames, self.signal, notice);
                return;
            }
            Some(Found::Damaged) => {
                *self.since_flag = 0;
                if *self.signal != Signal::Quiet && mended.is_none() {
                    notice(Noticed::Damaged);
                }
            }
            Some(Found::Abort) | None => {
                let is_lost = *self.since_flag > MOST_BITS_WITHOUT_FLAG && self.deframer.is_lost();
                if is_lost && *self.signal != Signal::Quiet {
                    *self.signal = Signal::Quiet;
                    notice(Noticed::End);
                }
            }
        }
        for frame in mended.into_iter().flatten() {
            debug!("a frame with a hole was mended");
            // It came damaged all the same: T.30 is to know the line.
            if *self.signal != Signal::Quiet {
                notice(Noticed::Damaged);
            }
            take_frame(&frame, self.own_frames, self.signal, notice);
        }
    }

    const fn carrier_up(&mut self) {
        if let Signal::Open { silent, .. } = self.signal {
            *silent = None;
        }
    }

    fn carrier_down(&mut self, notice: &mut dyn FnMut(Noticed<'_>)) {
        match self.signal {
            Signal::Quiet => self.deframer.restart(),
            // Where a signal may end: a flag was the last thing, and the carrier took a moment to fade.
            Signal::Open { is_complete: true, .. } if *self.since_flag <= BITS_WHILE_FADING => {
                notice(Noticed::Silence);
                self.deframer.restart();
                *self.signal = Signal::Quiet;
                notice(Noticed::End);
            }
            Signal::Open { silent, .. } => {
                notice(Noticed::Silence);
                *silent = Some(0);
            }
        }
    }
}

fn take_frame(frame: &[u8], own: &[Frame], signal: &mut Signal, notice: &mut dyn FnMut(Noticed<'_>)) {
    if own.iter().any(|own| own == frame) {
        debug!("our own frame has come back");
        return;
    }
    if *signal == Signal::Quiet {
        notice(Noticed::Begin);
    }
    // T.30 (09/2005) §5.3.5: the bit that marks the final frame
    let is_complete = frame.get(1).is_some_and(|control| control & 0x08 != 0);
    *signal = Signal::Open { is_complete, silent: None };
    notice(Noticed::Frame(frame));
}

/// Whether a frame begins like those of T.30.
// T.30 (09/2005) §5.3.4, §5.3.5
fn is_control_frame(frame: &[u8]) -> bool {
    matches!(frame, [0xFF, 0xC0 | 0xC8, _, ..])
}

/// Flags in a row that are a control signal. Random bits have three once in 2²⁴ bits.
const FLAGS_TO_BEGIN: u32 = 3;
/// Bits, of noise, between the end of a carrier and its being noticed.
const BITS_WHILE_FADING: u32 = 12;
/// Bits without a flag, where no frame is under way, after which what is heard is no V.21: half a second.
const MOST_BITS_WITHOUT_FLAG: u32 = 150;
/// Silence within a signal that is not its end: a lost packet or two.
const LONGEST_DROPOUT_SAMPLES: usize = 480;
/// For so long after our signal a frame that is the same as one of ours is its echo.
const OWN_FRAMES_SAMPLES: usize = 24_000;
