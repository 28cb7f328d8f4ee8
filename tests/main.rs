//! All tests that need the whole crate, in one binary.

mod crash;
mod demo;
mod flow;
mod generated;
mod support;
mod tidy;
