//! What a call taught of a number is used in the next one.

use std::net::SocketAddr;
use std::time::Duration;

use faxramp::app::Server;
use faxramp::call::Record;
use faxramp::model::{Cause, V17Trial};
use faxramp::policy::Note;
use faxramp::queue::JobDetail;

use crate::support::client::{Client, message};
use crate::support::machine::Machine;
use crate::support::middle::Middle;
use crate::support::site::{Site, Wishes};
use crate::support::{all_reported, documents};

const NUMBER: &str = "+39061111";

/// Faxes a page to the number, the `count`th in all; the record of its only call.
async fn fax(site: &Site, server: &Server, count: usize) -> Record {
    let mut client = Client::connect(site.smtp_address()).await;
    let id = format!("m{count}");
    let text = format!("This is mail {id}.\r\n{}", documents::text(1));
    let (code, reply) =
        client.mail("jane@company.test", &[&format!("{NUMBER}@fax.test")], &message(&id, &id, &text)).await;
    assert_eq!(code, 250, "{reply}");
    let jobs = all_reported(server, count).await;
    let JobDetail { job, attempts, .. } = &jobs[count - 1];
    assert_eq!((job.cause.clone(), attempts.len()), (Some(Cause::Sent), 1), "{attempts:?}");
    serde_json::from_str(attempts[0].record.as_deref().expect("a record")).expect("a record of ours")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_with_which_v17_fails_is_sent_to_over_v29_from_the_next_call_on() {
    let more = "[[trunk]]\nname = \"gateway\"\nproxy = \"{address}:5071\"\nprefixes = [\"+3906*\"]\nfax = \"t38\"\nt38 = \"first\"\n";
    let site = Site::new(Wishes { more, ..Wishes::default() });
    let machine = SocketAddr::new(site.address(), 5070);
    let taken = Machine::new(&site, machine, |_| ()).await;
    let _gateway = Middle::without_v17(SocketAddr::new(site.address(), 5071), machine).await;
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let store = server.office().store();
    let refused = V17Trial { refused: 3, left: true, ..V17Trial::default() };

    let first = fax(&site, &server, 1).await;
    assert_eq!((first.modem.as_deref(), first.retrains, first.v17), (Some("V.29"), 3, refused));
    let notes: Vec<_> =
        store.notes("gateway", 0).expect("read").into_iter().map(|note| (note.number, note.note)).collect();
    assert_eq!(notes, [(NUMBER.to_owned(), Note::V17Failed)]);

    let second = fax(&site, &server, 2).await;
    let untried = V17Trial::default();
    assert_eq!((second.modem.as_deref(), second.retrains, second.v17), (Some("V.29"), 0, untried));
    assert!(store.known("gateway", NUMBER, 0).expect("read").has(Note::V17Failed), "it stays until it expires");

    assert_eq!(store.forget_notes("gateway", Some(NUMBER)).expect("forgotten"), 1);
    let third = fax(&site, &server, 3).await;
    assert_eq!((third.retrains, third.v17), (3, refused), "forgotten, it is tried again");
    assert_eq!(taken.pages().len(), 3);
    server.drain(Duration::ZERO).await;
}
