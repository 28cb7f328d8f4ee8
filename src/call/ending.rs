//! How a call ended, and what was seen of it: the record that is kept with the attempt.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::PageFormat;
use crate::model::{Cause, Compression, Outcome, Resolution, T38Trial, V17Trial, Width};
use crate::t30::capability::{Length, Reading};
use crate::t30::{self, Capability, NonStandard};

/// How a call ended, or a document of it that others followed.
#[derive(Clone, PartialEq, Debug)]
pub struct Ending {
    /// The document of ours it speaks of: place in `SenderSettings::documents`, from 0. Those after it were not begun.
    pub document: usize,
    /// Whether it came so far that something of this document may have been sent. True where pages come to us.
    pub begun: bool,
    /// The outcome. Sending: pages of the whole fax that are confirmed, those of earlier attempts included.
    /// Receiving: pages that we confirmed, of as many. A call in which pages went both ways is one that sent.
    pub outcome: Outcome,
    /// What was seen.
    pub record: Box<Record>,
}

/// What was seen of a call, as it is kept in a row.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The final SIP status, when the call was refused.
    pub sip_status: Option<u16>,
    /// When to come again, as the refusal said, seconds.
    pub retry_after_seconds: Option<u64>,
    /// The cause that the telephone network told with the refusal or the hang-up.
    // Q.850 (10/2018) §2.2.7, RFC 3326 §2
    pub q850: Option<u8>,
    /// What the far end or the network said to it in words: phrase, Reason and Warning.
    pub sip_said: Option<String>,
    /// Whether the refused call had carried our user name and password.
    pub authenticated: bool,
    /// What carried the fax in the end: `T.38` or `G.711`.
    pub carrier: Option<String>,
    /// What became of T.38.
    pub t38: T38Trial,
    /// What the network did to a fax over audio.
    pub audio: Option<Box<AudioRecord>>,
    /// Pages of this call confirmed by the far end.
    pub sent: u32,
    /// Pages of this call that we confirmed.
    pub received: u32,
    /// Whether a document was fetched, by either end.
    pub polled: bool,
    /// Selective address of the document the far end asked for.
    pub selective: Option<String>,
    /// Sub-address (SUB) that came with pages.
    pub sub_address: Option<String>,
    /// Whether our sub-address was sent; the far end may take none.
    pub sub_address_sent: bool,
    /// Sender identification (SID) that came with pages.
    pub sender_password: Option<String>,
    /// What the far end calls itself.
    pub remote_id: Option<String>,
    /// Its non-standard facilities, hexadecimal.
    pub remote_nsf: Option<String>,
    /// Which machine it is, as far as they tell.
    pub remote_machine: Option<Box<Machine>>,
    /// Its DIS or DTC, else its DCS: hexadecimal, the bit sent first is the highest.
    pub remote_capability: Option<String>,
    /// The same in words, a line for each thing it says.
    pub remote_features: Vec<String>,
    /// The modem family last used: `V.17`.
    pub modem: Option<String>,
    /// The rate last used, bit/s.
    pub rate: Option<u32>,
    /// Whether error correction was used.
    pub ecm: bool,
    /// Training checks after the first.
    pub retrains: u32,
    /// What became of V.17, in the call up to the end of this fax, where we sent.
    pub v17: V17Trial,
    /// Partial page requests.
    pub partial_page_requests: u32,
    /// The pages of this call.
    pub pages: Vec<RecordedPage>,
}

/// What the network and the modems made of a fax over audio.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AudioRecord {
    /// The law that we sent: `PCMA`, `PCMU`.
    pub codec: String,
    /// How it was encrypted: `AES_CM_128_HMAC_SHA1_80`; nothing where it was not.
    pub srtp: Option<String>,
    /// Packets that we sent.
    pub sent: u64,
    /// Those of them that the far end missed, as it says; fewer than none where some came twice, nothing where it says nothing.
    pub missed_there: Option<i32>,
    /// Time to the far end and back, milliseconds, where its reports tell.
    pub round_trip_ms: Option<f64>,
    /// The far end's words when it said that its audio is over, while the fax was not; mostly empty, and nothing where it did not.
    // RFC 3550 §6.6
    pub goodbye: Option<String>,
    /// Packets that came.
    pub received: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// Packets that came too late to be played.
    pub late: u64,
    /// Frames of 20 ms with samples that were missing.
    pub concealed_frames: u64,
    /// Frames that were inserted into a signal or left out of one.
    pub slips: u64,
    /// Interarrival jitter, milliseconds.
    pub jitter_ms: f64,
    /// How much faster the far end's clock runs than ours, parts per million, where it was measured.
    pub drift_parts_per_million: Option<f64>,
    /// Fast carriers that could not be trained to.
    pub failed_trainings: u64,
    /// Signal to noise of the fast carrier heard last, dB.
    pub signal_to_noise_db: Option<f32>,
}

/// A machine by its non-standard facilities.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// Maker, model and a text it carries, for people: `Canon Laser Class 9000 Series`.
    pub name: String,
    /// The country that gave its maker the code.
    pub country: Option<String>,
    /// Its maker.
    pub maker: Option<String>,
    /// Its model.
    pub model: Option<String>,
}

impl Machine {
    fn read(facilities: &[u8]) -> Option<Self> {
        let told = NonStandard::read(facilities);
        Some(Self {
            name: told.machine()?,
            country: told.country.map(str::to_owned),
            maker: told.maker.map(str::to_owned),
            model: told.model.map(str::to_owned),
        })
    }
}

/// One page on the line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecordedPage {
    /// Place in the fax, from 0.
    pub index: u32,
    /// Picture elements in a line.
    pub width: u32,
    /// Lines per inch.
    pub lines_per_inch: u32,
    /// `MH`, `MR`, `MMR`.
    pub coding: String,
    /// Bit/s.
    pub rate: u32,
    /// Octets of coded page.
    pub octets: u32,
    /// Whether it was confirmed.
    pub confirmed: bool,
}

impl Ending {
    /// A call that ended before, or without, the fax procedure.
    #[must_use]
    pub fn without_fax(cause: Cause, pages_confirmed: u32, pages_total: u32) -> Self {
        let outcome = Outcome { pages_confirmed, pages_total, cause };
        Self { document: 0, begun: false, outcome, record: Box::default() }
    }

    /// A call that a fault of our own ended.
    #[must_use]
    pub fn local(reason: impl Into<String>, pages_confirmed: u32, pages_total: u32) -> Self {
        Self::without_fax(Cause::Local(reason.into()), pages_confirmed, pages_total)
    }
}

impl Record {
    pub(super) fn of(seen: &t30::Record) -> Self {
        let hexadecimal = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect();
        // What it can do says more of it than what it commanded.
        let can = seen.remote_capability.as_ref().map(|capability| (capability, Reading::Dis));
        let capability = can.or_else(|| seen.remote_command.as_ref().map(|command| (command, Reading::Dcs)));
        Self {
            sip_status: None,
            retry_after_seconds: None,
            q850: None,
            sip_said: None,
            authenticated: false,
            carrier: None,
            t38: T38Trial::default(),
            audio: None,
            sent: seen.sent,
            received: seen.received,
            polled: seen.polled,
            selective: seen.selective.clone(),
            sub_address: seen.sub_address.clone(),
            sub_address_sent: seen.sub_address_sent,
            sender_password: seen.sender_password.clone(),
            remote_id: seen.remote_id.clone(),
            remote_nsf: seen.remote_nsf.as_deref().map(hexadecimal),
            remote_machine: seen.remote_nsf.as_deref().and_then(Machine::read).map(Box::new),
            remote_capability: capability.map(|(octets, _)| hexadecimal(&octets.write())),
            remote_features: capability.map(|(octets, reading)| octets.describe(reading)).unwrap_or_default(),
            modem: seen.modulation.map(|modulation| modulation.family().to_owned()),
            rate: seen.modulation.map(|modulation| modulation.bits_per_second()),
            ecm: seen.ecm,
            retrains: seen.retrains,
            v17: seen.v17,
            partial_page_requests: seen.partial_page_requests,
            pages: seen.pages.iter().map(RecordedPage::of).collect(),
        }
    }

    /// The resolutions of the pages of this call, the coarsest first.
    #[must_use]
    pub fn resolutions(&self) -> BTreeSet<Resolution> {
        self.pages.iter().filter_map(|page| Some(page.shape()?.1)).collect()
    }

    /// The shape in which page `index` last went on the line, as a format that needs no further scaling.
    #[must_use]
    pub fn format_of(&self, index: u32) -> Option<PageFormat> {
        let page = self.pages.iter().rev().find(|page| page.index == index)?;
        let (width, resolution) = page.shape()?;
        Some(PageFormat {
            width,
            resolution,
            compression: Compression::Mmr,
            two_dimensional_every: 0,
            minimum_row_bits: 0,
            maximum_rows: self.longest().and_then(|length| length.rows(resolution)),
            ecm: true,
        })
    }
}

impl Record {
    /// The longest page that the far end records.
    fn longest(&self) -> Option<Length> {
        let hexadecimal = self.remote_capability.as_ref()?;
        let octet = |place: usize| u8::from_str_radix(hexadecimal.get(place..place + 2)?, 16).ok();
        let octets: Option<Vec<u8>> = (0..hexadecimal.len()).step_by(2).map(octet).collect();
        Some(Capability::read(&octets?).length())
    }
}

impl RecordedPage {
    fn of(page: &t30::PageRecord) -> Self {
        Self {
            index: page.index,
            width: page.width.pels(page.resolution),
            lines_per_inch: page.resolution.lines_per_inch(),
            coding: page.compression.name().to_owned(),
            rate: page.modulation.bits_per_second(),
            octets: page.octets,
            confirmed: page.confirmed,
        }
    }

    fn shape(&self) -> Option<(Width, Resolution)> {
        Resolution::of_line(self.width, self.lines_per_inch)
    }
}

#[cfg(test)]
mod tests {
    use super::Record;
    use crate::model::Resolution;
    use crate::t30::capability::Length;
    use crate::t30::{self, Capability};

    #[test]
    fn the_record_tells_which_machine_it_was_and_what_it_could_do() {
        let seen = t30::Record {
            remote_nsf: Some(vec![0x00, 0x00, 0x11, 0x80, 0x00, 0x8A, 0x49, 0x10]),
            remote_capability: Some(Capability::read(&[0x04, 0x77, 0x5F, 0x22])),
            ..t30::Record::default()
        };
        let record = Record::of(&seen);
        let machine = record.remote_machine.as_deref().unwrap();
        assert_eq!(machine.name, "Canon Laser Class 9000 Series");
        assert_eq!((machine.country.as_deref(), machine.maker.as_deref()), (Some("Japan"), Some("Canon")));
        assert_eq!(record.remote_capability.as_deref(), Some("04775f22"));
        assert_eq!(record.longest(), Some(Length::Unlimited));
        assert!(record.remote_features.contains(&"lines up to 303 mm wide".to_owned()));
    }

    #[test]
    fn superfine_and_r16_are_told_apart_by_the_width_though_both_have_391_lines() {
        let kept = r#"{"pages":[{"index":0,"width":1728,"lines_per_inch":391,"coding":"MMR","rate":9600,"octets":9,"confirmed":true},
            {"index":1,"width":3456,"lines_per_inch":391,"coding":"MMR","rate":9600,"octets":9,"confirmed":true}]}"#;
        let record: Record = serde_json::from_str(kept).unwrap();
        let resolution = |page| record.format_of(page).unwrap().resolution;
        assert_eq!((resolution(0), resolution(1)), (Resolution::Superfine, Resolution::Ultrafine));
        assert!(record.resolutions().into_iter().eq([Resolution::Superfine, Resolution::Ultrafine]));
    }
}
