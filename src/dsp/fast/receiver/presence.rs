//! Whether the signal is there: tells its end from a packet that was lost.

use super::super::Mode;
use super::window::Window;

/// Watches the power of the signal.
#[derive(Clone, Debug)]
pub(super) struct Presence {
    /// The mean power of a half symbol during training.
    level: f32,
    /// That of the last few half symbols.
    recent: f32,
    /// The last half symbol at which there was nearly nothing.
    last_hole: u64,
    /// Since when there has been no more than noise.
    faint_since: Option<u64>,
    /// Half symbols of it that are the end.
    patience: u64,
}

/// What has become of the signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Signal {
    /// It is there.
    There,
    /// There has been no more than noise since this half symbol.
    Faint(u64),
    /// It has been away for too long.
    Gone(u64),
}

/// Silence that is the end of the signal. Two packets may be lost in a row; T.30 leaves 75 ms ± 20 ms between two signals.
// T.30 (09/2005) §5.3.2.3 note
const GONE_MILLISECONDS: u64 = 48;
/// How much a half symbol adds to the recent power.
const RECENT: f32 = 0.35;
/// The share of the level that is a hole. No point lies so near the middle for so long.
const HOLE: f32 = 0.03;
/// Half symbols that faintness is judged over.
const JUDGED: usize = 32;
/// Share of the level below which the signal is gone, whatever the noise.
const LEAST_SHARE: f32 = 0.05;
/// The same where noise is nearly as strong as the signal.
const MOST_SHARE: f32 = 0.5;

impl Presence {
    /// Watches a signal of a level.
    pub(super) const fn new(mode: Mode, level: f32) -> Self {
        let patience = GONE_MILLISECONDS * 2 * mode.symbols_per_second() as u64 / 1000;
        Self { level, recent: level, last_hole: 0, faint_since: None, patience }
    }

    /// The mean power of a half symbol during training.
    pub(super) const fn level(&self) -> f32 {
        self.level
    }

    /// The signal has become so many times as powerful.
    pub(super) fn change_level(&mut self, times: f32) {
        self.level *= times;
    }

    /// Hears a half symbol of a power.
    pub(super) fn hear(&mut self, at: u64, power: f32) {
        self.recent += RECENT * (power - self.recent);
        if self.recent < HOLE * self.level {
            self.last_hole = at;
        }
    }

    /// Whether there was a hole at or after a half symbol.
    pub(super) const fn had_hole_since(&self, at: u64) -> bool {
        self.last_hole >= at
    }

    /// Judges the last half symbols; `noise` is the share of noise in the signal.
    pub(super) fn judge(&mut self, window: &Window, noise: f32) -> Signal {
        let end = window.end();
        let power = window.run(end - JUDGED as u64, JUDGED).energy::<JUDGED>() / JUDGED as f32;
        if power >= self.level * (2.5 * noise).clamp(LEAST_SHARE, MOST_SHARE) {
            self.faint_since = None;
            return Signal::There;
        }
        let since = *self.faint_since.get_or_insert(end - JUDGED as u64);
        if end - since >= self.patience { Signal::Gone(since) } else { Signal::Faint(since) }
    }
}
