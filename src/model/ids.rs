//! Names of rows, each a type of its own so that one cannot stand for another.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

id!(
    /// An accepted mail, with one job per recipient.
    MessageId
);
id!(
    /// One fax to one number.
    JobId
);
id!(
    /// One call made for a job.
    AttemptId
);
id!(
    /// A fax received.
    ReceivedId
);
id!(
    /// A mail on its way out: a receipt or a received fax.
    MailId
);
id!(
    /// A document that others may fetch from us.
    OfferId
);
id!(
    /// One fetching of such a document by somebody who called.
    FetchingId
);
