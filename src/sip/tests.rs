//! Whole calls: two legs joined by a path in virtual time.

mod flows;
mod foreign;
mod mutated;
mod scripted;
mod targets;
mod torture;
pub(super) mod world;
