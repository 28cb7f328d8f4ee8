//! Vectors of the standards and of a real PBX.

use super::*;

fn credentials(user: &str, password: &str) -> Credentials {
    Credentials { user: user.into(), password: password.into(), realm: None }
}

fn headers(name: &str, values: &[&str]) -> Headers {
    let mut headers = Headers::default();
    values.iter().for_each(|value| headers.push(name, value));
    headers
}

fn one(value: &str) -> Challenge {
    Challenge::all(&headers("WWW-Authenticate", &[value])).remove(0)
}

fn response_of(answer: &str) -> &str {
    answer.split("response=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap()
}

fn refusal(challenge: &str) -> Message {
    let text = format!("SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\n\r\n");
    Message::parse(text.as_bytes()).unwrap()
}

#[test]
fn rfc_2617_example_is_answered() {
    let challenge = one(r#"Digest realm="testrealm@host.com", qop="auth,auth-int",
        nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#);
    let subject = Subject { method: "GET", uri: "/dir/index.html", body: b"" };
    let answer = challenge.answer(&credentials("Mufasa", "Circle Of Life"), subject, "0a4f113b", 1);
    assert_eq!(response_of(&answer), "6629fae49393a05397450978507c4ef1");
    assert!(answer.contains(r#"opaque="5ccc069c403ebaf9f0171e9517f40e41""#) && answer.contains("nc=00000001"));
}

#[test]
fn rfc_7616_example_is_answered_with_md5_and_sha_256() {
    let challenge = |algorithm| {
        one(&format!(
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm},
            nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
        ))
    };
    let subject = Subject { method: "GET", uri: "/dir/index.html", body: b"" };
    let nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    let answer = |algorithm| {
        let answer = challenge(algorithm).answer(&credentials("Mufasa", "Circle of Life"), subject, nonce, 1);
        response_of(&answer).to_owned()
    };
    assert_eq!(answer("MD5"), "8ca523f5e9506fed4657c9700eebdbec");
    assert_eq!(answer("SHA-256"), "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

#[test]
fn what_asterisk_sent_to_asterisk_is_what_we_would_send() {
    let challenge = one(
        r#"Digest realm="asterisk",nonce="1795327017/343497c0d2e815b5544009ab3a9cb5e9",opaque="7d90100238f56278",algorithm=MD5,qop="auth""#,
    );
    let subject = Subject { method: "INVITE", uri: "sip:5000@127.0.204.20:5060", body: b"" };
    let answer = challenge.answer(&credentials("fax", "secret"), subject, "db7450b39e324bb385f60dad1a95c5d0", 1);
    assert_eq!(
        answer,
        concat!(
            r#"Digest username="fax", realm="asterisk", nonce="1795327017/343497c0d2e815b5544009ab3a9cb5e9", "#,
            r#"uri="sip:5000@127.0.204.20:5060", response="a1c0adfa8153a5992cf0f36494e47938", algorithm=MD5, "#,
            r#"cnonce="db7450b39e324bb385f60dad1a95c5d0", opaque="7d90100238f56278", qop=auth, nc=00000001"#
        )
    );
}

#[test]
fn session_algorithms_fold_the_nonces_into_the_secret() {
    let challenge = one(r#"Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth""#);
    let subject = Subject { method: "BYE", uri: "sip:h", body: b"" };
    let answer = challenge.answer(&credentials("u", "p"), subject, "c", 2);
    let md5 = |text: &str| Algorithm::Md5.hash(text.as_bytes());
    let secret = md5(&format!("{}:n:c", md5("u:r:p")));
    assert_eq!(response_of(&answer), md5(&format!("{secret}:n:00000002:c:auth:{}", md5("BYE:sip:h"))));
}

#[test]
fn a_challenge_without_qop_is_answered_the_old_way() {
    let challenge = one(r#"Digest realm="r",nonce="n""#);
    let answer = challenge.answer(&credentials("u", "p"), Subject { method: "BYE", uri: "sip:h", body: b"" }, "c", 1);
    assert!(!answer.contains("nc=") && !answer.contains("cnonce") && !answer.contains("qop"));
    let md5 = |text: &str| Algorithm::Md5.hash(text.as_bytes());
    assert_eq!(response_of(&answer), md5(&format!("{}:n:{}", md5("u:r:p"), md5("BYE:sip:h"))));
}

#[test]
fn a_quoted_pair_in_the_realm_goes_back_as_it_came() {
    let challenge = one(r#"Digest realm="Bob \"the\" PBX, Ltd; x", nonce="n""#);
    assert_eq!(challenge.realm, r#"Bob \"the\" PBX, Ltd; x"#);
    let answer = challenge.answer(&credentials("u", "p"), Subject { method: "BYE", uri: "sip:h", body: b"" }, "c", 1);
    assert!(answer.contains(r#"realm="Bob \"the\" PBX, Ltd; x""#));
}

#[test]
fn the_strongest_known_challenge_of_the_wanted_realm_is_answered() {
    let all = headers(
        "WWW-Authenticate",
        &[
            r#"Digest realm="r", nonce="1", algorithm=MD5, Basic realm="x", Digest realm="r", nonce="2", algorithm=SHA-256"#,
            r#"Digest realm="r", nonce="3", algorithm=SHA-1024"#,
            r#"Digest realm="r", nonce="4", qop="auth-conf""#,
        ],
    );
    let nonces: Vec<_> = Challenge::all(&all).into_iter().map(|challenge| challenge.nonce).collect();
    assert_eq!(nonces, ["1", "2"]);
    let mut authenticator = Authenticator::new(Some(credentials("u", "p")));
    let response = Message { headers: all, ..refusal("Basic realm=x") };
    authenticator.learn(&response).unwrap();
    let mut request = Headers::default();
    authenticator.authorize(&mut request, Subject { method: "BYE", uri: "sip:h", body: b"" }, "c");
    assert!(String::from_utf8_lossy(request.first("Authorization").unwrap()).contains("algorithm=SHA-256"));
}

#[test]
fn refused_credentials_are_not_tried_again_but_a_stale_nonce_is() {
    let mut authenticator = Authenticator::new(Some(credentials("u", "p")));
    authenticator.learn(&refusal(r#"Digest realm="r", nonce="1""#)).unwrap();
    assert_eq!(authenticator.learn(&refusal(r#"Digest realm="r", nonce="1""#)), Err(Unanswerable::Refused));
    let mut authenticator = Authenticator::new(Some(credentials("u", "p")));
    authenticator.learn(&refusal(r#"Digest realm="r", nonce="1""#)).unwrap();
    assert_eq!(authenticator.learn(&refusal(r#"Digest realm="r", nonce="2""#)), Err(Unanswerable::Refused));
    let mut authenticator = Authenticator::new(Some(credentials("u", "p")));
    authenticator.learn(&refusal(r#"Digest realm="r", nonce="1""#)).unwrap();
    assert_eq!(authenticator.learn(&refusal(r#"Digest realm="r", nonce="2", stale=TRUE"#)), Ok(()));
    let stale = |number| refusal(&format!(r#"Digest realm="r", nonce="s{number}", stale=true"#));
    assert!((0..10).any(|number| authenticator.learn(&stale(number)).is_err()), "stale for ever is a loop");
}

#[test]
fn without_credentials_for_the_realm_nothing_is_answered() {
    let challenge = refusal(r#"Digest realm="r", nonce="1""#);
    assert_eq!(Authenticator::new(None).learn(&challenge), Err(Unanswerable::NoCredentials));
    let other = Credentials { realm: Some("other".into()), ..credentials("u", "p") };
    assert_eq!(Authenticator::new(Some(other)).learn(&challenge), Err(Unanswerable::NoCredentials));
    let basic = refusal(r#"Basic realm="r""#);
    assert_eq!(Authenticator::new(Some(credentials("u", "p"))).learn(&basic), Err(Unanswerable::UnknownScheme));
}

#[test]
fn the_password_is_not_shown() {
    assert!(!format!("{:?}", credentials("u", "hush")).contains("hush"));
}
