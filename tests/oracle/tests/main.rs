//! faxramp against SpanDSP: the tests. Each prints a table of what it proved.

mod account;
mod behaviour;
mod common;
mod cost;
mod gateway;
mod loss;
mod network;
mod pace;
mod polling;
mod receiving;
mod sending;
