//! Drivers: sockets, the clock's ticks and the sandboxed child. Each selects one event and applies it to an engine.
//!
//! They decide nothing: whatever is about fax or mail is asked of the engine or, through a trait declared here, of the stage
//! above. Nothing here imports `policy`, `queue` or `stage`.

pub mod background;
mod buffer;
pub mod call;
pub mod dns;
pub mod maildir;
pub mod media;
pub mod outside;
pub mod sip;
pub mod smtp_in;
pub mod smtp_out;
pub mod tls;
pub mod worker;

use std::time::Instant;

/// Waits for an engine's deadline; for ever when it has none.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
