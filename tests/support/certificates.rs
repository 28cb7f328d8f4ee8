//! Certificates for the tests of TLS, made on the spot, and the files they lie in.

use std::net::IpAddr;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};

/// An authority that trusts whom the tests want trusted.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one, whose root lies in `name.pem`.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("a root");
        std::fs::write(folder.join(format!("{name}.pem")), authority.pem()).expect("written");
        Self(authority)
    }

    /// A certificate for this name, in `file.pem` and `file.key`.
    pub(crate) fn issue(&self, folder: &Path, file: &str, name: SanType) {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.subject_alt_names.push(name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        std::fs::write(folder.join(format!("{file}.pem")), certificate.pem()).expect("written");
        std::fs::write(folder.join(format!("{file}.key")), key.serialize_pem()).expect("written");
    }
}

/// The name of a machine that is known by its address.
pub(crate) fn address(address: IpAddr) -> SanType {
    SanType::IpAddress(address)
}

/// The name of a SIP domain.
// RFC 5922 §4
pub(crate) fn sip_domain(domain: &str) -> SanType {
    SanType::URI(format!("sip:{domain}").try_into().expect("a URI"))
}
