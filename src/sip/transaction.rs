//! Transactions: a request and its responses, made reliable over UDP. Four machines, one a file; each takes messages
//! and the time, adds what it sends to the caller's queue, and says what is to be passed up.

mod client;
mod client_invite;
mod server;
mod server_invite;

pub use client::ClientRequest;
pub use client_invite::ClientInvite;
pub(in crate::sip) use client_invite::derived;
pub use server::ServerRequest;
pub use server_invite::ServerInvite;

use super::{message::Message, method::Method, transport::Destination};

/// Bytes to be sent and where to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Datagram {
    /// Where to.
    pub to: Destination,
    /// One message.
    pub bytes: Vec<u8>,
}

/// What a client transaction has to tell its user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The response is news.
    Pass,
    /// The response is a repetition, or out of place; the transaction has done what was to do.
    Absorbed,
}

/// How a client transaction ended without its user being told by a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoResponse;

/// What tells one server transaction from another.
// RFC 3261 §17.2.3
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ServerKey {
    branch: String,
    sent_by: String,
    // Peers of RFC 2543 make no unique branch; the number and the tag tell their requests apart.
    number: u32,
    from_tag: String,
    call_id: Vec<u8>,
}

impl ServerKey {
    /// The key of a request; that of an ACK or a CANCEL is the same as that of its INVITE.
    pub fn of(request: &Message) -> Option<Self> {
        let via = request.via()?;
        let port = via.port.map_or_else(String::new, |port| format!(":{port}"));
        Some(Self {
            branch: via.parameters.value("branch").unwrap_or_default(),
            sent_by: format!("{}{port}", via.host).to_ascii_lowercase(),
            number: request.cseq()?.number,
            from_tag: request.from_tag().unwrap_or_default(),
            call_id: request.call_id()?.to_vec(),
        })
    }

    /// Whether another key is of the same request that came by another way.
    // RFC 3261 §8.2.2.2
    pub(super) fn is_merged(&self, other: &Self) -> bool {
        (&self.call_id, &self.from_tag, self.number) == (&other.call_id, &other.from_tag, other.number)
    }
}

/// Whether a response answers the request that was sent with this branch and method.
// RFC 3261 §17.1.3
fn answers(response: &Message, branch: &str, method: &Method) -> bool {
    response.status().is_some()
        && response.branch() == branch
        && response.cseq().is_some_and(|cseq| cseq.method == *method)
}

#[cfg(test)]
mod tests;
