//! faxramp against SpanDSP: the tests. Each prints a table of what it proved.

mod behaviour;
mod common;
mod cost;
mod loss;
mod network;
mod receiving;
mod sending;
