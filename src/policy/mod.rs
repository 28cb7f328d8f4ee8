//! Decisions, each a pure function of values: what an address means, who may dial what.
//!
//! Nothing here reads a clock, a file or the whole configuration. A refusal is a [`Refusal`]: the codes and the text
//! that a mail server passes on to the sender as they are.

pub mod address;
pub mod authorize;

pub use address::{AddressOptions, AddressRules, FaxAddress, Refusal};
pub use authorize::{
    Action, Authorized, Explanation, Network, NumberPattern, PatternError, Rule, Rules, SenderPattern, authorize,
    explain,
};
