//! faxramp against SpanDSP: the tests. Each prints a table of what it proved.

mod account;
mod audio;
mod behaviour;
mod campaign;
mod clicks;
mod common;
mod control;
mod cost;
mod gateway;
mod loss;
mod modems;
mod network;
mod pace;
mod polling;
mod receiving;
mod sending;
mod short_training;
