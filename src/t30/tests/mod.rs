//! Sender and answerer on one simulated line.

mod explore;
mod line;
mod scenarios;
mod script;
mod tsb85;
