//! Whom we believe, and what names we take, from certificates made on the spot.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, names: &[SanType]) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = names.to_vec();
        params.signed_by(&KeyPair::generate().unwrap(), &self.0).unwrap().der().clone()
    }

    /// Whether a certificate is believed to be that of a domain.
    fn believes(&self, certificate: &CertificateDer<'_>, domain: &str) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let verifier = DomainVerifier { roots: Some(roots), provider: provider() };
        let name = ServerName::try_from(domain.to_owned()).unwrap();
        verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now()).is_ok()
    }
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

#[test]
fn a_sip_uri_is_the_only_name_where_there_is_one() {
    let authority = Authority::new();
    let both = authority.issue(&[uri("sip:Carrier.test"), dns("sbc7.carrier.test")]);
    assert!(authority.believes(&both, "carrier.test"));
    assert!(!authority.believes(&both, "sbc7.carrier.test"));
    assert_eq!(names(&both), ["carrier.test"]);
    let person = authority.issue(&[uri("sip:bob@carrier.test"), dns("pbx.test")]);
    assert!(authority.believes(&person, "pbx.test") && !authority.believes(&person, "carrier.test"));
    assert_eq!(names(&person), ["pbx.test"]);
}

#[test]
fn without_a_sip_uri_the_dns_names_and_addresses_count() {
    let authority = Authority::new();
    let certificate = authority.issue(&[dns("*.carrier.test"), SanType::IpAddress("192.0.2.1".parse().unwrap())]);
    assert!(authority.believes(&certificate, "sbc7.carrier.test") && authority.believes(&certificate, "192.0.2.1"));
    assert!(!authority.believes(&certificate, "carrier.test") && !authority.believes(&certificate, "192.0.2.2"));
}

#[test]
fn another_authority_is_not_believed_whatever_it_certifies() {
    let certificate = Authority::new().issue(&[dns("carrier.test")]);
    assert!(!Authority::new().believes(&certificate, "carrier.test"));
    let anybody = DomainVerifier { roots: None, provider: provider() };
    let name = ServerName::try_from("carrier.test").unwrap();
    assert!(anybody.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now()).is_ok());
}

#[test]
fn files_that_are_not_as_they_should_be_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.pem");
    let files = |roots: &Path| {
        let files = ClientFiles { identity: None, roots: Some(roots.to_owned()), verify: true };
        TlsSettings::load(None, &BTreeMap::from([("carrier".to_owned(), files)]))
            .map(drop)
            .map_err(|error| error.to_string())
    };
    assert!(files(&missing).unwrap_err().contains("missing.pem"), "{:?}", files(&missing));
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate\n").unwrap();
    assert!(files(&empty).unwrap_err().contains("empty.pem: has no certificate in it"), "{:?}", files(&empty));
    let (one, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&one).unwrap();
    let (certificate_path, key_path) = (folder.path().join("ours.pem"), folder.path().join("ours.key"));
    std::fs::write(&certificate_path, certificate.pem()).unwrap();
    std::fs::write(&key_path, other.serialize_pem()).unwrap();
    let identity = IdentityFiles { certificate: certificate_path, key: key_path };
    let server = ServerFiles { identity, clients: ClientCertificates::Ignored, roots: None };
    let error = TlsSettings::load(Some(&server), &BTreeMap::new()).map(drop).unwrap_err().to_string();
    assert!(error.contains("the key must be the one the certificate was made for"), "{error}");
}
