//! Responses without a transaction: made the same way again whenever the request comes again.
// RFC 3261 §8.2.7

use super::{
    message::Message,
    transport::{Destination, Source},
};
use sha2::{Digest, Sha256};

/// A response and where it goes; nothing for a request without a Via. Its tag is always the same for the same request.
#[must_use]
pub fn stateless_response(
    request: &Message,
    source: Source,
    status: u16,
    reason: &str,
    headers: &[(&str, &str)],
) -> Option<(Message, Destination)> {
    let via = request.via()?;
    let mut hash = Sha256::new();
    hash.update(request.branch().as_bytes());
    hash.update(request.call_id().unwrap_or_default());
    let tag: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let mut response = Message::response(request, status, reason, &tag, source.address);
    for (name, value) in headers {
        response.headers.push(name, value);
    }
    Some((response, via.response_destination(source)))
}
