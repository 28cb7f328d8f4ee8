//! Digest authentication, the server's side: who calls proves that it knows a password.
//!
//! A nonce holds its own time under a key of ours, so that nothing is kept of those who only ask. Kept is how often an accepted nonce
//! was used: a request that was heard on the way cannot be said again.
// RFC 3261 §22.1, RFC 7616 §3.3 to §3.5, RFC 8760 §2.6

use super::{Algorithm, Credentials, Protection, Response, Subject, split_challenges};
use crate::sip::{message::Message, text::Parameters, uri::Uri};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

/// How long a nonce is good for.
pub const NONCE_LIFE: Duration = Duration::from_secs(300);
/// Nonces in use that are remembered; of more, the oldest are called stale.
pub const NONCES_MAX: usize = 4096;

/// What a request gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// The caller knows the password.
    Granted,
    /// 401 with these values of `WWW-Authenticate`, in this order.
    Challenge(Vec<String>),
}

/// The engine; one for all peers.
#[derive(Debug)]
pub struct Gatekeeper {
    realm: String,
    key: [u8; 32],
    base: Instant,
    /// By nonce: its time and the highest count that was accepted with it.
    used: BTreeMap<(u64, String), u32>,
    /// Nonces made before this, milliseconds after `base`, are stale.
    floor: u64,
}

/// Which algorithms are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Asked {
    /// MD5, which is what many telephone systems have and nothing else, or SHA-256. MD5 stands first, though RFC 8760 §2.3 has the
    /// preferred one there: who knows one only looks at the first challenge only, and who knows both can choose.
    #[default]
    Any,
    /// SHA-256 alone.
    Sha256,
}

impl Asked {
    const fn algorithms(self) -> &'static [Algorithm] {
        match self {
            Self::Any => &[Algorithm::Md5, Algorithm::Sha256],
            Self::Sha256 => &[Algorithm::Sha256],
        }
    }
}

/// Hexadecimal digits of a nonce: its time and its proof.
const TIME_DIGITS: usize = 16;
const PROOF_DIGITS: usize = 32;

impl Gatekeeper {
    /// `key` is chance, unpredictable and new for each run; `realm` is told to who is asked.
    #[must_use]
    pub fn new(realm: impl Into<String>, key: [u8; 32], now: Instant) -> Self {
        let realm =
            realm.into().chars().filter(|letter| !matches!(letter, '"' | '\\') && !letter.is_control()).collect();
        Self { realm, key, base: now, used: BTreeMap::new(), floor: 0 }
    }

    /// Judges a request from `source` by the credentials it has to show.
    pub fn judge(
        &mut self,
        request: &Message,
        source: IpAddr,
        (expected, asked): (&Credentials, Asked),
        now: Instant,
    ) -> Judgement {
        let shown = request.headers.all("Authorization").flat_map(split_challenges);
        let mut stale = false;
        for shown in shown.filter_map(|parameters| Shown::read(&parameters)) {
            if shown.realm != self.realm
                || !asked.algorithms().contains(&shown.algorithm)
                || !shown.proves(request, expected)
            {
                continue;
            }
            if self.accepts(&shown, source, now) {
                return Judgement::Granted;
            }
            // RFC 7616 §3.3: the password was right, only the nonce is not.
            stale = true;
        }
        Judgement::Challenge(self.challenges(source, asked, stale, now))
    }

    fn challenges(&self, source: IpAddr, asked: Asked, stale: bool, now: Instant) -> Vec<String> {
        let nonce = self.nonce(self.time(now), source);
        let stale = if stale { ", stale=TRUE" } else { "" };
        let one = |algorithm: Algorithm| {
            let (realm, name) = (&self.realm, algorithm.name());
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}")
        };
        // Some clients cannot read a list of qop, and what stands between changes descriptions. RFC 7616 §3.3
        asked.algorithms().iter().copied().map(one).collect()
    }

    fn time(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.base).as_millis()).unwrap_or(u64::MAX)
    }

    /// A nonce of that time for that address.
    // RFC 7616 §5.4: bound to who asked
    fn nonce(&self, time: u64, source: IpAddr) -> String {
        let inner =
            Sha256::new().chain_update(self.key).chain_update(time.to_be_bytes()).chain_update(source.to_string());
        let proof = Sha256::new().chain_update(self.key).chain_update(inner.finalize()).finalize();
        let proof: String = proof.iter().take(PROOF_DIGITS / 2).map(|octet| format!("{octet:02x}")).collect();
        format!("{time:0TIME_DIGITS$x}{proof}")
    }

    /// Whether the nonce is ours, fresh, and not used so often yet.
    fn accepts(&mut self, shown: &Shown, source: IpAddr, now: Instant) -> bool {
        let time = shown.nonce.get(..TIME_DIGITS).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let Some(time) = time.filter(|time| self.nonce(*time, source) == shown.nonce) else { return false };
        let life = u64::try_from(NONCE_LIFE.as_millis()).unwrap_or(u64::MAX);
        let oldest = self.time(now).saturating_sub(life).max(self.floor);
        if time < oldest {
            return false;
        }
        self.used = self.used.split_off(&(oldest, String::new()));
        let key = (time, shown.nonce.clone());
        let before = self.used.get(&key).copied().unwrap_or(0);
        if shown.count <= before {
            return false;
        }
        self.used.insert(key, shown.count);
        while self.used.len() > NONCES_MAX {
            if let Some(((time, _), _)) = self.used.pop_first() {
                self.floor = time + 1;
                self.used = self.used.split_off(&(self.floor, String::new()));
            }
        }
        true
    }
}

/// What an `Authorization` shows.
#[derive(Debug)]
struct Shown {
    user: String,
    realm: String,
    nonce: String,
    uri: String,
    response: String,
    algorithm: Algorithm,
    protection: Protection,
    client_nonce: String,
    count_text: String,
    /// How often the nonce was used; a client that does not count may use it once.
    count: u32,
}

impl Shown {
    fn read(parameters: &Parameters) -> Option<Self> {
        let name = parameters.value("algorithm").unwrap_or_else(|| "MD5".into());
        let algorithm = Algorithm::parse(&name)?;
        let protection = match parameters.value("qop").map(|qop| qop.to_ascii_lowercase()).as_deref() {
            None => Protection::Legacy,
            Some("auth") => Protection::Auth,
            Some("auth-int") => Protection::AuthInt,
            Some(_) => return None,
        };
        let count_text = parameters.value("nc").unwrap_or_default();
        let count = match protection {
            Protection::Legacy => u32::MAX,
            Protection::Auth | Protection::AuthInt => u32::from_str_radix(&count_text, 16).ok()?,
        };
        Some(Self {
            user: parameters.value("username")?,
            realm: parameters.between_quotes("realm")?,
            nonce: parameters.between_quotes("nonce")?,
            uri: parameters.between_quotes("uri")?,
            response: parameters.value("response")?.to_ascii_lowercase(),
            algorithm,
            protection,
            client_nonce: parameters.between_quotes("cnonce").unwrap_or_default(),
            count_text,
            count,
        })
    }

    /// Whether it was made with the password, for this request.
    fn proves(&self, request: &Message, expected: &Credentials) -> bool {
        // Proxies rewrite the host; who is called must stay the same, where that is said at all (SIPp names the host alone).
        let called = |text: &str| Uri::parse(text).ok().and_then(|uri| uri.user_decoded());
        let same = called(&self.uri).is_none_or(|user| request.request_uri().and_then(called) == Some(user));
        let method = request.method().map_or("", |method| method.as_str());
        let made = Response {
            algorithm: self.algorithm,
            protection: self.protection,
            user: &expected.user,
            password: &expected.password,
            realm: &self.realm,
            nonce: &self.nonce,
            client_nonce: &self.client_nonce,
            count: &self.count_text,
            subject: Subject { method, uri: &self.uri, body: &request.body },
        };
        same && self.user == expected.user && equal(made.compute().as_bytes(), self.response.as_bytes())
    }
}

/// Compares in the same time wherever the first difference is.
fn equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |seen, (one, other)| seen | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::super::Authenticator;
    use super::*;
    use crate::sip::method::Method;

    const PBX: [u8; 4] = [192, 0, 2, 2];

    fn credentials(password: &str) -> Credentials {
        Credentials { user: "pbx".into(), password: password.into(), realm: None }
    }

    #[expect(clippy::disallowed_methods, reason = "the one base of this test's virtual time")]
    fn gatekeeper() -> (Gatekeeper, Instant) {
        let now = Instant::now();
        (Gatekeeper::new("fax.example.com", [7; 32], now), now)
    }

    fn request() -> Message {
        Message { body: b"v=0".to_vec(), ..Message::request(Method::Invite, "sip:+390612@192.0.2.1") }
    }

    /// The request with what a client of ours answers to these challenges.
    fn answered(challenges: &[String], password: &str) -> Message {
        let mut response = Message::request(Method::Invite, "sip:x@y");
        for challenge in challenges {
            response.headers.push("WWW-Authenticate", challenge);
        }
        let mut authenticator = Authenticator::new(Some(credentials(password)));
        authenticator.learn(&response).unwrap();
        let mut request = request();
        let subject = Subject { method: "INVITE", uri: "sip:+390612@192.0.2.1", body: b"v=0" };
        authenticator.authorize(&mut request.headers, subject, "abc");
        request
    }

    fn challenged(judgement: Judgement) -> Vec<String> {
        match judgement {
            Judgement::Challenge(challenges) => challenges,
            Judgement::Granted => panic!("granted"),
        }
    }

    #[test]
    fn who_knows_the_password_is_let_in_by_either_algorithm_and_others_are_asked_again() {
        for chosen in [0..1, 1..2, 0..2] {
            let (mut gatekeeper, now) = gatekeeper();
            let asked = challenged(gatekeeper.judge(&request(), PBX.into(), (&credentials("secret"), Asked::Any), now));
            assert!(asked[0].contains("MD5") && asked[1].contains("SHA-256") && !asked[0].contains("stale"));
            let wrong = answered(&asked[chosen.clone()], "guess");
            let again = challenged(gatekeeper.judge(&wrong, PBX.into(), (&credentials("secret"), Asked::Any), now));
            assert!(!again[0].contains("stale"));
            let right = answered(&asked[chosen], "secret");
            assert_eq!(
                gatekeeper.judge(&right, PBX.into(), (&credentials("secret"), Asked::Any), now),
                Judgement::Granted
            );
        }
    }

    #[test]
    fn who_is_asked_for_sha_256_alone_is_not_let_in_by_md5() {
        let (mut gatekeeper, now) = gatekeeper();
        let (known, asked) = (credentials("secret"), Asked::Sha256);
        let challenges = challenged(gatekeeper.judge(&request(), PBX.into(), (&known, asked), now));
        assert!(challenges.len() == 1 && challenges[0].contains("SHA-256"));
        let weak = vec![challenges[0].replace("SHA-256", "MD5")];
        let judged = gatekeeper.judge(&answered(&weak, "secret"), PBX.into(), (&known, asked), now);
        assert!(matches!(judged, Judgement::Challenge(_)));
        let judged = gatekeeper.judge(&answered(&challenges, "secret"), PBX.into(), (&known, asked), now);
        assert_eq!(judged, Judgement::Granted);
    }

    #[test]
    fn what_was_heard_on_the_way_cannot_be_said_again() {
        let (mut gatekeeper, now) = gatekeeper();
        let asked = challenged(gatekeeper.judge(&request(), PBX.into(), (&credentials("secret"), Asked::Any), now));
        let right = answered(&asked, "secret");
        assert_eq!(gatekeeper.judge(&right, PBX.into(), (&credentials("secret"), Asked::Any), now), Judgement::Granted);
        let replayed = challenged(gatekeeper.judge(&right, PBX.into(), (&credentials("secret"), Asked::Any), now));
        assert!(replayed[0].contains("stale=TRUE"));
        // From elsewhere, to another number, with another body: never.
        let elsewhere = answered(&asked, "secret");
        assert!(matches!(
            gatekeeper.judge(&elsewhere, [192, 0, 2, 66].into(), (&credentials("secret"), Asked::Any), now),
            Judgement::Challenge(_)
        ));
        let mut dearer = answered(&asked, "secret");
        dearer.start = Message::request(Method::Invite, "sip:+881@192.0.2.1").start;
        assert!(matches!(
            gatekeeper.judge(&dearer, PBX.into(), (&credentials("secret"), Asked::Any), now),
            Judgement::Challenge(_)
        ));
    }

    #[test]
    fn an_old_nonce_is_stale_and_one_of_another_run_too() {
        let (mut gatekeeper, now) = gatekeeper();
        let asked = challenged(gatekeeper.judge(&request(), PBX.into(), (&credentials("secret"), Asked::Any), now));
        let right = answered(&asked, "secret");
        let late = now + NONCE_LIFE + Duration::from_secs(1);
        let again = challenged(gatekeeper.judge(&right, PBX.into(), (&credentials("secret"), Asked::Any), late));
        assert!(again[0].contains("stale=TRUE"));
        assert_eq!(
            gatekeeper.judge(&answered(&again, "secret"), PBX.into(), (&credentials("secret"), Asked::Any), late),
            Judgement::Granted
        );
        let mut other = Gatekeeper::new("fax.example.com", [8; 32], now);
        let foreign = challenged(other.judge(&right, PBX.into(), (&credentials("secret"), Asked::Any), now));
        assert!(foreign[0].contains("stale=TRUE"));
    }

    #[test]
    fn the_body_is_protected_where_the_client_wants_it_and_one_that_does_not_count_gets_one_use() {
        let (mut gatekeeper, now) = gatekeeper();
        let asked = challenged(gatekeeper.judge(&request(), PBX.into(), (&credentials("secret"), Asked::Any), now));
        let whole: Vec<String> = asked.iter().map(|one| one.replace("\"auth\"", "\"auth-int\"")).collect();
        let mut changed = answered(&whole, "secret");
        changed.body = b"v=1".to_vec();
        assert!(matches!(
            gatekeeper.judge(&changed, PBX.into(), (&credentials("secret"), Asked::Any), now),
            Judgement::Challenge(_)
        ));
        let untouched = answered(&whole, "secret");
        assert_eq!(
            gatekeeper.judge(&untouched, PBX.into(), (&credentials("secret"), Asked::Any), now),
            Judgement::Granted
        );

        let (mut gatekeeper, now) = self::gatekeeper();
        let asked = challenged(gatekeeper.judge(&request(), PBX.into(), (&credentials("secret"), Asked::Any), now));
        let old: Vec<String> = asked.iter().map(|one| one.replace(", qop=\"auth\"", "")).collect();
        let legacy = answered(&old, "secret");
        assert_eq!(
            gatekeeper.judge(&legacy, PBX.into(), (&credentials("secret"), Asked::Any), now),
            Judgement::Granted
        );
        assert!(matches!(
            gatekeeper.judge(&legacy, PBX.into(), (&credentials("secret"), Asked::Any), now),
            Judgement::Challenge(_)
        ));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_nonces_become_stale() {
        let (mut gatekeeper, base) = gatekeeper();
        let mut first = None;
        for number in 0..NONCES_MAX as u64 + 10 {
            let now = base + Duration::from_millis(number);
            let asked = challenged(gatekeeper.judge(&request(), PBX.into(), (&credentials("s"), Asked::Any), now));
            let right = answered(&asked[1..], "s");
            assert_eq!(gatekeeper.judge(&right, PBX.into(), (&credentials("s"), Asked::Any), now), Judgement::Granted);
            first.get_or_insert(right);
        }
        assert!(gatekeeper.used.len() <= NONCES_MAX);
        let now = base + Duration::from_secs(6);
        assert!(matches!(
            gatekeeper.judge(&first.unwrap(), PBX.into(), (&credentials("s"), Asked::Any), now),
            Judgement::Challenge(_)
        ));
    }

    #[test]
    fn rubbish_is_only_asked_again() {
        let (mut gatekeeper, now) = gatekeeper();
        for rubbish in [
            "",
            "Basic x",
            "Digest",
            "Digest username=\"pbx\"",
            "Digest username=pbx, realm=\"fax.example.com\", nonce=\"é\", uri=\"sip:+390612@h\", response=\"\", nc=zz, qop=auth",
        ] {
            let mut request = request();
            request.headers.push("Authorization", rubbish);
            assert!(matches!(
                gatekeeper.judge(&request, PBX.into(), (&credentials("s"), Asked::Any), now),
                Judgement::Challenge(_)
            ));
        }
    }
}
