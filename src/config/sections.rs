//! Every section and every key, declared once. A doc comment here is the key's paragraph in the manual.

use super::Reader;
use super::key::{Key, Section, file, section, text_of};
use super::kind::{
    ActionWord, Address, AttachWord, BodyWord, CalledWord, CapturesWord, ClientsWord, CodecWord, Count, DigestWord,
    Digits, Domain, EngineWord, Facilities, FaxWayWord, FilePath, FormatsWord, FrameDigits, FullWord, Host,
    IdentityWord, Kind, LevelWord, Line, List, Listen, LogFormatWord, MailAddress, Maybe, NamedAddress, Net,
    NumberFormatWord, NumberPattern, NumberUriWord, OneOrMore, PacingWord, PaperWord, Password, PhoneContext, Ports,
    Rate, RateLine, RejectedPageWord, ReliableWord, ResolutionWord, RetryList, SenderPattern, SipPort, SipServer, Size,
    SrtpWord, StationId, Switch, T38AskWord, T38Word, Telephone, Time, TlsWord, TransportWord, WidthWord,
};

file! {
    /// The whole configuration.
    Config {
        server: Server,
        smtp: Smtp,
        numbers: Numbers,
        sip: Sip,
        inbound_block: InboundBlock,
        fax: Fax,
        render: Render,
        queue: Queue,
        retry: Retry,
        fetch: Fetch,
        receipt: Receipt,
        delivery: Delivery,
        log: Log,
        trace: Trace,
        ;
        allow: [Allow],
        trunk: [Trunk],
        peer: [Peer],
        inbound: [Inbound],
        sub_address: [SubAddress],
    }
}

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
    /// How telephone numbers are written where the server stands.
    Numbers "numbers" {
        /// The country code without `+`. While it is empty, numbers must be written with `+`.
        country_code: Digits = "", example "39";
        /// What is dialled before a foreign country's code.
        international_prefix: Digits = "00";
        /// What is dialled before a national number and dropped behind the country code. Leave it empty where the zero stays
        /// (Italy) or where there is none.
        national_prefix: Digits = "0";
        /// Numbers with at most this many digits are extensions of the telephone system and dialled as written; 0 when there
        /// are none.
        extension_digits: Count = 0, from 0 to 10;
    }
}

section! {
    /// Who may dial what. The rules are tried in order and the first that fits decides; when none fits, the call is denied. A
    /// fax server that anybody may use is an open telephone, so without a rule nobody may dial.
    Allow "allow" {
        /// A name for the rule, shown in logs and refusals.
        name: Line, example "staff to Italy";
        /// Mail servers the rule holds for.
        peers: List<Net> = ["127.0.0.0/8", "::1"];
        /// Senders of the envelope the rule holds for. The sender is what the mail server says it is: name here only servers
        /// that check their senders.
        senders: List<SenderPattern>, example ["*@example.com"];
        /// Numbers the rule holds for, in their international form, or extensions.
        numbers: List<NumberPattern>, example ["+39*"];
        /// Most pages of one fax that the rule allows; those of `render.max_pages` when left out. A fax with more is not dialled, and
        /// its sender is told how many pages it has and how many are allowed.
        max_pages: Maybe<Count>, example 50, from 1 to 5000;
        /// What the rule does.
        action: ActionWord = "allow";
        /// The number that faxes of this rule are sent from, so that each department can show its own; the trunk's `caller_number` when
        /// left out.
        caller_number: Maybe<Telephone>, example "+390612399";
    }
}

section! {
    /// The SIP side, common to all trunks.
    Sip "sip" {
        /// Addresses to listen on for SIP: `10.0.0.5:5060` for UDP and TCP, `udp:`, `tcp:` or `tls:` before it for one of them. To
        /// reach a trunk on another machine, put an address here that the trunk can answer to. IPv4 and IPv6 are listed each on
        /// their own.
        listen: OneOrMore<SipPort> = ["127.0.0.1:5062"];
        /// The address others see, when it is not the one listened on: behind a NAT, or when `listen` is `0.0.0.0`. It stands for
        /// addresses of its family that others cannot reach.
        public_address: Maybe<Address>, example "203.0.113.7";
        /// What the server calls itself in SIP.
        user_agent: Line = "faxramp";
        /// UDP ports for voice and fax. A call takes four: RTP and RTCP, and a pair of which UDPTL has the first.
        media_ports: Ports = "40000-40999";
        /// Addresses that may call us without a section of their own; those of a `[[peer]]`, or where the `proxy` of a `[[trunk]]` is,
        /// need not stand here. All others get no answer.
        allowed_peers: List<Net> = ["127.0.0.0/8", "::1"];
        /// Our certificate for `tls:` addresses, with those that lead to the root behind it, in PEM. It and the key are read again on
        /// a reload.
        tls_certificate: Maybe<FilePath>, example "/etc/faxramp/sip.pem";
        /// The private key of the certificate, in PEM.
        tls_key: Maybe<FilePath>, example "/etc/faxramp/sip.key";
        /// Whether those who connect by TLS must show a certificate. `accepted`: one that is shown must be trusted. `required`:
        /// without a trusted one there is no connection.
        tls_clients: ClientsWord = "ignored";
        /// The roots that clients' certificates must lead to, in PEM; those of the system when left out.
        tls_ca: Maybe<FilePath>, example "/etc/faxramp/clients-ca.pem";
        /// Name servers to ask for SIP servers, each with its port; those of the system when the list is empty.
        name_servers: List<Listen> = [], example ["10.0.0.53:53"];
        /// How many new calls a second an address of `allowed_peers` may make on average. What is beyond is refused with 503 and,
        /// when it is a flood, not answered at all; calls that are up are not harmed.
        calls_per_second: Count = 20, from 1 to 10000;
        /// How many new calls it may make at once, after a while without any.
        calls_burst: Count = 60, from 1 to 10000;
    }
}

section! {
    /// A telephone system, gateway or carrier that calls us, where more is to be said of it than its address. The first section that
    /// fits the caller holds for the call; then `sip.allowed_peers` is looked at.
    Peer "peer" {
        /// A name for it, shown in logs.
        name: Line, example "pbx";
        /// The `[[trunk]]` whose calls these are. It is recorded with each fax; its `channels` are shared by calls in and out, and
        /// its way to T.38 is used.
        trunk: Maybe<Line>, example "carrier";
        /// The addresses it calls from.
        addresses: List<Net> = [], example ["192.0.2.10"];
        /// Names in its TLS certificate, of which it must prove one. With `addresses` beside them both must fit.
        certificates: List<Domain> = [], example ["pbx.example.com"];
        /// User name it must prove to know the password of (digest authentication).
        username: Maybe<Line>, example "pbx";
        /// How it must prove that. `any`: by MD5, which many telephone systems have alone, or SHA-256. `sha-256`: MD5 is not taken.
        digest: DigestWord = "any";
        /// Its password. Better kept in a file of its own: `password_file`.
        password: Maybe<Password>, example "change me";
        /// A file with the password in its first line; looked up as `password_file` of `[[trunk]]`.
        password_file: Maybe<FilePath>, example "pbx.password";
        /// Where the called number stands: in the request itself, in To, in Diversion or History-Info (the number that was dialled
        /// before it was forwarded to us), or in P-Called-Party-ID. Where that is missing, the request's is taken.
        called_number: CalledWord = "request-uri";
        /// Most calls from it at once.
        channels: Count = 1000, from 1 to 10000;
        /// What it hears when no channel is free. `busy`: 486. `unavailable`: 503 with Retry-After, so that the network tries another
        /// way.
        when_full: FullWord = "busy";
        /// After how long it may try again, told with 503.
        retry_after: Time = "30 s", from "1 s" to "1 h";
        /// How many new calls a second it may make on average; see `calls_per_second` of `[sip]`.
        calls_per_second: Count = 50, from 1 to 10000;
        /// How many it may make at once, after a while without any.
        calls_burst: Count = 100, from 1 to 10000;
    }
}

section! {
    /// Callers whose faxes are not taken. They hear that the call is declined (603).
    InboundBlock "inbound_block" {
        /// Their numbers, in the international form or as the trunk writes them.
        callers: List<NumberPattern> = [], example ["+390655501*"];
        /// Whether callers without a number, or who withhold it, are declined too.
        anonymous: Switch = false;
    }
}

section! {
    /// A way into the telephone network. Of several trunks whose `prefixes` fit a number, the one with the lowest `order` is taken; among
    /// those of the same order the cheapest by `rates`, then the one with the longest fitting prefix, then by `weight`, then in the order
    /// of this file. A call that a trunk cannot place (no answer, 503 and other server failures, wrong password) goes to the next one
    /// at once. A trunk that failed is left alone for a while, longer each time; `faxramp trunk list` shows how each stands.
    Trunk "trunk" {
        /// A name for the trunk, shown in logs, receipts and by `faxramp queue`.
        name: Line, example "carrier";
        /// The carrier's or telephone system's SIP server: where calls are sent (its outbound proxy, where it has one); the domain in
        /// addresses is told by `domain`. A name without a port is looked up with all its servers (NAPTR and SRV),
        /// which are tried in their order; a name with a port has its addresses only. It is looked up for each call. Calls that come
        /// from its addresses are calls of this trunk.
        proxy: SipServer, example "sip.example.net";
        /// How the trunk is reached. `auto`: as the name service says, else by UDP, and requests too large for a datagram by TCP.
        transport: TransportWord = "auto";
        /// The roots that the trunk's certificate must lead to, in PEM: no others are believed. Those of the system when left out.
        tls_ca: Maybe<FilePath>, example "/etc/faxramp/carrier-ca.pem";
        /// Whether the trunk's certificate is checked: its roots, and that it bears the host of `proxy`. When false, anybody on the
        /// way can listen to the calls and place his own.
        tls_verify: Switch = true;
        /// Our certificate for this trunk, when it asks for one, in PEM.
        tls_certificate: Maybe<FilePath>, example "/etc/faxramp/carrier.pem";
        /// The private key of that certificate, in PEM.
        tls_key: Maybe<FilePath>, example "/etc/faxramp/carrier.key";
        /// User name for SIP authentication.
        username: Maybe<Line>, example "fax-rome";
        /// Password for SIP authentication. Better kept in a file of its own: `password_file`.
        password: Maybe<Password>, example "change me";
        /// A file with the password in its first line. A relative path is looked up in `$CREDENTIALS_DIRECTORY` (systemd's
        /// `LoadCredential=`), else beside this file.
        password_file: Maybe<FilePath>, example "carrier.password";
        /// Answer only who asks for the password in the name of this realm; anybody on the trunk when left out.
        realm: Maybe<Line>, example "example.net";
        /// The domain in From, To and the request; the host of `proxy` when left out.
        domain: Maybe<Domain>, example "example.net";
        /// Whether the trunk has to be told where we are (REGISTER), as most accounts of carriers demand. Such a trunk is used only
        /// while it is registered.
        register: Switch = false;
        /// Where to register, when it is not `proxy`; looked up as that is.
        registrar: Maybe<SipServer>, example "reg.example.net";
        /// The user that is registered; `username` when left out.
        register_user: Maybe<Line>, example "+390612345";
        /// How long a registration is asked for. It is renewed in time; the registrar may grant less or demand more.
        register_expires: Time = "1 h", from "60 s" to "1 d";
        /// Whether to keep a NAT between us and the registrar open by an empty line every 25 seconds, even where no NAT shows itself.
        keep_alive: Switch = false;
        /// How often to ask the trunk whether it is there (OPTIONS); `0 s` never. Any answer but 408 and 503 means that it is. One that has
        /// never answered is called all the same, as some trunks ignore the question.
        options_interval: Time = "30 s", from "0 s" to "1 h";
        /// So many questions without an answer in a row, and the trunk counts as down until it answers one.
        options_misses: Count = 3, from 1 to 20;
        /// Trunks with a lower order are used first, whatever they cost; the others are for when those are down or full.
        order: Count = 0, from 0 to 1000;
        /// The share of the calls among trunks that are equal otherwise: of two with 1 and 3 the second gets three of four calls. 0: no
        /// share, the trunk that comes first in this file gets all it has channels for.
        weight: Count = 0, from 0 to 10000;
        /// What calls cost, so that the cheapest trunk is taken: a pattern as in `prefixes`, and a price in a unit that all trunks share. The
        /// pattern that fixes most of the number counts. A trunk without a fitting rate comes after those with one.
        rates: List<RateLine> = [], example ["+39* 0.012", "+393* 0.09", "* 0.2"];
        /// Most calls begun in one second; carriers bar accounts that begin more than agreed. No limit when left out.
        calls_per_second: Maybe<Count>, example 2, from 1 to 1000;
        /// The number we call from, as the carrier wants to see it. `caller_number` of `[[allow]]` goes before it.
        caller_number: Maybe<Telephone>, example "+390612345";
        /// Where our number is told: `from` in From; `p-asserted` in P-Asserted-Identity (RFC 3325) and `p-preferred` in
        /// P-Preferred-Identity, with the account in From, as many carriers demand; `both` in From and P-Asserted-Identity.
        identity: IdentityWord = "from";
        /// The user in From where that is not our number; `username` when left out.
        from_user: Maybe<Line>, example "fax-rome";
        /// The domain in From; `domain` when left out.
        from_domain: Maybe<Domain>, example "company.example";
        /// The name shown beside our number; `sender_name` of `[fax]` when left out.
        display_name: Maybe<Line>, example "Example S.p.A.";
        /// Whether the called side is kept from seeing our number (`Privacy: id`). The trunk still sees it.
        hide_number: Switch = false;
        /// A number of the account that calls are said to be diverted from (RFC 5806). Some carriers demand it where `caller_number` is
        /// no number of the account.
        diversion: Maybe<Telephone>, example "+390612300";
        /// Most calls at once.
        channels: Count = 4, from 1 to 1000;
        /// The numbers this trunk is for.
        prefixes: List<NumberPattern> = ["*"];
        /// How many leading digits are taken off before dialling.
        strip: Count = 0, from 0 to 15;
        /// Digits put in front before dialling.
        prepend: Digits = "";
        /// How the number is written when dialling, before `strip` and `prepend`.
        number_format: NumberFormatWord = "e164";
        /// In which kind of address numbers are written: `sip` for `sip:+390612345@example.net`, `sip-phone` for the same with
        /// `;user=phone`, `tel` for `tel:+390612345` (RFC 3966).
        number_uri: NumberUriWord = "sip";
        /// What numbers that do not begin with `+` are relative to, written as `;phone-context=`; left out unless it is set. `tel`
        /// demands it for such numbers.
        phone_context: Maybe<PhoneContext>, example "+39";
        /// How long the trunk may say nothing at all to a call before the call goes to the next trunk.
        response_timeout: Time = "6 s", from "500 ms" to "32 s";
        /// Whether calls ring reliably (100rel, RFC 3262). `supported`: as the other side wishes. `required`: the trunk must, or
        /// refuse the call, and its callers are rung so where they can. `off`: only a caller that demands it is rung so.
        reliable_provisional: ReliableWord = "supported";
        /// The interval of the session timer that is asked for (RFC 4028): a call whose other end has vanished ends at it. `0 s`: none
        /// is asked for. What the trunk asks for is granted in any case.
        session_timer: Time = "30 m", from "0 s" to "1 d";
        /// The shortest interval that we take part in (Min-SE); who asks for less is told so (422).
        session_timer_min: Time = "90 s", from "90 s" to "1 h";
        /// How many other addresses the trunk may send one call to (3xx). `0`: none, as a call elsewhere may be an expensive one.
        redirects: Count = 5, from 0 to 8;
        /// What carries the fax of a call, in either direction. `auto`: it begins over the audio of the call, changes to T.38 when
        /// either side asks for that and the other agrees, and stays in the audio where it is refused. `t38`: T.38 only; a call in
        /// which it is refused has no fax. `audio`: over audio only (G.711); T.38 is neither asked for nor taken. See `remember` of
        /// `[fax]` for what `auto` learns of each number.
        fax: FaxWayWord = "auto";
        /// How calls come to T.38. `reinvite`: they begin with audio and switch. `first`: our INVITE offers T.38 alone. `both`: it
        /// offers audio and T.38, as some fax boards do. A far end that refuses the last two (415, 488, 606) is offered audio in
        /// the same call.
        t38: T38Word = "reinvite";
        /// Who asks for the switch. `wait`: the far end may do so, in a call to it for `t38_reinvite_after`; then we do, or sooner
        /// when its fax tone was heard. `at-once`: we do as soon as the call is up. `never`: only the far end does.
        t38_ask: T38AskWord = "wait";
        /// How long to wait after the answer for the far end to switch to T.38 before we ask for it.
        t38_reinvite_after: Time = "5 s", from "0 s" to "30 s";
        /// Whether to take part when the far end asks for T.38. When false it is refused with 488, and T.38 is used only where we
        /// ask for it. A page that has begun over audio is never interrupted for it.
        t38_accept: Switch = true;
        /// Whether the audio of calls is encrypted (SRTP, its keys told in SIP: RFC 4568). `offer`: it is asked for, and done without
        /// where the trunk refuses; its own calls are taken either way. `require`: no call without. T.38 is never
        /// encrypted, so where SRTP is required the fax goes over the audio; see `t38_without_srtp`.
        srtp: SrtpWord = "off";
        /// Whether the keys of SRTP may be told in SIP that is not encrypted itself, where whoever reads it can read the audio too.
        srtp_without_tls: Switch = false;
        /// Whether the fax may leave encrypted audio for T.38, in which everybody on the way can read its pages, though
        /// `srtp = "require"`. When false T.38 is neither asked for nor taken on such a trunk.
        t38_without_srtp: Switch = false;
        /// How long it may ring.
        answer_timeout: Time = "60 s", from "5 s" to "5 m";
        /// How long nothing at all may come from the far end during a fax, while it is its turn to speak: a far end that is gone does not
        /// hold a channel longer. A machine that is started by hand may be silent for 60 seconds.
        media_timeout: Time = "70 s", from "10 s" to "5 m";
        /// Longest call.
        max_call: Time = "1 h", from "1 m" to "6 h";
        /// Codecs offered for the audio of a call, best first.
        codecs: List<CodecWord> = ["pcma", "pcmu"];
    }
}

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
    /// Where received faxes go. The first section with a fitting number decides; calls to other numbers are not answered.
    Inbound "inbound" {
        /// The numbers called, as the trunk writes them.
        numbers: List<NumberPattern>, example ["+390612345*"];
        /// Who gets the fax.
        mailboxes: List<MailAddress>, example ["reception@example.com"];
        /// The number shown to the sender's machine; that of `[fax]` when left out.
        station_id: Maybe<StationId>, example "+39 06 12345";
        /// In which form the fax is attached.
        formats: FormatsWord = "pdf";
        /// How long it rings before the call is answered.
        answer_after: Time = "0 s", from "0 s" to "60 s";
    }
}

section! {
    /// Who gets received faxes whose sender named a sub-address (T.33): an extension behind the number that is called, sent by the
    /// other machine as SUB. A fax with a sub-address that no section names goes to the mailboxes of its `[[inbound]]`.
    SubAddress "sub_address" {
        /// The sub-address; digits, `#` and `*`.
        address: FrameDigits, example "4711";
        /// The called numbers this section is for; all that are answered when left out.
        numbers: List<NumberPattern> = [], example ["+390612345*"];
        /// Who gets the fax, instead of the mailboxes of the number.
        mailboxes: List<MailAddress>, example ["anna@example.com"];
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
