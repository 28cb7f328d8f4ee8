//! The command line as clap reads it. A doc comment here is the help text and the manual's paragraph.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::model::CallId;
use crate::model::fetch::{is_digits, is_password};

/// Columns of help texts, at most.
pub const HELP_COLUMNS: usize = 100;

/// Mail-transfer agent whose transport is fax
///
/// Takes mail by SMTP, draws it to fax pages, dials them through a SIP trunk with its own fax stack (T.30 over T.38, or over
/// audio with its own modems), and mails back a receipt. Received faxes are mailed as PDF or TIFF.
#[derive(Debug, Parser)]
#[command(
    name = "faxramp",
    bin_name = "faxramp",
    version,
    max_term_width = HELP_COLUMNS,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    subcommand_required = true
)]
pub struct Arguments {
    /// Configuration file; $FAXRAMP_CONFIG, else /etc/faxramp/faxramp.toml when left out
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Least important log line that is written to standard error
    ///
    /// For serve it goes before log.level of the configuration. The other commands log nothing when it is left out.
    #[arg(long, global = true, value_name = "LEVEL", value_enum)]
    pub log_level: Option<Level>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// Importance of log lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Level {
    /// Faults of the server
    Error,
    /// What a person should look at
    Warn,
    /// Outcomes
    Info,
    /// States
    Debug,
    /// Packets
    Trace,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    ///
    /// Takes mail, dials and receives until it is told to stop. SIGTERM and SIGINT: no new work is begun, calls on the line may
    /// go on for server.drain_timeout; a second signal ends them at once. SIGHUP: the configuration is read again; when it has a
    /// fault the old one stays in force and the log says why. Under systemd (Type=notify) readiness, reloading and stopping are
    /// told through $NOTIFY_SOCKET.
    Serve,
    /// Fax a file and watch it go
    Send(Send),
    /// Fetch a document from a fax machine that has one ready (polling), and watch it come
    Poll(Poll),
    /// Documents that others may fetch from us by calling (polling)
    #[command(subcommand)]
    Offer(Offer),
    /// Look at the queue of faxes and change it
    #[command(subcommand)]
    Queue(Queue),
    /// How the trunks stand, what went over them, and what is wrong with one
    #[command(subcommand)]
    Trunk(Trunk),
    /// List received faxes and fetched documents, newest first
    Received(Received),
    /// Show what happened in a call, packet by packet, and why it failed
    #[command(subcommand)]
    Call(Call),
    /// Draw a file to fax pages as they would be sent
    ///
    /// The file is drawn by the same sandboxed program and with the same settings as a mail's attachment. Nothing is dialled and no
    /// server is needed. Without a configuration file the defaults hold.
    Render(Render),
    /// Check the configuration, or print its reference
    #[command(subcommand)]
    Config(Config),
    /// Send a sample mail as a fax to ourselves and show what happens
    ///
    /// Starts a server of its own on the loopback, mails a message with a PDF of three pages to two numbers, faxes it to itself
    /// over real SIP and T.38 sockets, and compares every page received with the page sent, bit for bit. Needs no configuration
    /// and touches no other server.
    Demo(Demo),
    /// Print the completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print a manual page in roff, or write all of them to a directory
    Man {
        /// The page, for instance faxramp-queue-list
        #[arg(default_value = "faxramp", conflicts_with = "directory")]
        page: String,
        /// Write all pages to this directory
        #[arg(long, value_name = "DIR")]
        directory: Option<PathBuf>,
    },
}

/// Fax a file.
#[derive(Debug, Args)]
#[command(long_about = "Fax a file and watch it go\n\n\
    The file is mailed to the number at the first of smtp.fax_domains through the server's own SMTP listener, so the rules of \
    [[allow]] hold as for any mail. Then the queue is watched until the fax has ended. Leaving with Ctrl-C does not take the fax \
    back: see faxramp queue cancel. Exits with 0 only when the receiving machine confirmed all pages.")]
pub struct Send {
    /// PDF, TIFF, picture or text
    pub file: PathBuf,
    /// The number to dial, as written in the country of the server
    pub number: String,
    /// Sender of the mail, who gets the receipt; user@host when left out
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<String>,
    /// Do not watch: exit with 0 as soon as the server has taken the fax
    #[arg(long)]
    pub no_wait: bool,
    /// Tell the course as one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Fetch a document.
#[derive(Debug, Args)]
#[command(long_about = "Fetch a document from a fax machine that has one ready (polling), and watch it come\n\n\
    A mail to NUMBER/POLL at the first of smtp.fax_domains is handed to the server's own SMTP listener, so the rules of [[allow]] \
    hold as for any fax. The number is called, and the document that comes is mailed. Then the queue is watched until the fetch has \
    ended. Leaving with Ctrl-C does not take it back: see faxramp queue cancel. Exits with 0 only when the document came whole.")]
pub struct Poll {
    /// The number to call, as written in the country of the server
    pub number: String,
    /// Selective address (SEP) of the document, where the machine has several
    #[arg(long, value_name = "DIGITS", value_parser = frame_digits)]
    pub selective: Option<String>,
    /// Password (PWD) of the document
    ///
    /// It is kept in the queue until the fetch is forgotten, and shown nowhere. Other users of this machine can see it in the list
    /// of processes while this command runs.
    #[arg(long, value_name = "DIGITS", value_parser = frame_password)]
    pub password: Option<String>,
    /// Who gets the document; the sender when left out
    #[arg(long, value_name = "MAILBOX")]
    pub to: Option<String>,
    /// Sender of the mail, who is told of a failure; user@host when left out
    #[arg(long, value_name = "ADDRESS")]
    pub from: Option<String>,
    /// Do not watch: exit with 0 as soon as the server has taken the request
    #[arg(long)]
    pub no_wait: bool,
    /// Tell the course as one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Documents for others.
#[derive(Debug, Subcommand)]
pub enum Offer {
    /// Draw a file and let callers fetch it
    ///
    /// The file is drawn now, as a mail's attachment would be. It is offered from the next call on to one of our numbers that
    /// `[[inbound]]` answers; no restart is needed, and the server need not run. Of several documents for the same number and
    /// selective address the newest is handed out.
    Add(OfferAdd),
    /// List what is offered, newest first
    List {
        /// Also what has ended and is not forgotten yet
        #[arg(long)]
        all: bool,
        /// Print a JSON array, with everybody who fetched
        #[arg(long)]
        json: bool,
    },
    /// Take a document away; a call that is fetching it gets it to the end
    Remove {
        /// Document as listed
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// A document for others.
#[derive(Debug, Args)]
pub struct OfferAdd {
    /// PDF, TIFF, picture or text
    pub file: PathBuf,
    /// The called numbers it is for: a number, `?` for any digit, `*` at its end for anything; may be given several times; all when
    /// left out
    #[arg(long, value_name = "PATTERN", default_value = "*")]
    pub numbers: Vec<String>,
    /// Selective address (SEP): only callers who ask for it get the document
    #[arg(long, value_name = "DIGITS", value_parser = frame_digits)]
    pub selective: Option<String>,
    /// Password (PWD) without which nobody gets it
    #[arg(long, value_name = "DIGITS", value_parser = frame_password)]
    pub password: Option<String>,
    /// What to call it in lists and logs; the name of the file when left out
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// When it ends: 2026-12-31, 2026-12-31T18:00, or a span such as 90m, 8h or 14d
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Take it away once somebody has fetched all of it
    #[arg(long)]
    pub once: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Received faxes.
#[derive(Debug, Args)]
pub struct Received {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Print a JSON array
    #[arg(long)]
    pub json: bool,
}

/// What T.30 can send as selective address.
fn frame_digits(text: &str) -> Result<String, String> {
    if is_digits(text) { Ok(text.to_owned()) } else { Err("write 1 to 20 digits, # and *".into()) }
}

/// What T.30 can send as password.
fn frame_password(text: &str) -> Result<String, String> {
    if is_password(text) { Ok(text.to_owned()) } else { Err("write 1 to 20 digits, #, * and +".into()) }
}

/// The queue.
#[derive(Debug, Subcommand)]
pub enum Queue {
    /// List faxes, newest first
    List(List),
    /// Show all that is known of a fax: its mail, its calls, its outcome
    Show {
        /// Job as listed
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Keep a fax from being dialled until it is released
    Hold {
        /// Job as listed
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
        /// Why, for those who look at the queue
        #[arg(long, value_name = "TEXT", default_value = "held by an administrator")]
        reason: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a held fax go on
    Release {
        /// Job as listed
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Withdraw a fax; a call that is on the line is ended
    Cancel {
        /// Job as listed
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Dial a waiting fax now, or send an ended one once more
    ///
    /// A fax that has failed or was cancelled goes on at the first page that was not confirmed, with all its tries and a new
    /// lifetime. One that was confirmed is sent again as a whole.
    Retry {
        /// Job as listed
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
        /// Send all pages again, also those that were confirmed
        #[arg(long)]
        whole: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// The trunks.
#[derive(Debug, Subcommand)]
pub enum Trunk {
    /// List the trunks of the configuration: how each stands, calls on it, calls of today
    List {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of a trunk: registration, health, channels, calls of today by outcome, the last calls it could not place
    Show {
        /// Trunk as named in the configuration
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show or forget what calls taught of numbers: trouble with T.38 or V.17, and that a machine takes one fax a call
    ///
    /// For as long as fax.remember says it is remembered where T.38 was refused, or agreed on and then failed (on a trunk with fax =
    /// "auto"), where V.17 failed and another modem is used, and where a machine did not come back for a second fax in a call.
    Memory {
        /// Trunk as named in the configuration
        name: String,
        /// Forget this number, so that the next call to it begins as the keys say
        #[arg(long, value_name = "NUMBER", conflicts_with = "forget_all")]
        forget: Option<String>,
        /// Forget all numbers of the trunk
        #[arg(long)]
        forget_all: bool,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Ask a trunk whether it works, and tell what is wrong
    ///
    /// Sends OPTIONS from a port of its own, and asks the registrar (where the trunk registers) what it knows of us, without
    /// registering anything. Needs no server, and disturbs none that runs. Exits with 0 when nothing was found that would keep faxes
    /// from going through.
    Test {
        /// Trunk as named in the configuration
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What to list.
#[derive(Debug, Args)]
pub struct List {
    /// Only faxes in this state; may be given several times
    #[arg(long = "state", value_name = "STATE", value_enum)]
    pub states: Vec<State>,
    /// Only faxes to this number
    #[arg(long, value_name = "NUMBER")]
    pub number: Option<String>,
    /// Only faxes of this envelope sender
    #[arg(long, value_name = "ADDRESS")]
    pub sender: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Print a JSON array
    #[arg(long)]
    pub json: bool,
}

/// States of faxes as people ask for them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
pub enum State {
    /// Taken from the mail, not yet drawn
    Accepted,
    /// Drawn, waiting to be dialled
    Ready,
    /// On the line
    Dialling,
    /// Held by an administrator
    Held,
    /// All pages confirmed, or only the last confirmation lost
    Done,
    /// Given up
    Failed,
    /// Withdrawn
    Cancelled,
    /// Ended, and the receipt is queued
    Reported,
}

/// Calls.
#[derive(Debug, Subcommand)]
pub enum Call {
    /// List calls both ways, newest first
    List {
        /// Only calls that did not end well
        #[arg(long)]
        failed: bool,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Tell how a call went: its outcome, what to do about it, and the ladder of SIP and T.30
    ///
    /// The ladder is read from the capture of the call, which is kept as trace.calls says.
    Show {
        /// Call as listed: 17 for one of ours, r5 for one that came in
        #[arg(value_name = "ID")]
        id: CallId,
        /// Also write the capture to this file, for Wireshark
        #[arg(long, value_name = "FILE.pcap")]
        capture: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Draw the ladders of all calls in a capture made elsewhere (pcap or pcapng, by tcpdump or Wireshark)
    Read {
        /// The capture
        file: PathBuf,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
}

/// Draw a file.
#[derive(Debug, Args)]
pub struct Render {
    /// PDF, TIFF, picture or text
    pub file: PathBuf,
    /// Write the pages to this fax TIFF
    #[arg(short, long, value_name = "OUT.tif")]
    pub output: Option<PathBuf>,
    /// Write each page as a PNG picture into this directory
    #[arg(long, value_name = "DIR")]
    pub png: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Tell every fault of the configuration at once
    ///
    /// Exits with 78 when there is one. Reads the password files too, so run it as the user the server runs as.
    Check {
        /// The file; that of --config when left out
        file: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print every key with its meaning and default
    Reference {
        /// The form
        #[arg(long, value_enum, default_value_t = Form::Sample)]
        format: Form,
    },
}

/// Forms of the reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Form {
    /// The manual page faxramp.toml(5)
    Man,
    /// A commented file to begin with
    Sample,
    /// Tables in Markdown
    Markdown,
}

/// The demonstration.
#[derive(Debug, Args)]
pub struct Demo {
    /// Leave the server up afterwards, for mails of your own
    #[arg(long)]
    pub stay: bool,
    /// Keep everything in this directory, which must be empty or not there; a new one under build/demo or the directory for
    /// temporary files when left out
    #[arg(long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Tell the course as one JSON object a line
    #[arg(long)]
    pub json: bool,
}
