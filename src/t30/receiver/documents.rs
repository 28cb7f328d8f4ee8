//! Several documents received in one call: whether what follows an EOM is another one.
//!
//! EOM is said between documents, and also within one whose next page has another resolution or width. What tells them apart is who sends
//! and to whom: TSI, SUB and SID of the DCS that follows. T.30 (09/2005) §5.3.6.1.6.

use super::Receiver;
use crate::t30::capability::Capability;

/// What a sender says of itself and its addressee before a DCS.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Names {
    remote_id: Option<String>,
    pub(super) sub_address: Option<String>,
    sender_password: Option<String>,
}

impl Receiver {
    /// Where TSI, SUB and SID are kept, in this order: after EOM aside, until it is clear whether they begin another document.
    pub(super) const fn names(&mut self) -> [&mut Option<String>; 3] {
        match &mut self.renamed {
            Some(names) => [&mut names.remote_id, &mut names.sub_address, &mut names.sender_password],
            None => {
                let record = &mut self.record;
                [&mut record.remote_id, &mut record.sub_address, &mut record.sender_password]
            }
        }
    }

    /// EOM was confirmed.
    pub(super) fn await_names(&mut self) {
        self.renamed = Some(Names::default());
        self.asked_for_address = false;
    }

    /// The sub-address that holds for the DCS that has come.
    pub(super) fn named_address(&self) -> Option<&String> {
        self.renamed.as_ref().map_or(self.record.sub_address.as_ref(), |names| names.sub_address.as_ref())
    }

    /// The training that follows a DCS is good: what was said with it holds. `command` is that DCS, whose bits 49 and 50 say whether SUB
    /// and SID came; one that is lost although it was asked for again, or a TSI that is not there, is taken as unchanged.
    // T.30 (09/2005) Table 2 note 19
    pub(super) fn take_names(&mut self, command: &Capability) {
        let Some(names) = self.renamed.take() else { return };
        let record = &mut self.record;
        let known = Names {
            remote_id: record.remote_id.clone(),
            sub_address: record.sub_address.clone(),
            sender_password: record.sender_password.clone(),
        };
        let named = |is_said: bool, new: Option<String>, old: &Option<String>| {
            if is_said { new.or_else(|| old.clone()) } else { None }
        };
        let new = Names {
            remote_id: names.remote_id.or_else(|| known.remote_id.clone()),
            sub_address: named(command.sub_address(), names.sub_address, &known.sub_address),
            sender_password: named(command.password(), names.sender_password, &known.sender_password),
        };
        if new != known {
            self.document += 1;
            let Names { remote_id, sub_address, sender_password } = new;
            (record.remote_id, record.sub_address, record.sender_password) = (remote_id, sub_address, sender_password);
        }
    }
}
