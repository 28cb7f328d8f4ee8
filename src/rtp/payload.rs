//! What the payload types of packets mean in one session.

use crate::dsp::g711::Law;

/// What a packet carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// Samples of G.711.
    Audio(Law),
    /// The noise of a pause.
    ComfortNoise,
    /// What is not heard as sound.
    Other,
}

/// The meaning of each payload type, as the session's descriptions have it; without any, that of the standard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PayloadTypes {
    /// A bit for each payload type.
    mu_law: u128,
    a_law: u128,
}

impl Default for PayloadTypes {
    // RFC 3551 §6, Table 4
    fn default() -> Self {
        Self { mu_law: 1, a_law: 1 << 8 }
    }
}

impl PayloadTypes {
    /// Says what one payload type, below 128, means from now on: a law, or nothing that is heard.
    pub fn set(&mut self, payload_type: u8, law: Option<Law>) {
        let bit = 1_u128.checked_shl(payload_type.into()).unwrap_or(0);
        self.mu_law &= !bit;
        self.a_law &= !bit;
        match law {
            Some(Law::Mu) => self.mu_law |= bit,
            Some(Law::A) => self.a_law |= bit,
            None => {}
        }
    }

    /// What a packet of this payload type carries.
    #[must_use]
    pub fn content(&self, payload_type: u8) -> Content {
        let bit = 1_u128.checked_shl(payload_type.into()).unwrap_or(0);
        match payload_type {
            _ if self.mu_law & bit != 0 => Content::Audio(Law::Mu),
            _ if self.a_law & bit != 0 => Content::Audio(Law::A),
            // RFC 3389 §4; 19 was used before it had a number of its own
            13 | 19 => Content::ComfortNoise,
            _ => Content::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_type_means_what_was_said_of_it_last() {
        let mut types = PayloadTypes::default();
        let all = |types: &PayloadTypes| [0, 8, 13, 96, 127, 255].map(|payload_type| types.content(payload_type));
        let (mu, a, other) = (Content::Audio(Law::Mu), Content::Audio(Law::A), Content::Other);
        assert_eq!(all(&types), [mu, a, Content::ComfortNoise, other, other, other]);
        types.set(96, Some(Law::A));
        types.set(127, Some(Law::Mu));
        types.set(255, Some(Law::Mu));
        types.set(0, None);
        assert_eq!(all(&types), [other, a, Content::ComfortNoise, a, mu, other]);
        types.set(8, Some(Law::Mu));
        types.set(96, None);
        assert_eq!(all(&types), [other, mu, Content::ComfortNoise, other, mu, other]);
    }
}
