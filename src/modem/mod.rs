//! The fax modems of one call: bursts in, samples out; samples in, what was heard out.
//!
//! [`Terminal`] stands where T.38's terminal stands ([`crate::t38::Terminal`]), behind the same seam
//! ([`crate::signal`]), over linear samples at 8000 a second. It knows no packets, laws or clocks.

mod control;
mod fast;
mod hearing;
mod history;
mod playing;
mod settings;
mod terminal;

pub use settings::{Counts, Settings};
pub use terminal::{Input, Output, Terminal};

#[cfg(test)]
mod tests;
