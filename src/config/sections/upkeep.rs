//! The server's own upkeep: where it keeps things and for how long, when it tries again, what it writes down.

use crate::config::Reader;
use crate::config::key::{Key, Section, section, text_of};
use crate::config::kind::{
    CapturesWord, Count, Domain, FilePath, Kind, LevelWord, LogFormatWord, RetryList, Size, Switch, Time,
};

section! {
    /// The server as a whole.
    Server "server" {
        /// The name this server gives itself in SMTP, in reports and in Message-IDs. Use the fully qualified name that other
        /// mail servers know it by.
        hostname: Domain = "localhost";
        /// Where the queue and all messages and pages are kept. Must be an absolute path on a local disk: the database does
        /// not work on network file systems.
        data_directory: FilePath = "/var/lib/faxramp";
        /// How long calls that are up may go on after the server was told to stop. Calls still up after that are ended and
        /// dialled again at the next start, from the first page that was not confirmed.
        drain_timeout: Time = "2 m", from "0 s" to "1 h";
    }
}

section! {
    /// The queue of faxes.
    Queue "queue" {
        /// Most calls at once, over all trunks, both ways.
        max_calls: Count = 60, from 1 to 10000;
        /// Most faxes to one number that one call carries, one after the other: those that wait for it when it is dialled, together not
        /// more than 60 pages, so that a line is not held for an hour. Each has its own receipt. 1: each has a call of its own, as a fax
        /// server at the far end may file whatever a call brings as one document. A machine that does not come back for the next fax is
        /// remembered for as long as `remember` of `[fax]` says, and gets one a call.
        faxes_per_call: Count = 1, from 1 to 64;
        /// How long a fax is tried before it is given up.
        lifetime: Time = "24 h", from "1 m" to "30 d";
        /// How long ended faxes can be looked up with `faxramp queue`. Their pages are kept as long.
        keep_history: Time = "30 d", from "1 h" to "3660 d";
    }
}

section! {
    /// When a fax is dialled again, by what went wrong. Each is a list of waits; when it is used up, the fax is given up.
    Retry "queue.retry" {
        /// After a busy line.
        busy: RetryList = "2m,4m,8m,15m,30m*4";
        /// After ringing without an answer.
        no_answer: RetryList = "10m,30m,60m*3";
        /// After the trunk or the network could not place the call.
        trunk: RetryList = "1m,2m,5m*5";
        /// After a fax that broke off.
        fax: RetryList = "5m*3";
        /// After a person or a voice answered. Keep it short: it is somebody's telephone that rings.
        not_a_fax: RetryList = "30m";
    }
}

section! {
    /// The log, written to the standard error output.
    Log "log" {
        /// The least important line that is written.
        level: LevelWord = "info";
        /// One line for people, or one JSON object a line.
        format: LogFormatWord = "text";
        /// Whether the middle of telephone numbers is hidden, other than at levels debug and trace.
        redact_numbers: Switch = true;
    }
}

section! {
    /// What is kept of calls, so that `faxramp call show` can tell what happened in them: a capture of all their packets, SIP
    /// and fax. The pages of the fax can be read from it, so it is as secret as the faxes are.
    Trace "trace" {
        /// Of which calls a capture is kept: those that did not end well, all, or none.
        calls: CapturesWord = "failed";
        /// How long a capture is kept.
        keep_for: Time = "14 d", from "1 h" to "3660 d";
        /// Most room for all captures; the oldest make room for new ones.
        max_total: Size = "1 GB", from "1 MB" to "1000 GB";
    }
}
