//! The single bits of Table 2, by name. T.30 (09/2005) Table 2 has three columns: DIS, DTC and DCS.
//!
//! Not here: fields of several bits (rate, width, length, row time, T.44 mode, memory, T.88 profile), which
//! [`super::Capability`] reads as values.

/// Which column of Table 2 the bits are read by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reading {
    /// What a called terminal can do.
    Dis,
    /// What a caller that wants to fetch a document can do.
    Dtc,
    /// What the sender does with the page to come.
    Dcs,
}

/// A bit of Table 2 that stands for itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Feature {
    /// Store-and-forward Internet fax (T.37).
    SimpleInternetFax = 1,
    /// Real-time Internet fax (T.38).
    RealTimeInternetFax = 3,
    /// Third generation mobile network.
    MobileNetwork = 4,
    /// V.8 capabilities.
    V8 = 6,
    /// Frames of 64 octets preferred.
    FramesOf64Preferred = 7,
    /// A document waits to be fetched; no word on what the terminal can do.
    PolledDocument = 9,
    /// It can receive; in a DCS always set.
    Receives = 10,
    /// 204 × 196 or 200 × 200 dpi.
    Fine = 15,
    /// MR coding.
    TwoDimensional = 16,
    /// Uncompressed mode.
    Uncompressed = 26,
    /// Error correction.
    ErrorCorrection = 27,
    /// Frames of 64 octets.
    FramesOf64 = 28,
    /// MMR coding (T.6).
    T6 = 31,
    /// Field-not-valid (FNV).
    FieldNotValid = 33,
    /// Multiple selective polling.
    MultipleSelectivePolling = 34,
    /// Takes PSA; in a DTC one is sent.
    PolledSubAddress = 35,
    /// Lossless colour (T.43).
    T43 = 36,
    /// Plane interleave.
    PlaneInterleave = 37,
    /// Voice coding (G.726).
    VoiceG726 = 38,
    /// Extended voice coding.
    VoiceExtended = 39,
    /// 204 × 391 or 200 × 400 dpi.
    Superfine = 41,
    /// 300 × 300 dpi.
    Dots300 = 42,
    /// 408 × 391 or 400 × 400 dpi.
    Dots400 = 43,
    /// Resolutions in inches preferred.
    Inch = 44,
    /// Metric resolutions preferred.
    PrefersMetric = 45,
    /// Half the row time at 15.4 lines/mm.
    HalfTimeAtSuperfine = 46,
    /// Takes SEP; in a DTC one is sent.
    SelectivePolling = 47,
    /// Takes SUB; in a DCS one is sent.
    SubAddress = 49,
    /// Takes a password (PWD); in a DTC one is sent; in a DCS a sender identification (SID) is.
    Password = 50,
    /// Data file ready to be polled.
    PolledFile = 51,
    /// Binary file transfer (T.434).
    BinaryFile = 53,
    /// Document transfer mode.
    DocumentTransfer = 54,
    /// Electronic data interchange.
    DataInterchange = 55,
    /// Basic transfer mode.
    BasicTransfer = 57,
    /// Character or mixed mode document ready to be polled.
    PolledMixedDocument = 59,
    /// Character mode.
    CharacterMode = 60,
    /// Mixed mode.
    MixedMode = 62,
    /// Processable mode 26 (T.505).
    Processable26 = 65,
    /// Digital network.
    DigitalNetwork = 66,
    /// Duplex.
    Duplex = 67,
    /// JPEG coding.
    Jpeg = 68,
    /// Full colour.
    FullColour = 69,
    /// Preferred Huffman tables.
    PreferredHuffman = 70,
    /// 12 bits per component.
    TwelveBits = 71,
    /// No subsampling.
    NoSubsampling = 73,
    /// Custom illuminant.
    CustomIlluminant = 74,
    /// Custom gamut range.
    CustomGamut = 75,
    /// North American Letter.
    Letter = 76,
    /// North American Legal.
    Legal = 77,
    /// JBIG coding (T.85).
    Jbig = 78,
    /// JBIG coding with optional L0 (T.85).
    JbigL0 = 79,
    /// HKM key management.
    HkmKeys = 81,
    /// RSA key management.
    RsaKeys = 82,
    /// Override.
    Override = 83,
    /// HFX40 cipher.
    Hfx40Cipher = 84,
    /// Second alternative cipher.
    SecondCipher = 85,
    /// Third alternative cipher.
    ThirdCipher = 86,
    /// HFX40-I hashing.
    Hfx40Hash = 87,
    /// Second alternative hashing.
    SecondHash = 89,
    /// Third alternative hashing.
    ThirdHash = 90,
    /// Stripes as long as the page (T.44).
    StripesOfPageLength = 95,
    /// Colour at 300 or 400 dpi.
    Colour300And400 = 97,
    /// Colour at 100 dpi.
    Colour100 = 98,
    /// Simple phase C negotiation of binary files.
    SimpleFileNegotiation = 99,
    /// Extended negotiation of binary files.
    ExtendedFileNegotiation = 100,
    /// Internet selective polling address (ISP).
    InternetPollingAddress = 101,
    /// Internet routing address (IRA).
    InternetRoutingAddress = 102,
    /// 600 × 600 dpi.
    Dots600 = 105,
    /// 1200 × 1200 dpi.
    Dots1200 = 106,
    /// 300 × 600 dpi.
    Dots300By600 = 107,
    /// 400 × 800 dpi.
    Dots400By800 = 108,
    /// 600 × 1200 dpi.
    Dots600By1200 = 109,
    /// Colour at 600 × 600 dpi.
    Colour600 = 110,
    /// Colour at 1200 × 1200 dpi.
    Colour1200 = 111,
    /// Prints both sides, alternately sent.
    DuplexAlternate = 113,
    /// Prints both sides, continuously sent.
    DuplexContinuous = 114,
    /// Black and white mixed raster content.
    BlackAndWhiteMixedRaster = 115,
    /// Run-length colour (T.45).
    T45 = 116,
    /// YCC colour space (T.44).
    ColourSpace = 119,
    /// Flow control for T.38.
    InternetFlowControl = 121,
    /// K factors above 4.
    HigherK = 122,
    /// Internet-aware, not bound by modem rates.
    InternetAware = 123,
    /// SYCC JPEG coding.
    SyccJpeg = 127,
}

/// Every feature, with what it says in a DIS or DTC, and in a DCS; empty where the bit has no meaning.
const TABLE: &[(Feature, &str, &str)] = &[
    (Feature::SimpleInternetFax, "store-and-forward Internet fax (T.37)", "store-and-forward Internet fax (T.37)"),
    (Feature::RealTimeInternetFax, "real-time Internet fax (T.38)", "real-time Internet fax (T.38)"),
    (Feature::MobileNetwork, "third generation mobile network", "third generation mobile network"),
    (Feature::V8, "V.8 capabilities", ""),
    (Feature::FramesOf64Preferred, "frames of 64 octets preferred", ""),
    (Feature::PolledDocument, "document ready to be polled", ""),
    (Feature::Receives, "receives fax", "receive"),
    (Feature::Fine, "204 × 196 or 200 × 200 dpi", "204 × 196 or 200 × 200 dpi"),
    (Feature::TwoDimensional, "MR coding", "MR coding"),
    (Feature::Uncompressed, "uncompressed mode", "uncompressed mode"),
    (Feature::ErrorCorrection, "error correction", "error correction"),
    (Feature::FramesOf64, "", "frames of 64 octets"),
    (Feature::T6, "MMR coding (T.6)", "MMR coding (T.6)"),
    (Feature::FieldNotValid, "field-not-valid (FNV)", "field-not-valid (FNV)"),
    (Feature::MultipleSelectivePolling, "multiple selective polling", ""),
    (Feature::PolledSubAddress, "polled sub-address (PSA)", ""),
    (Feature::T43, "lossless colour (T.43)", "lossless colour (T.43)"),
    (Feature::PlaneInterleave, "plane interleave", "plane interleave"),
    (Feature::VoiceG726, "voice coding (G.726)", "voice coding (G.726)"),
    (Feature::VoiceExtended, "extended voice coding", "extended voice coding"),
    (Feature::Superfine, "204 × 391 or 200 × 400 dpi", "204 × 391 or 200 × 400 dpi"),
    (Feature::Dots300, "300 × 300 dpi", "300 × 300 dpi"),
    (Feature::Dots400, "408 × 391 or 400 × 400 dpi", "408 × 391 or 400 × 400 dpi"),
    (Feature::Inch, "resolutions in inches preferred", "resolution in inches"),
    (Feature::PrefersMetric, "metric resolutions preferred", ""),
    (Feature::HalfTimeAtSuperfine, "half the row time at 15.4 lines/mm", ""),
    (Feature::SelectivePolling, "selective polling (SEP)", ""),
    (Feature::SubAddress, "sub-address (SUB)", "sub-address (SUB)"),
    (Feature::Password, "password (PWD)", "sender identification (SID)"),
    (Feature::PolledFile, "data file ready to be polled", ""),
    (Feature::BinaryFile, "binary file transfer (T.434)", "binary file transfer (T.434)"),
    (Feature::DocumentTransfer, "document transfer mode", "document transfer mode"),
    (Feature::DataInterchange, "electronic data interchange", "electronic data interchange"),
    (Feature::BasicTransfer, "basic transfer mode", "basic transfer mode"),
    (Feature::PolledMixedDocument, "character or mixed mode document ready to be polled", ""),
    (Feature::CharacterMode, "character mode", "character mode"),
    (Feature::MixedMode, "mixed mode", "mixed mode"),
    (Feature::Processable26, "processable mode 26 (T.505)", ""),
    (Feature::DigitalNetwork, "digital network", "digital network"),
    (Feature::Duplex, "duplex", "duplex"),
    (Feature::Jpeg, "JPEG coding", "JPEG coding"),
    (Feature::FullColour, "full colour", "full colour"),
    (Feature::PreferredHuffman, "", "preferred Huffman tables"),
    (Feature::TwelveBits, "12 bits per component", "12 bits per component"),
    (Feature::NoSubsampling, "no subsampling", "no subsampling"),
    (Feature::CustomIlluminant, "custom illuminant", "custom illuminant"),
    (Feature::CustomGamut, "custom gamut range", "custom gamut range"),
    (Feature::Letter, "North American Letter", "North American Letter"),
    (Feature::Legal, "North American Legal", "North American Legal"),
    (Feature::Jbig, "JBIG coding (T.85)", "JBIG coding (T.85)"),
    (Feature::JbigL0, "JBIG coding with optional L0 (T.85)", "JBIG coding with optional L0 (T.85)"),
    (Feature::HkmKeys, "HKM key management", "HKM key management"),
    (Feature::RsaKeys, "RSA key management", "RSA key management"),
    (Feature::Override, "override", "override"),
    (Feature::Hfx40Cipher, "HFX40 cipher", "HFX40 cipher"),
    (Feature::SecondCipher, "second alternative cipher", "second alternative cipher"),
    (Feature::ThirdCipher, "third alternative cipher", "third alternative cipher"),
    (Feature::Hfx40Hash, "HFX40-I hashing", "HFX40-I hashing"),
    (Feature::SecondHash, "second alternative hashing", "second alternative hashing"),
    (Feature::ThirdHash, "third alternative hashing", "third alternative hashing"),
    (Feature::StripesOfPageLength, "stripes as long as the page (T.44)", "stripes as long as the page (T.44)"),
    (Feature::Colour300And400, "colour at 300 or 400 dpi", "colour at 300 or 400 dpi"),
    (Feature::Colour100, "colour at 100 dpi", "colour at 100 dpi"),
    (
        Feature::SimpleFileNegotiation,
        "simple phase C negotiation of binary files",
        "simple phase C negotiation of binary files",
    ),
    (Feature::ExtendedFileNegotiation, "extended negotiation of binary files", ""),
    (Feature::InternetPollingAddress, "Internet selective polling address (ISP)", ""),
    (Feature::InternetRoutingAddress, "Internet routing address (IRA)", "Internet routing address (IRA)"),
    (Feature::Dots600, "600 × 600 dpi", "600 × 600 dpi"),
    (Feature::Dots1200, "1200 × 1200 dpi", "1200 × 1200 dpi"),
    (Feature::Dots300By600, "300 × 600 dpi", "300 × 600 dpi"),
    (Feature::Dots400By800, "400 × 800 dpi", "400 × 800 dpi"),
    (Feature::Dots600By1200, "600 × 1200 dpi", "600 × 1200 dpi"),
    (Feature::Colour600, "colour at 600 × 600 dpi", "colour at 600 × 600 dpi"),
    (Feature::Colour1200, "colour at 1200 × 1200 dpi", "colour at 1200 × 1200 dpi"),
    (Feature::DuplexAlternate, "prints both sides, alternately sent", "both sides, alternately sent"),
    (Feature::DuplexContinuous, "prints both sides, continuously sent", "both sides, continuously sent"),
    (Feature::BlackAndWhiteMixedRaster, "black and white mixed raster content", ""),
    (Feature::T45, "run-length colour (T.45)", "run-length colour (T.45)"),
    (Feature::ColourSpace, "YCC colour space (T.44)", "YCC colour space (T.44)"),
    (Feature::InternetFlowControl, "flow control for T.38", "flow control for T.38"),
    (Feature::HigherK, "K factors above 4", "K factors above 4"),
    (Feature::InternetAware, "Internet-aware, not bound by modem rates", "Internet-aware, not bound by modem rates"),
    (Feature::SyccJpeg, "sYCC JPEG coding", "sYCC JPEG coding"),
];

impl Feature {
    /// Every named bit in its order.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(feature, ..)| *feature)
    }

    /// Its number in Table 2, from 1.
    #[must_use]
    pub const fn number(self) -> usize {
        self as usize
    }

    /// What it says when it is set; nothing where the column has no such bit.
    // T.30 (09/2005) Table 2; notes 34 and 35 for the bits that a DTC has as "is sent" or not at all
    #[must_use]
    pub fn meaning(self, reading: Reading) -> Option<&'static str> {
        let (_, offered, commanded) = TABLE.iter().find(|(feature, ..)| *feature == self)?;
        let words = match reading {
            Reading::Dtc if matches!(self, Self::SubAddress | Self::InternetRoutingAddress) => return None,
            Reading::Dis | Reading::Dtc => offered,
            Reading::Dcs => commanded,
        };
        (!words.is_empty()).then_some(*words)
    }
}
