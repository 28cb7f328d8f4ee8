//! Sender and answerer on one simulated line.

mod explore;
mod line;
mod polling;
mod scenarios;
mod script;
mod tsb85;
