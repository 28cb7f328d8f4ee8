//! Bells: how a stage learns that there are rows for it.
//!
//! A bell says only "look"; what there is to do is in the rows. So a bell that rings twice does no harm, and one that
//! is missed in a crash costs nothing: at start every stage looks first.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Which stage there may be work for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bell {
    /// A message waits for its pages.
    Render,
    /// A job became ready, or a line free.
    Dial,
    /// A job ended.
    Report,
    /// A mail waits to be sent.
    Deliver,
}

impl Bell {
    const fn bit(self) -> u8 {
        match self {
            Self::Render => 1,
            Self::Dial => 2,
            Self::Report => 4,
            Self::Deliver => 8,
        }
    }
}

/// The bells one transaction rings once it is committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Rung(u8);

impl Rung {
    pub(super) const fn with(self, bell: Bell) -> Self {
        Self(self.0 | bell.bit())
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

type Callback = Arc<dyn Fn() + Send + Sync>;

/// Who wants to hear which bell.
#[derive(Default)]
pub(super) struct Bells {
    listeners: RwLock<Vec<(Bell, Callback)>>,
}

impl Bells {
    pub(super) fn subscribe(&self, bell: Bell, callback: impl Fn() + Send + Sync + 'static) {
        self.listeners.write().unwrap_or_else(PoisonError::into_inner).push((bell, Arc::new(callback)));
    }

    pub(super) fn ring(&self, rung: Rung) {
        if rung == Rung::default() {
            return;
        }
        // Called outside the lock, so that a listener may subscribe another.
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner).clone();
        for (bell, callback) in listeners {
            if rung.0 & bell.bit() != 0 {
                callback();
            }
        }
    }
}

impl fmt::Debug for Bells {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bells")
    }
}
