//! A call over a line of samples: two ends, a wire each way, 20 ms at a time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use faxramp::dsp::g711::Law;
use faxramp::dsp::{FRAME_SAMPLES, PEAK_AT_0_DBM0};

use crate::call::{CallReport, HANG_UP_AFTER, LONGEST_CALL};
use crate::chance::Chance;

/// The time of a frame.
pub const FRAME: Duration = Duration::from_millis(20);

/// Samples of a frame.
pub type Samples = [i16; FRAME_SAMPLES];

/// One end of a fax call over audio.
pub trait AudioEnd {
    /// What it says in the next 20 ms.
    fn say(&mut self, samples: &mut Samples, now: Instant);
    /// What it hears in them; it may change them.
    fn hear(&mut self, samples: &mut Samples, now: Instant);
    /// Their packet was lost, and it knows.
    fn miss(&mut self, now: Instant);
    /// Whether its procedure is over.
    fn is_over(&self) -> bool;
    /// The telephone call has ended.
    fn hang_up(&mut self, now: Instant);
    /// Real time spent in the engines of this end, without the harness.
    fn busy(&self) -> Duration;
}

/// What comes in the place of a lost packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lost {
    /// Silence.
    Silent,
    /// The one before once more.
    Bridged,
    /// Nothing: the end knows of it, as behind RTP.
    Missed,
}

/// Bursts of noise.
#[derive(Clone, Copy, Debug)]
pub struct Impulses {
    /// How many frames of 20 ms from one to the next.
    pub every: u32,
    /// Milliseconds.
    pub lasting: u32,
    /// Their level.
    pub dbm0: f32,
}

/// What is between the ends, the same both ways.
#[derive(Clone, Copy, Debug)]
pub struct WireSettings {
    /// How long samples are under way.
    pub delay: Duration,
    /// Loss of the line, in dB: of what the caller says, and of what the answerer says.
    pub loss_db: [f32; 2],
    /// Whether what follows happens to what the caller says, and to what the answerer says.
    pub is_bad: [bool; 2],
    /// Level of white noise.
    pub noise_dbm0: Option<f32>,
    /// The law samples are coded by.
    pub law: Law,
    /// Packets of 20 ms lost, of a thousand.
    pub lost_per_mille: u32,
    /// What is heard in their place.
    pub lost: Lost,
    /// Bursts of noise.
    pub impulses: Option<Impulses>,
    /// Every so many packets one is silent.
    pub silent_every: Option<u32>,
    /// How far below itself, in dB, the caller and the answerer hear themselves, and how much later.
    pub echoes: [Option<(f32, Duration)>; 2],
    /// Chance.
    pub seed: u64,
}

impl Default for WireSettings {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(60),
            loss_db: [6.0; 2],
            is_bad: [true; 2],
            noise_dbm0: None,
            law: Law::A,
            lost_per_mille: 0,
            lost: Lost::Silent,
            impulses: None,
            silent_every: None,
            echoes: [None; 2],
            seed: 1,
        }
    }
}

/// One way.
struct Wire {
    settings: WireSettings,
    delayed: VecDeque<i16>,
    gain: f32,
    deviation: f32,
    chance: Chance,
    last: Samples,
    frames: u32,
    lost: u64,
}

impl Wire {
    fn new(settings: WireSettings, way: usize) -> Self {
        let bad = settings.is_bad[way];
        let settings = WireSettings {
            noise_dbm0: settings.noise_dbm0.filter(|_| bad),
            lost_per_mille: if bad { settings.lost_per_mille } else { 0 },
            silent_every: settings.silent_every.filter(|_| bad),
            impulses: settings.impulses.filter(|_| bad),
            ..settings
        };
        Self {
            delayed: vec![0; samples_in(settings.delay)].into(),
            gain: ratio(-settings.loss_db[way]),
            deviation: settings.noise_dbm0.map_or(0.0, deviation_of),
            chance: Chance::new(settings.seed * 2 + way as u64),
            last: [0; FRAME_SAMPLES],
            frames: 0,
            lost: 0,
            settings,
        }
    }

    /// Whether they arrive.
    fn carry(&mut self, samples: &mut Samples, echo: &Samples) -> bool {
        self.frames += 1;
        let burst = self.settings.impulses.filter(|impulses| self.frames.is_multiple_of(impulses.every));
        for (place, (sample, echo)) in (0..).zip(samples.iter_mut().zip(echo)) {
            self.delayed.push_back(*sample);
            let sent = self.delayed.pop_front().unwrap_or(0);
            let mut value = f32::from(sent).mul_add(self.gain, f32::from(*echo));
            if self.deviation > 0.0 {
                value += self.deviation * gauss(&mut self.chance);
            }
            if let Some(burst) = burst.filter(|burst| place < burst.lasting * 8) {
                value += deviation_of(burst.dbm0) * gauss(&mut self.chance);
            }
            *sample = self.settings.law.decode(self.settings.law.encode(value.round() as i16));
        }
        let is_silent = self.settings.silent_every.is_some_and(|every| self.frames.is_multiple_of(every));
        let is_lost = is_silent || self.chance.per_mille(self.settings.lost_per_mille);
        if is_lost {
            self.lost += 1;
            match self.settings.lost {
                Lost::Bridged if !is_silent => *samples = self.last,
                Lost::Missed => return false,
                Lost::Silent | Lost::Bridged => samples.fill(0),
            }
        }
        self.last = *samples;
        true
    }
}

/// What of an end's voice comes back to it.
struct Echo {
    delayed: VecDeque<i16>,
    gain: f32,
}

impl Echo {
    fn new(settings: Option<(f32, Duration)>) -> Self {
        let (db, delay) = settings.unwrap_or((f32::INFINITY, Duration::ZERO));
        Self { delayed: vec![0; samples_in(delay)].into(), gain: ratio(-db) }
    }

    fn of(&mut self, samples: &Samples) -> Samples {
        samples.map(|sample| {
            self.delayed.push_back(sample);
            (f32::from(self.delayed.pop_front().unwrap_or(0)) * self.gain) as i16
        })
    }
}

fn ratio(db: f32) -> f32 {
    10_f32.powf(db / 20.0)
}

/// The standard deviation of noise of a level.
fn deviation_of(dbm0: f32) -> f32 {
    PEAK_AT_0_DBM0 * ratio(dbm0) / 2.0_f32.sqrt()
}

fn samples_in(time: Duration) -> usize {
    usize::try_from(time.as_millis() * 8).expect("seconds at most")
}

/// About Gaussian: the sum of twelve.
fn gauss(chance: &mut Chance) -> f32 {
    (0..12).map(|_| (chance.next() >> 40) as f32 / (1_u64 << 24) as f32).sum::<f32>() - 6.0
}

/// Lets two ends call each other until both are over. Datagrams of the report are frames of samples, both ways.
pub fn run(
    caller: &mut dyn AudioEnd,
    answerer: &mut dyn AudioEnd,
    settings: WireSettings,
    base: Instant,
) -> CallReport {
    let mut wires = [Wire::new(settings, 0), Wire::new(settings, 1)];
    let mut echoes = settings.echoes.map(Echo::new);
    let mut report = CallReport { lasted: Duration::ZERO, hung_up: false, endless: false, datagrams: 0, lost: 0 };
    let mut now = base;
    let mut first_over = None;
    while !(caller.is_over() && answerer.is_over()) {
        if caller.is_over() || answerer.is_over() {
            let since: Instant = *first_over.get_or_insert(now);
            if now >= since + HANG_UP_AFTER {
                report.hung_up = true;
                caller.hang_up(now);
                answerer.hang_up(now);
            }
        }
        if now >= base + LONGEST_CALL || now >= first_over.unwrap_or(now) + HANG_UP_AFTER * 2 {
            report.endless = true;
            break;
        }
        now += FRAME;
        let mut there = [0; FRAME_SAMPLES];
        let mut back = [0; FRAME_SAMPLES];
        caller.say(&mut there, now);
        answerer.say(&mut back, now);
        let own = [echoes[0].of(&there), echoes[1].of(&back)];
        if wires[0].carry(&mut there, &own[1]) {
            answerer.hear(&mut there, now);
        } else {
            answerer.miss(now);
        }
        if wires[1].carry(&mut back, &own[0]) {
            caller.hear(&mut back, now);
        } else {
            caller.miss(now);
        }
        report.datagrams += 2;
    }
    report.lost = wires[0].lost + wires[1].lost;
    report.lasted = now - base;
    report
}
