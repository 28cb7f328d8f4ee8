//! What the end of a call in SIP means: each status and each cause of Q.850 as the one [`Cause`].
//!
//! A cause that says something goes before the status, which gateways often choose badly: 404 with cause 34 is a network without a
//! free line, 480 with cause 1 a number that does not exist. A cause that says nothing (16, 31, 127 …) leaves it to the status.
//!
//! Habits of networks that no table can undo: many answer 403 to a number that does not exist, to an unpaid bill or to a caller's
//! number they do not know; some answer 404 to a destination they only have no price for, or 503 to a number that is busy. Their
//! phrase, Reason and Warning are kept in the call's record for people.

use std::time::Duration;

use crate::model::Cause;

/// What a refusal of the far end or the network says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    /// 300 to 699.
    pub(super) status: u16,
    /// The cause of the telephone network, when told.
    pub(super) q850: Option<u8>,
    /// Phrase, Reason and Warning.
    pub(super) said: String,
    /// When to come again, when told.
    pub(super) retry_after: Option<Duration>,
    /// Whether our user name and password had been sent.
    pub(super) authenticated: bool,
}

/// What a refusal of our INVITE means.
pub(super) fn cause_of_refusal(status: u16, q850: Option<u8>) -> Cause {
    q850.and_then(|cause| cause_of_q850(cause, status)).unwrap_or_else(|| cause_of_status(status))
}

/// What the cause in an early BYE says of a call in which no fax was heard; nothing when it is an ordinary hang-up.
pub(super) fn cause_of_hang_up(q850: Option<u8>) -> Option<Cause> {
    // Gateways that answer before the far end does tell by BYE what they could not tell by a status; as that of a status it stands
    // for, a network's failure is told. RFC 3398 §8.2.6.1
    q850.and_then(|cause| cause_of_q850(cause, UNAVAILABLE))
}

/// Service Unavailable.
// RFC 3261 §21.5.4
const UNAVAILABLE: u16 = 503;

/// A cause of Q.850, nothing when it says nothing. `status` is what stands beside it.
// Q.850 (10/2018) §2.2.7; RFC 3398 §7.2.4.1
const fn cause_of_q850(cause: u8, status: u16) -> Option<Cause> {
    Some(match cause {
        // 1 unallocated, 2 and 3 no route, 4 special information tone, 5 misdialled prefix, 22 number changed, 28 number incomplete
        1..=5 | 22 | 28 => Cause::Unallocated,
        // 17 user busy
        17 => Cause::Busy,
        // 18 no user responding, 19 no answer, 20 subscriber absent, 26 another one answered, 27 destination out of order
        18..=20 | 26 | 27 => Cause::NoAnswer,
        // 21 rejected, 24 rejected by a feature there, 54 and 55 incoming calls barred, 87 and 90 closed user group
        21 | 24 | 54 | 55 | 87 | 90 => Cause::Rejected,
        // 57, 58, 65, 70 no such bearer, 88 incompatible destination
        57 | 58 | 65 | 70 | 88 => Cause::NoCommonTransport,
        // 6 to 9 and 25 routing and channels, 34 no circuit, 38 network out of order, 41 temporary failure, 42 congestion, 47 no
        // resource; 50 to 53 what our side did not subscribe to; 63, 66, 69, 79 service not there; 81 to 101 the two exchanges do
        // not understand each other; 102 a timer, 103 to 111 protocol errors
        6..=9 | 14 | 25 | 29 | 32..=53 | 59..=64 | 66..=69 | 71..=86 | 89 | 91..=111 => Cause::Congestion { status },
        // 16 normal clearing, 23 redirected, 31 normal, 127 interworking; the rest is not assigned
        0 | 10..=13 | 15 | 16 | 23 | 30 | 31 | 56 | 112.. => return None,
    })
}

/// A final status without a cause that says more. A redirection comes here when it led nowhere.
// RFC 3261 §21.3 to §21.6
const fn cause_of_status(status: u16) -> Cause {
    match status {
        401 | 407 => Cause::TrunkAuthentication,
        // Not found, gone, scheme of the address not known, incomplete, ambiguous, nowhere.
        404 | 410 | 416 | 484 | 485 | 604 => Cause::Unallocated,
        486 | 600 => Cause::Busy,
        // 487: somebody took the call back on the way, or it rang too long there.
        408 | 480 | 487 => Cause::NoAnswer,
        // RFC 5079 §4 (433), RFC 8197 §4 (607), RFC 8688 §3 (608)
        403 | 433 | 603 | 607 | 608 => Cause::Rejected,
        406 | 415 | 488 | 606 => Cause::NoCommonTransport,
        status => Cause::Congestion { status },
    }
}

#[cfg(test)]
mod tests {
    use super::{cause_of_hang_up, cause_of_refusal, cause_of_status};
    use crate::model::{Cause, RetryClass};

    /// The class of retry of every status that is not the network's.
    const STATUSES: [(u16, RetryClass); 25] = [
        (401, RetryClass::Trunk),
        (403, RetryClass::Never),
        (404, RetryClass::Never),
        (406, RetryClass::Fax),
        (407, RetryClass::Trunk),
        (408, RetryClass::NoAnswer),
        (410, RetryClass::Never),
        (415, RetryClass::Fax),
        (416, RetryClass::Never),
        (433, RetryClass::Never),
        (480, RetryClass::NoAnswer),
        (484, RetryClass::Never),
        (485, RetryClass::Never),
        (486, RetryClass::Busy),
        (487, RetryClass::NoAnswer),
        (488, RetryClass::Fax),
        (500, RetryClass::Trunk),
        (503, RetryClass::Trunk),
        (600, RetryClass::Busy),
        (603, RetryClass::Never),
        (604, RetryClass::Never),
        (606, RetryClass::Fax),
        (607, RetryClass::Never),
        (608, RetryClass::Never),
        (699, RetryClass::Trunk),
    ];

    #[test]
    fn every_status_from_300_to_699_has_its_class_and_a_sentence() {
        for status in 300..700 {
            let cause = cause_of_refusal(status, None);
            let listed = STATUSES.iter().find(|(listed, _)| *listed == status).map(|(_, class)| *class);
            assert_eq!(cause.retry_class(), listed.unwrap_or(RetryClass::Trunk), "{status}");
            assert!(cause.sentence().len() > 10, "{status}");
            if listed.is_none() {
                assert_eq!(cause, Cause::Congestion { status }, "a status that says nothing else is told to people");
            }
        }
    }

    #[test]
    fn every_cause_of_q850_has_its_class_or_leaves_it_to_the_status() {
        let (never, busy, no_answer) = (RetryClass::Never, RetryClass::Busy, RetryClass::NoAnswer);
        let (trunk, fax) = (RetryClass::Trunk, RetryClass::Fax);
        // From the cause to the class; what is between stands for the status.
        let listed: [(&[u8], RetryClass); 5] = [
            (&[1, 2, 3, 4, 5, 21, 22, 24, 28, 54, 55, 87, 90], never),
            (&[17], busy),
            (&[18, 19, 20, 26, 27], no_answer),
            (&[57, 58, 65, 70, 88], fax),
            (&[0, 10, 11, 12, 13, 15, 16, 23, 30, 31, 56], RetryClass::Resume),
        ];
        for cause in 0..=u8::MAX {
            let class = listed.iter().find(|(causes, _)| causes.contains(&cause)).map(|(_, class)| *class);
            // Congestion beside 486 is told by the cause, and nothing said is told by the status.
            let expected = match class {
                Some(RetryClass::Resume) => busy,
                Some(class) => class,
                None if cause >= 112 => busy,
                None => trunk,
            };
            assert_eq!(cause_of_refusal(486, Some(cause)).retry_class(), expected, "{cause}");
        }
    }

    #[test]
    fn the_cause_of_the_telephone_network_goes_before_a_status_that_says_otherwise() {
        assert_eq!(cause_of_refusal(404, Some(34)), Cause::Congestion { status: 404 });
        assert_eq!(cause_of_refusal(480, Some(1)), Cause::Unallocated);
        assert_eq!(cause_of_refusal(480, Some(17)), Cause::Busy);
        assert_eq!(cause_of_refusal(503, Some(17)), Cause::Busy);
        assert_eq!(cause_of_refusal(403, Some(1)), Cause::Unallocated);
        assert_eq!(cause_of_refusal(500, Some(21)), Cause::Rejected);
        assert_eq!(cause_of_refusal(480, Some(16)), Cause::NoAnswer);
        assert_eq!(cause_of_refusal(404, Some(127)), Cause::Unallocated);
    }

    #[test]
    fn a_hang_up_tells_a_cause_only_where_it_is_no_ordinary_one() {
        assert_eq!(cause_of_hang_up(Some(17)), Some(Cause::Busy));
        assert_eq!(cause_of_hang_up(Some(41)), Some(Cause::Congestion { status: 503 }));
        assert_eq!(cause_of_hang_up(Some(16)), None);
        assert_eq!(cause_of_hang_up(None), None);
        assert_eq!(cause_of_status(302), Cause::Congestion { status: 302 });
    }
}
