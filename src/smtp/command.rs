//! One command line as a value.
//!
//! smtp-proto reads the command words and the parameters it reads well. Before it we cut out the path (it drops quotes,
//! knows no address literals and takes at most 256 octets) and check what it lets pass: parameters given twice or not
//! announced, and text behind commands that take none.

use smtp_proto::{
    Error, MAIL_BODY_8BITMIME, MAIL_BODY_BINARYMIME, MAIL_RET_FULL, MAIL_RET_HDRS, MailFrom, RCPT_NOTIFY_DELAY,
    RCPT_NOTIFY_FAILURE, RCPT_NOTIFY_NEVER, RCPT_NOTIFY_SUCCESS, Request,
};

use super::parameters::{self, ParameterError};
use super::path::{self, PathError};
use super::{Body, Notify, Recipient, Reply, Return};

/// What the client asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Command {
    /// HELO, EHLO or LHLO.
    Hello { word: Hello, host: String },
    /// MAIL FROM.
    Mail(Mail),
    /// RCPT TO.
    Rcpt(Recipient),
    /// DATA.
    Data,
    /// RSET.
    Reset,
    /// NOOP, with or without a word.
    Noop,
    /// QUIT.
    Quit,
    /// VRFY.
    Verify,
    /// HELP.
    Help,
    /// BDAT: not announced, and what follows it is no command.
    Chunk,
    /// A command of the standards that this server does not take.
    NotHere(&'static str),
}

/// The three words of introduction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hello {
    Helo,
    Ehlo,
    Lhlo,
}

/// MAIL FROM with its parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mail {
    pub(super) sender: String,
    pub(super) size: Option<u64>,
    pub(super) body: Body,
    pub(super) ret: Option<Return>,
    pub(super) envid: Option<String>,
}

/// Reads one line, its CRLF taken off.
///
/// # Errors
/// The reply to give when it is no command.
pub(super) fn parse(line: &[u8]) -> Result<Command, Reply> {
    if let Some(rest) = arguments(line, "MAIL", "FROM:") {
        return mail(rest);
    }
    if let Some(rest) = arguments(line, "RCPT", "TO:") {
        return recipient(rest);
    }
    let line = [line, b"\r\n"].concat();
    let request = Request::parse(&mut line.iter()).map_err(|error| refused(&error))?;
    match request {
        Request::Ehlo { host } => Ok(hello(Hello::Ehlo, &host)),
        Request::Helo { host } => Ok(hello(Hello::Helo, &host)),
        Request::Lhlo { host } => Ok(hello(Hello::Lhlo, &host)),
        Request::Mail { .. } | Request::Rcpt { .. } => Err(syntax("MAIL FROM:<address> or RCPT TO:<address>")),
        Request::Data => alone(&line, Command::Data),
        Request::Rset => alone(&line, Command::Reset),
        Request::Quit => alone(&line, Command::Quit),
        Request::Noop { .. } => Ok(Command::Noop),
        Request::Vrfy { .. } => Ok(Command::Verify),
        Request::Help { .. } => Ok(Command::Help),
        Request::Bdat { .. } | Request::Burl { .. } => Ok(Command::Chunk),
        Request::Auth { .. } => Ok(Command::NotHere("AUTH")),
        Request::StartTls => Ok(Command::NotHere("STARTTLS")),
        Request::Expn { .. } => Ok(Command::NotHere("EXPN")),
        Request::Etrn { .. } => Ok(Command::NotHere("ETRN")),
        Request::Atrn { .. } => Ok(Command::NotHere("ATRN")),
    }
}

/// What follows `verb` and `word:` when the line is this command; blanks around the word are met in the field.
fn arguments<'a>(line: &'a [u8], verb: &str, word: &str) -> Option<&'a [u8]> {
    let rest = strip_ignoring_case(line, verb.as_bytes())?;
    let rest = strip_ignoring_case(rest.strip_prefix(b" ")?.trim_ascii_start(), word.as_bytes())?;
    Some(rest.trim_ascii_start())
}

fn strip_ignoring_case<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Commands that take no argument.
// RFC 5321 §4.1.1.4, §4.1.1.5, §4.1.1.10
fn alone(line: &[u8], command: Command) -> Result<Command, Reply> {
    if line.trim_ascii().contains(&b' ') { Err(syntax("this command takes no argument")) } else { Ok(command) }
}

fn hello(word: Hello, host: &str) -> Command {
    Command::Hello { word, host: host.chars().filter(char::is_ascii_graphic).collect() }
}

fn mail(rest: &[u8]) -> Result<Command, Reply> {
    let bad = |error: PathError| bad_path(error, "5.1.7", "sender");
    let (path, rest) = path::cut(rest).map_err(bad)?;
    let sender = if path.is_empty() { String::new() } else { path::mailbox(path).map_err(bad)? };
    let parameters =
        parameters::split(text(rest)?, &["SIZE", "BODY", "RET", "ENVID"]).map_err(|e| bad_parameter(&e))?;
    let line = format!("MAIL FROM:<>{}\r\n", parameters.rest);
    let Request::Mail { from } = Request::parse(&mut line.as_bytes().iter()).map_err(|error| refused(&error))? else {
        return Err(syntax("MAIL FROM:<address>"));
    };
    Ok(Command::Mail(Mail {
        sender,
        size: parameters.size,
        body: body(&from)?,
        ret: returned(from.flags),
        envid: parameters.envid,
    }))
}

fn body<T>(from: &MailFrom<T>) -> Result<Body, Reply> {
    match from.flags {
        // RFC 3030 §3: BINARYMIME comes with BDAT only
        flags if flags & MAIL_BODY_BINARYMIME != 0 => Err(bad_parameter(&ParameterError::Value("BODY".into()))),
        flags if flags & MAIL_BODY_8BITMIME != 0 => Ok(Body::EightBitMime),
        _ => Ok(Body::SevenBit),
    }
}

const fn returned(flags: u64) -> Option<Return> {
    if flags & MAIL_RET_HDRS != 0 {
        Some(Return::Headers)
    } else if flags & MAIL_RET_FULL != 0 {
        Some(Return::Full)
    } else {
        None
    }
}

fn recipient(rest: &[u8]) -> Result<Command, Reply> {
    let bad = |error: PathError| bad_path(error, "5.1.3", "recipient");
    let (path, rest) = path::cut(rest).map_err(bad)?;
    // RFC 5321 §4.1.1.3: "postmaster" needs no domain
    let address = if path.eq_ignore_ascii_case(b"postmaster") {
        "postmaster".to_owned()
    } else {
        path::mailbox(path).map_err(bad)?
    };
    let parameters = parameters::split(text(rest)?, &["NOTIFY", "ORCPT"]).map_err(|error| bad_parameter(&error))?;
    let line = format!("RCPT TO:<a@b>{}\r\n", parameters.rest);
    let Request::Rcpt { to } = Request::parse(&mut line.as_bytes().iter()).map_err(|error| refused(&error))? else {
        return Err(syntax("RCPT TO:<address>"));
    };
    Ok(Command::Rcpt(Recipient { address, orcpt: parameters.orcpt, notify: notify(to.flags)? }))
}

// RFC 3461 §4.1: NEVER stands alone
fn notify(flags: u64) -> Result<Option<Notify>, Reply> {
    let on = |bit| flags & bit != 0;
    let (success, failure, delay) = (on(RCPT_NOTIFY_SUCCESS), on(RCPT_NOTIFY_FAILURE), on(RCPT_NOTIFY_DELAY));
    match (on(RCPT_NOTIFY_NEVER), success || failure || delay) {
        (true, true) => Err(bad_parameter(&ParameterError::Value("NOTIFY".into()))),
        (true, false) => Ok(Some(Notify::Never)),
        (false, true) => Ok(Some(Notify::On { success, failure, delay })),
        (false, false) => Ok(None),
    }
}

/// What follows the path; a blank must part it from the path.
fn text(rest: &[u8]) -> Result<&str, Reply> {
    let text = std::str::from_utf8(rest).ok().filter(|text| text.is_ascii());
    text.filter(|text| text.is_empty() || text.starts_with(' ')).ok_or_else(|| syntax("wrong text behind the address"))
}

fn bad_path(error: PathError, enhanced: &'static str, whose: &str) -> Reply {
    match error {
        // RFC 6531 §3.5
        PathError::NotAscii => Reply::new(553, "5.6.7", format!("{whose}: {error}")),
        PathError::NoBrackets | PathError::TooLong | PathError::LocalPart | PathError::Domain | PathError::NoDomain => {
            Reply::new(501, enhanced, format!("{whose}: {error}"))
        }
    }
}

fn bad_parameter(error: &ParameterError) -> Reply {
    match error {
        // RFC 5321 §4.1.1.11
        ParameterError::Unknown(_) => Reply::new(555, "5.5.4", error.to_string()),
        ParameterError::Twice(_) | ParameterError::Value(_) => Reply::new(501, "5.5.4", error.to_string()),
    }
}

fn syntax(text: &str) -> Reply {
    Reply::new(501, "5.5.4", text)
}

fn refused(error: &Error) -> Reply {
    match error {
        Error::UnknownCommand => Reply::new(500, "5.5.1", "this is no command known here"),
        Error::SyntaxError { syntax } => Reply::new(501, "5.5.4", format!("write: {syntax}")),
        Error::InvalidParameter { param } => {
            Reply::new(501, "5.5.4", format!("the value of parameter {param} is wrong"))
        }
        Error::UnsupportedParameter { param } => {
            Reply::new(555, "5.5.4", format!("parameter {param} is not known here"))
        }
        Error::NeedsMoreData { .. }
        | Error::InvalidSenderAddress
        | Error::InvalidRecipientAddress
        | Error::ResponseTooLong
        | Error::InvalidResponse { .. } => Reply::new(500, "5.5.2", "this line could not be read as a command"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, Hello, Mail, parse};
    use crate::smtp::{Body, Notify, Return};

    fn code(line: &str) -> (u16, &'static str) {
        let reply = parse(line.as_bytes()).expect_err(line);
        (reply.code, reply.enhanced)
    }

    /// As Postfix 3.7 sends it.
    #[test]
    fn mail_with_every_parameter_we_announce() {
        let line = b"MAIL FROM:<a@b.example> SIZE=1234 BODY=8BITMIME ENVID=QQ+2B1 RET=HDRS";
        let expected = Mail {
            sender: "a@b.example".into(),
            size: Some(1234),
            body: Body::EightBitMime,
            ret: Some(Return::Headers),
            envid: Some("QQ+1".into()),
        };
        assert_eq!(parse(line), Ok(Command::Mail(expected)));
    }

    #[test]
    fn case_and_blanks_around_the_colon_do_not_matter() {
        for line in ["mail from: <> size=0", "Mail  FROM:<> Size=0", "MAIL FROM:<> SIZE=0 "] {
            let Ok(Command::Mail(mail)) = parse(line.as_bytes()) else { panic!("{line}") };
            assert_eq!((mail.sender.as_str(), mail.size), ("", Some(0)), "{line}");
        }
    }

    #[test]
    fn notify_is_never_or_a_list() {
        let notify = |line: &str| match parse(line.as_bytes()) {
            Ok(Command::Rcpt(recipient)) => recipient.notify,
            other => panic!("{other:?}"),
        };
        assert_eq!(notify("RCPT TO:<1@f.example>"), None);
        assert_eq!(notify("RCPT TO:<1@f.example> NOTIFY=NEVER"), Some(Notify::Never));
        let on = Notify::On { success: true, failure: false, delay: true };
        assert_eq!(notify("RCPT TO:<1@f.example> NOTIFY=success,DELAY"), Some(on));
        assert_eq!(code("RCPT TO:<1@f.example> NOTIFY=NEVER,SUCCESS"), (501, "5.5.4"));
        assert_eq!(code("RCPT TO:<1@f.example> NOTIFY=SUCCESS,NEVER"), (501, "5.5.4"));
        assert_eq!(code("RCPT TO:<1@f.example> NOTIFY="), (501, "5.5.4"));
    }

    #[test]
    fn each_kind_of_wrong_line_has_its_codes() {
        for (line, expected) in [
            ("XYZZY", (500, "5.5.1")),
            ("", (500, "5.5.1")),
            ("MAIL FROM:a@b", (501, "5.1.7")),
            ("MAIL FROM:<a@b", (501, "5.1.7")),
            ("MAIL TO:<a@b>", (501, "5.5.4")),
            ("MAIL", (501, "5.5.4")),
            ("RCPT TO:<>", (501, "5.1.3")),
            ("RCPT TO:<1234>", (501, "5.1.3")),
            ("RCPT TO:<a@b>NOTIFY=NEVER", (501, "5.5.4")),
            ("MAIL FROM:<a@b> SIZE=", (501, "5.5.4")),
            ("MAIL FROM:<a@b> SIZE=1 SIZE=2", (501, "5.5.4")),
            ("MAIL FROM:<a@b> SIZE=999999999999999999999", (501, "5.5.4")),
            ("MAIL FROM:<a@b> BODY=BINARYMIME", (501, "5.5.4")),
            ("MAIL FROM:<a@b> HOLDFOR=60", (555, "5.5.4")),
            ("MAIL FROM:<a@b> SMTPUTF8", (555, "5.5.4")),
            ("MAIL FROM:<\u{e4}@b>", (553, "5.6.7")),
            ("DATA now", (501, "5.5.4")),
            ("EHLO", (501, "5.5.4")),
        ] {
            assert_eq!(code(line), expected, "{line}");
        }
    }

    #[test]
    fn quotes_of_a_local_part_are_kept() {
        let Ok(Command::Rcpt(recipient)) = parse(br#"RCPT TO:<"a@x"@b.example>"#) else { panic!("refused") };
        assert_eq!(recipient.address, r#""a@x"@b.example"#);
    }

    #[test]
    fn a_size_beyond_counting_does_not_become_a_small_one() {
        let Ok(Command::Mail(mail)) = parse(b"MAIL FROM:<a@b> SIZE=99999999999999999999") else { panic!("refused") };
        assert_eq!(mail.size, Some(u64::MAX));
    }

    #[test]
    fn a_greeting_names_its_word() {
        let hello = Command::Hello { word: Hello::Lhlo, host: "mx.example".into() };
        assert_eq!(parse(b"lhlo mx.example"), Ok(hello));
    }

    proptest::proptest! {
        #[test]
        fn no_line_of_bytes_panics(line: Vec<u8>) {
            let _ = parse(&line);
        }

        #[test]
        fn no_line_like_a_command_panics(line in "(MAIL FROM:|RCPT TO:|EHLO|AUTH|BDAT|ATRN|BURL) ?<?[ -~]{0,80}>?( [A-Z=+;,0-9]{0,20}){0,3}") {
            let _ = parse(line.as_bytes());
        }
    }
}
