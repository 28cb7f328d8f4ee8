//! All tests that need the whole crate, in one binary.

mod demo;
mod flow;
mod generated;
mod tidy;
