//! Whole calls: two legs joined by a path in virtual time.

mod flows;
mod foreign;
mod forked;
mod mutated;
mod redirected;
mod refreshed;
mod reliable;
mod scripted;
mod targets;
mod torture;
pub(super) mod world;
