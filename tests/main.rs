//! All tests that need the whole crate, in one binary.

mod batch;
mod call_ladder;
mod crash;
mod demo;
mod flow;
mod generated;
mod hostile;
mod incoming;
mod memory;
mod parallel;
mod polling;
mod support;
mod tidy;
mod transport;
mod trunks;
mod wishes;
