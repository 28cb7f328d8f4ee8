//! All tests that need the whole crate, in one binary.

mod generated;
mod tidy;
