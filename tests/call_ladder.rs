//! What `faxramp call` tells of calls that really were made.

use std::time::Duration;

use faxramp::app::Server;
use faxramp::model::Cause;
use serde_json::Value;
use tokio::process::Command;

use crate::support::client::{Client, message};
use crate::support::site::{Site, Wishes};
use crate::support::{all_received, all_reported, assert_came_as_sent};

async fn faxramp(site: &Site, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faxramp"));
    let output = command.args(words).arg("--config").arg(site.config_file()).output().await.expect("it runs");
    let text = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(text).expect("text"))
}

fn steps<'a>(call: &'a Value, layer: &str) -> Vec<(&'a str, &'a str)> {
    let steps = call["ladder"]["steps"].as_array().expect("a ladder");
    let of_layer = steps.iter().filter(|step| step["layer"] == layer);
    of_layer.map(|step| (step["side"].as_str().expect("a side"), step["name"].as_str().expect("a name"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ends_of_a_fax_tell_the_same_story_from_their_own_side() {
    let site = Site::new(Wishes { more: "[trace]\ncalls = \"all\"", ..Wishes::default() });
    both_ends_tell_the_same(&site, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_over_audio_is_read_out_of_its_sound_and_trouble_with_t38_is_remembered() {
    // Calls from here belong to a trunk that has no T.38; those to here are made by one that would have it.
    let more = "[trace]\ncalls = \"all\"\n[[trunk]]\nname = \"old\"\nproxy = \"{address}:5999\"\nfax = \"audio\"\n\
                prefixes = [\"+1*\"]\noptions_interval = \"0 s\"\n[[peer]]\nname = \"here\"\ntrunk = \"old\"\naddresses = [\"{address}\"]";
    let site = Site::new(Wishes { more, ..Wishes::default() });
    both_ends_tell_the_same(&site, false).await;
    let (good, shown) = faxramp(&site, &["call", "show", "1"]).await;
    assert!(good && shown.contains("G.711 (PCMA)") && shown.contains("T.38 was refused"), "{shown}");
    let (good, known) = faxramp(&site, &["trunk", "memory", "loopback", "--json"]).await;
    assert!(good, "{known}");
    let known: Value = serde_json::from_str(&known).expect("JSON");
    assert_eq!((&known[0]["number"], &known[0]["trouble"]), (&"+39021111".into(), &"refused".into()), "{known}");
    let (good, told) = faxramp(&site, &["trunk", "memory", "loopback", "--forget", "+39021111"]).await;
    assert!(good && told.contains("tried again"), "{told}");
    let (good, told) = faxramp(&site, &["trunk", "memory", "loopback"]).await;
    assert!(good && told.contains("Nothing is remembered"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_over_encrypted_audio_is_read_with_the_keys_in_its_own_sip() {
    let trunk = "srtp = \"require\"\nsrtp_without_tls = true";
    let more = "[trace]\ncalls = \"all\"\n[[peer]]\nname = \"here\"\ntrunk = \"loopback\"\naddresses = [\"{address}\"]";
    let site = Site::new(Wishes { more, trunk, ..Wishes::default() });
    both_ends_tell_the_same(&site, false).await;
    let (good, shown) = faxramp(&site, &["call", "show", "1"]).await;
    assert!(good && shown.contains("encrypted (AES_CM_128_HMAC_SHA1_80)"), "{shown}");
}

async fn both_ends_tell_the_same(site: &Site, over_t38: bool) {
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let mail = message("l1", "Offer", "One line of text.\r\n");
    let (code, reply) = client.mail("jane@company.test", &["+39021111@fax.test"], &mail).await;
    assert_eq!(code, 250, "{reply}");
    let jobs = all_reported(&server, 1).await;
    all_received(&server).await;
    assert_came_as_sent(&server, &jobs[0]);
    server.drain(Duration::ZERO).await;

    let (good, listed) = faxramp(site, &["call", "list", "--json"]).await;
    assert!(good, "{listed}");
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let ids: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(|call| call["id"].as_str()).collect();
    assert_eq!((ids.len(), ids.contains(&"1"), ids.contains(&"r1")), (2, true, true), "{ids:?}");

    let mut stories = Vec::new();
    for (id, own) in [("1", "near"), ("r1", "far")] {
        let (good, shown) = faxramp(site, &["call", "show", id, "--json"]).await;
        assert!(good, "{shown}");
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        let fax: Vec<(bool, String)> =
            steps(&shown, "fax").into_iter().map(|(side, name)| (side == own, name.to_owned())).collect();
        let frames = |ours: bool| fax.iter().filter(|step| step.0 == ours).map(|step| &step.1[..]).collect::<Vec<_>>();
        for name in ["TSI", "DCS", "TCF", "page data", "PPS-EOP", "DCN"] {
            assert!(frames(true).contains(&name), "{id}: the caller says {name}: {fax:?}");
        }
        for name in ["DIS", "CFR", "MCF"] {
            assert!(frames(false).contains(&name), "{id}: the called side says {name}: {fax:?}");
        }
        assert_eq!(shown["ladder"]["t38"]["agreed"], over_t38, "{id}");
        assert!(steps(&shown, "sip").iter().any(|(_, name)| *name == "INVITE"), "{id}");
        stories.push((frames(true).join(" "), frames(false).join(" ")));
    }
    assert_eq!(stories[0], stories[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_calls_that_end_well_nothing_is_kept_and_a_refused_one_is_explained() {
    // Calls to this number lead back to us, and no [[inbound]] names it.
    let site = Site::new(Wishes::default());
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    for (id, to) in [("l2", "+39021111@fax.test"), ("l3", "+39099999@fax.test")] {
        let (code, reply) = client.mail("jane@company.test", &[to], &message(id, "Offer", "Text.\r\n")).await;
        assert_eq!(code, 250, "{reply}");
    }
    let jobs = all_reported(&server, 2).await;
    all_received(&server).await;
    server.drain(Duration::ZERO).await;

    let sent = jobs.iter().find(|job| job.job.cause == Some(Cause::Sent)).expect("the one that was sent");
    let refused = jobs.iter().find(|job| job.job.cause == Some(Cause::Unallocated)).expect("the one that was refused");
    let (good, shown) = faxramp(&site, &["call", "show", &sent.attempts[0].id.to_string()]).await;
    assert!(good && shown.contains("ended well") && shown.contains("none was kept"), "{shown}");

    let (good, shown) = faxramp(&site, &["call", "show", &refused.attempts[0].id.to_string()]).await;
    assert!(good, "{shown}");
    for words in ["failed", "404 Not Found", "the number does not exist", "Check the number", "INVITE"] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    let copy = site.folder().join("copy.pcap");
    let copy = copy.to_str().expect("a path");
    let (good, told) = faxramp(&site, &["call", "show", &refused.attempts[0].id.to_string(), "--capture", copy]).await;
    assert!(good, "{told}");
    let (good, read) = faxramp(&site, &["call", "read", copy]).await;
    assert!(good && read.contains("404 Not Found"), "{read}");
    let (good, told) = faxramp(&site, &["call", "show", "r77"]).await;
    assert!(!good && told.contains("faxramp call list"), "{told}");
}
