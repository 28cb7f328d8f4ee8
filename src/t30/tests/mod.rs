//! Sender and answerer on one simulated line.

mod answers;
mod documents;
mod explore;
mod histories;
mod line;
mod listening;
mod polling;
mod scenarios;
mod script;
mod switching;
mod tsb85;
