//! Every section and every key, declared once. A doc comment here is the key's paragraph in the manual.
//!
//! The order of the list below is that of the sample and the manuals; the keys stand with what they are about.

mod fax;
mod mail;
mod numbers;
mod sip;
mod upkeep;

pub use fax::{Fax, Fetch, Render};
pub use mail::{Delivery, Receipt, Smtp};
pub use numbers::{Allow, Inbound, InboundBlock, Numbers, SubAddress};
pub use sip::{Peer, Sip, Trunk};
pub use upkeep::{Log, Queue, Retry, Server, Trace};

use super::Reader;
use super::key::{Key, Section, file};

file! {
    /// The whole configuration.
    Config {
        server: Server,
        smtp: Smtp,
        numbers: Numbers,
        sip: Sip,
        inbound_block: InboundBlock,
        fax: Fax,
        render: Render,
        queue: Queue,
        retry: Retry,
        fetch: Fetch,
        receipt: Receipt,
        delivery: Delivery,
        log: Log,
        trace: Trace,
        ;
        allow: [Allow],
        trunk: [Trunk],
        peer: [Peer],
        inbound: [Inbound],
        sub_address: [SubAddress],
    }
}
