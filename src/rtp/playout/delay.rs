//! How long packets wait before they are played, how much that varies, and how far the two clocks drift apart.

use super::limits::{
    DELAY_MARGIN, DRIFT_POINTS, DRIFT_WINDOW, FRAME, LEAST_DELAY, MOST_DELAY, MOST_EXCESS, MOST_SHORTAGE, SLACK,
    TIGHT_FOR_URGENCY, WINDOW,
};

/// The leads of packets over a while. A lead is the time from a packet's arrival to its turn, in samples; negative, it came too late.
#[derive(Clone, Copy, Debug)]
struct Leads {
    fastest: i64,
    slowest: i64,
    /// How many had less than a frame left.
    tight: u32,
}

impl Leads {
    fn with(self, other: Self) -> Self {
        Self {
            fastest: self.fastest.max(other.fastest),
            slowest: self.slowest.min(other.slowest),
            tight: self.tight + other.tight,
        }
    }

    /// After a frame was inserted those that were tight count no more.
    const fn shifted(self, samples: i64) -> Self {
        let tight = if samples > 0 { 0 } else { self.tight };
        Self { fastest: self.fastest + samples, slowest: self.slowest + samples, tight }
    }
}

/// What is to be done about the delay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wish {
    Nothing,
    /// Packets wait too briefly; `urgent`: some came when they were due.
    Insert {
        urgent: bool,
    },
    /// Packets wait too long; `urgent`: much too long.
    LeaveOut {
        urgent: bool,
    },
}

/// The delay of one stream.
#[derive(Clone, Debug)]
pub(super) struct Delay {
    current: Option<Leads>,
    previous: Option<Leads>,
    window_end: i64,
    /// The spread of leads, of which old ones fade.
    spread: i64,
}

impl Delay {
    pub(super) const fn new(now: i64) -> Self {
        Self { current: None, previous: None, window_end: now + WINDOW, spread: 0 }
    }

    /// Takes the lead of a packet; `now` counts samples.
    pub(super) fn record(&mut self, lead: i64, now: i64) {
        if now >= self.window_end {
            self.window_end = now + WINDOW;
            if let Some(leads) = self.leads() {
                // A quarter fades in about a dozen seconds.
                let seen = (leads.fastest - leads.slowest).min(MOST_DELAY);
                self.spread = seen.max(self.spread - self.spread / 20);
            }
            self.previous = self.current.take();
        }
        let one = Leads { fastest: lead, slowest: lead, tight: u32::from(lead < FRAME) };
        self.current = Some(self.current.map_or(one, |leads| leads.with(one)));
    }

    fn leads(&self) -> Option<Leads> {
        match (self.previous, self.current) {
            (Some(previous), Some(current)) => Some(previous.with(current)),
            (one, other) => one.or(other),
        }
    }

    /// Playing has fallen behind by so many samples, or caught up if negative: all leads are longer by them.
    pub(super) fn shift(&mut self, samples: i64) {
        self.current = self.current.map(|leads| leads.shifted(samples));
        self.previous = self.previous.map(|leads| leads.shifted(samples));
    }

    /// The sender's clock was set anew: leads count from here, and how much they vary is remembered.
    pub(super) fn restart(&mut self, now: i64) {
        *self = Self { spread: self.spread, ..Self::new(now) };
    }

    /// The delay that the fastest packets should have.
    pub(super) fn wanted(&self) -> i64 {
        (self.spread + DELAY_MARGIN).clamp(LEAST_DELAY, MOST_DELAY)
    }

    /// The delay that the fastest packets of the last seconds have.
    pub(super) fn fastest(&self) -> Option<i64> {
        self.leads().map(|leads| leads.fastest)
    }

    pub(super) fn wish(&self) -> Wish {
        let Some(leads) = self.leads() else { return Wish::Nothing };
        let excess = leads.fastest - self.wanted();
        if leads.fastest <= 0 {
            // All were late; the clock will be set anew.
            Wish::Nothing
        } else if excess < 0 {
            Wish::Insert { urgent: leads.tight >= TIGHT_FOR_URGENCY && leads.fastest < LEAST_DELAY - MOST_SHORTAGE }
        } else if excess >= SLACK {
            Wish::LeaveOut { urgent: excess > MOST_EXCESS }
        } else {
            Wish::Nothing
        }
    }

    /// Whole frames from now on to the turn of a packet that has come now, so that it has the delay that is wanted. `elapsed`
    /// is the part of the frame being played that is over.
    pub(super) fn frames_ahead(&self, elapsed: i64) -> i64 {
        (self.wanted() + elapsed.clamp(0, FRAME) - 1) / FRAME
    }
}

/// The drift between the sender's clock and ours: the slope of a line through the fastest packet of every ten seconds.
#[derive(Clone, Debug)]
pub(super) struct Drift {
    window_end: Option<i64>,
    least: i64,
    points: u32,
    sums: [f64; 4],
}

impl Drift {
    pub(super) const fn new() -> Self {
        Self { window_end: None, least: 0, points: 0, sums: [0.0; 4] }
    }

    /// Takes the transit of a packet: its arrival less its time, both in samples, from any base.
    pub(super) fn record(&mut self, transit: i64, now: i64) {
        match self.window_end {
            Some(end) if now < end => self.least = self.least.min(transit),
            Some(end) => {
                let (x, y) = ((end - DRIFT_WINDOW / 2) as f64, self.least as f64);
                for (sum, value) in self.sums.iter_mut().zip([x, y, x * x, x * y]) {
                    *sum += value;
                }
                self.points += 1;
                (self.window_end, self.least) = (Some(now + DRIFT_WINDOW), transit);
            }
            None => (self.window_end, self.least) = (Some(now + DRIFT_WINDOW), transit),
        }
    }

    /// How much faster the sender's clock runs than ours, in parts per million; none before a minute has been heard.
    pub(super) fn parts_per_million(&self) -> Option<f64> {
        if self.points < DRIFT_POINTS {
            return None;
        }
        let count = f64::from(self.points);
        let [x, y, xx, xy] = self.sums;
        let spread = count * xx - x * x;
        (spread > 0.0).then(|| -1e6 * (count * xy - x * y) / spread)
    }
}
