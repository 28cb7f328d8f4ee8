//! Several trunks, with small SIP peers on the loopback in the place of carriers: what a call does when one of them fails.

use std::time::{Duration, Instant};

use faxramp::app::Server;
use faxramp::model::Cause;
use faxramp::policy::Standing;
use faxramp::sip::Method;

use crate::support::client::{Client, message};
use crate::support::process::Process;
use crate::support::sip_peer::{Silent, SipPeer};
use crate::support::site::{Site, Wishes};
use crate::support::{all_received, all_reported, assert_came_as_sent, jobs, until};

/// The usual trunk of a site, which leads back to it, comes after all others.
const LAST: &str = "order = 9";

/// A trunk to somebody else.
fn trunk(name: &str, proxy: std::net::SocketAddr, more: &str) -> String {
    format!("[[trunk]]\nname = \"{name}\"\nproxy = \"{proxy}\"\noptions_interval = \"0 s\"\n{more}\n")
}

fn site(trunks: &[String]) -> Site {
    let more = Box::leak(trunks.concat().into_boxed_str());
    Site::new(Wishes { trunk: LAST, more, ..Wishes::default() })
}

async fn start(site: &Site) -> Server {
    Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn fax(client: &mut Client, id: &str, number: &str) {
    let to = format!("{number}@fax.test");
    let (code, reply) = client.mail("jane@company.test", &[&to], &message(id, "Offer", "One line.\r\n")).await;
    assert_eq!(code, 250, "{reply}");
}

#[expect(clippy::disallowed_methods, reason = "how long a failover takes is what is claimed")]
fn moment() -> Instant {
    Instant::now()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_first_trunk_is_left_within_two_seconds_and_both_calls_are_recorded() {
    let dead = Silent::new();
    let site = site(&[trunk("dead", dead.address(), "response_timeout = \"500 ms\"")]);
    let server = start(&site).await;
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    fax(&mut client, "t1", "+39021111").await;
    let detail = all_reported(&server, 1).await.remove(0);
    assert_eq!(detail.job.cause, Some(Cause::Sent), "{:?}", detail.attempts);
    let [first, second] = &detail.attempts[..] else { panic!("{:?}", detail.attempts) };
    assert_eq!((first.trunk.as_str(), first.cause.clone()), ("dead", Some(Cause::TrunkDown)));
    assert_eq!((second.trunk.as_str(), second.cause.clone()), ("loopback", Some(Cause::Sent)));
    let after = second.opened_ms - first.opened_ms;
    assert!((500..2000).contains(&after), "the second call began {after} ms after the first");
    assert_eq!(detail.job.tries.trunk, 0, "the way round is no try of the job");

    // The next fax does not ask the dead trunk again.
    fax(&mut client, "t2", "+39022222").await;
    let detail = all_reported(&server, 2).await.remove(1);
    assert_eq!(detail.attempts.len(), 1, "{:?}", detail.attempts);
    assert_eq!(detail.attempts[0].trunk, "loopback");
    all_received(&server).await;
    assert_came_as_sent(&server, &detail);
    let rows = server.office().store().trunks().expect("rows");
    let row = rows.iter().find(|row| row.name == "dead").expect("a row");
    assert!(matches!(row.report.standing, Standing::Resting { .. }), "{row:?}");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_says_503_is_left_for_as_long_as_it_asks() {
    let full = SipPeer::refusing(503, &[("Retry-After", "300")]).await;
    let site = site(&[trunk("full", full.address(), "")]);
    let server = start(&site).await;
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    for (number, fax_id) in [("+39021111", "u1"), ("+39022222", "u2")] {
        fax(&mut client, fax_id, number).await;
        until("the fax ends", async || jobs(server.office().store()).last()?.job.ended_ms).await;
    }
    let details = all_reported(&server, 2).await;
    assert_eq!(details[0].attempts[0].cause, Some(Cause::Congestion { status: 503 }));
    assert!(details.iter().all(|detail| detail.job.cause == Some(Cause::Sent)));
    assert_eq!((details[0].attempts.len(), details[1].attempts.len()), (2, 1));
    assert_eq!(full.heard(&Method::Invite).len(), 1, "no call to it while it rests");
    let rows = server.office().store().trunks().expect("rows");
    let row = rows.iter().find(|row| row.name == "full").expect("a row");
    let Standing::Resting { until_ms, .. } = row.report.standing else { panic!("{row:?}") };
    assert!((295_000..335_000).contains(&(until_ms - row.written_ms)), "{row:?}");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_number_is_not_tried_over_another_trunk_and_a_wrong_password_is() {
    let busy = SipPeer::refusing(486, &[]).await;
    let strict = SipPeer::refusing(407, &[("Proxy-Authenticate", "Digest realm=\"x\", nonce=\"1\"")]).await;
    let site = site(&[
        trunk("busy", busy.address(), "order = 1\nprefixes = [\"+39021*\"]"),
        trunk("strict", strict.address(), "order = 1\nprefixes = [\"+39022*\"]"),
    ]);
    let server = start(&site).await;
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    fax(&mut client, "v1", "+39021111").await;
    fax(&mut client, "v2", "+39022222").await;
    let store = server.office().store();
    let found = until("one is sent and the other waits", async || {
        let found = jobs(store);
        let over = found.len() == 2 && found[0].job.tries.busy == 1 && found[1].job.ended_ms.is_some();
        over.then_some(found)
    })
    .await;
    let trunks = |index: usize| found[index].attempts.iter().map(|attempt| attempt.trunk.as_str()).collect::<Vec<_>>();
    assert_eq!(trunks(0), ["busy"]);
    assert_eq!(trunks(1), ["strict", "loopback"]);
    assert_eq!(found[1].attempts[0].cause, Some(Cause::TrunkAuthentication));
    server.drain(Duration::ZERO).await;
}

/// Some servers answer a wrong password with 403, as others do a number that the account may not call.
#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_forbids_us_once_it_has_our_password_is_left_for_the_next_one() {
    let strict = SipPeer::start(Box::new(|request, _| {
        let is_known = request.headers.first("Proxy-Authorization").is_some();
        let challenge = ("Proxy-Authenticate".to_owned(), "Digest realm=\"x\", nonce=\"1\"".to_owned());
        match request.method() {
            Some(Method::Invite) if is_known => Some((403, Vec::new())),
            Some(Method::Invite) => Some((407, vec![challenge])),
            _ => Some((200, Vec::new())),
        }
    }))
    .await;
    let account = "order = 1\nusername = \"fax\"\npassword = \"wrong\"";
    let site = site(&[trunk("strict", strict.address(), account)]);
    let server = start(&site).await;
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    fax(&mut client, "p1", "+39022222").await;
    let store = server.office().store();
    let job = until("the fax is sent over the other trunk", async || {
        jobs(store).into_iter().next().filter(|job| job.job.ended_ms.is_some())
    })
    .await;
    let tries: Vec<_> = job.attempts.iter().map(|attempt| (attempt.trunk.as_str(), attempt.cause.clone())).collect();
    assert_eq!(tries, [("strict", Some(Cause::TrunkAuthentication)), ("loopback", Some(Cause::Sent))]);
    let row = until("the row of the trunk is written", async || {
        let rows = store.trunks().expect("rows");
        rows.into_iter().find(|row| row.name == "strict" && row.report.standing.word() == "resting")
    })
    .await;
    let reason = row.report.standing.reason().expect("a reason").to_owned();
    assert_eq!(reason, "it refused our credentials (403 Forbidden)");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_every_trunk_failed_the_round_counts_as_one_try() {
    let (one, other) = (SipPeer::refusing(500, &[]).await, SipPeer::refusing(502, &[]).await);
    let own = "order = 9\nprefixes = [\"+3999*\"]";
    let more = [trunk("one", one.address(), ""), trunk("other", other.address(), "")].concat();
    let site = Site::new(Wishes { trunk: own, more: Box::leak(more.into_boxed_str()), ..Wishes::default() });
    let server = start(&site).await;
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    fax(&mut client, "w1", "+39021111").await;
    let detail = until("the round ends", async || {
        let detail = jobs(server.office().store()).pop()?;
        (detail.job.tries.trunk == 1).then_some(detail)
    })
    .await;
    let trunks: Vec<_> = detail.attempts.iter().map(|attempt| attempt.trunk.as_str()).collect();
    assert_eq!(trunks, ["one", "other"]);
    assert!(detail.job.due_ms >= detail.attempts[1].opened_ms + 59_000, "the schedule of the trunk holds");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_dies_between_retries_is_gone_round() {
    // Busy the first time, so that the job waits; dead when it is dialled again.
    let proxy = SipPeer::refusing(486, &[]).await;
    let address = proxy.address();
    let site = site(&[trunk("proxy", address, "response_timeout = \"500 ms\"")]);
    let server = start(&site).await;
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    fax(&mut client, "x1", "+39021111").await;
    let store = server.office().store();
    let job = until("it was busy", async || {
        let detail = jobs(store).pop()?;
        (detail.job.tries.busy == 1).then_some(detail.job.id)
    })
    .await;
    drop(proxy);
    let begun = moment();
    store.reschedule(job, 0).expect("due now");
    let detail = all_reported(&server, 1).await.remove(0);
    assert!(begun.elapsed() < Duration::from_secs(60));
    let calls: Vec<_> = detail.attempts.iter().map(|attempt| (attempt.trunk.as_str(), attempt.cause.clone())).collect();
    assert_eq!(
        calls,
        [("proxy", Some(Cause::Busy)), ("proxy", Some(Cause::TrunkDown)), ("loopback", Some(Cause::Sent)),]
    );
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_on_its_way_to_the_second_trunk_goes_there_after_a_kill() {
    let dead = Silent::new();
    let site = site(&[trunk("dead", dead.address(), "response_timeout = \"30 s\"")]);
    let process = Process::start(&site, None).await;
    let mut client = Client::connect(site.smtp_address()).await;
    fax(&mut client, "y1", "+39021111").await;
    let store = faxramp::queue::Store::open_beside(&site.queue_file()).expect("the queue");
    until("it is dialled", async || jobs(&store).pop().filter(|detail| detail.attempts.len() == 1)).await;
    process.kill().await;
    // The trunk still counts as up after the start; with a shorter wait it is found dead, and gone round.
    let text = std::fs::read_to_string(site.config_file()).expect("a file").replace("30 s", "500 ms");
    std::fs::write(site.folder().join("second.toml"), text).expect("written");
    drop(store);
    let config = faxramp::config::load(&site.folder().join("second.toml")).unwrap_or_else(|errors| panic!("{errors}"));
    let server = Server::start(&config).await.unwrap_or_else(|error| panic!("{error}"));
    let detail = all_reported(&server, 1).await.remove(0);
    let calls: Vec<_> = detail.attempts.iter().map(|attempt| (attempt.trunk.as_str(), attempt.cause.clone())).collect();
    assert_eq!(
        calls,
        [("dead", Some(Cause::Interrupted)), ("dead", Some(Cause::TrunkDown)), ("loopback", Some(Cause::Sent)),]
    );
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_is_registered_with_a_password_called_through_and_told_when_we_go() {
    let carrier = SipPeer::start(Box::new(|request, _| {
        if request.method() != Some(&Method::Register) {
            return Some((200, Vec::new()));
        }
        if request.headers.first("Authorization").is_none() {
            let ask = "Digest realm=\"carrier.test\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256";
            return Some((401, vec![("WWW-Authenticate".to_owned(), ask.to_owned())]));
        }
        let contact = String::from_utf8_lossy(request.headers.first("Contact")?).into_owned();
        Some((200, vec![("Contact".to_owned(), contact)]))
    }))
    .await;
    let own = "username = \"fax-rome\"\npassword = \"secret\"\nregister = true\nprefixes = [\"+3906*\"]";
    let site = site(&[trunk("carrier", carrier.address(), own)]);
    let server = start(&site).await;
    let store = server.office().store();
    let row = until("it is registered", async || {
        let row = store.trunks().expect("rows").into_iter().find(|row| row.name == "carrier")?;
        (row.report.standing == Standing::Up).then_some(row)
    })
    .await;
    assert!(row.report.registered_until_ms.is_some_and(|until_ms| until_ms > row.written_ms + 3_500_000), "{row:?}");
    let registers = carrier.heard(&Method::Register);
    assert_eq!(registers.len(), 2);
    let authorization = String::from_utf8_lossy(registers[1].headers.first("Authorization").expect("one")).into_owned();
    assert!(authorization.contains("username=\"fax-rome\"") && authorization.contains("algorithm=SHA-256"));

    // A call comes in through it, to the address that was registered.
    let contact = registers[1].address("Contact").expect("a contact").uri.socket_address().expect("an address");
    assert_eq!(contact, site.sip_address());
    let offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n";
    carrier.say(contact, Method::Invite, "sip:+39021111@fax.test", 1, offer).await;
    let answered = carrier.response(&[200]).await;
    assert!(answered.cseq().is_some_and(|cseq| cseq.method == Method::Invite));

    server.drain(Duration::ZERO).await;
    let last = carrier.heard(&Method::Register).pop().expect("a farewell");
    assert!(String::from_utf8_lossy(last.headers.first("Contact").expect("one")).ends_with("expires=0"));
}

/// Runs `faxramp trunk …` beside the server; its exit code and what it printed.
async fn trunk_command(site: &Site, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_faxramp"));
    command.arg("--config").arg(site.config_file()).arg("trunk").args(arguments);
    command.env_remove(faxramp::model::crash::VARIABLE).stdin(std::process::Stdio::null());
    let output = command.output().await.expect("the program starts");
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&told).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_show_from_another_process_how_each_trunk_stands_and_what_is_wrong() {
    let full = SipPeer::refusing(503, &[("Retry-After", "300")]).await;
    let strict = SipPeer::start(Box::new(|request, _| match request.method() {
        Some(Method::Register) => Some((403, Vec::new())),
        _ => Some((200, vec![("Allow".to_owned(), "INVITE, ACK, BYE".to_owned())])),
    }))
    .await;
    let dead = Silent::new();
    let account = "username = \"fax\"\npassword = \"secret\"\nregister = true";
    let site = site(&[
        trunk("full", full.address(), ""),
        trunk("strict", strict.address(), account),
        trunk("dead", dead.address(), "order = 3"),
    ]);
    let server = start(&site).await;
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    fax(&mut client, "s1", "+39021111").await;
    until("two trunks are known to be out of use", async || {
        let rows = server.office().store().trunks().expect("rows");
        let word = |name: &str| rows.iter().find(|row| row.name == name).map(|row| row.report.standing.word());
        let refused = rows.iter().any(|row| row.report.registration_trouble.is_some());
        (word("full") == Some("resting") && refused).then_some(())
    })
    .await;
    let (code, told) = trunk_command(&site, &["list", "--json"]).await;
    assert_eq!(code, Some(0), "{told}");
    let list: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let of = |name: &str| {
        let trunks = list.as_array().expect("an array");
        trunks.iter().find(|trunk| trunk["name"] == name).expect("the trunk").clone()
    };
    assert_eq!(
        (of("full")["standing"].as_str(), of("strict")["standing"].as_str()),
        (Some("resting"), Some("unregistered"))
    );
    assert!(of("strict")["reason"].as_str().is_some_and(|reason| reason.contains("user name or password")), "{list}");
    assert_eq!(of("full")["today"]["outgoing"]["congestion"], 1);
    assert_eq!(of("full")["failures"].as_array().map(Vec::len), Some(1));

    let (code, told) = trunk_command(&site, &["show", "full"]).await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("resting until") && told.contains("SIP 503") && told.contains("0 of 4 in use"), "{told}");

    let (code, told) = trunk_command(&site, &["test", "strict"]).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("answers OPTIONS with SIP 200") && told.contains("it takes calls"), "{told}");
    assert!(told.contains("forbids fax to register (SIP 403"), "{told}");
    let asked = strict.heard(&Method::Register).pop().expect("a question");
    assert!(asked.headers.first("Contact").is_none(), "nothing is registered by a test");

    let (code, told) = trunk_command(&site, &["test", "dead", "--json"]).await;
    assert_eq!(code, Some(1), "{told}");
    let found: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&found["works"], &found["findings"][0]["weight"]), (&false.into(), &"bad".into()), "{told}");
    assert!(found["findings"][0]["sentence"].as_str().is_some_and(|text| text.contains("nobody answers")), "{told}");

    let (code, told) = trunk_command(&site, &["test", "loopback"]).await;
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = trunk_command(&site, &["show", "nobody"]).await;
    assert!(code == Some(65) && told.contains("there are: loopback, full, strict, dead"), "{told}");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_spaced_as_the_trunk_demands() {
    let carrier = SipPeer::refusing(486, &[]).await;
    let site = site(&[trunk("carrier", carrier.address(), "calls_per_second = 2")]);
    let server = start(&site).await;
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let to: Vec<String> = (0..5).map(|index| format!("+390211{index}@fax.test")).collect();
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    let (code, reply) = client.mail("jane@company.test", &to, &message("z1", "Offer", "One line.\r\n")).await;
    assert_eq!(code, 250, "{reply}");
    let found = until("all were busy", async || {
        let found = jobs(server.office().store());
        (found.len() == 5 && found.iter().all(|detail| detail.job.tries.busy == 1)).then_some(found)
    })
    .await;
    let mut begun: Vec<i64> = found.iter().map(|detail| detail.attempts[0].opened_ms).collect();
    begun.sort_unstable();
    assert!(begun.windows(2).all(|pair| pair[1] - pair[0] >= 500), "{begun:?}");
    server.drain(Duration::ZERO).await;
}
