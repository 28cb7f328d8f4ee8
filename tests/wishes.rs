//! Pages as wide and as fine as wished for, the whole way: mail in, pages, a call over real sockets, and what is told of it.

use std::net::SocketAddr;
use std::time::Duration;

use faxramp::app::Server;
use faxramp::image::Bitmap;
use faxramp::image::tiff::{FaxPage, Labels, PageImage, read, write};
use faxramp::model::{Cause, Resolution, Width};
use faxramp::spool::SpoolName;
use faxramp::stage::report::pages_as_sent;
use faxramp::t30::capability::Length;

use crate::support::client::{Client, message, message_with};
use crate::support::documents::{pdf, pdf_of};
use crate::support::machine::Machine;
use crate::support::site::{Site, Wishes};
use crate::support::{all_received, all_reported, assert_came_as_sent, mails};

/// Wide pages take their time where the program is not optimised and others work beside it.
const PATIENT: &str = "[render]\ntimeout = \"10 m\"\n";

const A4: (u32, u32) = (595, 842);
const A4_LYING: (u32, u32) = (842, 595);
const B4: (u32, u32) = (709, 1001);
const A3: (u32, u32) = (842, 1191);
const A3_LYING: (u32, u32) = (1191, 842);

/// The octets of the newest fax received, and the widths of its pages.
fn newest_received(server: &Server) -> (Vec<u8>, Vec<u32>) {
    let received = server.office().store().list_received(None, 10).expect("rows").remove(0);
    let name = SpoolName::from_stored(&received.spool_file).expect("a name");
    let tiff = server.office().spool().read(&name, 100_000_000).expect("the fax");
    let width = |image: &PageImage| match image {
        PageImage::Bilevel(bitmap) => bitmap.width(),
        PageImage::Grey(grey) => grey.width(),
    };
    let widths = read(&tiff).expect("a TIFF").iter().map(|page| width(&page.image)).collect();
    (tiff, widths)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_arrives_as_wide_as_it_was_and_keeps_its_width_when_the_fax_is_sent_on() {
    let site = Site::new(Wishes { fax: "headline = false", more: PATIENT, ..Wishes::default() });
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let document = pdf_of(&[A3, A4, A3_LYING, B4, A4_LYING]);
    let mail = message_with("w1", "plan.pdf", "application/pdf", &document);
    let (code, reply) = client.mail("jane@company.test", &["+39021111@fax.test"], &mail).await;
    assert_eq!(code, 250, "{reply}");
    let jobs = all_reported(&server, 1).await;
    all_received(&server).await;
    assert_came_as_sent(&server, &jobs[0]);
    let (tiff, widths) = newest_received(&server);
    assert_eq!(widths, [2432, 1728, 2432, 2048, 1728]);

    let mail = message_with("w2", "fax.tiff", "image/tiff", &tiff);
    let (code, reply) = client.mail("jane@company.test", &["+39022222@fax.test"], &mail).await;
    assert_eq!(code, 250, "{reply}");
    let jobs = all_reported(&server, 2).await;
    all_received(&server).await;
    assert_came_as_sent(&server, &jobs[1]);
    let images = |tiff: &[u8]| read(tiff).expect("a TIFF").into_iter().map(|page| page.image).collect::<Vec<_>>();
    assert!(images(&newest_received(&server).0) == images(&tiff), "sent on, element by element");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_takes_a4_only_gets_an_a3_page_whole_and_smaller() {
    let more = "[[trunk]]\nname = \"old machine\"\nproxy = \"{address}:5070\"\nprefixes = [\"+3906*\"]\n\
                [render]\ntimeout = \"10 m\"\n";
    let site = Site::new(Wishes { more, ..Wishes::default() });
    let machine = Machine::new(&site, SocketAddr::new(site.address(), 5070), |receive| {
        receive.widest = Width::A4;
        receive.longest = Length::A4;
        receive.finest = Resolution::Fine;
    })
    .await;
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let mail = message_with("w3", "plan.pdf", "application/pdf", &pdf_of(&[A3, A4]));
    let (code, reply) = client.mail("jane@company.test", &["+39061111@fax.test"], &mail).await;
    assert_eq!(code, 250, "{reply}");
    let jobs = all_reported(&server, 1).await;
    let job = &jobs[0];
    assert_eq!(job.job.cause, Some(Cause::Sent), "{:?}", job.attempts);
    let taken = machine.pages();
    assert_eq!(taken.len(), 2);
    for (format, page) in &taken {
        assert_eq!((format.width, page.width()), (Width::A4, 1728));
        let most = format.maximum_rows.expect("a length");
        assert!(page.rows() <= most + most / 100, "{} of {most}", page.rows());
    }
    let office = server.office();
    let sent = pages_as_sent(office, &office.settings(), job, &job.attempts[0]).expect("pages");
    assert!(sent.iter().zip(&taken).all(|(sent, (_, taken))| sent.bitmap() == *taken), "as the receipt has them");
    server.drain(Duration::ZERO).await;
}

/// Two pages of a fax as other fax gear keeps it: one at standard resolution, one at fine. No line is like the next, so any change of
/// scale shows.
fn mixed_fax() -> ([FaxPage; 2], Vec<u8>) {
    let page = |rows: u32, resolution| {
        let mut bitmap = Bitmap::white(1728, rows);
        for (x, y) in (0..rows).flat_map(|y| (0..1728).map(move |x| (x, y))) {
            if (x / 7 + y) % 5 == 0 && (100..1600).contains(&x) && (60..rows - 40).contains(&y) {
                bitmap.set(x, y, true);
            }
        }
        FaxPage { bitmap, resolution }
    };
    let pages = [page(1143, Resolution::Standard), page(2287, Resolution::Fine)];
    let file = write(&pages, &Labels::default()).expect("a TIFF");
    (pages, file)
}

/// The resolutions of the pages of a fax in the spool, and their pictures.
fn kept(server: &Server, file: &str) -> Vec<(Resolution, PageImage)> {
    let name = SpoolName::from_stored(file).expect("a name");
    let tiff = server.office().spool().read(&name, 100_000_000).expect("a file");
    let pages = read(&tiff).expect("a TIFF").into_iter();
    pages.map(|page| (page.resolution().expect("it says so"), page.image)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_fax_keep_their_resolutions_with_a_change_of_mode_between_them() {
    let more = "[trace]\ncalls = \"all\"\n[render]\ntimeout = \"10 m\"\n";
    let site = Site::new(Wishes { fax: "headline = false", more, ..Wishes::default() });
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let (pages, file) = mixed_fax();
    let mail = message_with("w8", "mixed.tiff", "image/tiff", &file);
    let (code, reply) = client.mail("jane@company.test", &["+39021111@fax.test"], &mail).await;
    assert_eq!(code, 250, "{reply}");
    let jobs = all_reported(&server, 1).await;
    all_received(&server).await;
    assert_came_as_sent(&server, &jobs[0]);

    let expected: Vec<_> =
        pages.iter().map(|page| (page.resolution, PageImage::Bilevel(page.bitmap.clone()))).collect();
    assert!(kept(&server, jobs[0].job.pages_file.as_deref().expect("pages")) == expected, "drawn as they were");
    let received = server.office().store().list_received(None, 10).expect("rows").remove(0);
    assert!(kept(&server, &received.spool_file) == expected, "element by element, each at its own resolution");
    let mails = mails(site.folder(), 2).await;
    let receipt = mails.iter().find(|mail| mail.contains("Fax sent")).expect("a receipt");
    let receipt = receipt.replace("=\r\n", "");
    assert!(receipt.contains("98 per inch), fine (204"), "{receipt}");
    server.drain(Duration::ZERO).await;

    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_faxramp"));
    let command = command.args(["call", "show", "1", "--json", "--config"]).arg(site.config_file());
    let shown = command.output().await.expect("it runs");
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    let steps = shown["ladder"]["steps"].as_array().expect("a ladder").iter();
    let said: Vec<&str> = steps
        .filter(|step| step["layer"] == "fax" && step["side"] == "near")
        .filter_map(|step| step["name"].as_str())
        .filter(|name| ["DCS", "PPS-EOM", "PPS-MPS", "PPS-EOP"].contains(name))
        .collect();
    assert_eq!(said, ["DCS", "PPS-EOM", "DCS", "PPS-EOP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_has_standard_resolution_only_gets_both_pages_of_a_mixed_fax_without_a_change_of_mode() {
    let more = "[[trunk]]\nname = \"old machine\"\nproxy = \"{address}:5070\"\nprefixes = [\"+3906*\"]\n\
                [render]\ntimeout = \"10 m\"\n";
    let site = Site::new(Wishes { more, ..Wishes::default() });
    let machine = Machine::new(&site, SocketAddr::new(site.address(), 5070), |receive| {
        receive.widest = Width::A4;
        receive.finest = Resolution::Standard;
    })
    .await;
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let mail = message_with("w9", "mixed.tiff", "image/tiff", &mixed_fax().1);
    let (code, reply) = client.mail("jane@company.test", &["+39061111@fax.test"], &mail).await;
    assert_eq!(code, 250, "{reply}");
    let jobs = all_reported(&server, 1).await;
    assert_eq!(jobs[0].job.cause, Some(Cause::Sent), "{:?}", jobs[0].attempts);
    let taken = machine.pages();
    assert!(taken.iter().all(|(format, _)| format.resolution == Resolution::Standard));
    assert_eq!(taken.iter().map(|(_, page)| page.rows()).collect::<Vec<_>>(), [1143, 1144]);
    let office = server.office();
    let sent = pages_as_sent(office, &office.settings(), &jobs[0], &jobs[0].attempts[0]).expect("pages");
    assert!(sent.iter().zip(&taken).all(|(sent, (_, taken))| sent.bitmap() == *taken), "as the receipt has them");
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_gets_the_resolution_written_into_its_address_and_the_codes_come_back() {
    let site = Site::new(Wishes::default());
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    let to = [
        "+39021111/quality=standard/bill=4711@fax.test",
        "+39021112+invoices@fax.test",
        "+39021113/quality=400dpi@fax.test",
        "+39021114/quality=fine@fax.test",
    ];
    let (code, reply) = client.mail("jane@company.test", &to, &message("w4", "Offer", "Some text.\r\n")).await;
    assert_eq!(code, 250, "{reply}");
    let jobs = all_reported(&server, 4).await;
    for (job, lines) in jobs.iter().zip([98, 196, 400, 196]) {
        assert_eq!(job.job.cause, Some(Cause::Sent), "{:?}", job.attempts);
        let record = job.attempts[0].record.as_deref().expect("a record");
        assert!(record.contains(&format!("\"lines_per_inch\":{lines}")), "{lines}: {record}");
    }
    let files: Vec<_> = jobs.iter().map(|job| job.job.pages_file.clone().expect("pages")).collect();
    assert!(files[1] == files[3] && files[0] != files[1] && files[2] != files[1], "drawn once for each resolution");
    all_received(&server).await;
    for job in &jobs {
        assert_came_as_sent(&server, job);
    }
    let mails = mails(site.folder(), 8).await;
    let receipts: Vec<_> = mails.iter().filter(|mail| mail.contains("Fax sent")).collect();
    let with = |field: &str| receipts.iter().filter(|mail| mail.contains(field)).count();
    assert_eq!((with("X-Faxramp-Billing: 4711"), with("X-Faxramp-Tag: invoices")), (1, 1));
    server.drain(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fax_with_more_pages_than_its_rule_allows_is_not_dialled_and_its_sender_is_told_why() {
    let more = "[[allow]]\nname = \"guests\"\nsenders = [\"*@guest.test\"]\nnumbers = [\"+39*\"]\nmax_pages = 2\n";
    let site = Site::new(Wishes { more, ..Wishes::default() });
    let server = Server::start(&site.config()).await.unwrap_or_else(|error| panic!("{error}"));
    let mut client = Client::connect(server.smtp_addresses()[0]).await;
    for (id, sender, pages) in
        [("w5", "bob@guest.test", 3), ("w6", "bob@guest.test", 2), ("w7", "jane@company.test", 3)]
    {
        let mail = message_with(id, "offer.pdf", "application/pdf", &pdf(pages));
        let (code, reply) = client.mail(sender, &["+39021111@fax.test"], &mail).await;
        assert_eq!(code, 250, "{reply}");
    }
    let jobs = all_reported(&server, 3).await;
    let causes: Vec<_> = jobs.iter().map(|job| job.job.cause.clone().expect("a cause")).collect();
    assert_eq!(causes, [Cause::TooManyPages { pages: 3, most: 2 }, Cause::Sent, Cause::Sent]);
    assert!(jobs[0].attempts.is_empty() && jobs[0].job.pages_file.is_none());
    let mails = mails(site.folder(), 5).await;
    let receipt = mails.iter().find(|mail| mail.contains("X-Faxramp-Outcome: too-many-pages")).expect("a receipt");
    let receipt = receipt.replace("=\r\n", "").replace("\r\n", " ");
    assert!(receipt.contains("has 3 pages, and its sender may send 2 at most"), "{receipt}");
    server.drain(Duration::ZERO).await;
}
