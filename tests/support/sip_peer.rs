//! A SIP peer that does what its script says: it answers requests that come to its socket, and can call.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use faxramp::sip::{Message, Method};
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::PATIENCE;

/// What the peer says to a request, given how many of the same method came before it: statuses with more headers.
pub(crate) type Script = Box<dyn FnMut(&Message, usize) -> Option<(u16, Vec<(String, String)>)> + Send>;

/// A peer on the loopback; it is gone when dropped.
pub(crate) struct SipPeer {
    socket: Arc<UdpSocket>,
    heard: Arc<Mutex<Vec<Message>>>,
    /// Responses to requests of its own.
    responses: Arc<Mutex<Vec<Message>>>,
    task: JoinHandle<()>,
}

impl Drop for SipPeer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An address that nobody listens on, kept free by a socket that answers nothing until it is dropped.
pub(crate) struct Silent(pub(crate) std::net::UdpSocket);

impl Silent {
    pub(crate) fn new() -> Self {
        Self(std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket"))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("an address")
    }
}

impl SipPeer {
    /// A peer that answers by the script.
    pub(crate) async fn start(mut script: Script) -> Self {
        let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket"));
        let heard: Arc<Mutex<Vec<Message>>> = Arc::default();
        let responses: Arc<Mutex<Vec<Message>>> = Arc::default();
        let (reading, log, answers) = (Arc::clone(&socket), Arc::clone(&heard), Arc::clone(&responses));
        let task = tokio::spawn(async move {
            let mut buffer = vec![0_u8; 65_535];
            loop {
                let Ok((length, source)) = reading.recv_from(&mut buffer).await else { continue };
                let Ok(message) = Message::parse(&buffer[..length]) else { continue };
                let Some(method) = message.method().cloned() else {
                    answers.lock().expect("responses").push(message);
                    continue;
                };
                let before = {
                    let mut log = log.lock().expect("a log");
                    let repeated =
                        log.iter().any(|known| known.branch() == message.branch() && known.method() == Some(&method));
                    let before = log.iter().filter(|known| known.method() == Some(&method)).count();
                    if !repeated {
                        log.push(message.clone());
                    }
                    before
                };
                if method == Method::Ack {
                    continue;
                }
                if let Some((status, headers)) = script(&message, before) {
                    let mut response = Message::response(&message, status, "", "peer", source);
                    for (name, value) in headers {
                        response.headers.push(name, value);
                    }
                    let _ = reading.send_to(&response.to_bytes(), source).await;
                }
            }
        });
        Self { socket, heard, responses, task }
    }

    /// A peer that answers every INVITE so, and OPTIONS with 200.
    pub(crate) async fn refusing(status: u16, headers: &[(&str, &str)]) -> Self {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::start(Box::new(move |request, _| match request.method() {
            Some(Method::Invite) => Some((status, headers.clone())),
            _ => Some((200, Vec::new())),
        }))
        .await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("an address")
    }

    /// The requests of this method that came, repetitions left out.
    pub(crate) fn heard(&self, method: &Method) -> Vec<Message> {
        let heard = self.heard.lock().expect("a log");
        heard.iter().filter(|message| message.method() == Some(method)).cloned().collect()
    }

    /// Sends a request of its own, once.
    pub(crate) async fn say(&self, to: SocketAddr, method: Method, uri: &str, number: u32, body: &str) -> Message {
        static COUNTER: AtomicU16 = AtomicU16::new(1);
        let own = self.address();
        let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
        let mut request = Message::request(method.clone(), uri);
        request.headers.push("Via", format!("SIP/2.0/UDP {own};rport;branch=z9hG4bK{unique}"));
        request.headers.push("Max-Forwards", "70");
        request.headers.push("From", format!("<sip:+390611111@{own}>;tag=peer{unique}"));
        request.headers.push("To", format!("<{uri}>"));
        request.headers.push("Call-ID", format!("call{unique}@peer"));
        request.headers.push("CSeq", format!("{number} {method}"));
        request.headers.push("Contact", format!("<sip:{own}>"));
        request.set_body("application/sdp", body.as_bytes().to_vec());
        self.socket.send_to(&request.to_bytes(), to).await.expect("sent");
        request
    }

    /// Waits for a response with one of these statuses.
    pub(crate) async fn response(&self, statuses: &[u16]) -> Message {
        let found = || {
            let responses = self.responses.lock().expect("responses");
            responses.iter().find(|one| one.status().is_some_and(|status| statuses.contains(&status))).cloned()
        };
        let waiting = async {
            loop {
                if let Some(found) = found() {
                    return found;
                }
                super::pause(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("a response in time")
    }
}
