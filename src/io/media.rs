//! The media ports of calls, and what goes through them.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::net::UdpSocket;

/// The largest media datagram read; longer ones are cut, and refused by their parser.
pub const DATAGRAM_OCTETS: usize = 2048;

/// What a media port of a call is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Medium {
    /// RTP.
    Audio,
    /// RTCP.
    Report,
    /// UDPTL.
    T38,
}

/// The UDP ports of one call: RTP, RTCP on the port after it, and UDPTL.
#[derive(Debug)]
pub struct MediaSockets {
    /// For RTP; an even port.
    pub audio: UdpSocket,
    /// For RTCP; the port after.
    pub reports: UdpSocket,
    /// For UDPTL.
    pub t38: UdpSocket,
}

impl MediaSockets {
    /// Sends a datagram. One that cannot be sent is one that is lost.
    pub async fn send(&self, medium: Medium, to: SocketAddr, datagram: &[u8]) {
        drop(self.socket(medium).send_to(datagram, to).await);
    }

    /// Waits for a datagram; RTP may be left where it is. Gives its length and where it came from. Nothing is lost when the wait is given up.
    pub async fn receive(&self, buffer: &mut [u8; DATAGRAM_OCTETS], with_audio: bool) -> (Medium, usize, SocketAddr) {
        loop {
            // Which sockets have something; a datagram is taken from one of them only.
            let medium = tokio::select! {
                ready = self.audio.readable(), if with_audio => ready.map(|()| Medium::Audio),
                ready = self.reports.readable() => ready.map(|()| Medium::Report),
                ready = self.t38.readable() => ready.map(|()| Medium::T38),
            };
            // Only at the end of the program.
            let Ok(medium) = medium else { return std::future::pending().await };
            if let Ok((length, source)) = self.socket(medium).try_recv_from(buffer) {
                return (medium, length, source);
            }
        }
    }

    const fn socket(&self, medium: Medium) -> &UdpSocket {
        match medium {
            Medium::Audio => &self.audio,
            Medium::Report => &self.reports,
            Medium::T38 => &self.t38,
        }
    }
}

/// Hands out media ports from a range, round and round.
#[derive(Debug)]
pub struct MediaPorts {
    first: u16,
    last: u16,
    next: AtomicU16,
}

impl MediaPorts {
    /// Ports from `first` to `last`, both included.
    #[must_use]
    pub fn new(first: u16, last: u16) -> Self {
        Self { first, last: last.max(first), next: AtomicU16::new(first) }
    }

    /// Binds the sockets of a call on one of our addresses.
    ///
    /// # Errors
    /// When no port of the range is free.
    pub async fn bind(&self, address: IpAddr) -> std::io::Result<MediaSockets> {
        // RFC 3550 §11: RTP takes an even port and RTCP the next one; some peers insist on an even one for UDPTL too.
        let (audio, reports) = self.bind_pair(address).await?;
        let (t38, _) = self.bind_pair(address).await?;
        Ok(MediaSockets { audio, reports, t38 })
    }

    /// Two ports in a row, the first of them even.
    async fn bind_pair(&self, address: IpAddr) -> std::io::Result<(UdpSocket, UdpSocket)> {
        let tries = u32::from(self.last - self.first) + 1;
        for _ in 0..tries {
            let port = self.next_port();
            if !port.is_multiple_of(2) || port >= self.last {
                continue;
            }
            let pair = async {
                let first = UdpSocket::bind(SocketAddr::new(address, port)).await?;
                std::io::Result::Ok((first, UdpSocket::bind(SocketAddr::new(address, port + 1)).await?))
            };
            match pair.await {
                Ok(pair) => return Ok(pair),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(error) => {
                    let text = format!(
                        "media port {port} cannot be opened at {address}: {error}; is that still an address of this machine, and \
                         may it open the ports of sip.media_ports? See sip.listen"
                    );
                    return Err(std::io::Error::new(error.kind(), text));
                }
            }
        }
        let text = format!(
            "no two media ports in a row between {} and {} are free; widen sip.media_ports",
            self.first, self.last
        );
        Err(std::io::Error::new(std::io::ErrorKind::AddrInUse, text))
    }

    fn next_port(&self) -> u16 {
        let step = |port: u16| Some(if port >= self.last { self.first } else { port + 1 });
        self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap_or(self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_is_not_ours_is_told_with_the_keys_to_look_at() {
        let refused = MediaPorts::new(40_000, 40_003).bind([192, 0, 2, 1].into()).await.expect_err("no such address");
        assert_eq!(refused.kind(), std::io::ErrorKind::AddrNotAvailable);
        let told = refused.to_string();
        assert!(told.contains("192.0.2.1") && told.contains("sip.listen"), "{told}");
    }
}
