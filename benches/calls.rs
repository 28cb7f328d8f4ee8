//! Calls set up and ended beside SIPp's: our SIP stack with its sockets, against the same counterpart, in the same run.
//!
//! Of each pair the counterpart is SIPp on one core, and the one that is measured is alone on another. What is measured is the
//! processor's time of that process, so that a core shared with others counts for neither; calls per second are those of a core
//! that does nothing else. Needs `sipp` and `taskset`; prints only.

use std::collections::VecDeque;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use faxramp::io::sip::{Arrived, Delivery, Port, SipSocket};
use faxramp::io::tls::TlsSettings;
use faxramp::sip::{
    self, CallSettings, Destination, EndpointSettings, Event, Guard, Input, Invitation, Leg, LocalAddresses, Message,
    Method, Output, Rate, Router, Source, Transport, Uri,
};
use faxramp_benches::measure::timed;

/// Calls of one round, and how many begin in a second.
const CALLS: usize = 2_000;
const CALLS_PER_SECOND: usize = 200;
/// Rounds of each; turn by turn.
const ROUNDS: usize = 3;
/// Calls that are up at once when their memory is measured.
const HELD: usize = 2_000;
/// The cores: one for SIPp at the other end, one for who is measured.
const CORES: [&str; 2] = ["0", "1"];
/// Ports of the loopback.
const MEASURED_PORT: u16 = 25_060;
const OTHER_PORT: u16 = 25_070;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["called"] => run(called()),
        ["caller", calls] => run(caller(calls.parse().expect("a number of calls"))),
        _ => return compare(),
    }
    ExitCode::SUCCESS
}

/// As the product, but on one thread, as it is to be measured on one core.
fn run(side: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(side);
}

fn compare() -> ExitCode {
    guarded();
    let missing = ["sipp", "taskset"].into_iter().find(|name| Command::new(name).arg("-v").output().is_err());
    if let Some(name) = missing {
        println!("calls: {name} is not there, so nothing is measured (apt install sip-tester util-linux)");
        return ExitCode::SUCCESS;
    }
    println!(
        "Calls (INVITE, 180, 200, ACK, BYE, 200) by UDP on the loopback, {CALLS} a round at {CALLS_PER_SECOND}/s."
    );
    println!("Processor time of a call in µs, calls per second of a core, and how many times as many as SIPp's.\n");
    println!("{:10} {:>12} {:>12} {:>12} {:>12} {:>8}", "", "ours µs", "SIPp µs", "ours /s", "SIPp /s", "ratio");
    for (name, side) in [("called", Side::Called), ("caller", Side::Caller)] {
        let mut rounds: Vec<[f64; 2]> = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push([Who::Ours, Who::Sipp].map(|who| microseconds(who, side)));
        }
        let [ours, theirs] = [0, 1].map(|who| rounds.iter().map(|round| round[who]).fold(f64::INFINITY, f64::min));
        let mut ratios: Vec<f64> = rounds.iter().map(|[ours, theirs]| theirs / ours).collect();
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        println!("{name:10} {ours:12.0} {theirs:12.0} {:12.0} {:12.0} {ratio:8.2}", 1e6 / ours, 1e6 / theirs);
    }
    println!("\nMemory of a call that is up, {HELD} at once, at the side that is called.\n");
    let [ours, theirs] = [Who::Ours, Who::Sipp].map(octets_of_a_call);
    println!(
        "{:10} {ours:12.0} octets\n{:10} {theirs:12.0} octets\n{:10} {:12.2}",
        "ours",
        "SIPp",
        "ratio",
        theirs / ours
    );
    ExitCode::SUCCESS
}

/// What the guard costs a packet, beside reading the packet, which it spares.
fn guarded() {
    const PACKETS: u32 = 200_000;
    let invite = invite();
    let source = |last: u8| Source::udp(SocketAddr::from(([192, 0, 2, last], 5060)));
    let known = |rate| move |address: IpAddr, _: &[String]| (address == IpAddr::from([192, 0, 2, 1])).then_some(rate);
    let generous = Rate { per_second: u32::MAX / 2000, burst: u32::MAX / 2000 };
    let mean = Rate { per_second: 1, burst: 1 };
    let now = faxramp::clock::now();
    let nanoseconds = |(time, ()): (Duration, ())| time.as_secs_f64() * 1e9 / f64::from(PACKETS);
    let judged = |rate, last: u8| {
        let mut guard = Guard::new("bench", Box::new(known(rate)));
        nanoseconds(timed(|| {
            for _ in 0..PACKETS {
                black_box(guard.judge(black_box(&invite), source(last), &[], now));
            }
        }))
    };
    let read = nanoseconds(timed(|| {
        for _ in 0..PACKETS {
            let _ = black_box(Message::parse(black_box(&invite)));
        }
    }));
    println!(
        "An INVITE before the guard, in ns of the processor, and how many times as long reading it takes ({read:.0} ns).\n"
    );
    for (name, time) in
        [("let in", judged(generous, 1)), ("a flood's", judged(mean, 1)), ("a stranger's", judged(mean, 2))]
    {
        println!("{name:12} {time:8.0} {:8.1}", read / time);
    }
    println!();
}

/// An INVITE as gateways send it.
fn invite() -> Vec<u8> {
    let mut invite = Message::request(Method::Invite, "sip:+390299999@192.0.2.9");
    for (name, value) in [
        ("Via", "SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK77ef4c2312983.1"),
        ("Max-Forwards", "70"),
        ("From", "\"Anna Rossi\" <sip:+390255501@192.0.2.1>;tag=1928301774"),
        ("To", "<sip:+390299999@192.0.2.9>"),
        ("Call-ID", "a84b4c76e66710@192.0.2.1"),
        ("CSeq", "314159 INVITE"),
        ("Contact", "<sip:+390255501@192.0.2.1:5060>"),
        ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO"),
        ("Supported", "100rel, timer"),
        ("User-Agent", "Gateway/1.0"),
    ] {
        invite.headers.push(name, value);
    }
    invite.set_body("application/sdp", description());
    invite.to_bytes()
}

#[derive(Clone, Copy)]
enum Who {
    Ours,
    Sipp,
}

#[derive(Clone, Copy)]
enum Side {
    Called,
    Caller,
}

/// Processor time of one call, of the process that is measured.
fn microseconds(who: Who, side: Side) -> f64 {
    let calls = CALLS.to_string();
    match side {
        Side::Called => {
            let measured = Running::called(who);
            let before = measured.seconds();
            let rate = CALLS_PER_SECOND.to_string();
            let mut caller = sipp(CORES[0], &["-sn", "uac", "-d", "0", "-m", &calls, "-r", &rate], OTHER_PORT);
            assert!(caller.wait().expect("SIPp ends").success(), "calls failed");
            (measured.seconds() - before) / CALLS as f64 * 1e6
        }
        Side::Caller => {
            let mut other = Running(sipp(CORES[0], &["-sn", "uas"], OTHER_PORT));
            std::thread::sleep(Duration::from_millis(500));
            let mut caller = match who {
                Who::Ours => Running(ours(&["caller", &calls])),
                Who::Sipp => {
                    let rate = CALLS_PER_SECOND.to_string();
                    let target = ["-sn", "uac", "-d", "0", "-m", &calls, "-r", &rate];
                    Running(sipp_towards(CORES[1], &target, MEASURED_PORT, OTHER_PORT))
                }
            };
            // A process that has ended tells no times any more, so they are read until then.
            let mut seconds = 0.0;
            while caller.0.try_wait().expect("a child").is_none() {
                seconds = caller.seconds().max(seconds);
                std::thread::sleep(Duration::from_millis(20));
            }
            assert!(caller.0.wait().expect("a child").success(), "calls failed");
            drop(other.0.try_wait());
            seconds / CALLS as f64 * 1e6
        }
    }
}

/// Memory of the called side, with so many calls and without.
fn octets_of_a_call(who: Who) -> f64 {
    let measured = Running::called(who);
    let some = ["-sn", "uac", "-d", "0", "-m", "200", "-r", "200"];
    assert!(sipp(CORES[0], &some, OTHER_PORT).wait().expect("SIPp ends").success(), "calls failed");
    let before = measured.resident_octets();
    let (held, rate) = (HELD.to_string(), CALLS_PER_SECOND.to_string());
    let hold = (HELD / CALLS_PER_SECOND * 1000 + 5_000).to_string();
    let many = ["-sn", "uac", "-d", &hold, "-m", &held, "-l", &held, "-r", &rate];
    let mut caller = sipp(CORES[0], &many, OTHER_PORT);
    // All are up, and the first has not ended yet.
    std::thread::sleep(Duration::from_millis((HELD / CALLS_PER_SECOND * 1000 + 2_500) as u64));
    let with = measured.resident_octets();
    // How the calls end is no matter any more.
    let _ = caller.wait();
    (with - before) / HELD as f64
}

/// A process that is ended with this.
struct Running(Child);

impl Running {
    fn called(who: Who) -> Self {
        let child = match who {
            Who::Ours => {
                let mut child = ours(&["called"]);
                let mut line = String::new();
                let out = child.stdout.take().expect("its output");
                BufReader::new(out).read_line(&mut line).expect("it says that it listens");
                child
            }
            Who::Sipp => {
                let child = sipp_listening(CORES[1], MEASURED_PORT);
                std::thread::sleep(Duration::from_millis(500));
                child
            }
        };
        Self(child)
    }

    /// Processor time so far of all its threads, its own and the system's for it.
    fn seconds(&self) -> f64 {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", self.0.id())) else { return 0.0 };
        // Documentation/scheduler/sched-stats of Linux: the first number is the time on a processor, in nanoseconds.
        let spent = |thread: std::fs::DirEntry| {
            let told = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            told.split_whitespace().next().and_then(|time| time.parse::<f64>().ok()).unwrap_or_default()
        };
        threads.filter_map(Result::ok).map(spent).sum::<f64>() / 1e9
    }

    fn resident_octets(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kibibytes * 1024.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// This program as one side, alone on its core.
fn ours(arguments: &[&str]) -> Child {
    let own = std::env::current_exe().expect("this program");
    let mut command = Command::new("taskset");
    command.args(["-c", CORES[1]]).arg(own).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    command.spawn().expect("it starts")
}

fn sipp(core: &str, arguments: &[&str], port: u16) -> Child {
    let listens = arguments.contains(&"uas");
    if listens { sipp_listening(core, port) } else { sipp_towards(core, arguments, port, MEASURED_PORT) }
}

fn sipp_listening(core: &str, port: u16) -> Child {
    start_sipp(core, &["-sn", "uas"], port)
}

fn sipp_towards(core: &str, arguments: &[&str], port: u16, to: u16) -> Child {
    let target = format!("127.0.0.1:{to}");
    start_sipp(core, &[arguments, &[target.as_str()]].concat(), port)
}

fn start_sipp(core: &str, arguments: &[&str], port: u16) -> Child {
    let port = port.to_string();
    let mut command = Command::new("taskset");
    command.args(["-c", core, "sipp"]).args(["-i", "127.0.0.1", "-p", &port, "-nostdin", "-timer_resol", "1"]);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("SIPp starts")
}

async fn socket() -> SipSocket {
    let port = Port { transport: Transport::Udp, address: SocketAddr::from(([127, 0, 0, 1], MEASURED_PORT)) };
    let opened = SipSocket::open_ports(&[port], Router::new("bench"), TlsSettings::default(), |bound| bound).await;
    opened.expect("the port is free")
}

fn endpoint(local: LocalAddresses) -> EndpointSettings {
    EndpointSettings {
        local,
        contact_user: "bench".into(),
        user_agent: "faxramp".into(),
        credentials: None,
        calls: CallSettings { session_interval: None, ..CallSettings::default() },
    }
}

/// A description of the size that fax calls have.
fn description() -> Vec<u8> {
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
        .to_vec()
}

/// Answers every call, until it is ended.
async fn called() {
    let sip = socket().await;
    let mut arriving = sip.listen();
    println!("listening");
    let mut number = 0;
    while let Some(Arrived { message, source, .. }) = arriving.recv().await {
        number += 1;
        let leg = Leg::incoming(&message, source, endpoint(sip.addresses().clone()), number, faxramp::clock::now());
        let Ok(mut leg) = leg else { continue };
        let now = faxramp::clock::now();
        leg.handle(Input::Command(sip::Command::Ring), now);
        leg.handle(Input::Command(sip::Command::Accept { body: description() }), now);
        tokio::spawn(drive(leg, sip.clone()));
    }
}

/// Makes so many calls and ends each as soon as it is answered.
async fn caller(calls: usize) {
    let sip = socket().await;
    let _arriving = sip.listen();
    let to = SocketAddr::from(([127, 0, 0, 1], OTHER_PORT));
    let address = |user: &str| Uri::parse(&format!("sip:{user}@{to}")).expect("an address");
    let begin = Instant::from(tokio::time::Instant::now());
    let mut waiting = VecDeque::new();
    for number in 0..calls {
        let due = begin + Duration::from_secs_f64(number as f64 / CALLS_PER_SECOND as f64);
        tokio::time::sleep_until(due.into()).await;
        let invitation = Invitation {
            from: address("bench"),
            from_name: None,
            to: address("service"),
            request_uri: address("service"),
            targets: vec![Destination::udp(to)],
            headers: Vec::new(),
            body: description(),
            fallback: None,
        };
        let seed = number as u64 ^ u64::from(std::process::id()) << 32;
        let leg = Leg::outgoing(endpoint(sip.addresses().clone()), invitation, seed, faxramp::clock::now());
        waiting.push_back(tokio::spawn(drive(leg, sip.clone())));
        while waiting.front().is_some_and(tokio::task::JoinHandle::is_finished) {
            let task = waiting.pop_front().expect("one");
            assert!(task.await.expect("no panic"), "a call failed");
        }
    }
    for task in waiting {
        assert!(task.await.expect("no panic"), "a call failed");
    }
}

/// Moves a leg's messages until its call is over and answered for; whether it was answered. What the other end repeats later finds
/// nobody, as SIPp's does.
async fn drive(mut leg: Leg, sip: SipSocket) -> bool {
    let mut arrived = sip.open(&leg);
    let key = leg.key();
    let mut answered = false;
    while !leg.is_settled() {
        while let Some(output) = leg.poll() {
            match output {
                Output::Send { to, bytes } => sip.send(Some(&key), to, bytes).await,
                Output::Event(Event::Answered { .. }) => {
                    answered = true;
                    leg.handle(Input::Command(sip::Command::HangUp { reason: None }), faxramp::clock::now());
                }
                Output::Event(_) | Output::Resolve { .. } => {}
            }
        }
        let Some(deadline) = leg.deadline().filter(|_| !leg.is_settled()) else { break };
        tokio::select! {
            Some(delivery) = arrived.recv() => {
                let input = match delivery {
                    Delivery::Message { message, source } => Input::Message { message, source },
                    Delivery::Failed { to } => Input::TransportFailed { to },
                };
                leg.handle(input, faxramp::clock::now());
            }
            () = tokio::time::sleep_until(deadline.into()) => leg.handle(Input::Timeout, faxramp::clock::now()),
        }
    }
    sip.close(&key);
    answered
}
