//! faxramp against SpanDSP: the tests. Each prints a table of what it proved.

mod common;
mod loss;
mod receiving;
mod sending;
