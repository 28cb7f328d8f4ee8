//! faxramp: a mail-transfer agent whose transport is fax.
//!
//! The modules, from the words everybody uses to the wiring (a module may use those above it, see
//! `tests/tidy.rs` for the exact table):
//!
//! - words: [`model`], [`signal`]
//! - formats: [`mail`], [`image`], [`sdp`], [`rtp`], [`srtp`], [`dsp`]
//! - engines: [`smtp`], [`sip`], [`t30`], [`t38`], [`modem`]
//! - decisions: [`policy`], [`pages`]
//! - one fax call: [`call`]; what went over the wire in it: [`trace`]
//! - storage: [`queue`], [`spool`]
//! - drivers: [`io`]; the only reader of clocks: [`clock`]
//! - the flow, a file a stage: [`stage`]
//! - wiring: [`config`], [`app`], and the command line [`cli`]

pub mod app;
pub mod call;
pub mod cli;
#[expect(clippy::disallowed_methods, reason = "this is the module that reads the clock")]
pub mod clock;
pub mod config;
pub mod dsp;
pub mod image;
pub mod io;
pub mod mail;
pub mod model;
pub mod modem;
pub mod pages;
pub mod policy;
pub mod queue;
pub mod rtp;
pub mod sdp;
pub mod signal;
pub mod sip;
pub mod smtp;
pub mod spool;
pub mod srtp;
pub mod stage;
pub mod t30;
pub mod t38;
pub mod trace;
