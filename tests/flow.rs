//! The whole way, in one process over real sockets: mail in, pages, a call to ourselves, the receipt and the received fax.

use std::time::Duration;

use faxramp::app::Server;
use faxramp::config::check_text;
use faxramp::model::Cause;
use faxramp::queue::{MAX_JOBS_PER_MESSAGE, MailState};

use crate::support::client::{Client, message};
use crate::support::site::{Site, Wishes};
use crate::support::{PATIENCE, all_received, all_reported, assert_came_as_sent, mails, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_becomes_a_fax_to_ourselves_and_both_ends_are_told() {
    let site = Site::new(Wishes::default());
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let text = (0..150).map(|line| format!("Line {line} of the text.\r\n")).collect::<String>();
    let (code, reply) = client.mail("jane@company.test", &["+39021111@fax.test"], &message("a1", "Offer", &text)).await;
    assert_eq!(code, 250, "{reply}");

    let jobs = all_reported(&server, 1).await;
    let job = &jobs[0];
    assert_eq!(job.job.cause, Some(Cause::Sent), "{:?}", job.attempts);
    assert!(job.job.pages_total >= 2, "{}", job.job.pages_total);
    assert_eq!(job.job.pages_confirmed, job.job.pages_total);
    assert_eq!(job.attempts.len(), 1);

    all_received(&server).await;
    let received = server.office().store().list_received(None, 10).expect("rows").remove(0);
    assert_eq!(received.remote_id.as_deref(), Some("+39 02 99999"));
    assert_came_as_sent(&server, job);

    let mails = mails(site.folder(), 2).await;
    let receipt = mails.iter().find(|mail| mail.contains("Fax sent")).expect("a receipt");
    assert!(receipt.contains("In-Reply-To: <a1@company.test>"), "{receipt}");
    assert!(receipt.contains("Auto-Submitted: auto-replied"));
    let fax = mails.iter().find(|mail| mail.contains("Fax from")).expect("the fax");
    assert!(fax.contains("application/pdf") && fax.contains("image/tiff"));
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_that_comes_while_the_server_stops_is_whole_and_mailed_as_such() {
    let site = Site::new(Wishes::default());
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let mail = message("a3", "Last one", "One line of text.\r\n");
    let (code, reply) = client.mail("jane@company.test", &["+39021111@fax.test"], &mail).await;
    assert_eq!(code, 250, "{reply}");
    let office = server.office().clone();
    until("a fax comes", async || office.live().is_receiving().then_some(())).await;
    server.drain(PATIENCE).await;
    let received = office.store().list_received(None, 10).expect("rows").remove(0);
    assert_eq!(received.cause, Some(Cause::Sent), "{:?}", received.sentence);
    assert!(received.closed_ms.is_some());
    assert_eq!(
        office.store().mails(MailState::Queued, 10).expect("mails").len(),
        1,
        "to be delivered at the next start"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_400_dots_per_inch_arrives_as_it_was_drawn() {
    let site = Site::new(Wishes { fax: "resolution = \"400dpi\"\nheadline = false", ..Wishes::default() });
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let mail = message("a2", "Small print", "One line of text.\r\n");
    let (code, reply) = client.mail("jane@company.test", &["+39021111@fax.test"], &mail).await;
    assert_eq!(code, 250, "{reply}");

    let jobs = all_reported(&server, 1).await;
    let job = &jobs[0];
    assert_eq!(job.job.cause, Some(Cause::Sent), "{:?}", job.attempts);
    let record = job.attempts[0].record.as_deref().expect("a record");
    assert!(record.contains("\"width\":3456") && record.contains("\"lines_per_inch\":400"), "{record}");
    assert!(record.contains("400 × 400 dpi"), "the DIS of our own other end in words: {record}");

    all_received(&server).await;
    assert_came_as_sent(&server, job);
    server.drain(Duration::ZERO).await;
}

#[test]
fn the_queue_takes_a_mail_to_as_many_as_the_configuration_can_allow() {
    let allowing = |most: usize| check_text("faxramp.toml", &format!("[smtp]\nmax_recipients = {most}\n"));
    assert!(allowing(MAX_JOBS_PER_MESSAGE).is_ok());
    assert!(allowing(MAX_JOBS_PER_MESSAGE + 1).is_err());
}
