//! As much SIP as a telephone needs that calls, is called, asks for T.38 and hangs up. One socket for all calls.
//!
//! Written without the crate's own SIP, so that the two ends do not agree by being the same. RFC 3261; no retransmission, for the
//! loopback loses nothing.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

const PORT: u16 = 5060;

/// A message as text taken apart.
#[derive(Clone, Debug)]
pub struct Message {
    first: String,
    headers: Vec<(String, String)>,
    /// The description in it.
    pub body: String,
}

impl Message {
    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.split("\r\n");
        let first = lines.next()?.to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_lowercase(), value.trim().to_owned()))
        };
        Some(Self { first, headers: lines.filter_map(header).collect(), body: body.to_owned() })
    }

    /// The first header of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.headers.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    /// Whether it is a request of a method.
    #[must_use]
    pub fn is(&self, method: &str) -> bool {
        self.first.strip_prefix(method).is_some_and(|rest| rest.starts_with(' '))
    }

    /// The status of a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.first.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }
}

/// The socket; it knows calls by their Call-ID, and those to come by the number called.
#[derive(Debug)]
pub struct Hub {
    socket: UdpSocket,
    address: String,
    server: SocketAddr,
    calls: Mutex<HashMap<String, Sender<Message>>>,
    expected: Mutex<HashMap<String, Sender<Message>>>,
}

impl Hub {
    /// Listens on an address of the tester's.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn new(address: &str, server: SocketAddr) -> Result<Arc<Self>, String> {
        let socket = UdpSocket::bind((address, PORT)).map_err(|error| format!("{address}:{PORT}: {error}"))?;
        let (calls, expected) = (Mutex::default(), Mutex::default());
        let hub = Arc::new(Self { socket, address: address.into(), server, calls, expected });
        let listening = Arc::clone(&hub);
        std::thread::spawn(move || listening.listen());
        Ok(hub)
    }

    fn listen(&self) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok((count, _)) = self.socket.recv_from(&mut buffer) {
            if let Some(message) = Message::parse(&String::from_utf8_lossy(&buffer[..count])) {
                self.sort(message);
            }
        }
    }

    fn sort(&self, message: Message) {
        let identifier = message.get("call-id").to_owned();
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if message.is("INVITE") && !calls.contains_key(&identifier) {
            let number = message.first.split("sip:").nth(1).and_then(|rest| rest.split('@').next()).unwrap_or("");
            match self.expected.lock().unwrap_or_else(PoisonError::into_inner).remove(number) {
                Some(call) => calls.insert(identifier.clone(), call),
                // A second call for a fax that failed.
                None => return self.reply(&message, "480 Not now", ""),
            };
        }
        match calls.get(&identifier) {
            // Who has hung up does not listen.
            Some(call) => drop(call.send(message)),
            None if message.status().is_none() && !message.is("ACK") => self.reply(&message, "481 No such call", ""),
            None => {}
        }
    }

    /// The messages of the call that a number will get.
    pub fn expect(&self, number: &str) -> Receiver<Message> {
        let (sender, receiver) = channel();
        self.expected.lock().unwrap_or_else(PoisonError::into_inner).insert(number.into(), sender);
        receiver
    }

    /// The messages of a call of ours.
    pub fn register(&self, identifier: &str) -> Receiver<Message> {
        let (sender, receiver) = channel();
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).insert(identifier.into(), sender);
        receiver
    }

    /// The server's address, for the request.
    pub const fn server(&self) -> SocketAddr {
        self.server
    }

    fn send(&self, mut text: String, description: &str) {
        if !description.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{description}", description.len()));
        // The loopback takes it, or the script fails for want of an answer.
        let _ = self.socket.send_to(text.as_bytes(), self.server);
    }

    /// Answers a request.
    pub fn reply(&self, request: &Message, status: &str, description: &str) {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for (name, value) in &request.headers {
            match name.as_str() {
                "via" | "record-route" | "from" | "call-id" | "cseq" => text.push_str(&format!("{name}: {value}\r\n")),
                "to" if value.contains("tag=") => text.push_str(&format!("to: {value}\r\n")),
                "to" => text.push_str(&format!("to: {value};tag=tester\r\n")),
                _ => {}
            }
        }
        text.push_str(&format!("Contact: <sip:tester@{}:{PORT}>\r\n", self.address));
        self.send(text, description);
    }
}

/// One call.
#[derive(Debug)]
pub struct Dialog {
    hub: Arc<Hub>,
    messages: Receiver<Message>,
    identifier: String,
    local: String,
    remote: String,
    target: String,
    sequence: u32,
}

impl Dialog {
    /// A call of ours to a number of the server's, not begun.
    pub fn calling(hub: &Arc<Hub>, number: &str, place: usize) -> Self {
        let identifier = format!("conformance-{place}-{}", std::process::id());
        let target = format!("sip:{number}@{}", hub.server());
        Self {
            messages: hub.register(&identifier),
            identifier,
            local: format!("<sip:+39010000@{}>;tag=tester", hub.address),
            remote: format!("<{target}>"),
            target,
            sequence: 0,
            hub: Arc::clone(hub),
        }
    }

    /// A call that an INVITE began.
    pub fn called(hub: &Arc<Hub>, invite: &Message, messages: Receiver<Message>) -> Self {
        Self {
            messages,
            identifier: invite.get("call-id").into(),
            local: format!("{};tag=tester", invite.get("to")),
            remote: invite.get("from").into(),
            target: address_in(invite.get("contact")),
            sequence: 100,
            hub: Arc::clone(hub),
        }
    }

    /// Sends a request; an ACK has the number of the INVITE before it.
    pub fn request(&mut self, method: &str, description: &str) {
        if method != "ACK" {
            self.sequence += 1;
        }
        let Self { identifier, local, remote, target, sequence, .. } = self;
        let own = &self.hub.address;
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {own}:{PORT};branch=z9hG4bK{identifier}{method}{sequence};rport\r\n\
             Max-Forwards: 70\r\nFrom: {local}\r\nTo: {remote}\r\nCall-ID: {identifier}\r\nCSeq: {sequence} {method}\r\n\
             Contact: <sip:tester@{own}:{PORT}>\r\n"
        );
        self.hub.send(text, description);
    }

    /// Takes the answer to our INVITE and acknowledges it.
    pub fn established(&mut self, answer: &Message) {
        self.remote = answer.get("to").into();
        self.target = address_in(answer.get("contact"));
        self.request("ACK", "");
    }

    /// The next message that has come.
    pub fn next(&self) -> Option<Message> {
        self.messages.try_recv().ok()
    }

    /// Answers a request.
    pub fn reply(&self, request: &Message, status: &str, description: &str) {
        self.hub.reply(request, status, description);
    }
}

fn address_in(header: &str) -> String {
    header.split('<').nth(1).and_then(|rest| rest.split('>').next()).unwrap_or(header).to_owned()
}

/// The description of an audio port.
#[must_use]
pub fn audio(address: &str, port: u16) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    )
}

/// The description of a T.38 port.
#[must_use]
pub fn image(address: &str, port: u16) -> String {
    format!(
        "v=0\r\no=- 1 2 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=image {port} udptl t38\r\na=T38FaxVersion:0\r\n\
         a=T38MaxBitRate:14400\r\na=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxDatagram:400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"
    )
}

/// Where the T.38 of a description goes.
#[must_use]
pub fn image_address(description: &str) -> Option<SocketAddr> {
    let address = description.lines().find_map(|line| line.strip_prefix("c=IN IP4 "))?;
    let port = description.lines().find_map(|line| line.strip_prefix("m=image "))?.split(' ').next()?;
    format!("{}:{port}", address.trim()).parse().ok()
}
