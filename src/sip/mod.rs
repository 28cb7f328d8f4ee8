//! SIP: messages, transactions, dialogs, digest, and the engine of one call ([`Leg`]). RFC 3261 with 3581 (rport), 6026
//! (Accepted state), 3262 (100rel, PRACK), 3311 (UPDATE), 4028 (session timers), 3326 (Reason), 5621 (bodies of several
//! parts), 8760 (SHA-2 digest). Not SDP: bodies are bytes. Not sockets:
//! engines give bytes and where to send them; [`Router`] says which leg a datagram belongs to.
//!
//! ```text
//!              ┌────────┐ Message ┌─────┐ Event
//!  datagram ──→│ Router │────────→│ Leg │──────→ the call
//!              └────────┘         │     │←────── Command
//!      Reply ←─────┘       Send ←─┴─────┘
//! ```
//!
//! Beside calls, [`Registration`] keeps us known to a registrar and [`Health`] watches a peer; both are driven as [`Outside`].
//!
//! Not here: looking up names (the targets are given, and asked for where a call is sent elsewhere), new
//! offers before a call is answered, handing a call over (REFER and Replaces are declined).

mod chance;
pub mod content;
pub mod dialog;
pub mod digest;
pub mod extension;
pub mod frame;
pub mod guard;
pub mod header;
pub mod health;
pub mod inquiry;
pub mod leg;
pub mod locate;
pub mod message;
pub mod method;
pub mod parties;
pub mod registration;
pub mod router;
mod stateless;
pub mod text;
pub mod timer;
pub mod transaction;
pub mod transport;
pub mod uri;

#[cfg(test)]
mod tests;

pub use digest::{
    Credentials,
    server::{Gatekeeper, Judgement},
};
pub use frame::{Frame, FrameError, Framer};
pub use guard::{Admission, Guard, Rate};
pub use header::{CSeq, NameAddress, Reason, Via};
pub use health::{Health, HealthEvent, HealthSettings, HealthTrouble};
pub use inquiry::{Answer, Inquiry, Outside, OutsideInput, OutsideOutput, Question, seen_at};
pub use leg::{
    CallSettings, Command, EndpointSettings, Event, Input, Invitation, Leg, LegKey, NotAnInvite, Output, Reliability,
    SESSION_INTERVAL,
};
pub use locate::{LocateError, Located, Locator, Place};
pub use message::{Defect, Header, Headers, Message, ParseError, StartLine};
pub use method::Method;
pub use parties::{CalledFrom, Caller};
pub use registration::{Binding, Registration, RegistrationEvent, RegistrationSettings, RegistrationTrouble};
pub use router::{Ignored, Routed, Router};
pub use stateless::stateless_response;
pub use transport::{Destination, Large, LocalAddress, LocalAddresses, Source, TlsPeer, Transport};
pub use uri::{Host, Scheme, Uri, UriError};
