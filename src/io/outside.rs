//! Drives an engine that asks outside of calls: a registration, a watch over a trunk, one question.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::watch;

use super::sip::{Delivery, SipSocket};
use crate::clock;
use crate::sip::{Destination, Outside, OutsideInput, OutsideOutput, Uri};

/// Looks up where an address leads.
pub type Locate = Box<dyn Fn(Uri) -> Looking + Send>;

/// A search under way.
pub type Looking = Pin<Box<dyn Future<Output = Vec<Destination>> + Send>>;

/// Runs an engine until it is finished; it is told to come to its end once `stop` is true or its sender gone, and where its peer is
/// when that changes. Addresses that it is sent to are looked up by `locate`. What it tells goes to `tell`.
pub async fn run<T: Outside>(
    mut engine: T,
    sip: SipSocket,
    mut stop: watch::Receiver<bool>,
    mut places: watch::Receiver<Vec<Destination>>,
    locate: Locate,
    mut tell: impl FnMut(T::Event),
) {
    let key = engine.key();
    let mut arrived = sip.open_outside(key.clone(), engine.call_id_bytes());
    let mut stopping = false;
    let mut looked_for = None;
    loop {
        while let Some(output) = engine.poll() {
            match output {
                OutsideOutput::Send { to, bytes } => sip.send(Some(&key), to, bytes).await,
                OutsideOutput::Resolve { uri } => looked_for = Some((uri.clone(), locate(uri))),
                OutsideOutput::Event(event) => tell(event),
            }
        }
        if engine.finished() {
            break;
        }
        tokio::select! {
            Some(delivery) = arrived.recv() => {
                let input = match delivery {
                    Delivery::Message { message, .. } => OutsideInput::Message(message),
                    Delivery::Failed { to } => OutsideInput::TransportFailed(to),
                };
                engine.handle(input, clock::now());
            }
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                engine.handle(OutsideInput::Stop, clock::now());
            }
            Ok(()) = places.changed() => {
                let places = places.borrow_and_update().clone();
                engine.handle(OutsideInput::Places(places), clock::now());
            }
            (uri, targets) = found(&mut looked_for) => {
                looked_for = None;
                engine.handle(OutsideInput::Resolved { uri, targets }, clock::now());
            }
            () = super::until(engine.deadline()) => engine.handle(OutsideInput::Timeout, clock::now()),
        }
    }
    sip.close(&key);
}

/// What is being looked up, once it is found; for ever when nothing is.
async fn found(looked_for: &mut Option<(Uri, Looking)>) -> (Uri, Vec<Destination>) {
    match looked_for {
        Some((uri, looking)) => (uri.clone(), looking.await),
        None => std::future::pending().await,
    }
}
