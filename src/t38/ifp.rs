//! The IFP packet: what T.38 says about one moment of the line, in packed ASN.1.
//!
//! Values and their encoding; knows no order of packets, no time and no transport. Serves ITU-T T.38 Annex A, in both
//! grammars: that of 1998, whose field type has no extension marker by mistake and stays the grammar of version 0,
//! and that of all later versions.

use thiserror::Error;

use super::per::{BitReader, BitWriter, Truncated};
use crate::signal::{Modulation, Training};

/// One IFP packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Packet {
    /// The state of the line changes; no data.
    Indicator(Indicator),
    /// Fields received from one modem, in order.
    Data {
        /// The modem.
        kind: DataKind,
        /// Its fields; may be empty when a stranger says so.
        fields: Vec<Field>,
    },
}

/// What the line turned to.
// T.38 (09/2010) §7.3.1, Table 2
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Indicator {
    /// Silence.
    NoSignal,
    /// Calling tone.
    Cng,
    /// Answer tone without phase reversals.
    Ced,
    /// V.21 flags.
    V21Preamble,
    /// A fast modem trains. Only V.17 tells short from long; the others are long.
    Training(Modulation, Training),
    /// Amplitude-modulated answer tone.
    V8Ansam,
    /// A V.8 message follows.
    V8Signal,
    /// V.34 control channel at 1200 bit/s.
    V34ControlChannel1200,
    /// V.34 primary channel.
    V34PrimaryChannel,
    /// V.34 control channel retrains.
    V34ControlRetrain,
    /// V.33 at 12000 bit/s trains.
    V33Training12000,
    /// V.33 at 14400 bit/s trains.
    V33Training14400,
}

/// The modem that data came from.
// T.38 (09/2010) §7.3.2, Table 3
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataKind {
    /// V.21 channel 2, 300 bit/s.
    V21,
    /// A fast modem.
    Fast(Modulation),
    /// V.8 messages.
    V8,
    /// V.34 primary channel rate.
    V34PrimaryRate,
    /// V.34 control channel at 1200 bit/s.
    V34Control1200,
    /// V.34 primary channel.
    V34Primary,
    /// V.33 at 12000 bit/s.
    V33At12000,
    /// V.33 at 14400 bit/s.
    V33At14400,
}

/// One element of a data packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// What the element says.
    pub kind: FieldKind,
    /// Its octets, 65535 at most; empty when the element carries none.
    pub data: Vec<u8>,
}

impl Field {
    /// An element without octets.
    #[must_use]
    pub const fn bare(kind: FieldKind) -> Self {
        Self { kind, data: Vec::new() }
    }

    /// An element with octets.
    #[must_use]
    pub const fn with(kind: FieldKind, data: Vec<u8>) -> Self {
        Self { kind, data }
    }
}

/// What an element of a data packet says.
// T.38 (09/2010) §7.4, Table 4
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldKind {
    /// Octets of an HDLC frame, between the flags, stuffing removed, without check sequence.
    HdlcData,
    /// The HDLC carrier stopped after a flag.
    HdlcSigEnd,
    /// The frame ended with a good check sequence; another follows.
    HdlcFcsOk,
    /// The frame ended with a bad check sequence; another follows.
    HdlcFcsBad,
    /// The frame ended with a good check sequence and the carrier stopped.
    HdlcFcsOkSigEnd,
    /// The frame ended with a bad check sequence and the carrier stopped.
    HdlcFcsBadSigEnd,
    /// Training check or image bits outside error correction mode.
    T4NonEcmData,
    /// The carrier of such bits stopped; the last of them may be here.
    T4NonEcmSigEnd,
    /// V.8 call menu.
    CmMessage,
    /// V.8 joint menu.
    JmMessage,
    /// V.8 call indicator.
    CiMessage,
    /// V.34 rate.
    V34Rate,
}

/// Which syntax of the data element is spoken.
// T.38 (09/2010) Annex A, and its note on the ASN.1 of 1998
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grammar {
    /// 1998: no extension marker in the field type.
    Version0,
    /// 2002 and later: with the marker.
    Extended,
}

impl Grammar {
    /// The grammar of a negotiated `T38FaxVersion`.
    #[must_use]
    pub const fn of_version(version: u8) -> Self {
        if version == 0 { Self::Version0 } else { Self::Extended }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Version0 => Self::Extended,
            Self::Extended => Self::Version0,
        }
    }
}

/// Why bytes are no IFP packet; always the peer's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum IfpError {
    /// The packet ends in the middle of a value.
    #[error("malformed IFP packet: it ends in the middle of a value")]
    Truncated,
    /// An indicator no version defines.
    #[error("malformed IFP packet: unknown extended indicator {0}")]
    UnknownIndicator(u8),
    /// A data type no version defines.
    #[error("malformed IFP packet: unknown data type {0}")]
    UnknownData(u8),
    /// A field type no version defines.
    #[error("malformed IFP packet: unknown extended field type {0}")]
    UnknownField(u8),
}

impl From<Truncated> for IfpError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

impl Packet {
    /// A data packet of one field.
    #[must_use]
    pub fn data(kind: DataKind, field: Field) -> Self {
        Self::Data { kind, fields: vec![field] }
    }

    /// Writes the packet. Field octets beyond 65535 are left off, for the grammar cannot say them.
    #[must_use]
    pub fn encode(&self, grammar: Grammar) -> Vec<u8> {
        let mut writer = BitWriter::default();
        match self {
            Self::Indicator(indicator) => {
                writer.flag(false);
                writer.flag(false);
                write_enumeration(&mut writer, indicator.code(), INDICATOR_ROOT, 4);
            }
            Self::Data { kind, fields } => {
                writer.flag(true);
                writer.flag(true);
                write_enumeration(&mut writer, kind.code(), DATA_ROOT, 4);
                writer.length(fields.len());
                for field in fields {
                    encode_field(&mut writer, field, grammar);
                }
            }
        }
        writer.finish()
    }

    /// Reads a packet of the given grammar. What follows its end is ignored: packets rebuilt from parity are padded
    /// with zeros, and some gateways send junk.
    ///
    /// # Errors
    /// [`IfpError`] when the bytes are no such packet.
    pub fn decode(octets: &[u8], grammar: Grammar) -> Result<Self, IfpError> {
        decode_measured(octets, grammar).map(|(packet, _)| packet)
    }

    /// Reads a packet of either grammar, beginning with the one given, and says in which one it made sense.
    ///
    /// # Errors
    /// [`IfpError`] of the grammar given, when neither fits.
    pub fn decode_tolerantly(octets: &[u8], expected: Grammar) -> Result<(Self, Grammar), IfpError> {
        let first = decode_measured(octets, expected);
        if let Ok((packet, _)) = &first
            && packet.is_plausible()
        {
            return first.map(|(packet, _)| (packet, expected));
        }
        if let Ok((packet, true)) = decode_measured(octets, expected.other())
            && packet.is_plausible()
        {
            return Ok((packet, expected.other()));
        }
        first.map(|(packet, _)| (packet, expected))
    }

    /// Whether a fax of groups 3 would say this: data has its octets, check results have none, V.8 and V.34 are absent.
    fn is_plausible(&self) -> bool {
        let Self::Data { fields, .. } = self else { return true };
        fields.iter().all(|field| match field.kind {
            FieldKind::HdlcData | FieldKind::T4NonEcmData => !field.data.is_empty(),
            FieldKind::T4NonEcmSigEnd => true,
            FieldKind::HdlcSigEnd
            | FieldKind::HdlcFcsOk
            | FieldKind::HdlcFcsBad
            | FieldKind::HdlcFcsOkSigEnd
            | FieldKind::HdlcFcsBadSigEnd => field.data.is_empty(),
            FieldKind::CmMessage | FieldKind::JmMessage | FieldKind::CiMessage | FieldKind::V34Rate => false,
        })
    }
}

/// The packet, and whether it reached to the end of the octets.
fn decode_measured(octets: &[u8], grammar: Grammar) -> Result<(Packet, bool), IfpError> {
    let mut reader = BitReader::new(octets);
    let has_data = reader.flag()?;
    let is_data = reader.flag()?;
    let code = read_enumeration(&mut reader, INDICATOR_ROOT, 4)?;
    if !is_data {
        // Some gateways put data behind an indicator; it says nothing the indicator does not.
        let indicator = Indicator::from_code(code).ok_or(IfpError::UnknownIndicator(code))?;
        return Ok((Packet::Indicator(indicator), reader.at_end()));
    }
    // The data type has nine root values in a field of four bits; extended ones count on from nine.
    let code = if code >= INDICATOR_ROOT { code - INDICATOR_ROOT + DATA_ROOT } else { root_data(code)? };
    let kind = DataKind::from_code(code).ok_or(IfpError::UnknownData(code))?;
    let mut fields = Vec::new();
    if has_data {
        // Each field takes four bits at least, so the datagram's size bounds the loop and the list.
        for _ in 0..reader.length()? {
            fields.push(decode_field(&mut reader, grammar)?);
        }
    }
    Ok((Packet::Data { kind, fields }, reader.at_end()))
}

fn root_data(code: u8) -> Result<u8, IfpError> {
    if code < DATA_ROOT { Ok(code) } else { Err(IfpError::UnknownData(code)) }
}

// T.38 (09/2010) Annex A: field-type, then field-data OCTET STRING (SIZE(1..65535)) OPTIONAL
fn encode_field(writer: &mut BitWriter, field: &Field, grammar: Grammar) {
    writer.flag(!field.data.is_empty());
    match grammar {
        Grammar::Version0 => writer.number(field.kind.code().min(FIELD_ROOT - 1), 3),
        Grammar::Extended => write_enumeration(writer, field.kind.code(), FIELD_ROOT, 3),
    }
    if !field.data.is_empty() {
        let data = &field.data[..field.data.len().min(LONGEST_FIELD)];
        let length = u16::try_from(data.len() - 1).expect("a field is cut to 65535 octets");
        writer.octets(&length.to_be_bytes());
        writer.octets(data);
    }
}

fn decode_field(reader: &mut BitReader<'_>, grammar: Grammar) -> Result<Field, IfpError> {
    let has_data = reader.flag()?;
    let code = match grammar {
        Grammar::Version0 => reader.number(3)?,
        Grammar::Extended => read_enumeration(reader, FIELD_ROOT, 3)?,
    };
    let kind = FieldKind::from_code(code).ok_or(IfpError::UnknownField(code))?;
    if !has_data {
        return Ok(Field::bare(kind));
    }
    let length = reader.octets(2)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]])) + 1;
    Ok(Field::with(kind, reader.octets(length)?.to_vec()))
}

/// Writes an extensible enumeration: codes from `root` on are its extensions.
// X.691 (07/2002) §13, §10.6.1
fn write_enumeration(writer: &mut BitWriter, code: u8, root: u8, width_bits: u8) {
    writer.flag(code >= root);
    if code >= root {
        writer.flag(false);
        writer.number(code - root, 6);
    } else {
        writer.number(code, width_bits);
    }
}

/// Reads an extensible enumeration; extensions count on from `root`.
fn read_enumeration(reader: &mut BitReader<'_>, root: u8, width_bits: u8) -> Result<u8, Truncated> {
    if !reader.flag()? {
        return reader.number(width_bits);
    }
    if reader.flag()? {
        return Err(Truncated);
    }
    Ok(root + reader.number(6)?)
}

impl Indicator {
    fn code(self) -> u8 {
        INDICATORS.iter().position(|known| *known == self.as_coded()).map_or(0, |index| index as u8)
    }

    /// The indicator as the code can say it: only V.17 has a short training.
    const fn as_coded(self) -> Self {
        match self {
            Self::Training(modulation, Training::Short) if !modulation.has_short_training() => {
                Self::Training(modulation, Training::Long)
            }
            Self::Training(..)
            | Self::NoSignal
            | Self::Cng
            | Self::Ced
            | Self::V21Preamble
            | Self::V8Ansam
            | Self::V8Signal
            | Self::V34ControlChannel1200
            | Self::V34PrimaryChannel
            | Self::V34ControlRetrain
            | Self::V33Training12000
            | Self::V33Training14400 => self,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        INDICATORS.get(usize::from(code)).copied()
    }
}

impl DataKind {
    fn code(self) -> u8 {
        DATA_KINDS.iter().position(|known| *known == self).map_or(0, |index| index as u8)
    }

    fn from_code(code: u8) -> Option<Self> {
        DATA_KINDS.get(usize::from(code)).copied()
    }
}

impl FieldKind {
    const fn code(self) -> u8 {
        self as u8
    }

    fn from_code(code: u8) -> Option<Self> {
        FIELD_KINDS.get(usize::from(code)).copied()
    }
}

/// Most octets of one field.
pub const LONGEST_FIELD: usize = 65_535;

/// Indicators before the extension marker.
const INDICATOR_ROOT: u8 = 16;
/// Data types before the extension marker.
const DATA_ROOT: u8 = 9;
/// Field types before the extension marker, and all that version 0 has.
const FIELD_ROOT: u8 = 8;

// T.38 (09/2010) Annex A, t30-indicator, in the order of their codes
const INDICATORS: [Indicator; 23] = [
    Indicator::NoSignal,
    Indicator::Cng,
    Indicator::Ced,
    Indicator::V21Preamble,
    Indicator::Training(Modulation::V27ter2400, Training::Long),
    Indicator::Training(Modulation::V27ter4800, Training::Long),
    Indicator::Training(Modulation::V29At7200, Training::Long),
    Indicator::Training(Modulation::V29At9600, Training::Long),
    Indicator::Training(Modulation::V17At7200, Training::Short),
    Indicator::Training(Modulation::V17At7200, Training::Long),
    Indicator::Training(Modulation::V17At9600, Training::Short),
    Indicator::Training(Modulation::V17At9600, Training::Long),
    Indicator::Training(Modulation::V17At12000, Training::Short),
    Indicator::Training(Modulation::V17At12000, Training::Long),
    Indicator::Training(Modulation::V17At14400, Training::Short),
    Indicator::Training(Modulation::V17At14400, Training::Long),
    Indicator::V8Ansam,
    Indicator::V8Signal,
    Indicator::V34ControlChannel1200,
    Indicator::V34PrimaryChannel,
    Indicator::V34ControlRetrain,
    Indicator::V33Training12000,
    Indicator::V33Training14400,
];

// T.38 (09/2010) Annex A, t30-data, in the order of their codes
const DATA_KINDS: [DataKind; 15] = [
    DataKind::V21,
    DataKind::Fast(Modulation::V27ter2400),
    DataKind::Fast(Modulation::V27ter4800),
    DataKind::Fast(Modulation::V29At7200),
    DataKind::Fast(Modulation::V29At9600),
    DataKind::Fast(Modulation::V17At7200),
    DataKind::Fast(Modulation::V17At9600),
    DataKind::Fast(Modulation::V17At12000),
    DataKind::Fast(Modulation::V17At14400),
    DataKind::V8,
    DataKind::V34PrimaryRate,
    DataKind::V34Control1200,
    DataKind::V34Primary,
    DataKind::V33At12000,
    DataKind::V33At14400,
];

// T.38 (09/2010) Annex A, field-type, in the order of their codes
const FIELD_KINDS: [FieldKind; 12] = [
    FieldKind::HdlcData,
    FieldKind::HdlcSigEnd,
    FieldKind::HdlcFcsOk,
    FieldKind::HdlcFcsBad,
    FieldKind::HdlcFcsOkSigEnd,
    FieldKind::HdlcFcsBadSigEnd,
    FieldKind::T4NonEcmData,
    FieldKind::T4NonEcmSigEnd,
    FieldKind::CmMessage,
    FieldKind::JmMessage,
    FieldKind::CiMessage,
    FieldKind::V34Rate,
];

#[cfg(test)]
mod tests;
