//! Tells the service manager how the server stands: a datagram to `$NOTIFY_SOCKET`. sd_notify(3); no library is needed for it.

use std::ffi::{OsStr, OsString};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The variable with the socket's name.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// Where to tell; nowhere when no service manager asked.
#[derive(Clone, Debug)]
pub(super) struct Readiness {
    socket: Option<OsString>,
}

impl Readiness {
    /// As the environment has it.
    pub(super) fn of_process() -> Self {
        Self { socket: std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) }
    }

    /// The server serves.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// The server has been told to stop.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=calls on the line are finished");
    }

    fn tell(&self, state: &str) {
        let Some(name) = &self.socket else { return };
        if let Err(error) = send(name, state) {
            tracing::warn!(%error, "the service manager could not be told: {state}");
        }
    }
}

/// A name that begins with `@` is in the abstract namespace.
fn send(name: &OsStr, state: &str) -> std::io::Result<()> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(rest) => SocketAddr::from_abstract_name(rest)?,
        None => SocketAddr::from_pathname(name)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::Readiness;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn the_service_manager_hears_that_the_server_is_ready_and_that_it_stops() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("notify");
        let manager = UnixDatagram::bind(&path).expect("a socket");
        let readiness = Readiness { socket: Some(path.into()) };
        readiness.ready("listening");
        readiness.stopping();
        let mut octets = [0; 200];
        let length = manager.recv(&mut octets).expect("a datagram");
        assert_eq!(&octets[..length], b"READY=1\nSTATUS=listening");
        let length = manager.recv(&mut octets).expect("a datagram");
        assert!(octets[..length].starts_with(b"STOPPING=1\n"));
    }

    #[test]
    fn a_manager_that_has_gone_stops_nothing() {
        Readiness { socket: Some("/nowhere/notify".into()) }.ready("listening");
        Readiness { socket: None }.ready("listening");
    }
}
