//! All tests that need the whole crate, in one binary.

mod flow;
mod generated;
mod tidy;
