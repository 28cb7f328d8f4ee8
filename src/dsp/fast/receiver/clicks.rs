//! Clicks: half symbols that are far too strong to be the signal's are left out, before they reach what is summed up or learned.
//!
//! A burst of some milliseconds at the full scale of the law has a hundred times the power of the signal, and whoever sums powers or errors over
//! it hears nothing else for long. Left out it is no more than a short hole.

use super::super::Mode;

/// Watches the power of half symbols.
#[derive(Clone, Debug)]
pub(super) struct Clicks {
    /// The power above which a half symbol is none of the signal's.
    limit: f32,
    /// The sum of the powers in this block, and how many.
    sum: f32,
    count: u32,
    /// Half symbols in a row above the limit, and the sum of their powers.
    over: u32,
    over_sum: f32,
    /// So many of them are a click; more are a signal that has begun.
    most: u32,
}

/// How much stronger than the mean a half symbol is that is none of a signal. Behind a line that bends it badly a signal is like noise, of which
/// one in nine million half symbols is so strong.
const LIMIT: f32 = 16.0;
/// Half symbols that a level is taken over.
const BLOCK: u32 = 64;
/// How slowly the level falls, from block to block: a lost packet must not make a click of the signal after it.
const FALLING: f32 = 0.85;
/// The longest click.
const LONGEST_MILLISECONDS: u32 = 8;

impl Clicks {
    /// As long as no signal is known every half symbol may be the first of one.
    pub(super) const fn new(mode: Mode) -> Self {
        let most = LONGEST_MILLISECONDS * 2 * mode.symbols_per_second() / 1000;
        Self { limit: f32::INFINITY, sum: 0.0, count: 0, over: 0, over_sum: 0.0, most }
    }

    /// A signal has been recognised, and has a mean power.
    pub(super) const fn begin(&mut self, power: f32) {
        if self.limit == f32::INFINITY {
            self.limit = LIMIT * power;
            (self.sum, self.count) = (0.0, 0);
        }
    }

    /// The mean power of what is no click; never much too small.
    pub(super) const fn level(&self) -> f32 {
        self.limit / LIMIT
    }

    /// Whether a half symbol of a power is part of a click.
    #[inline]
    pub(super) fn hear(&mut self, power: f32) -> bool {
        if power > self.limit {
            return self.is_click(power);
        }
        self.over = 0;
        self.sum += power;
        self.count += 1;
        if self.count == BLOCK {
            self.limit = (LIMIT / BLOCK as f32 * self.sum).max(FALLING * self.limit);
            (self.sum, self.count) = (0.0, 0);
        }
        false
    }

    #[cold]
    fn is_click(&mut self, power: f32) -> bool {
        if self.over == 0 {
            self.over_sum = 0.0;
        }
        self.over += 1;
        self.over_sum += power;
        if self.over < self.most {
            return true;
        }
        self.limit = LIMIT * self.over_sum / self.over as f32;
        (self.over, self.sum, self.count) = (0, 0.0, 0);
        false
    }
}
