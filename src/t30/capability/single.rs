//! Single bits of a DIS, DTC or DCS that the procedure asks for or sets. T.30 (09/2005) Table 2.

use super::{Capability, Feature};

impl Capability {
    /// Bit 10: in a DIS, that it can receive; in a DCS always set.
    #[must_use]
    pub fn receiver(&self) -> bool {
        self.has(Feature::Receives)
    }

    /// Bit 10: whether it receives. A DTC, and the DIS of a terminal that can only be polled, may have it clear.
    pub fn set_receiver(&mut self, receives: bool) {
        self.set(Feature::Receives, receives);
    }

    /// Bit 9: it has a document to be polled.
    #[must_use]
    pub fn ready_to_send(&self) -> bool {
        self.has(Feature::PolledDocument)
    }

    /// Bit 9 of a DIS: a document waits to be polled.
    // T.30 (09/2005) Table 2 note 22: no capability, but a state
    pub fn set_polled_document(&mut self, ready: bool) {
        self.set(Feature::PolledDocument, ready);
    }

    /// Bit 3: real-time Internet fax, T.38.
    #[must_use]
    pub fn t38(&self) -> bool {
        self.has(Feature::RealTimeInternetFax)
    }

    /// Sets bit 3, T.38.
    pub fn set_t38(&mut self) {
        self.set(Feature::RealTimeInternetFax, true);
    }

    /// Bit 123: an Internet-aware device that is not bound by the rates of the DIS.
    #[must_use]
    pub fn internet_aware(&self) -> bool {
        self.has(Feature::InternetAware)
    }

    /// Bit 6: V.8 and so V.34.
    #[must_use]
    pub fn v8(&self) -> bool {
        self.has(Feature::V8)
    }

    /// Bit 7: prefers ECM frames of 64 octets.
    #[must_use]
    pub fn prefers_frames_of_64(&self) -> bool {
        self.has(Feature::FramesOf64Preferred)
    }

    /// Bits 76 and 77: takes North American Letter and Legal.
    #[must_use]
    pub fn letter_and_legal(&self) -> (bool, bool) {
        (self.has(Feature::Letter), self.has(Feature::Legal))
    }

    /// Bits 76 and 77: sets Letter and Legal in a DIS.
    pub fn set_letter_and_legal(&mut self) {
        self.set(Feature::Letter, true);
        self.set(Feature::Legal, true);
    }

    /// Bit 49: in a DIS, takes a sub-address; in a DCS, one is sent.
    #[must_use]
    pub fn sub_address(&self) -> bool {
        self.has(Feature::SubAddress)
    }

    /// Sets bit 49: in a DIS that SUB is taken, in a DCS that one is sent.
    pub fn set_sub_address(&mut self) {
        self.set(Feature::SubAddress, true);
    }

    /// Bit 50: in a DIS, takes PWD and SID; in a DTC, PWD is sent; in a DCS, SID is sent.
    #[must_use]
    pub fn password(&self) -> bool {
        self.has(Feature::Password)
    }

    /// Bit 50: in a DIS that PWD and SID are taken, in a DTC that PWD is sent, in a DCS that SID is sent.
    pub fn set_password(&mut self, value: bool) {
        self.set(Feature::Password, value);
    }

    /// Bit 47: in a DIS, selective polling; in a DTC, SEP is sent.
    #[must_use]
    pub fn selective_polling(&self) -> bool {
        self.has(Feature::SelectivePolling)
    }

    /// Bit 47: in a DIS that SEP is taken, in a DTC that one is sent.
    pub fn set_selective_polling(&mut self, value: bool) {
        self.set(Feature::SelectivePolling, value);
    }

    /// Bit 35 of a DIS: takes PSA.
    #[must_use]
    pub fn polled_sub_address(&self) -> bool {
        self.has(Feature::PolledSubAddress)
    }

    /// Bit 35: in a DIS that PSA is taken, in a DTC that one is sent.
    pub fn set_polled_sub_address(&mut self, value: bool) {
        self.set(Feature::PolledSubAddress, value);
    }

    /// Bit 33: takes field-not-valid (FNV).
    #[must_use]
    pub fn field_not_valid(&self) -> bool {
        self.has(Feature::FieldNotValid)
    }

    /// Bit 27: error correction mode.
    #[must_use]
    pub fn ecm(&self) -> bool {
        self.has(Feature::ErrorCorrection)
    }

    /// Sets bit 27, error correction.
    pub fn set_ecm(&mut self) {
        self.set(Feature::ErrorCorrection, true);
    }

    /// Bit 28 of a DCS: frames of 64 octets instead of 256.
    #[must_use]
    pub fn commands_frames_of_64(&self) -> bool {
        self.has(Feature::FramesOf64)
    }

    /// Sets bit 28 of a DCS, frames of 64 octets.
    pub fn set_frames_of_64(&mut self) {
        self.set(Feature::FramesOf64, true);
    }

    /// Says in a DIS that metric resolutions are preferred: bit 45.
    pub fn set_prefers_metric(&mut self) {
        self.set(Feature::PrefersMetric, true);
    }
}
