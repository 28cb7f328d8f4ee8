//! What came of the demonstration: is every page received the page sent, and where is everything.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::setting::{LINES, maildir};
use crate::cli::console::{Console, Line, Style};
use crate::cli::exit::{Exit, Failure};
use crate::cli::moments::span;
use crate::cli::picture;
use crate::cli::render::keep;
use crate::mail::{DocumentKind, Incoming, Limits, SelectionRules, select};
use crate::model::Cause;
use crate::queue::{JobDetail, Received};
use crate::spool::SpoolName;
use crate::stage::Office;
use crate::stage::pages::{StoredPage, load};
use crate::stage::report::pages_as_sent;

/// Octets of a received fax.
const MAX_FAX: u64 = 64 * 1024 * 1024;
/// Octets of a mail.
const MAX_MAIL: u64 = 64 * 1024 * 1024;

/// One fax of the demonstration, from both ends.
#[derive(Debug)]
pub(super) struct Proof {
    number: String,
    sent: u32,
    received: u32,
    /// Pages that are equal, bit for bit.
    equal: u32,
    cause: Option<Cause>,
    pdf: Option<PathBuf>,
    pictures: Vec<PathBuf>,
    receipt: Option<PathBuf>,
}

impl Proof {
    /// Whether every page was confirmed, received, and is the page that was sent.
    pub(super) fn holds(&self) -> bool {
        let whole = self.sent > 0 && self.sent == self.received && self.sent == self.equal;
        whole && self.cause == Some(Cause::Sent) && self.pdf.is_some() && self.receipt.is_some()
    }
}

/// How many pages are the same at the same place.
pub(super) fn equal_pages(sent: &[StoredPage], received: &[StoredPage]) -> u32 {
    let same = |(sent, received): &(&StoredPage, &StoredPage)| {
        sent.resolution == received.resolution && sent.bitmap() == received.bitmap()
    };
    u32::try_from(sent.iter().zip(received).filter(same).count()).unwrap_or(u32::MAX)
}

/// Compares the pages of a fax and keeps pictures and PDF of what arrived.
pub(super) fn prove(
    office: &Office,
    job: &JobDetail,
    reception: Option<&Received>,
    folder: &Path,
) -> Result<Proof, Failure> {
    let failed = |reason: String| Failure::new(Exit::Failed, reason);
    let number = job.job.number.to_string();
    let sent = match job.attempts.last() {
        Some(attempt) => {
            pages_as_sent(office, &office.settings(), job, attempt).map_err(|fault| failed(fault.to_string()))?
        }
        None => Vec::new(),
    };
    let name = reception.and_then(|received| SpoolName::from_stored(&received.spool_file));
    let received = match name {
        Some(name) => {
            let octets = office.spool().read(&name, MAX_FAX).map_err(|error| failed(error.to_string()))?;
            load(&octets).map_err(failed)?
        }
        None => Vec::new(),
    };
    let mut pictures = Vec::new();
    for (page, index) in received.iter().zip(1u32..) {
        let octets = picture::png(&page.bitmap(), page.resolution).map_err(failed)?;
        let path = folder.join(format!("received-{number}-page-{index}.png"));
        keep(&path, &octets)?;
        pictures.push(path);
    }
    let mailbox = LINES.iter().find(|(line, _)| *line == number).map_or("", |(_, mailbox)| *mailbox);
    let (pdf, receipt) = mails(folder, &number, mailbox)?;
    let count = |pages: &[StoredPage]| u32::try_from(pages.len()).unwrap_or(u32::MAX);
    Ok(Proof {
        number,
        sent: count(&sent),
        received: count(&received),
        equal: equal_pages(&sent, &received),
        cause: job.job.cause.clone(),
        pdf,
        pictures,
        receipt,
    })
}

/// The PDF out of the mail with the received fax, and the receipt, both copied into the folder under names for people.
fn mails(folder: &Path, number: &str, mailbox: &str) -> Result<(Option<PathBuf>, Option<PathBuf>), Failure> {
    let (mut pdf, mut receipt) = (None, None);
    for octets in delivered(folder)? {
        let text = String::from_utf8_lossy(&octets[..octets.len().min(512)]).into_owned();
        let Ok(incoming) = Incoming::parse(&octets, &Limits::default()) else { continue };
        let about_number = incoming.subject.as_deref().is_some_and(|subject| subject.contains(number));
        if text.contains(&format!("Delivered-To: {mailbox}\r\n")) {
            let Ok(selection) = select(incoming.body, &SelectionRules::default()) else { continue };
            if let Some(document) = selection.documents.iter().find(|document| document.kind == DocumentKind::Pdf) {
                let path = folder.join(format!("received-{number}.pdf"));
                keep(&path, &document.bytes)?;
                pdf = Some(path);
            }
        } else if about_number {
            let path = folder.join(format!("receipt-{number}.eml"));
            keep(&path, &octets)?;
            receipt = Some(path);
        }
    }
    Ok((pdf, receipt))
}

/// The mails in the demonstration's Maildir.
pub(super) fn delivered(folder: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let new = maildir(folder).join("new");
    let Ok(entries) = std::fs::read_dir(&new) else { return Ok(Vec::new()) };
    let mut mails = Vec::new();
    for entry in entries.flatten() {
        let small = entry.metadata().is_ok_and(|about| about.is_file() && about.len() <= MAX_MAIL);
        if small {
            let path = entry.path();
            mails.push(std::fs::read(&path).map_err(|error| {
                Failure::new(Exit::Unavailable, format!("{} cannot be read: {error}", path.display()))
            })?);
        }
    }
    Ok(mails)
}

/// The end: what is proved, and where everything is.
pub(super) fn tell(proofs: &[Proof], took: Duration, folder: &Path, console: &mut Console) {
    for proof in proofs {
        console.say("");
        let (style, verdict) = if proof.holds() {
            (Style::Good, format!("{} pages received, each equal to the page sent, bit for bit", proof.equal))
        } else {
            let cause = proof.cause.as_ref().map_or_else(|| "it has not ended".to_owned(), Cause::sentence);
            let counts = format!("{} sent, {} received, {} equal", proof.sent, proof.received, proof.equal);
            (Style::Bad, format!("{counts}; {cause}"))
        };
        console.say(Line::new().and(Style::Bold, format!("{}: ", proof.number)).and(style, verdict));
        let show = |path: &PathBuf| path.display().to_string();
        let missing = || "is missing".to_owned();
        let pictures = match proof.pictures.as_slice() {
            [] => missing(),
            [one] => show(one),
            [first, .., last] => format!("{} to {}", show(first), last.file_name().unwrap_or_default().display()),
        };
        for (label, value) in [
            ("received as PDF", proof.pdf.as_ref().map_or_else(missing, show)),
            ("pages as PNG", pictures),
            ("receipt", proof.receipt.as_ref().map_or_else(missing, show)),
        ] {
            console.say(Line::new().and(Style::Dim, format!("  {label:17}")).and(Style::Plain, value));
        }
    }
    console.say("");
    let good = proofs.iter().all(Proof::holds) && !proofs.is_empty();
    let line = if good {
        Line::new().and(Style::Good, format!("{} faxes sent and received in {}", proofs.len(), span(took)))
    } else {
        Line::new()
            .and(Style::Bad, "The demonstration failed. ")
            .and(Style::Plain, format!("The log is {}", folder.join(super::LOG).display()))
    };
    console.say(line);
}

/// The same for programs.
pub(super) fn for_programs(proofs: &[Proof], took: Duration, folder: &Path) -> Value {
    let proof = |proof: &Proof| {
        json!({
            "number": proof.number,
            "equal": proof.holds(),
            "pages_sent": proof.sent,
            "pages_received": proof.received,
            "pages_equal": proof.equal,
            "cause": proof.cause.as_ref().map(Cause::word),
            "pdf": proof.pdf,
            "pictures": proof.pictures,
            "receipt": proof.receipt,
        })
    };
    json!({
        "event": "summary",
        "equal": !proofs.is_empty() && proofs.iter().all(Proof::holds),
        "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "directory": folder,
        "faxes": proofs.iter().map(proof).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::equal_pages;
    use crate::image::Bitmap;
    use crate::model::{Resolution, Width};
    use crate::stage::pages::StoredPage;

    fn page(dot: u32) -> StoredPage {
        let mut bitmap = Bitmap::white(1728, 4);
        bitmap.set(dot, 2, true);
        StoredPage::of(&bitmap, Width::A4, Resolution::Fine)
    }

    #[test]
    fn one_dot_elsewhere_makes_a_page_another_page() {
        assert_eq!(equal_pages(&[page(1), page(2)], &[page(1), page(2)]), 2);
        assert_eq!(equal_pages(&[page(1), page(2)], &[page(1), page(3)]), 1);
        assert_eq!(equal_pages(&[page(1), page(2)], &[page(2), page(1)]), 0);
        assert_eq!(equal_pages(&[page(1), page(2)], &[page(1)]), 1);
        let coarse = StoredPage { resolution: Resolution::Standard, ..page(1) };
        assert_eq!(equal_pages(&[page(1)], &[coarse]), 0);
    }
}
