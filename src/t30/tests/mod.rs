//! Sender and answerer on one simulated line.

mod answers;
mod explore;
mod histories;
mod line;
mod polling;
mod scenarios;
mod script;
mod tsb85;
