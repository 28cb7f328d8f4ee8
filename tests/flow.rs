//! The whole way, in one process over real sockets: mail in, pages, a call to ourselves, the receipt and the received fax.

mod support {
    //! A server on loopback ports of its own, and a client that speaks SMTP to it.

    use std::net::SocketAddr;
    use std::path::Path;
    use std::time::Duration;

    use faxramp::app::Server;
    use faxramp::config::{self, Config};
    use faxramp::model::JobState;
    use faxramp::queue::{JobDetail, JobFilter};
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpStream;

    /// Longest wait for anything.
    pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

    pub(crate) fn configuration(folder: &Path, more: &str) -> Config {
        let sip = free_port();
        let text = format!(
            r#"
[server]
hostname = "fax.test"
data_directory = "{folder}/data"
[smtp]
listen = ["127.0.0.1:0"]
fax_domains = ["fax.test"]
[[allow]]
name = "staff"
senders = ["*@company.test"]
numbers = ["+39*"]
[sip]
listen = "127.0.0.1:{sip}"
[[trunk]]
name = "loopback"
proxy = "127.0.0.1:{sip}"
channels = 4
caller_number = "+390299999"
[[inbound]]
numbers = ["+3902*"]
mailboxes = ["office@mail.test"]
formats = "both"
[fax]
station_id = "+39 02 99999"
sender_name = "Company"
pacing = "fast"
[delivery]
maildir = "{folder}/maildir"
{more}
"#,
            folder = folder.display()
        );
        config::check_text("test.toml", &text).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// A UDP port that was free a moment ago. Two tests of one run never get the same one.
    fn free_port() -> u16 {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.local_addr().expect("an address").port()
    }

    pub(crate) struct Client {
        stream: BufReader<TcpStream>,
    }

    impl Client {
        pub(crate) async fn connect(address: SocketAddr) -> Self {
            let stream = TcpStream::connect(address).await.expect("the listener answers");
            let mut client = Self { stream: BufReader::new(stream) };
            assert_eq!(client.reply().await.0, 220);
            assert_eq!(client.say("EHLO client.test").await.0, 250);
            client
        }

        async fn reply(&mut self) -> (u16, String) {
            let mut text = String::new();
            loop {
                let mut line = String::new();
                let read = tokio::time::timeout(PATIENCE, self.stream.read_line(&mut line)).await;
                assert!(read.expect("a reply in time").expect("a reply") > 0, "the connection was closed");
                text.push_str(&line);
                if line.as_bytes().get(3) == Some(&b' ') {
                    return (line[..3].parse().expect("a code"), text);
                }
            }
        }

        pub(crate) async fn say(&mut self, line: &str) -> (u16, String) {
            self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await.expect("written");
            self.reply().await
        }

        pub(crate) async fn mail(&mut self, from: &str, to: &[&str], message: &str) -> (u16, String) {
            assert_eq!(self.say(&format!("MAIL FROM:<{from}>")).await.0, 250);
            for to in to {
                assert_eq!(self.say(&format!("RCPT TO:<{to}>")).await.0, 250, "{to}");
            }
            assert_eq!(self.say("DATA").await.0, 354);
            self.say(&format!("{message}\r\n.")).await
        }
    }

    pub(crate) fn message(id: &str, subject: &str, text: &str) -> String {
        format!(
            "From: Jane <jane@company.test>\r\nTo: fax\r\nSubject: {subject}\r\nMessage-ID: <{id}@company.test>\r\n\
             Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\n{text}"
        )
    }

    /// Waits until every job is reported, and gives them all.
    pub(crate) async fn all_reported(server: &Server, count: usize) -> Vec<JobDetail> {
        let waiting = async {
            loop {
                let store = server.office().store();
                let jobs = store.list(&JobFilter { limit: 1000, ..JobFilter::default() }).expect("the queue");
                if jobs.len() == count && jobs.iter().all(|job| job.state == JobState::Reported) {
                    return jobs.iter().map(|job| store.show(job.id).expect("a job")).collect();
                }
                let _ = tokio::time::timeout(Duration::from_millis(50), std::future::pending::<()>()).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("all jobs end")
    }

    pub(crate) async fn mails(folder: &Path, count: usize) -> Vec<String> {
        let waiting = async {
            loop {
                let found: Vec<String> = std::fs::read_dir(folder.join("maildir/new"))
                    .map(|entries| {
                        let read = |entry: std::io::Result<std::fs::DirEntry>| {
                            let octets = std::fs::read(entry.expect("an entry").path()).expect("a mail");
                            String::from_utf8_lossy(&octets).into_owned()
                        };
                        entries.map(read).collect()
                    })
                    .unwrap_or_default();
                if found.len() >= count {
                    return found;
                }
                let _ = tokio::time::timeout(Duration::from_millis(50), std::future::pending::<()>()).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("all mails arrive")
    }
}

use std::time::Duration;

use faxramp::app::Server;
use faxramp::image::tiff::{PageImage, read};
use faxramp::model::Cause;
use faxramp::spool::SpoolName;
use faxramp::stage::report::pages_as_sent;
use support::{Client, all_reported, configuration, mails, message};

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_becomes_a_fax_to_ourselves_and_both_ends_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = configuration(folder.path(), "");
    let server = Server::start(&config).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let text = (0..150).map(|line| format!("Line {line} of the text.\r\n")).collect::<String>();
    let (code, reply) = client.mail("jane@company.test", &["+39021111@fax.test"], &message("a1", "Offer", &text)).await;
    assert_eq!(code, 250, "{reply}");

    let jobs = all_reported(&server, 1).await;
    let job = &jobs[0];
    assert_eq!(job.job.cause, Some(Cause::Sent), "{:?}", job.attempts);
    assert!(job.job.pages_total >= 2, "{}", job.job.pages_total);
    assert_eq!(job.job.pages_confirmed, job.job.pages_total);
    assert_eq!(job.attempts.len(), 1);

    let office = server.office();
    let received = office.store().list_received(None, 10).expect("rows").remove(0);
    assert_eq!(received.pages, job.job.pages_total);
    assert_eq!(received.remote_id.as_deref(), Some("+39 02 99999"));
    let name = SpoolName::from_stored(&received.spool_file).expect("a name");
    let tiff = office.spool().read(&name, 100_000_000).expect("the TIFF");
    let came: Vec<_> = read(&tiff).expect("a TIFF").into_iter().map(|page| page.image).collect();
    let sent = pages_as_sent(office, &office.settings(), job, &job.attempts[0]).expect("pages");
    let sent: Vec<_> = sent.iter().map(|page| PageImage::Bilevel(page.bitmap())).collect();
    assert!(came == sent, "the pages received are those sent, bit for bit");

    let mails = mails(folder.path(), 2).await;
    let receipt = mails.iter().find(|mail| mail.contains("Fax sent")).expect("a receipt");
    assert!(receipt.contains("In-Reply-To: <a1@company.test>"), "{receipt}");
    assert!(receipt.contains("Auto-Submitted: auto-replied"));
    let fax = mails.iter().find(|mail| mail.contains("Fax from")).expect("the fax");
    assert!(fax.contains("application/pdf") && fax.contains("image/tiff"));
    server.drain(Duration::ZERO).await;
}
