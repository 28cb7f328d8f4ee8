//! The terminal by itself, and whole faxes between two of them.

mod faxes;
mod hearing;
mod playing;
mod world;
