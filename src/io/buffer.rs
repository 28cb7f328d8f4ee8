//! How much a socket keeps while nobody reads it.

use std::os::fd::AsFd;

use rustix::net::sockopt::{set_socket_recv_buffer_size, socket_recv_buffer_size};

/// What the one SIP socket asks for: some four messages of each of a thousand calls, by the kernel's count of 1 to 2 kB for each. The usual
/// 208 kB hold a tenth of that, and a message lost costs the repeats of RFC 3261 §17: a call answered or ended late by up to 16 s.
///
/// Media sockets have one call each and keep the usual size: 4 s of datagrams at a modem's pace, a quarter of a second at the fast one.
pub(super) const SIP_OCTETS: usize = 4 << 20;

/// Asks for a receive buffer, unless the socket has a larger one. A kernel that gives less is told of, with the cure.
pub(super) fn widen(socket: &impl AsFd, wanted_octets: usize) {
    let granted = granted_octets(socket);
    if granted.is_ok_and(|octets| octets >= wanted_octets) {
        return;
    }
    let asked = set_socket_recv_buffer_size(socket, wanted_octets);
    match asked.and_then(|()| granted_octets(socket)) {
        Ok(octets) if octets >= wanted_octets => {}
        Ok(octets) => tracing::info!(
            octets,
            wanted_octets,
            "the kernel gives the SIP socket a small receive buffer; with hundreds of calls at once, raise it: sysctl -w \
             net.core.rmem_max={wanted_octets}"
        ),
        Err(error) => tracing::warn!(%error, "the SIP socket's receive buffer stays as it is"),
    }
}

/// The size in octets as it can be asked for: Linux tells twice that, for its own needs beside the datagrams.
// socket(7), SO_RCVBUF
fn granted_octets(socket: &impl AsFd) -> rustix::io::Result<usize> {
    Ok(socket_recv_buffer_size(socket)? / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn a_socket_keeps_more_after_it_was_asked_to_and_never_less_than_before() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let before = granted_octets(&socket).unwrap();
        widen(&socket, before / 2);
        assert_eq!(granted_octets(&socket).unwrap(), before);
        // What any kernel lets a program have, in whose usual size there is room for it.
        set_socket_recv_buffer_size(&socket, 8192).unwrap();
        widen(&socket, 16_384);
        assert_eq!(granted_octets(&socket).unwrap(), 16_384);
    }

    #[test]
    fn a_kernel_that_gives_less_is_no_fault() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        widen(&socket, usize::try_from(i32::MAX / 2).unwrap());
        assert!(granted_octets(&socket).unwrap() > 0);
    }
}
