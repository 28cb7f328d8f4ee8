//! SDP offers and answers, as far as a fax call needs them: G.711 audio and T.38 over UDPTL.
//!
//! Values and their text; knows neither SIP nor sockets. What a far end offers beyond that is kept as a media line to
//! refuse. Serves RFC 8866, RFC 3264, RFC 3362, RFC 4568 and ITU-T T.38 Annex D.

mod answer;
mod audio;
mod description;
mod parameters;
mod protection;

pub use answer::{Agreed, OurAudio, OurT38, Ours, accept, answer};
pub use audio::{Audio, Codec, Coding};
pub use description::{
    Description, Direction, LARGEST_BODY_OCTETS, MOST_MEDIA, Media, Origin, OtherMedia, SdpError, T38,
};
pub use parameters::{ErrorCorrection, RateManagement, T38Parameters};
pub use protection::{Crypto, Keys, OurProtection, Profile, Protection};

#[cfg(test)]
mod gateway_tests;
#[cfg(test)]
mod tests;
