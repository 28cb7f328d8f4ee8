//! Pure decisions, each a function of values: no clock, no file, no socket.

pub mod dialplan;
pub mod retry;
pub mod route;

pub use dialplan::{DialplanError, NumberFormat, Route, Trunk, Trunks};
pub use retry::{GiveUp, Next, RetrySettings, Schedule, ScheduleError, Tries, lengthened_ms};
pub use route::{InboundRoutes, InboundRule, NumberPattern, RouteError, UnknownNumber};
