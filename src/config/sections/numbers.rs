//! Telephone numbers: how they are written, who may dial which, and whose they are when they are called.

use crate::config::Reader;
use crate::config::key::{Key, Section, section, text_of};
use crate::config::kind::{
    ActionWord, Count, Digits, FormatsWord, FrameDigits, Kind, Line, List, MailAddress, Maybe, Net, NumberPattern,
    SenderPattern, StationId, Switch, Telephone, Time,
};

section! {
    /// How telephone numbers are written where the server stands.
    Numbers "numbers" {
        /// The country code without `+`. While it is empty, numbers must be written with `+`.
        country_code: Digits = "", example "39";
        /// What is dialled before a foreign country's code.
        international_prefix: Digits = "00";
        /// What is dialled before a national number and dropped behind the country code. Leave it empty where the zero stays
        /// (Italy) or where there is none.
        national_prefix: Digits = "0";
        /// Numbers with at most this many digits are extensions of the telephone system and dialled as written; 0 when there
        /// are none.
        extension_digits: Count = 0, from 0 to 10;
    }
}

section! {
    /// Who may dial what. The rules are tried in order and the first that fits decides; when none fits, the call is denied. A
    /// fax server that anybody may use is an open telephone, so without a rule nobody may dial.
    Allow "allow" {
        /// A name for the rule, shown in logs and refusals.
        name: Line, example "staff to Italy";
        /// Mail servers the rule holds for.
        peers: List<Net> = ["127.0.0.0/8", "::1"];
        /// Senders of the envelope the rule holds for. The sender is what the mail server says it is: name here only servers
        /// that check their senders.
        senders: List<SenderPattern>, example ["*@example.com"];
        /// Numbers the rule holds for, in their international form, or extensions.
        numbers: List<NumberPattern>, example ["+39*"];
        /// Most pages of one fax that the rule allows; those of `render.max_pages` when left out. A fax with more is not dialled, and
        /// its sender is told how many pages it has and how many are allowed.
        max_pages: Maybe<Count>, example 50, from 1 to 5000;
        /// What the rule does.
        action: ActionWord = "allow";
        /// The number that faxes of this rule are sent from, so that each department can show its own; the trunk's `caller_number` when
        /// left out.
        caller_number: Maybe<Telephone>, example "+390612399";
    }
}

section! {
    /// Where received faxes go. The first section with a fitting number decides; calls to other numbers are not answered.
    Inbound "inbound" {
        /// The numbers called, as the trunk writes them.
        numbers: List<NumberPattern>, example ["+390612345*"];
        /// Who gets the fax.
        mailboxes: List<MailAddress>, example ["reception@example.com"];
        /// The number shown to the sender's machine; that of `[fax]` when left out.
        station_id: Maybe<StationId>, example "+39 06 12345";
        /// In which form the fax is attached.
        formats: FormatsWord = "pdf";
        /// How long it rings before the call is answered.
        answer_after: Time = "0 s", from "0 s" to "60 s";
    }
}

section! {
    /// Who gets received faxes whose sender named a sub-address (T.33): an extension behind the number that is called, sent by the
    /// other machine as SUB. A fax with a sub-address that no section names goes to the mailboxes of its `[[inbound]]`.
    SubAddress "sub_address" {
        /// The sub-address; digits, `#` and `*`.
        address: FrameDigits, example "4711";
        /// The called numbers this section is for; all that are answered when left out.
        numbers: List<NumberPattern> = [], example ["+390612345*"];
        /// Who gets the fax, instead of the mailboxes of the number.
        mailboxes: List<MailAddress>, example ["anna@example.com"];
    }
}

section! {
    /// Callers whose faxes are not taken. They hear that the call is declined (603).
    InboundBlock "inbound_block" {
        /// Their numbers, in the international form or as the trunk writes them.
        callers: List<NumberPattern> = [], example ["+390655501*"];
        /// Whether callers without a number, or who withhold it, are declined too.
        anonymous: Switch = false;
    }
}
