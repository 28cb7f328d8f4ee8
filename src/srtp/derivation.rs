//! From a master key to the keys of a session.
// RFC 3711 §4.3

use aes::Aes128;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};

use super::MasterKey;

/// AES in counter mode, of which SRTP uses 16 bits.
// RFC 3711 §4.1.1
pub(super) type Counter = ctr::Ctr128BE<Aes128>;

/// What a derived key is for.
// RFC 3711 §4.3.1
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Label {
    Encryption = 0,
    Authentication = 1,
    Salt = 2,
    ControlEncryption = 3,
    ControlAuthentication = 4,
    ControlSalt = 5,
}

/// The labels of the keys that protect one protocol.
pub(super) struct Labels {
    pub(super) encryption: Label,
    pub(super) authentication: Label,
    pub(super) salt: Label,
}

impl Labels {
    pub(super) const RTP: Self =
        Self { encryption: Label::Encryption, authentication: Label::Authentication, salt: Label::Salt };
    pub(super) const RTCP: Self = Self {
        encryption: Label::ControlEncryption,
        authentication: Label::ControlAuthentication,
        salt: Label::ControlSalt,
    };
}

/// Fills `key` with the session key for a purpose; the key derivation rate is zero, so there is one for the whole session.
pub(super) fn derive(master: &MasterKey, label: Label, key: &mut [u8]) {
    let mut counter = [0; 16];
    counter[..master.salt.len()].copy_from_slice(&master.salt);
    // RFC 3711 §4.3.1: key_id = <label> || r, of 8 and 48 bits, at the end of the 112 bits of the salt
    counter[7] ^= label as u8;
    key.fill(0);
    Counter::new(&master.key.into(), &counter.into()).apply_keystream(key);
}
