//! The fax itself: how it is drawn, sent and fetched.

use crate::config::Reader;
use crate::config::key::{Key, Section, section, text_of};
use crate::config::kind::{
    BodyWord, Count, EngineWord, Facilities, FilePath, FormatsWord, Kind, Line, Maybe, PacingWord, PaperWord, Rate,
    RejectedPageWord, ResolutionWord, Size, StationId, Switch, Time, WidthWord,
};

section! {
    /// How faxes are sent.
    Fax "fax" {
        /// The number that the other machine shows for us (CSI and TSI); at most 20 digits, spaces and `+`.
        station_id: StationId = "", example "+39 06 12345";
        /// What is sent as non-standard facilities (NSF with DIS, NSC when a document is fetched), for far ends that tell machines by
        /// it. The codes must be your own, given to you under ITU-T T.35: those of another maker make its machines speak
        /// as they speak to each other. At most 32 octets, in the order T.30 prints them.
        non_standard_facilities: Facilities = "", example "B5 00 42 01";
        /// Our name in the line at the top of each page.
        sender_name: Line = "", example "Example S.p.A.";
        /// Whether each page gets a line at the top with date, our name and number, and the page's number. Many countries
        /// demand it by law.
        headline: Switch = true;
        /// Error correction (T.30 Annex A).
        ecm: Switch = true;
        /// Error correction with frames of 64 octets instead of 256: slower, but on bad lines less has to be sent again. A
        /// machine that prefers them gets them anyway.
        ecm_small_frames: Switch = false;
        /// What is done when the receiving machine answers a page, sent without error correction, with "retrain negative" (RTN).
        /// Machines mean different things by it. `resend`: the page could not be read, so it is sent again more slowly, twice; if
        /// that does not help the call ends, and the next one begins at this page. `resend-then-go-on`: the same, but the pages
        /// after it are sent in the same call as well; the fax still counts as failed at this page. `printed`: the page came out,
        /// with faults, so it counts as confirmed and the next one is sent more slowly. Choose this only where people get the same page
        /// several times over.
        rejected_page: RejectedPageWord = "resend";
        /// Highest speed, bit/s.
        max_rate: Rate = 14400;
        /// Resolution pages are drawn in, when the receiving machine can do it. Pages of a fax file (TIFF) that are coarser keep their
        /// own, element by element; between pages of different resolutions a call changes its mode, which takes some seconds.
        resolution: ResolutionWord = "fine";
        /// Widest page that is drawn: `a4` (215 mm), `b4` (255 mm) or `a3` (303 mm). Each page is drawn as wide as it is, so an A3
        /// plan keeps its detail where the receiving machine takes A3; for a machine that does not, the page is made smaller when
        /// the call is made. Wider pages than this are made smaller when they are drawn.
        widest: WidthWord = "a3";
        /// Whether a page that is longer than any sheet (a till roll, a web page printed as one) keeps its scale, up to a metre: machines
        /// that take any length print it as it is, for others the whole page is made smaller when the call is made. If not, it is made as
        /// long as a sheet when it is drawn.
        long_pages: Switch = true;
        /// Paper that text is laid out for.
        paper: PaperWord = "a4";
        /// How many earlier packets each T.38 packet of the procedure repeats, against loss. More are repeated where packets do get
        /// lost, fewer where the far end takes small datagrams only.
        control_redundancy: Count = 3, from 0 to 7;
        /// How many earlier packets each T.38 packet with page data repeats.
        image_redundancy: Count = 3, from 0 to 7;
        /// How fast page data is put into packets. `modem`: as the modem that was agreed on plays it, which gateways to the telephone
        /// network need. `fast`: as fast as the network takes it, whoever is there. `auto`: fast where the answers of the far
        /// end came sooner than any modem between us could have let them, else as a modem.
        pacing: PacingWord = "auto";
        /// How long it is remembered what a call to a number over a trunk taught: that T.38 was refused, or agreed on and then failed,
        /// so that the next call goes over audio at once; that V.17 failed, so that V.29 or V.27ter is used; and that its machine did not
        /// come back for a second fax in a call. `0 s`: not at all. `faxramp trunk memory` shows and forgets it.
        remember: Time = "30 d", from "0 s" to "3660 d";
    }
}

section! {
    /// How documents become pages. Each document is drawn by a process of its own that may touch nothing but the document.
    Render "render" {
        /// The program that draws; the `faxramp-render` beside this program when left out.
        worker: Maybe<FilePath>, example "/usr/libexec/faxramp-render";
        /// Which library draws PDF pages. `auto` takes pdfium when its library is found, else hayro.
        engine: EngineWord = "auto";
        /// Where the pdfium library is, when it is not where libraries usually are.
        pdfium_library: Maybe<FilePath>, example "/usr/lib/libpdfium.so";
        /// Most pages of one fax. A document with more is refused before anything is dialled.
        max_pages: Count = 200, from 1 to 5000;
        /// Longest time for one document.
        timeout: Time = "60 s", from "1 s" to "1 h";
        /// Most memory for one document.
        memory: Size = "1 GB", from "64 MB" to "64 GB";
        /// Whether to refuse documents when the kernel cannot shut the process in fully (Landlock and seccomp). When false,
        /// what is missing is logged and drawing goes on.
        strict_sandbox: Switch = false;
        /// What becomes of the text of the mail: drawn as the first page, drawn only when there is no document, or never.
        body: BodyWord = "only-alone";
    }
}

section! {
    /// Documents that are fetched from other machines (polling), by `faxramp poll` or by a mail to
    /// `+390612345/POLL@fax.example.com`.
    Fetch "fetch" {
        /// In which form a fetched document is attached to its mail.
        formats: FormatsWord = "pdf";
    }
}
