//! SIP: our own side, who may call us, and the trunks.

use crate::config::Reader;
use crate::config::key::{Key, Section, section, text_of};
use crate::config::kind::{
    Address, CalledWord, ClientsWord, CodecWord, Count, DigestWord, Digits, Domain, FaxWayWord, FilePath, FullWord,
    IdentityWord, Kind, Line, List, Listen, Maybe, Net, NumberFormatWord, NumberPattern, NumberUriWord, OneOrMore,
    Password, PhoneContext, Ports, RateLine, ReliableWord, SipPort, SipServer, SrtpWord, Switch, T38AskWord, T38Word,
    Telephone, Time, TransportWord,
};

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
