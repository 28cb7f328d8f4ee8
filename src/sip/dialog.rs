//! A dialog: who talks to whom (Call-ID and two tags), by what way (route set, remote target), in what order (CSeq).
//! It makes requests and judges the order of those received; what they do to the call is the leg's business.
// RFC 3261 §12

use super::{
    header::NameAddress,
    message::Message,
    method::Method,
    transport::{Destination, TlsPeer, Transport},
    uri::{Host, Scheme, Uri},
};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// One dialog, early or confirmed.
#[derive(Clone, Debug)]
pub struct Dialog {
    call_id: Vec<u8>,
    /// Our own `From` in requests, with our tag.
    local: Vec<u8>,
    /// The peer's address with its tag, as it wrote it.
    remote: Vec<u8>,
    remote_tag: Option<String>,
    local_number: u32,
    remote_number: Option<u32>,
    route_set: Vec<Vec<u8>>,
    remote_target: String,
}

/// Most hops of a route set that are kept; a message with more is one of a loop.
pub const ROUTES_MAX: usize = 32;

impl Dialog {
    /// The dialog a response to our INVITE makes.
    // RFC 3261 §12.1.2
    pub fn as_caller(invite: &Message, response: &Message) -> Self {
        let header = |message: &Message, name: &str| message.headers.first(name).unwrap_or_default().to_vec();
        let routes = response.headers.list("Record-Route");
        let target = contact(response).or_else(|| invite.request_uri().map(str::to_owned));
        Self {
            call_id: header(invite, "Call-ID"),
            local: header(invite, "From"),
            remote: header(response, "To"),
            remote_tag: response.to_tag(),
            local_number: invite.cseq().map_or(1, |cseq| cseq.number),
            remote_number: None,
            route_set: routes.iter().rev().take(ROUTES_MAX).map(|route| route.to_vec()).collect(),
            remote_target: target.unwrap_or_default(),
        }
    }

    /// The dialog our answer to an INVITE makes.
    // RFC 3261 §12.1.1
    pub fn as_callee(invite: &Message, local_tag: &str, first_number: u32) -> Self {
        let header = |name: &str| invite.headers.first(name).unwrap_or_default().to_vec();
        let mut local = header("To");
        local.extend_from_slice(format!(";tag={local_tag}").as_bytes());
        let routes = invite.headers.list("Record-Route");
        // An INVITE without Contact is a fault; its From is the next best thing.
        let target = contact(invite).or_else(|| invite.from().map(|from| bare(from.uri)));
        Self {
            call_id: header("Call-ID"),
            local,
            remote: header("From"),
            remote_tag: invite.from_tag(),
            local_number: first_number,
            remote_number: invite.cseq().map(|cseq| cseq.number),
            route_set: routes.iter().take(ROUTES_MAX).map(|route| route.to_vec()).collect(),
            remote_target: target.unwrap_or_default(),
        }
    }

    /// Takes what the 2xx says that made an early dialog a whole one.
    // RFC 3261 §13.2.2.4: the route set is computed anew
    pub fn confirm(&mut self, response: &Message) {
        let routes = response.headers.list("Record-Route");
        self.route_set = routes.iter().rev().take(ROUTES_MAX).map(|route| route.to_vec()).collect();
        self.refresh_target(response);
    }

    /// The number of our last request.
    pub(super) fn local_number(&self) -> u32 {
        self.local_number
    }

    /// The peer's tag; none with a peer of RFC 2543.
    pub fn remote_tag(&self) -> Option<&str> {
        self.remote_tag.as_deref()
    }

    /// The next request in the dialog, without Via; ACK has the number of its INVITE and is made by [`Self::ack`].
    // RFC 3261 §12.2.1.1
    pub fn request(&mut self, method: Method) -> Message {
        self.local_number += 1;
        self.numbered(method, self.local_number)
    }

    /// The ACK for a 2xx to the INVITE with this number, without Via.
    // RFC 3261 §13.2.2.4
    pub fn ack(&self, number: u32) -> Message {
        self.numbered(Method::Ack, number)
    }

    /// Takes the new contact of a re-INVITE, an UPDATE, or their 2xx.
    // RFC 3261 §12.2.1.2, §12.2.2
    pub fn refresh_target(&mut self, message: &Message) {
        if let Some(target) = contact(message) {
            self.remote_target = target;
        }
    }

    /// Whether a request of the peer is in order; if so its number is the last seen.
    // RFC 3261 §12.2.2
    pub fn takes(&mut self, request: &Message) -> bool {
        let Some(cseq) = request.cseq() else {
            return false;
        };
        if self.remote_number.is_some_and(|last| cseq.number < last) {
            return false;
        }
        self.remote_number = Some(cseq.number);
        true
    }

    /// Where requests go: to the first route or the remote target if that is a literal address we can reach, else to
    /// `fallback`, the hop the call was made through.
    pub fn next_hop(&self, fallback: &Destination) -> Destination {
        let first_route = self.route_set.first().and_then(|route| NameAddress::parse(route));
        let uri = first_route.map(|route| route.uri).or_else(|| Uri::parse(&self.remote_target).ok());
        uri.and_then(|uri| literal(&uri, fallback)).unwrap_or_else(|| fallback.clone())
    }

    fn numbered(&self, method: Method, number: u32) -> Message {
        let first = self.route_set.first().and_then(|route| NameAddress::parse(route));
        // A first hop without `lr` is a strict router: it takes the Request-URI, and the target goes last.
        let strict = first.filter(|route| !route.uri.parameters.has("lr")).map(|route| bare(route.uri));
        let uri = strict.clone().unwrap_or_else(|| self.remote_target.clone());
        let mut request = Message::request(method.clone(), uri);
        for route in self.route_set.iter().skip(usize::from(strict.is_some())) {
            request.headers.push("Route", route);
        }
        if strict.is_some() {
            request.headers.push("Route", format!("<{}>", self.remote_target));
        }
        request.headers.push("Max-Forwards", MAX_FORWARDS);
        request.headers.push("From", &self.local);
        request.headers.push("To", &self.remote);
        request.headers.push("Call-ID", &self.call_id);
        request.headers.push("CSeq", format!("{number} {method}"));
        request
    }
}

/// Where an address leads that says so itself and that can be reached as `fallback` is.
// RFC 3263 §4.1
pub(super) fn literal(uri: &Uri, fallback: &Destination) -> Option<Destination> {
    let transport = match (&uri.scheme, uri.parameters.value("transport")) {
        (Scheme::Sips, _) => Transport::Tls,
        (Scheme::Sip, Some(name)) => Transport::parse(&name)?,
        // Many that are reached by a stream leave out to say so.
        (Scheme::Sip, None) => fallback.transport,
        (Scheme::Tel | Scheme::Other(_), _) => return None,
    };
    // A call under TLS stays there, whatever a peer writes.
    if fallback.transport == Transport::Tls && transport != Transport::Tls {
        return None;
    }
    let Some(Host::Address(ip)) = uri.host else {
        return None;
    };
    let address = SocketAddr::new(ip, uri.port.unwrap_or(transport.default_port()));
    if !is_reachable(address, fallback.address) {
        return None;
    }
    let same = transport == fallback.transport;
    let strange = || Arc::new(TlsPeer { domain: ip.to_string(), profile: String::new() });
    Some(Destination {
        transport,
        address,
        local: fallback.local.filter(|_| same),
        tls: (transport == Transport::Tls).then(|| fallback.tls.clone().unwrap_or_else(strange)),
        reopen: None,
        large: fallback.large,
    })
}

/// How many hops a request may take.
// RFC 3261 §8.1.1.6
pub(super) const MAX_FORWARDS: &str = "70";

fn contact(message: &Message) -> Option<String> {
    let contact = message.address("Contact")?;
    let is_sip = matches!(contact.uri.scheme, Scheme::Sip | Scheme::Sips);
    is_sip.then(|| bare(contact.uri))
}

/// An address as a Request-URI, in which headers have no place.
// RFC 3261 §19.1.1
fn bare(uri: Uri) -> String {
    Uri { headers: None, ..uri }.to_string()
}

/// Whether an address that the peer wrote makes sense as seen from here: peers behind NAT, and many PBXes in
/// containers, write addresses of their own side.
fn is_reachable(address: SocketAddr, reached: SocketAddr) -> bool {
    if address.is_ipv4() != reached.is_ipv4() || address.port() == 0 || address.ip().is_unspecified() {
        return false;
    }
    match reached.ip() {
        reached if is_private(reached) => address.ip().is_loopback() == reached.is_loopback(),
        _ => !is_private(address.ip()),
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite(extra: &str) -> Message {
        let text = format!(
            "INVITE sip:2000@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n\
             From: \"A\" <sip:a@192.0.2.1>;tag=fa\r\nTo: <sip:2000@192.0.2.9>\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\n\
             {extra}\r\n"
        );
        Message::parse(text.as_bytes()).unwrap()
    }

    fn ok(extra: &str) -> Message {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nFrom: <sip:a@192.0.2.1>;tag=fa\r\n\
             To: <sip:2000@192.0.2.9>;tag=tb\r\nCall-ID: c1\r\nCSeq: 7 INVITE\r\n{extra}\r\n"
        );
        Message::parse(text.as_bytes()).unwrap()
    }

    fn routes(message: &Message) -> Vec<String> {
        message.headers.all("Route").map(|route| String::from_utf8(route.to_vec()).unwrap()).collect()
    }

    #[test]
    fn callers_route_set_is_the_record_routes_backwards() {
        let answer = ok("Record-Route: <sip:192.0.2.20;lr>, <sip:192.0.2.10;lr>\r\nContact: <sip:x@10.1.1.1:5070>\r\n");
        let mut dialog = Dialog::as_caller(&invite(""), &answer);
        let bye = dialog.request(Method::Bye);
        assert_eq!(bye.request_uri(), Some("sip:x@10.1.1.1:5070"));
        assert_eq!(routes(&bye), ["<sip:192.0.2.10;lr>", "<sip:192.0.2.20;lr>"]);
        assert_eq!(bye.cseq().unwrap().to_string(), "8 BYE");
        assert_eq!(bye.to_tag().as_deref(), Some("tb"));
        let fallback = Destination::udp("192.0.2.99:5060".parse().unwrap());
        assert_eq!(dialog.next_hop(&fallback), Destination::udp("192.0.2.10:5060".parse().unwrap()));
        assert_eq!(dialog.ack(7).cseq().unwrap().to_string(), "7 ACK");
    }

    #[test]
    fn a_strict_router_takes_the_request_uri() {
        let request = invite("Record-Route: <sip:192.0.2.10>, <sip:192.0.2.20;lr>\r\nContact: <sip:a@192.0.2.1>\r\n");
        let mut dialog = Dialog::as_callee(&request, "us", 1);
        let bye = dialog.request(Method::Bye);
        assert_eq!(bye.request_uri(), Some("sip:192.0.2.10"));
        assert_eq!(routes(&bye), ["<sip:192.0.2.20;lr>", "<sip:a@192.0.2.1>"]);
        assert_eq!(bye.from_tag().as_deref(), Some("us"));
        assert_eq!(bye.to().unwrap().display_name.as_deref(), Some("A"));
    }

    #[test]
    fn names_and_addresses_of_the_other_side_of_a_nat_fall_back() {
        let hop = |contact: &str, fallback: &str| {
            let dialog = Dialog::as_caller(&invite(""), &ok(&format!("Contact: <{contact}>\r\n")));
            dialog.next_hop(&Destination::udp(fallback.parse().unwrap())).address.to_string()
        };
        assert_eq!(hop("sip:x@198.51.100.4:5070", "203.0.113.1:5060"), "198.51.100.4:5070");
        assert_eq!(hop("sip:x@gw.example.com", "203.0.113.1:5060"), "203.0.113.1:5060");
        assert_eq!(hop("sip:x@192.168.1.4", "203.0.113.1:5060"), "203.0.113.1:5060");
        assert_eq!(hop("sip:x@0.0.0.0", "203.0.113.1:5060"), "203.0.113.1:5060");
        assert_eq!(hop("sip:x@[2001:db8::1]", "203.0.113.1:5060"), "203.0.113.1:5060");
        assert_eq!(hop("sip:x@127.0.0.1", "192.168.1.1:5060"), "192.168.1.1:5060");
        assert_eq!(hop("sip:x@127.0.82.20:5061", "127.0.82.10:5060"), "127.0.82.20:5061");
    }

    #[test]
    fn the_transport_is_the_one_written_else_that_of_the_call_and_never_less_than_tls() {
        let hop = |contact: &str, transport| {
            let dialog = Dialog::as_caller(&invite(""), &ok(&format!("Contact: <{contact}>\r\n")));
            dialog.next_hop(&Destination::new(transport, "203.0.113.1:5060".parse().unwrap())).to_string()
        };
        assert_eq!(hop("sip:x@198.51.100.4", Transport::Tcp), "198.51.100.4:5060 by TCP");
        assert_eq!(hop("sip:x@198.51.100.4;transport=tcp", Transport::Udp), "198.51.100.4:5060 by TCP");
        assert_eq!(hop("sip:x@198.51.100.4;transport=tls", Transport::Udp), "198.51.100.4:5061 by TLS");
        assert_eq!(hop("sips:x@198.51.100.4", Transport::Tcp), "198.51.100.4:5061 by TLS");
        assert_eq!(hop("sip:x@198.51.100.4;transport=udp", Transport::Tls), "203.0.113.1:5060 by TLS");
        assert_eq!(hop("sip:x@198.51.100.4;transport=sctp", Transport::Udp), "203.0.113.1:5060 by UDP");
    }

    #[test]
    fn requests_out_of_order_are_not_taken() {
        let mut dialog = Dialog::as_callee(&invite(""), "us", 1);
        let bye = |number| {
            let mut bye = Message::request(Method::Bye, "sip:a@h");
            bye.headers.push("CSeq", format!("{number} BYE"));
            bye
        };
        assert!(!dialog.takes(&bye(6)));
        assert!(dialog.takes(&bye(9)));
        assert!(!dialog.takes(&bye(8)));
    }

    #[test]
    fn the_target_follows_the_contact() {
        let mut dialog = Dialog::as_caller(&invite(""), &ok("Contact: <sip:x@192.0.2.9>\r\n"));
        dialog.refresh_target(&ok("m: \"gw\" <sip:y@192.0.2.8;transport=udp>;expires=60\r\n"));
        assert_eq!(dialog.request(Method::Bye).request_uri(), Some("sip:y@192.0.2.8;transport=udp"));
        dialog.refresh_target(&ok(""));
        assert_eq!(dialog.request(Method::Bye).request_uri(), Some("sip:y@192.0.2.8;transport=udp"));
    }
}
