//! Digest authentication, the client's side: a challenge in, an `Authorization` out. The server's side is [`server`].
// RFC 8760, RFC 7616, RFC 2617, RFC 3261 §22

pub mod server;

use super::{
    message::{Headers, Message},
    text::{Parameters, quote, split_outside_quotes},
};
use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512_256};

/// Who we are to the peer.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name to authenticate as.
    pub user: String,
    /// The password in clear; it never goes on the wire.
    pub password: String,
    /// Answer only challenges for this realm; `None` for any.
    pub realm: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Credentials");
        shown.field("user", &self.user).field("realm", &self.realm).finish_non_exhaustive()
    }
}

/// A way to digest, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Algorithm {
    /// `MD5`, also when none is named.
    Md5,
    /// `MD5-sess`
    Md5Session,
    /// `SHA-256`
    Sha256,
    /// `SHA-256-sess`
    Sha256Session,
    /// `SHA-512-256`
    Sha512,
    /// `SHA-512-256-sess`
    Sha512Session,
}

/// What is protected beside user and password.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// No `qop`: the old way.
    // RFC 2069
    Legacy,
    /// `qop=auth`
    Auth,
    /// `qop=auth-int`: the body too.
    AuthInt,
}

/// One challenge that we can answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Challenge {
    /// The realm, its quoted pairs as written (they are digested as written).
    pub realm: String,
    /// The nonce as written between the quotes.
    pub nonce: String,
    /// Given back as written.
    pub opaque: Option<String>,
    /// How to digest.
    pub algorithm: Algorithm,
    /// What to protect.
    pub protection: Protection,
    /// The nonce was too old, but the password was right.
    pub stale: bool,
    /// From a proxy (407) and not from the callee (401).
    pub proxy: bool,
}

/// The request that is authorized.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its Request-URI as it goes out.
    pub uri: &'a str,
    /// Its body.
    pub body: &'a [u8],
}

/// Why a challenge was not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unanswerable {
    /// We have no credentials (for that realm).
    #[error("no credentials for the realm that asks")]
    NoCredentials,
    /// No challenge that we understand.
    #[error("no digest challenge with a known algorithm")]
    UnknownScheme,
    /// The peer refused what we answered to the same nonce, or challenged too often.
    #[error("the peer refused our credentials")]
    Refused,
}

/// Most challenges answered for one request.
pub const CHALLENGES_MAX: u32 = 4;
/// Most realms remembered in one call (proxies on the way and the callee).
pub const REALMS_MAX: usize = 4;

/// Answers the challenges of one call, remembering them for the requests that follow.
#[derive(Debug)]
pub struct Authenticator {
    credentials: Option<Credentials>,
    accepted: Vec<(Challenge, u32)>,
    answered: u32,
}

impl Authenticator {
    /// With the credentials of the trunk, if it has any.
    pub fn new(credentials: Option<Credentials>) -> Self {
        Self { credentials, accepted: Vec::new(), answered: 0 }
    }

    /// Learns the challenges of a 401 or 407, so that [`Self::authorize`] answers them.
    ///
    /// # Errors
    /// [`Unanswerable`] when the request is not worth repeating: no credentials, nothing understood, or refused.
    // RFC 3261 §22.1: not again with credentials that were just refused
    pub fn learn(&mut self, response: &Message) -> Result<(), Unanswerable> {
        let credentials = self.credentials.as_ref().ok_or(Unanswerable::NoCredentials)?;
        let challenges = Challenge::all(&response.headers);
        if challenges.is_empty() {
            return Err(Unanswerable::UnknownScheme);
        }
        let wanted = |challenge: &&Challenge| credentials.realm.as_ref().is_none_or(|realm| *realm == challenge.realm);
        // RFC 8760 §2.4 lets the peer order by preference; the strongest we know is what an honest peer prefers.
        let strongest = challenges.iter().filter(wanted).max_by_key(|challenge| challenge.algorithm);
        let strongest = strongest.ok_or(Unanswerable::NoCredentials)?.clone();
        let before = self.accepted.iter().find(|(old, _)| old.realm == strongest.realm && old.proxy == strongest.proxy);
        let refused =
            before.is_some_and(|(old, _)| old.nonce == strongest.nonce || !strongest.stale && self.answered > 0);
        self.answered += 1;
        if refused || self.answered > CHALLENGES_MAX {
            return Err(Unanswerable::Refused);
        }
        self.accepted.retain(|(old, _)| old.realm != strongest.realm || old.proxy != strongest.proxy);
        if self.accepted.len() >= REALMS_MAX {
            self.accepted.remove(0);
        }
        self.accepted.push((strongest, 0));
        Ok(())
    }

    /// Takes the nonce that a server wants in the next request, as it says when it took this one.
    // RFC 7616 §3.5
    pub fn take_next_nonce(&mut self, response: &Message) {
        for (name, proxy) in [("Authentication-Info", false), ("Proxy-Authentication-Info", true)] {
            let Some(value) = response.headers.first(name) else { continue };
            let pieces: Vec<_> = split_outside_quotes(value, b',').into_iter().map(String::from_utf8_lossy).collect();
            let Some(nonce) = Parameters::parse(&pieces.join(";")).between_quotes("nextnonce") else { continue };
            if let Some((challenge, count)) = self.accepted.iter_mut().rev().find(|(known, _)| known.proxy == proxy) {
                challenge.nonce = nonce;
                *count = 0;
            }
        }
    }

    /// Forgets what was learned: the next request goes without credentials until it is challenged.
    pub fn forget(&mut self) {
        self.accepted.clear();
        self.answered = 0;
    }

    /// A request was taken: challenges are counted anew.
    pub fn satisfied(&mut self) {
        self.answered = 0;
    }

    /// Adds an answer to every challenge learned. The client's nonce is chance, given by the caller.
    pub fn authorize(&mut self, headers: &mut Headers, subject: Subject<'_>, client_nonce: &str) {
        let Some(credentials) = &self.credentials else {
            return;
        };
        headers.remove("Authorization");
        headers.remove("Proxy-Authorization");
        for (challenge, count) in &mut self.accepted {
            *count += 1;
            let name = if challenge.proxy { "Proxy-Authorization" } else { "Authorization" };
            headers.push(name, challenge.answer(credentials, subject, client_nonce, *count));
        }
    }
}

impl Challenge {
    /// All challenges of a response that we understand.
    pub fn all(headers: &Headers) -> Vec<Self> {
        let mut found = Vec::new();
        for (name, proxy) in [("WWW-Authenticate", false), ("Proxy-Authenticate", true)] {
            for value in headers.all(name) {
                found.extend(split_challenges(value).iter().filter_map(|text| Self::parse(text, proxy)));
            }
        }
        found
    }

    /// The value of `Authorization` that answers the challenge.
    // RFC 7616 §3.4.1
    pub fn answer(&self, credentials: &Credentials, subject: Subject<'_>, client_nonce: &str, count: u32) -> String {
        let Credentials { user, password, .. } = credentials;
        let Self { realm, nonce, algorithm, protection, .. } = self;
        let count = format!("{count:08x}");
        let (algorithm, protection) = (*algorithm, *protection);
        let response =
            Response { algorithm, protection, user, password, realm, nonce, client_nonce, count: &count, subject }
                .compute();
        let uri = subject.uri;
        let quality = self.protection.quality();
        let user = quote(user);
        let algorithm = self.algorithm.name();
        let mut value = format!(
            "Digest username={user}, realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", \
             algorithm={algorithm}"
        );
        if quality.is_some() || self.algorithm.is_session() {
            value.push_str(&format!(", cnonce=\"{client_nonce}\""));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque=\"{opaque}\""));
        }
        if let Some(quality) = quality {
            value.push_str(&format!(", qop={quality}, nc={count}"));
        }
        value
    }

    fn parse(parameters: &Parameters, proxy: bool) -> Option<Self> {
        let algorithm = Algorithm::parse(&parameters.value("algorithm").unwrap_or_else(|| "MD5".into()))?;
        let protection = match parameters.value("qop") {
            None => Protection::Legacy,
            Some(offered) => {
                let offers = |wanted: &str| offered.split(',').any(|one| one.trim().eq_ignore_ascii_case(wanted));
                if offers("auth") {
                    Protection::Auth
                } else if offers("auth-int") {
                    Protection::AuthInt
                } else {
                    return None;
                }
            }
        };
        Some(Self {
            realm: parameters.between_quotes("realm")?,
            nonce: parameters.between_quotes("nonce")?,
            opaque: parameters.between_quotes("opaque"),
            algorithm,
            protection,
            stale: parameters.value("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            proxy,
        })
    }
}

/// All that goes into the `response` that proves a password.
struct Response<'a> {
    algorithm: Algorithm,
    protection: Protection,
    user: &'a str,
    password: &'a str,
    realm: &'a str,
    nonce: &'a str,
    client_nonce: &'a str,
    /// How often the nonce was used, as written.
    count: &'a str,
    subject: Subject<'a>,
}

impl Response<'_> {
    // RFC 7616 §3.4.1
    fn compute(&self) -> String {
        let hash = |text: &str| self.algorithm.hash(text.as_bytes());
        let Self { user, password, realm, nonce, client_nonce, count, .. } = self;
        let Subject { method, uri, body } = self.subject;
        let mut secret = hash(&format!("{user}:{realm}:{password}"));
        if self.algorithm.is_session() {
            secret = hash(&format!("{secret}:{nonce}:{client_nonce}"));
        }
        let asked = match self.protection {
            Protection::Legacy | Protection::Auth => hash(&format!("{method}:{uri}")),
            Protection::AuthInt => hash(&format!("{method}:{uri}:{}", self.algorithm.hash(body))),
        };
        match self.protection.quality() {
            None => hash(&format!("{secret}:{nonce}:{asked}")),
            Some(quality) => hash(&format!("{secret}:{nonce}:{count}:{client_nonce}:{quality}:{asked}")),
        }
    }
}

impl Protection {
    const fn quality(self) -> Option<&'static str> {
        match self {
            Self::Legacy => None,
            Self::Auth => Some("auth"),
            Self::AuthInt => Some("auth-int"),
        }
    }
}

/// The parameters of each `Digest` challenge in one header value; a value may hold several, of several schemes.
fn split_challenges(value: &[u8]) -> Vec<Parameters> {
    let mut challenges: Vec<Option<String>> = Vec::new();
    for piece in split_outside_quotes(value, b',') {
        let piece = String::from_utf8_lossy(piece);
        // A scheme is a token followed by a blank and then by the first parameter.
        let (word, rest) = piece.split_once(|blank: char| blank.is_ascii_whitespace()).unwrap_or((&piece, ""));
        if !word.contains('=') && !rest.trim_start().starts_with('=') {
            let is_digest = word.eq_ignore_ascii_case("Digest");
            challenges.push(is_digest.then(|| rest.trim().to_owned()));
        } else if let Some(Some(challenge)) = challenges.last_mut() {
            challenge.push(';');
            challenge.push_str(&piece);
        }
    }
    challenges.iter().flatten().map(|text| Parameters::parse(text)).collect()
}

impl Algorithm {
    fn parse(name: &str) -> Option<Self> {
        ALGORITHMS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, algorithm)| *algorithm)
    }

    fn name(self) -> &'static str {
        ALGORITHMS.iter().find(|(_, algorithm)| *algorithm == self).map_or("MD5", |(name, _)| name)
    }

    fn is_session(self) -> bool {
        matches!(self, Self::Md5Session | Self::Sha256Session | Self::Sha512Session)
    }

    fn hash(self, bytes: &[u8]) -> String {
        let hexadecimal = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Md5 | Self::Md5Session => hexadecimal(&Md5::digest(bytes)),
            Self::Sha256 | Self::Sha256Session => hexadecimal(&Sha256::digest(bytes)),
            Self::Sha512 | Self::Sha512Session => hexadecimal(&Sha512_256::digest(bytes)),
        }
    }
}

const ALGORITHMS: [(&str, Algorithm); 6] = [
    ("MD5", Algorithm::Md5),
    ("MD5-sess", Algorithm::Md5Session),
    ("SHA-256", Algorithm::Sha256),
    ("SHA-256-sess", Algorithm::Sha256Session),
    ("SHA-512-256", Algorithm::Sha512),
    ("SHA-512-256-sess", Algorithm::Sha512Session),
];

#[cfg(test)]
mod tests;
