//! The T.38 attributes of a media line.
//!
//! Read with tolerance for what gateways write, written as the standard prints them. Serves ITU-T T.38 (09/2010)
//! Annex D.

use sdp_types::Attribute;

/// What one end says about its T.38.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct T38Parameters {
    /// `T38FaxVersion`; 0 when missing.
    pub version: u8,
    /// `T38MaxBitRate` in bit/s; 14400 when missing or zero.
    pub max_bit_rate: u32,
    /// `T38FaxRateManagement`; transferred TCF when missing, the only one that makes sense over UDP.
    pub rate_management: RateManagement,
    /// `T38FaxMaxBuffer` in octets, if said.
    pub max_buffer: Option<u32>,
    /// `T38FaxMaxDatagram` in octets, if said; may be nonsense, as 72 or 0.
    pub max_datagram: Option<u32>,
    /// `T38FaxUdpEC`; none when missing.
    pub error_correction: ErrorCorrection,
    /// `T38FaxFillBitRemoval`.
    pub fill_bit_removal: bool,
    /// `T38FaxTranscodingMMR`.
    pub transcoding_mmr: bool,
    /// `T38FaxTranscodingJBIG`.
    pub transcoding_jbig: bool,
}

/// Who judges the training check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RateManagement {
    /// Method 1, `localTCF`: each gateway for itself. For TCP; never what we ask for.
    LocalTcf,
    /// Method 2, `transferredTCF`: the far terminal.
    TransferredTcf,
}

/// How lost packets are rebuilt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorCorrection {
    /// Not at all: `t38UDPNoEC`, or nothing said.
    None,
    /// `t38UDPRedundancy`.
    Redundancy,
    /// `t38UDPFEC`.
    Fec,
}

impl Default for T38Parameters {
    /// What a media line without attributes means.
    fn default() -> Self {
        Self {
            version: 0,
            max_bit_rate: MAX_BIT_RATE,
            rate_management: RateManagement::TransferredTcf,
            max_buffer: None,
            max_datagram: None,
            error_correction: ErrorCorrection::None,
            fill_bit_removal: false,
            transcoding_mmr: false,
            transcoding_jbig: false,
        }
    }
}

impl T38Parameters {
    /// What to answer to an offer, being able to do this much ourselves.
    ///
    /// Local TCF is answered with transferred TCF, which whoever speaks T.38 over UDP has to know: some gateways say the former unless told
    /// otherwise and then take the latter, and a refusal would end the fax for certain.
    // T.38 (09/2010) §8.1, §8.2: method 2 is required over UDP, method 1 over TCP
    #[must_use]
    pub fn answer(&self, offered: &Self) -> Self {
        // Answering another kind than was offered makes some far ends send none; all kinds are understood anyway.
        let error_correction = match self.error_correction {
            ErrorCorrection::None => ErrorCorrection::None,
            ErrorCorrection::Redundancy | ErrorCorrection::Fec => offered.error_correction,
        };
        Self {
            version: self.version.min(offered.version),
            max_bit_rate: self.max_bit_rate.min(offered.max_bit_rate),
            rate_management: self.rate_management,
            max_buffer: self.max_buffer,
            max_datagram: self.max_datagram,
            error_correction,
            fill_bit_removal: self.fill_bit_removal && offered.fill_bit_removal,
            transcoding_mmr: self.transcoding_mmr && offered.transcoding_mmr,
            transcoding_jbig: self.transcoding_jbig && offered.transcoding_jbig,
        }
    }

    pub(super) fn read(attributes: &[Attribute]) -> Self {
        let mut parameters = Self::default();
        for attribute in attributes {
            parameters.read_one(&attribute.attribute, attribute.value.as_deref());
        }
        parameters
    }

    fn read_one(&mut self, name: &str, value: Option<&str>) {
        // Some write an equals sign or a blank for the colon.
        let (name, value) = match name.trim().split_once(['=', ' ']) {
            Some((name, rest)) if value.is_none() => (name, Some(rest)),
            Some(_) | None => (name, value),
        };
        let name = name.trim().to_ascii_lowercase();
        let Some(rest) = name.strip_prefix("t38") else { return };
        let text = value.unwrap_or_default().trim();
        // Some write T38FaxMaxBitRate or T38UdpEC.
        match rest.strip_prefix("fax").unwrap_or(rest) {
            "version" => self.version = number(text).and_then(|version| version.try_into().ok()).unwrap_or(0),
            "maxbitrate" => self.max_bit_rate = number(text).filter(|rate| *rate > 0).unwrap_or(MAX_BIT_RATE),
            "ratemanagement" => {
                let is_local = text.to_ascii_lowercase().starts_with("local");
                self.rate_management = if is_local { RateManagement::LocalTcf } else { RateManagement::TransferredTcf };
            }
            "maxbuffer" | "maxbuffersize" => self.max_buffer = number(text),
            "maxdatagram" => self.max_datagram = number(text),
            "udpec" => self.error_correction = read_correction(text),
            "fillbitremoval" => self.fill_bit_removal = read_flag(value),
            "transcodingmmr" => self.transcoding_mmr = read_flag(value),
            "transcodingjbig" => self.transcoding_jbig = read_flag(value),
            _ => {}
        }
    }

    pub(super) fn write(&self) -> Vec<Attribute> {
        let mut attributes = vec![
            Attribute::with_value("T38FaxVersion", self.version),
            Attribute::with_value("T38MaxBitRate", self.max_bit_rate),
        ];
        let flags = [
            ("T38FaxFillBitRemoval", self.fill_bit_removal),
            ("T38FaxTranscodingMMR", self.transcoding_mmr),
            ("T38FaxTranscodingJBIG", self.transcoding_jbig),
        ];
        // T.38 (09/2010) Annex D: the flag's presence is its value.
        attributes.extend(flags.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| Attribute::new(name)));
        let management = match self.rate_management {
            RateManagement::LocalTcf => "localTCF",
            RateManagement::TransferredTcf => "transferredTCF",
        };
        attributes.push(Attribute::with_value("T38FaxRateManagement", management));
        if let Some(octets) = self.max_buffer {
            attributes.push(Attribute::with_value("T38FaxMaxBuffer", octets));
        }
        if let Some(octets) = self.max_datagram {
            attributes.push(Attribute::with_value("T38FaxMaxDatagram", octets));
        }
        match self.error_correction {
            // Older far ends do not know t38UDPNoEC; silence means the same.
            ErrorCorrection::None => {}
            ErrorCorrection::Redundancy => attributes.push(Attribute::with_value("T38FaxUdpEC", "t38UDPRedundancy")),
            ErrorCorrection::Fec => attributes.push(Attribute::with_value("T38FaxUdpEC", "t38UDPFEC")),
        }
        attributes
    }
}

/// The number a text begins with.
fn number(text: &str) -> Option<u32> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).map_or(text, |end| &text[..end]);
    digits.parse().ok()
}

fn read_correction(text: &str) -> ErrorCorrection {
    let text = text.to_ascii_lowercase();
    if text.contains("redundancy") {
        ErrorCorrection::Redundancy
    } else if text.contains("fec") {
        ErrorCorrection::Fec
    } else {
        ErrorCorrection::None
    }
}

/// Present means yes, but Cisco and others write `:0` and `:1`.
fn read_flag(value: Option<&str>) -> bool {
    !value.is_some_and(|text| matches!(text.trim().to_ascii_lowercase().as_str(), "0" | "no" | "false"))
}

/// The rate meant when none is said.
const MAX_BIT_RATE: u32 = 14_400;
