//! Polling over real sockets: a server that fetches documents from itself, by command and by mail; passwords, sub-addresses, and a crash
//! in the middle of a fetch.

use std::process::{Output, Stdio};
use std::time::Duration;

use faxramp::app::Server;
use faxramp::image::tiff::{PageImage, read};
use faxramp::model::{Cause, JobState};
use faxramp::queue::{Received, Store};
use faxramp::spool::SpoolName;
use faxramp::stage::Office;
use serde_json::Value;
use tokio::process::Command;

use crate::support::client::{Client, message};
#[cfg(debug_assertions)]
use crate::support::process::{Process, last_words};
use crate::support::site::{Site, Wishes};
use crate::support::{all_received, all_reported, documents, mails};
#[cfg(debug_assertions)]
use crate::support::{delivered, until};

/// Octets of one received fax.
const LARGEST: u64 = 1 << 26;

/// Pages go as they are stored, so that what came can be compared with what was offered.
const PLAIN: Wishes = Wishes {
    listen: "",
    proxy: "",
    trunk: "",
    channels: None,
    smtp: "",
    sip: "",
    fax: "headline = false\nresolution = \"standard\"",
    slow: false,
    more: "",
};

/// Runs the program beside the server, as an administrator does.
async fn command(site: &Site, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faxramp"));
    command.arg("--config").arg(site.config_file()).args(arguments);
    command.env_remove(faxramp::model::crash::VARIABLE).stdin(Stdio::null());
    command.output().await.expect("the program starts")
}

fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Offers a PDF of so many pages.
async fn offer(site: &Site, pages: usize, options: &[&str]) -> i64 {
    let file = site.folder().join("prices.pdf");
    std::fs::write(&file, documents::pdf(pages)).expect("written");
    let arguments = [&["offer", "add", file.to_str().expect("a path"), "--json"], options].concat();
    let output = command(site, &arguments).await;
    assert!(output.status.success(), "{}", text_of(&output));
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(value["pages"], pages);
    value["id"].as_i64().expect("a number")
}

fn pages_of(office: &Office, file: &str) -> Vec<PageImage> {
    let name = SpoolName::from_stored(file).expect("a name");
    let octets = office.spool().read(&name, LARGEST).expect("a file");
    read(&octets).expect("a TIFF").into_iter().map(|page| page.image).collect()
}

/// The fax that this fetch brought last.
fn fetched(store: &Store, job: i64) -> Received {
    let faxes = store.list_received(None, 100).expect("rows");
    faxes.into_iter().find(|fax| fax.job.is_some_and(|id| id.0 == job)).expect("a fetched document")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_fetched_by_command_and_comes_bit_for_bit() {
    let site = Site::new(PLAIN);
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    offer(&site, 2, &["--numbers", "+3902*", "--name", "price list"]).await;
    let arguments = ["poll", "+39021111", "--from", "jane@company.test", "--to", "anna@mail.test"];
    let output = command(&site, &arguments).await;
    assert!(output.status.success(), "{}", text_of(&output));
    assert!(text_of(&output).contains("all pages were received"), "{}", text_of(&output));

    let job = all_reported(&server, 1).await.remove(0).job;
    assert_eq!((job.cause.as_ref(), job.pages_confirmed), (Some(&Cause::Sent), 2));
    all_received(&server).await;
    let (office, store) = (server.office(), server.office().store());
    let fax = fetched(store, job.id.0);
    let offered = store.live_offers(0).expect("rows").remove(0);
    let sent = pages_of(office, offered.pages_file.as_deref().expect("a file"));
    assert!(pages_of(office, &fax.spool_file) == sent, "the pages fetched are not those offered");
    let fetching = store.fetchings(offered.id, 9).expect("rows").remove(0);
    assert_eq!((fetching.pages_confirmed, fetching.cause), (2, Some(Cause::Sent)));
    assert_eq!((fetching.caller.as_deref(), fetching.remote_id.as_deref()), (Some("+390299999"), Some("+39 02 99999")));

    // The document to her who was named, a receipt to who asked.
    let mails = mails(site.folder(), 2).await;
    let document = mails.iter().find(|mail| mail.contains("Subject: Fax fetched from +39021111 (2 pages)"));
    assert!(document.expect("the document").contains("To: <anna@mail.test>"), "{mails:?}");
    let receipt = mails.iter().find(|mail| mail.contains("Subject: Document fetched: +39021111 (2 pages)"));
    assert!(receipt.expect("a receipt").contains("mailed to anna@mail.test"), "{mails:?}");
    assert_eq!(mails.len(), 2, "the side that was called received nothing");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_opens_a_document_and_is_shown_nowhere() {
    let site = Site::new(PLAIN);
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let id = offer(&site, 1, &["--selective", "77", "--password", "90817263", "--once"]).await;
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let store = server.office().store();

    let wrong = "+39021111/POLL/SEP=77/PWD=55443322@fax.test";
    let header = message("b1", "Prices", "ignored").replace("To: fax", &format!("To: <{wrong}>"));
    for line in [
        "MAIL FROM:<jane@company.test>",
        &format!("RCPT TO:<{wrong}> NOTIFY=FAILURE ORCPT=rfc822;{}", wrong.replace('=', "+3D").replacen('+', "+2B", 1)),
        "DATA",
    ] {
        let (code, reply) = client.say(line).await;
        assert!(code == 250 || code == 354, "{line}: {reply}");
    }
    assert_eq!(client.say(&format!("{header}\r\n.")).await.0, 250);
    let job = all_reported(&server, 1).await.remove(0).job;
    assert_eq!(job.cause, Some(Cause::PollRefused));
    let receipts = mails(site.folder(), 2).await;
    assert!(receipts.iter().any(|mail| mail.contains("Subject: Fetch FAILED: +39021111")), "{receipts:?}");
    assert!(receipts.iter().any(|mail| mail.contains("multipart/report")), "{receipts:?}");
    assert_eq!(store.live_offers(0).expect("rows").len(), 1, "nobody has fetched it");

    let right = "+39021111/POLL/SEP=77/PWD=90817263@fax.test";
    assert_eq!(client.mail("jane@company.test", &[right], &message("b2", "Prices", "ignored")).await.0, 250);
    let jobs = all_reported(&server, 2).await;
    assert_eq!((jobs[1].job.cause.as_ref(), jobs[1].job.pages_confirmed), (Some(&Cause::Sent), 1));
    all_received(&server).await;
    assert_eq!(store.live_offers(0).expect("rows"), [], "it was to be fetched once");

    assert_eq!(client.mail("jane@company.test", &[right], &message("b3", "Prices", "ignored")).await.0, 250);
    let jobs = all_reported(&server, 3).await;
    assert_eq!(jobs[2].job.cause, Some(Cause::NothingToPoll));

    let mails = mails(site.folder(), 4).await;
    assert_eq!(mails.len(), 4, "one document, three that tell of a failure");
    let mut shown = mails.concat();
    for arguments in [
        vec!["queue", "show", "1", "2", "--json"],
        vec!["queue", "show", "1", "2"],
        vec!["offer", "list", "--all", "--json"],
    ] {
        shown.push_str(&text_of(&command(&site, &arguments).await));
    }
    assert!(shown.contains("SEP=77") && shown.contains("PWD=****"), "{shown}");
    assert!(!shown.contains("55443322") && !shown.contains("90817263"), "a password is shown");
    let output = command(&site, &["offer", "remove", &id.to_string()]).await;
    assert!(
        !output.status.success() && text_of(&output).contains("no longer offered: fetched"),
        "{}",
        text_of(&output)
    );
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_taken_away_is_gone_with_the_next_call() {
    let site = Site::new(PLAIN);
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let other = offer(&site, 1, &["--numbers", "+3906*"]).await;
    let own = offer(&site, 1, &[]).await;
    let poll = ["poll", "+39021111", "--from", "jane@company.test"];
    assert!(command(&site, &poll).await.status.success());
    assert!(command(&site, &["offer", "remove", &own.to_string()]).await.status.success());
    let output = command(&site, &poll).await;
    assert!(!output.status.success(), "document {other} is for another number");
    assert!(text_of(&output).contains("there was no document to be fetched"), "{}", text_of(&output));
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_with_a_sub_address_goes_to_whom_it_is_for() {
    let more = "[[sub_address]]\naddress = \"4711\"\nnumbers = [\"+3902*\"]\nmailboxes = [\"anna@mail.test\"]\n";
    let site = Site::new(Wishes { more, ..PLAIN });
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let to = ["+39021111/T33S=4711@fax.test", "+39022222/T33S=99@fax.test"];
    assert_eq!(client.mail("jane@company.test", &to, &message("c1", "Offer", "text")).await.0, 250);
    all_reported(&server, 2).await;
    all_received(&server).await;
    let mails = mails(site.folder(), 4).await;
    let fax = |sub_address: &str| {
        let field = format!("X-Faxramp-Sub-Address: {sub_address}\r\n");
        mails.iter().find(|mail| mail.contains(&field)).unwrap_or_else(|| panic!("{mails:?}"))
    };
    assert!(fax("4711").contains("To: <anna@mail.test>") && !fax("4711").contains("office@mail.test"));
    assert!(fax("99").contains("To: <office@mail.test>"), "no section names it");
    let output = command(&site, &["received", "--json"]).await;
    let listed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let of = |called: &str| {
        listed.as_array().expect("a list").iter().find(|fax| fax["called"] == called).expect("a fax").clone()
    };
    assert_eq!(
        (&of("+39021111")["sub_address"], &of("+39021111")["mailboxes"][0]),
        (&"4711".into(), &"anna@mail.test".into())
    );
    assert_eq!(of("+39022222")["sub_address"], "99");
    let receipt = mails.iter().find(|mail| mail.contains("Fax sent")).expect("a receipt");
    assert!(!receipt.contains("takes no sub-addresses"), "{receipt}");
    server.drain(Duration::ZERO).await;
}

// The crash points are empty without debug assertions.
#[cfg(debug_assertions)]
#[tokio::test]
async fn a_fetch_cut_off_by_a_crash_is_mailed_as_far_as_it_came_and_then_whole() {
    let site = Site::new(PLAIN);
    let mut process = Process::start(&site, Some("after-commit/reception-page:2")).await;
    offer(&site, 3, &[]).await;
    let output = command(&site, &["poll", "+39021111", "--from", "jane@company.test", "--no-wait"]).await;
    assert!(output.status.success(), "{}", text_of(&output));
    assert!(process.crashed().await, "{}", last_words(&site));

    let process = Process::start(&site, None).await;
    let store = Store::open_beside(&site.queue_file()).expect("the queue");
    let detail = until("the fetch ends", async || {
        let detail = crate::support::jobs(&store).remove(0);
        (detail.job.state == JobState::Reported).then_some(detail)
    })
    .await;
    assert_eq!((detail.job.cause.as_ref(), detail.job.pages_confirmed), (Some(&Cause::Sent), 3));
    let causes: Vec<_> = detail.attempts.iter().map(|attempt| attempt.cause.clone()).collect();
    assert_eq!(causes, [Some(Cause::Interrupted), Some(Cause::Sent)]);
    let mails =
        until("both mails come", async || Some(delivered(site.folder())).filter(|mails| mails.len() >= 2)).await;
    assert!(mails.iter().any(|mail| mail.contains("Fax fetched from +39021111 (2 pages, INCOMPLETE)")), "{mails:?}");
    assert!(mails.iter().any(|mail| mail.contains("Fax fetched from +39021111 (3 pages)")), "{mails:?}");
    process.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_answer_would_be_dialled_is_refused() {
    let site = Site::new(PLAIN);
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let looped = message("d1", "x", "x").replace("To: fax", "To: fax\r\nReply-To: <+39025555@fax.test>");
    let (code, reply) = client.mail("jane@company.test", &["+39021111/POLL@fax.test"], &looped).await;
    assert!(code == 554 && reply.contains("dialled out again"), "{reply}");
    let (code, reply) = client.say("MAIL FROM:<mallory@evil.test>").await;
    assert_eq!(code, 250, "{reply}");
    let (code, reply) = client.say("RCPT TO:<+39021111/POLL@fax.test>").await;
    assert_eq!(code, 550, "who may not dial may not fetch: {reply}");
    server.drain(Duration::ZERO).await;
}
