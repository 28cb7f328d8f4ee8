//! What comes as mail and what goes as mail.

use crate::config::Reader;
use crate::config::key::{Key, Section, section, text_of};
use crate::config::kind::{
    AttachWord, Count, Domain, FilePath, Host, Kind, Line, List, Listen, Maybe, NamedAddress, Net, Password, RetryList,
    Size, Switch, TlsWord,
};

section! {
    /// How mail comes in.
    Smtp "smtp" {
        /// Addresses to listen on for SMTP. The defaults are reached from this machine only.
        listen: List<Listen> = ["127.0.0.1:2525"];
        /// The mail domains whose local part is a telephone number: `+390612345@fax.example.com`. Mail for other domains is
        /// refused. While the list is empty no mail is taken at all. Wishes may stand behind the number, each after a slash:
        /// `/quality=fine` for the finest resolution used for this recipient (one of those of `fax.resolution`), `/T33S=12` for a
        /// sub-address, `/bill=4711` for the books, `/to=John_Doe`, `/co=Company` and `/fr=Jane` for whom the fax is and from whom,
        /// `/POLL` to fetch a document. `+390612345+invoices@fax.example.com` marks the fax with a tag. Receipts and `faxramp
        /// queue show` tell what was written.
        fax_domains: List<Domain> = [], example ["fax.example.com"];
        /// Largest message that is taken.
        max_message_size: Size = "35 MB", from "64 kB" to "1 GB";
        /// Most recipients of one message; each is a call of its own.
        max_recipients: Count = 100, from 1 to 10000;
        /// Most connections at once.
        max_connections: Count = 200, from 1 to 100000;
        /// Most connections at once from one address.
        max_connections_per_peer: Count = 20, from 1 to 100000;
        /// Mail servers that may connect; all others are turned away at the greeting. Which of their senders may dial which
        /// numbers is told by `[[allow]]`.
        trusted_peers: List<Net> = ["127.0.0.0/8", "::1"];
    }
}

section! {
    /// What senders are told.
    Receipt "receipt" {
        /// Whether a receipt is mailed for each fax. When false, only those who ask for a delivery status notification get one,
        /// and failures are still told.
        enabled: Switch = true;
        /// Who receipts and received faxes come from; `fax-noreply` at the first of `smtp.fax_domains` when left out.
        from: Maybe<NamedAddress>, example "Fax <fax-noreply@fax.example.com>";
        /// Whether the receipt shows a small picture of the first page.
        thumbnail: Switch = true;
        /// Whether the receipt carries all pages as they were sent.
        attach: AttachWord = "none";
    }
}

section! {
    /// Where receipts and received faxes are handed over.
    Delivery "delivery" {
        /// The mail server that takes them.
        smarthost: Maybe<Host>, example "mail.example.com:25";
        /// How the connection to it is secured.
        tls: TlsWord = "opportunistic";
        /// User name for the mail server.
        username: Maybe<Line>, example "fax";
        /// Password for the mail server. Better kept in a file of its own: `password_file`.
        password: Maybe<Password>, example "change me";
        /// A file with the password in its first line; looked up as `password_file` of `[[trunk]]`.
        password_file: Maybe<FilePath>, example "smarthost.password";
        /// A Maildir to put all mail into, instead of a mail server.
        maildir: Maybe<FilePath>, example "/var/mail/fax";
        /// The name given in EHLO; `server.hostname` when left out.
        helo: Maybe<Domain>, example "fax.example.com";
        /// When a mail is tried again. When the list is used up, the mail is kept and reported by `faxramp queue`.
        retry: RetryList = "1m,5m*3,15m*4,1h*20";
    }
}
