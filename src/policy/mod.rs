//! Decisions, each a pure function of values: what an address means, who may dial what, by which trunk, when again, and
//! whom a received fax is for.
//!
//! Nothing here reads a clock, a file or the whole configuration. A refusal is a [`Refusal`]: the codes and the text
//! that a mail server passes on to the sender as they are.

pub mod address;
pub mod authorize;
pub mod batch;
pub mod dialplan;
pub mod memory;
pub mod pace;
pub mod retry;
pub mod route;
pub mod trunk_state;

pub use address::{AddressOptions, AddressRules, FaxAddress, Refusal};
pub use authorize::{Action, Authorized, Explanation, Rule, Rules, SenderPattern, authorize, explain};
pub use batch::{BatchCall, concerns_the_number};
pub use dialplan::{DialplanError, NumberFormat, Rate, Route, Trunk, Trunks};
pub use memory::{Known, Lesson, Note, Seen, Topic, lessons};
pub use pace::Pace;
pub use retry::{GiveUp, Next, RetrySettings, Schedule, ScheduleError, Tries, lengthened_ms};
pub use route::{InboundRoutes, InboundRule, RouteError, SubAddressRule, UnknownNumber};
pub use trunk_state::{Standing, TrunkEvent, TrunkFault, TrunkProof, TrunkReport, TrunkState};
