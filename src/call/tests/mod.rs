//! Whole calls in virtual time: two of ours over a path with delay, loss, duplicates and changes of order, and one of ours
//! against a scripted far end.

mod audio;
mod changes;
mod documents;
mod endings;
mod faults;
mod gateway;
mod goodbye;
mod hold;
mod loss;
mod network;
mod pace;
mod parting;
mod party;
mod peculiar;
mod peer;
mod polling;
mod progress;
mod refresh;
mod secure;
mod silence;
mod switching;
mod transport;
mod wire;
