//! The words everybody uses: numbers, pages, jobs and how a call ends. Imports nothing of the program.

pub mod crash;
pub mod fetch;
pub mod ids;
pub mod job;
pub mod network;
pub mod number;
pub mod outcome;
pub mod page;
pub mod pattern;

pub use crash::crash_point;
pub use fetch::{FetchRequest, Password};
pub use ids::{AttemptId, CallId, FetchingId, JobId, MailId, MessageId, NoCallId, OfferId, ReceivedId};
pub use job::{JobEvent, JobState};
pub use network::Network;
pub use number::{Number, NumberError, NumberPlan};
pub use outcome::{Cause, Outcome, Phase, RetryClass, Sound, T38Trial, V17Trial};
pub use page::{Compression, Resolution, Width};
pub use pattern::{NumberPattern, PatternError, Rank};
