//! A call over an IP trunk with a telephone line behind it: packets that are lost, late or out of order, two clocks, levels, echo, noise and
//! clicks. One end is faxramp's with its playout, the other SpanDSP's fax machine.
//!
//! What the line does is told by a seed ([`BadLine::draw`]).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use faxramp::dsp::g711::Law;
use faxramp::dsp::{FRAME_SAMPLES, PEAK_AT_0_DBM0};
use faxramp::rtp::playout::Playout;
use faxramp::rtp::{Packet, Sender};

use crate::audio::{AudioEnd, FRAME, Samples};
use crate::audio_ours::AudioOurs;
use crate::audio_theirs::AudioTheirs;
use crate::call::{CallReport, LONGEST_CALL};
use crate::chance::Chance;
use crate::line::{Live, Noise};

/// What both ends send at.
const SENT_DBM0: f64 = -13.0;
/// When an end is over, so much passes before the call is.
const LINGERS: Duration = Duration::from_secs(2);
/// A packet that is overtaken comes so much later.
const OVERTAKEN: Duration = Duration::from_millis(30);
/// What is quieter SpanDSP does not hear.
const THEIR_LEAST_DBM0: f64 = -36.0;
/// Louder noise is to SpanDSP's V.21 a carrier that never ends, and no fax comes to anything.
const THEIR_MOST_NOISE_DBM0: f64 = -50.0;
/// The payload type of A-law.
const PCMA: u8 = 8;

/// How packets are lost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loss {
    /// Lost, of ten thousand.
    pub of_ten_thousand: u32,
    /// How many in a row, at most; two at least where it is more than one.
    pub in_a_row: u32,
}

/// What a line does. The way of what faxramp says is first, that of what it hears second.
#[derive(Clone, Copy, Debug)]
pub struct BadLine {
    /// Packets lost.
    pub loss: [Loss; 2],
    /// Packets overtaken, of a thousand.
    pub overtaken_per_mille: u32,
    /// What packets take more than the quickest, in milliseconds at most.
    pub jitter_ms: u32,
    /// One way.
    pub delay: Duration,
    /// How far below itself faxramp's voice comes back from the far end.
    pub echo_db: Option<f64>,
    /// What a signal is heard at.
    pub heard_dbm0: [f64; 2],
    /// How far below that noise lies.
    pub noise_below_db: Option<f64>,
    /// One click in so many samples, of this height.
    pub clicks: Option<(u32, f64)>,
    /// How much all frequencies are moved.
    pub offset_hertz: f64,
    /// How much slower SpanDSP's clock runs.
    pub skew_ppm: f64,
    /// Chance.
    pub seed: u64,
}

impl BadLine {
    /// A line that does nothing but carry.
    #[must_use]
    pub fn good(seed: u64) -> Self {
        Self {
            loss: [Loss::default(); 2],
            overtaken_per_mille: 0,
            jitter_ms: 0,
            delay: Duration::from_millis(60),
            echo_db: None,
            heard_dbm0: [-19.0; 2],
            noise_below_db: None,
            clicks: None,
            offset_hertz: 0.0,
            skew_ppm: 0.0,
            seed,
        }
    }

    /// The line of a seed: each kind of harm is there in every second call or so.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0x11E5);
        let mut within = |least: f64, most: f64| least + (most - least) * f64::from(chance.below(1 << 16)) / 65536.0;
        let mut line = Self::good(seed);
        let mut is_there = [false; 10];
        is_there.iter_mut().for_each(|there| *there = within(0.0, 1.0) < 0.5);
        let [loses, overtakes, jitters, is_long, echoes, has_level, is_noisy, clicks, is_off, is_skewed] = is_there;
        if loses {
            let in_a_row = [1, 1, 3][within(0.0, 3.0) as usize];
            line.loss = [(); 2].map(|()| Loss { of_ten_thousand: within(0.0, 200.0) as u32, in_a_row });
        }
        line.overtaken_per_mille = if overtakes { within(1.0, 10.0) as u32 } else { 0 };
        line.jitter_ms = if jitters { within(1.0, 60.0) as u32 } else { 0 };
        line.delay = Duration::from_millis(if is_long { within(0.0, 600.0) as u64 } else { 30 });
        line.echo_db = echoes.then(|| within(10.0, 40.0));
        if has_level {
            line.heard_dbm0 = [within(THEIR_LEAST_DBM0, -3.0), within(-40.0, -3.0)];
        }
        line.noise_below_db = is_noisy.then(|| within(20.0, 50.0));
        line.clicks = clicks.then(|| (within(8_000.0, 160_000.0) as u32, within(500.0, 8_000.0)));
        line.offset_hertz = if is_off { within(-7.0, 7.0) } else { 0.0 };
        line.skew_ppm = if is_skewed { within(-200.0, 200.0) } else { 0.0 };
        line
    }

    /// In words, what is not usual.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        let [there, back] = self.loss;
        if there.of_ten_thousand + back.of_ten_thousand > 0 {
            let per_cent = |loss: Loss| f64::from(loss.of_ten_thousand) / 100.0;
            words.push(format!("loss {}/{} ×{}", per_cent(there), per_cent(back), there.in_a_row));
        }
        if self.overtaken_per_mille > 0 {
            words.push(format!("order {}‰", self.overtaken_per_mille));
        }
        if self.jitter_ms > 0 {
            words.push(format!("jitter {}", self.jitter_ms));
        }
        words.push(format!("{} ms", self.delay.as_millis()));
        if let Some(db) = self.echo_db {
            words.push(format!("echo −{db:.0}"));
        }
        words.push(format!("{:.0}/{:.0} dBm0", self.heard_dbm0[0], self.heard_dbm0[1]));
        if let Some(db) = self.noise_below_db {
            words.push(format!("noise −{db:.0}"));
        }
        if let Some((every, height)) = self.clicks {
            words.push(format!("clicks {:.1} s {height:.0}", f64::from(every) / 8000.0));
        }
        if self.offset_hertz != 0.0 {
            words.push(format!("{:+.1} Hz", self.offset_hertz));
        }
        if self.skew_ppm != 0.0 {
            words.push(format!("{:+.0} ppm", self.skew_ppm));
        }
        words.join(", ")
    }

    fn is_in_order(&self) -> bool {
        self.jitter_ms == 0 && self.overtaken_per_mille == 0
    }
}

/// One way of the network and the line.
struct Way {
    live: Live,
    sender: Sender,
    loss: Loss,
    still_lost: u32,
    jitter_ms: u32,
    overtaken_per_mille: u32,
    delay: Duration,
    chance: Chance,
    under_way: Vec<(Instant, Vec<u8>)>,
    lost: u64,
}

impl Way {
    fn new(line: &BadLine, way: usize) -> Self {
        let seed = line.seed * 2 + way as u64;
        let dbm0 = line.heard_dbm0[way];
        let power = |dbm0: f64| f64::from(PEAK_AT_0_DBM0).powi(2) / 2.0 * 10.0_f64.powf(dbm0 / 10.0);
        let most = if way == 0 { THEIR_MOST_NOISE_DBM0 } else { 0.0 };
        let noise_power = |below: f64| power((dbm0 - below).min(most));
        let mut noise =
            line.noise_below_db.map_or_else(Noise::none, |below| Noise::of_power(noise_power(below), seed ^ 0xA0));
        if let Some((every, height)) = line.clicks {
            noise = noise.with_impulses(every, height);
        }
        Self {
            live: Live::new(dbm0 - SENT_DBM0, line.offset_hertz, noise),
            sender: Sender::new(7 + way as u32, 100, 1000),
            loss: line.loss[way],
            still_lost: 0,
            jitter_ms: line.jitter_ms,
            overtaken_per_mille: line.overtaken_per_mille,
            delay: line.delay,
            chance: Chance::new(seed),
            under_way: Vec::new(),
            lost: 0,
        }
    }

    /// Takes a frame of the sender.
    fn send(&mut self, samples: &Samples, echo: &[f64; FRAME_SAMPLES], now: Instant) {
        let codes = self.live.carry(samples, echo).map(|sample| Law::A.encode(sample));
        let octets = self.sender.send(PCMA, &codes, FRAME_SAMPLES as u32);
        let jitter = Duration::from_millis(u64::from(self.chance.below(self.jitter_ms + 1)));
        let late = if self.chance.per_mille(self.overtaken_per_mille) { OVERTAKEN } else { Duration::ZERO };
        if self.is_lost() {
            self.lost += 1;
            return;
        }
        let arrival = now + self.delay + jitter + late;
        // Few are under way at a time.
        let place = self.under_way.partition_point(|(other, _)| *other <= arrival);
        self.under_way.insert(place, (arrival, octets));
    }

    fn is_lost(&mut self) -> bool {
        let Loss { of_ten_thousand, in_a_row } = self.loss;
        if self.still_lost > 0 {
            self.still_lost -= 1;
            return true;
        }
        // Bursts are of two or three: as many fewer of them.
        let begins = if in_a_row > 1 { of_ten_thousand * 2 } else { of_ten_thousand * 5 };
        let is_lost = self.chance.below(50_000) < begins;
        if is_lost && in_a_row > 1 {
            self.still_lost = 1 + self.chance.below(in_a_row - 1);
        }
        is_lost
    }

    /// The next packet that has arrived.
    fn arrived(&mut self, now: Instant) -> Option<(Instant, Vec<u8>)> {
        self.under_way.first().is_some_and(|(arrival, _)| *arrival <= now).then(|| self.under_way.remove(0))
    }
}

/// The end on this side of the trunk.
pub enum Near<'a> {
    /// faxramp's.
    Ours(&'a mut AudioOurs),
    /// SpanDSP's, to see what it makes of the same line.
    Theirs(&'a mut AudioTheirs),
}

impl Near<'_> {
    fn is_over(&self) -> bool {
        match self {
            Self::Ours(end) => end.is_over(),
            Self::Theirs(end) => end.is_over(),
        }
    }

    fn hang_up(&mut self, now: Instant) {
        match self {
            Self::Ours(end) => end.hang_up(now),
            Self::Theirs(end) => end.hang_up(now),
        }
    }

    fn hear(&mut self, way: &mut Way, playout: &mut Playout, is_in_order: bool, now: Instant) {
        match self {
            Self::Ours(end) => {
                while let Some((arrival, octets)) = way.arrived(now) {
                    playout.receive(&Packet::decode(&octets).expect("our own packet"), arrival);
                }
                playout.set_line_is_silent(end.is_speaking());
                end.hear_frame(&playout.play(now), now);
            }
            Self::Theirs(end) => hear_theirs(end, way, playout, is_in_order, now),
        }
    }

    fn say(&mut self, said: &mut Samples, now: Instant) {
        match self {
            Self::Ours(end) => end.say(said, now),
            Self::Theirs(end) => end.say(said, now),
        }
    }
}

/// Lets an end and SpanDSP call each other until both are over.
///
/// # Panics
/// When our own packets cannot be read.
pub fn run(mut near: Near<'_>, far: &mut AudioTheirs, line: &BadLine, base: Instant) -> CallReport {
    let mut report = CallReport { lasted: Duration::ZERO, hung_up: false, endless: false, datagrams: 0, lost: 0 };
    let (mut there, mut back) = (Way::new(line, 0), Way::new(line, 1));
    let (mut near_playout, mut far_playout) = (Playout::new(), Playout::new());
    let mut echo: VecDeque<f64> = vec![0.0; line.delay.as_millis() as usize * 8].into();
    let echo_gain = line.echo_db.map_or(0.0, |db| 10.0_f64.powf(-db / 20.0));
    let far_frame = FRAME.mul_f64(1.0 + line.skew_ppm / 1e6);
    let (mut near_tick, mut far_tick) = (base + FRAME, base + far_frame / 2);
    let mut first_over = None;
    loop {
        let now = near_tick.min(far_tick);
        report.lasted = now - base;
        report.endless = now >= base + LONGEST_CALL;
        if near.is_over() && far.is_over() || report.endless {
            break;
        }
        if near.is_over() || far.is_over() {
            let since: Instant = *first_over.get_or_insert(now);
            if now >= since + LINGERS {
                report.hung_up = true;
                near.hang_up(now);
                far.hang_up(now);
                break;
            }
        }
        report.datagrams += 1;
        let mut said = [0; FRAME_SAMPLES];
        if near_tick <= far_tick {
            near_tick += FRAME;
            near.hear(&mut back, &mut near_playout, line.is_in_order(), now);
            near.say(&mut said, now);
            echo.extend(said.map(|sample| f64::from(sample) * echo_gain));
            there.send(&said, &[0.0; FRAME_SAMPLES], now);
        } else {
            far_tick += far_frame;
            hear_theirs(far, &mut there, &mut far_playout, line.is_in_order(), now);
            far.say(&mut said, now);
            let echo = std::array::from_fn(|_| echo.pop_front().unwrap_or(0.0));
            back.send(&said, &echo, now);
        }
    }
    report.lost = there.lost + back.lost;
    report
}

/// Where packets come in order SpanDSP is given them as they come, as Asterisk does, and its time stands still for those that are lost. Else
/// there is a playout in front of it, as in an adapter.
fn hear_theirs(theirs: &mut AudioTheirs, way: &mut Way, playout: &mut Playout, is_in_order: bool, now: Instant) {
    while let Some((arrival, octets)) = way.arrived(now) {
        let packet = Packet::decode(&octets).expect("our own packet");
        if is_in_order {
            let codes: &[u8; FRAME_SAMPLES] = packet.payload.try_into().expect("20 ms");
            theirs.hear(&mut codes.map(|code| Law::A.decode(code)), now);
        } else {
            playout.receive(&packet, arrival);
        }
    }
    if !is_in_order {
        let mut samples = *playout.play(now).samples;
        theirs.hear(&mut samples, now);
    }
}
