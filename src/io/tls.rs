//! TLS for SIP: certificates from files, trusted roots, whom a peer must prove to be, and which names it proved to have.
//!
//! Only ring does the arithmetic. A peer of ours is believed when its chain leads to a trusted root and its certificate bears the
//! domain that was to be reached.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig, SignatureScheme,
};

/// Our certificate and its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdentityFiles {
    /// The certificate, with those that lead from it to the root behind it, as PEM.
    pub certificate: PathBuf,
    /// The private key, as PEM.
    pub key: PathBuf,
}

/// Whether a client must show a certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientCertificates {
    /// None is asked for.
    Ignored,
    /// One that is shown must be trusted; none will do.
    Accepted,
    /// Without a trusted one there is no connection.
    Required,
}

/// What we show to clients, and what they must show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerFiles {
    /// Our certificate.
    pub identity: IdentityFiles,
    /// What clients must show.
    pub clients: ClientCertificates,
    /// The roots for clients' certificates; those of the system when none is named.
    pub roots: Option<PathBuf>,
}

/// How we connect to the servers of one trunk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientFiles {
    /// The certificate we show when asked.
    pub identity: Option<IdentityFiles>,
    /// The only trusted roots; those of the system when none are named.
    pub roots: Option<PathBuf>,
    /// Whether the server's certificate is looked at. Without, anybody on the way can be the server.
    pub verify: bool,
}

/// Why TLS cannot be set up. Each says which file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read or has not in it what it should.
    #[error("{what} {}: {reason}", path.display())]
    File {
        /// What it is for.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The system has no trusted roots.
    #[error(
        "this system has no trusted root certificates ({0}); install its ca-certificates, or name a file in tls_ca"
    )]
    NoRoots(String),
    /// The certificates are sound, but not together.
    #[error("the TLS settings {whose}: {reason}")]
    Setup {
        /// Of the server or of a trunk.
        whose: String,
        /// What rustls said.
        reason: String,
    },
}

/// All TLS settings, ready to be used. They are replaced as a whole.
#[derive(Clone, Debug, Default)]
pub struct TlsSettings {
    /// For those who connect to us; none when nobody may by TLS.
    pub(super) server: Option<Arc<ServerConfig>>,
    /// For each trunk by name, and under the empty name for whoever belongs to none.
    clients: BTreeMap<String, Client>,
}

/// How one trunk is connected to.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) config: Arc<ClientConfig>,
    /// Whether a name in the server's certificate means anything.
    pub(super) verified: bool,
}

impl TlsSettings {
    /// Reads all files.
    ///
    /// # Errors
    /// The first thing that is wrong with one.
    pub fn load(server: Option<&ServerFiles>, clients: &BTreeMap<String, ClientFiles>) -> Result<Self, TlsError> {
        let server = server.map(load_server).transpose()?;
        let load = |(name, files): (&String, &ClientFiles)| Ok((name.clone(), load_client(name, files)?));
        let clients = clients.iter().map(load).collect::<Result<_, TlsError>>()?;
        Ok(Self { server, clients })
    }

    /// The settings of a trunk; those for strangers when it has none.
    pub(super) fn client(&self, profile: &str) -> Option<Client> {
        self.clients.get(profile).or_else(|| self.clients.get("")).cloned()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn setup(whose: &str) -> impl Fn(String) -> TlsError {
    move |reason| TlsError::Setup { whose: whose.to_owned(), reason }
}

fn load_server(files: &ServerFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let wrong = setup("of [sip]");
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?;
    let builder = match files.clients {
        ClientCertificates::Ignored => builder.with_no_client_auth(),
        ClientCertificates::Accepted | ClientCertificates::Required => {
            let roots = Arc::new(roots(files.roots.as_deref())?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
            let optional = files.clients == ClientCertificates::Accepted;
            let verifier = if optional { verifier.allow_unauthenticated() } else { verifier };
            builder.with_client_cert_verifier(verifier.build().map_err(|error| wrong(error.to_string()))?)
        }
    };
    let (chain, key) = identity(&files.identity)?;
    let config = builder.with_single_cert(chain, key).map_err(|error| wrong(mismatch(&error)))?;
    Ok(Arc::new(config))
}

fn load_client(name: &str, files: &ClientFiles) -> Result<Client, TlsError> {
    let whose = if name.is_empty() { "for strangers".to_owned() } else { format!("of trunk {name:?}") };
    let wrong = setup(&whose);
    let roots = if files.verify { Some(roots(files.roots.as_deref())?) } else { None };
    let verifier = Arc::new(DomainVerifier { roots, provider: provider() });
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match &files.identity {
        None => builder.with_no_client_auth(),
        Some(files) => {
            let (chain, key) = identity(files)?;
            builder.with_client_auth_cert(chain, key).map_err(|error| wrong(mismatch(&error)))?
        }
    };
    Ok(Client { config: Arc::new(config), verified: files.verify })
}

fn mismatch(error: &Error) -> String {
    format!("{error}; the key must be the one the certificate was made for")
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |reason: String| TlsError::File { what, path: path.to_owned(), reason };
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|error| wrong(format!("{error}; it must be readable and in PEM")))?;
    if found.is_empty() { Err(wrong("has no certificate in it; it must be in PEM".into())) } else { Ok(found) }
}

fn identity(files: &IdentityFiles) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates("the TLS certificate", &files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| TlsError::File {
        what: "the TLS key",
        path: files.key.clone(),
        reason: format!("{error}; it must be readable by the user of the server and a private key in PEM"),
    })?;
    Ok((chain, key))
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    if let Some(path) = file {
        for root in certificates("the trusted roots", path)? {
            store.add(root).map_err(|error| TlsError::File {
                what: "the trusted roots",
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
        }
        return Ok(store);
    }
    let found = rustls_native_certs::load_native_certs();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        return Err(TlsError::NoRoots(found.errors.first().map_or("none was found".into(), ToString::to_string)));
    }
    Ok(store)
}

/// Believes a server whose chain leads to a root of ours and whose certificate bears the SIP domain; without roots, anybody.
#[derive(Debug)]
struct DomainVerifier {
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for DomainVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(roots) = &self.roots else {
            return Ok(ServerCertVerified::assertion());
        };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        // RFC 5922 §7.1: where there are SIP URIs, only they count; else the DNS names.
        let domains = sip_domains(end_entity);
        if domains.is_empty() {
            // Names with a wildcard are borne, which RFC 5922 §7.2 would not: carriers have them.
            verify_server_name(&certificate, server_name)?;
        } else if !domains.iter().any(|domain| domain.eq_ignore_ascii_case(&server_name.to_str())) {
            return Err(CertificateError::NotValidForName.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The domains of the SIP URIs in a certificate: `sip:example.com`.
// RFC 5922 §7.1: a URI with a user part is that of a person and names no domain
fn sip_domains(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(certificate) = webpki::EndEntityCert::try_from(certificate) else { return Vec::new() };
    let domain = |uri: &str| {
        let (scheme, rest) = uri.split_once(':')?;
        let is_sip = scheme.eq_ignore_ascii_case("sip") && !rest.contains('@');
        is_sip.then(|| rest.split([';', '?']).next().unwrap_or(rest).to_owned())
    };
    certificate.valid_uri_names().filter_map(domain).collect()
}

/// Most names taken from one certificate.
const NAMES_MAX: usize = 64;

/// The names a certificate bears, in lower case: its SIP domains when it has any, else its DNS names.
pub(super) fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let mut names = sip_domains(certificate);
    if names.is_empty()
        && let Ok(certificate) = webpki::EndEntityCert::try_from(certificate)
    {
        names = certificate.valid_dns_names().map(str::to_owned).collect();
    }
    names.truncate(NAMES_MAX);
    names.iter().map(|name| name.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests;
