"""Scenarios for SIPp as lists of steps, and SIPp that plays them: one process on a port of its own, for a bounded time.

    steps = [hears("INVITE"), says(180), says(200, body=audio()), hears("ACK"), hears("BYE"), says(200)]

A scenario that begins with `hears` is played by the side that is called, one that begins with `asks` by the caller. Who answers or
asks what in which dialog is kept here, so that a step tells only what is special about it.
"""

import datetime
import pathlib
import re
import socket
import sys
import xml.sax.saxutils

from process import Fault, Process, last_lines

# Seconds that a scenario may take beyond the pauses and waits in it.
PATIENCE = 60
CONTACT = "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>"
REASONS = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK"}


class Writer:
    """What the steps so far have led to, and their XML."""

    def __init__(self, calls_out):
        # Variables that hold a header's value exist only when something was heard, and SIPp wants each of them used.
        self.calls_out, self.xml, self.known = calls_out, [], set()
        self.number, self.branch, self.branches, self.tag, self.untagged, self.last = 7000, "", 0, "one", True, None
        self.seconds, self.status, self.invite, self.heard, self.challenged = 0.0, 200, 0, {}, False

    def keep(self, header, name, expression=".*"):
        """An action that keeps a header's value, or the group in the expression, as a variable."""
        self.known.add(name)
        group = "(" in expression
        if group:
            self.known.add("whole")
        assigned = f"whole,{name}" if group else name
        quoted = xml.sax.saxutils.quoteattr(expression)
        return f'<ereg regexp={quoted} search_in="hdr" header="{header}:" check_it="true" assign_to="{assigned}"/>'

    def receive(self, what, actions, optional, within, challenge=False):
        kind = f'response="{what}"' if isinstance(what, int) else f'request="{what}"'
        more = (' optional="true"' if optional else "") + (' auth="true"' if challenge else "")
        if within is not None:
            self.seconds += within
            more += f' timeout="{int(within * 1000)}"'
        self.xml.append(f'<recv {kind}{more}>{"<action>" + "".join(actions) + "</action>" if actions else ""}</recv>')

    def send(self, first, headers, body, retried):
        lines = [first, *headers, "Content-Length: [len]", "", *(body or "").splitlines()]
        text = "\n".join(lines) if body else "\n".join(lines) + "\n"
        self.xml.append(f'<send{" retrans=" + chr(34) + "500" + chr(34) if retried else ""}><![CDATA[\n{text}\n]]></send>')

    def document(self, name):
        used = f'<Reference variables="{",".join(sorted(self.known))}"/>' if self.known else ""
        lines = ['<?xml version="1.0" encoding="ISO-8859-1"?>', f'<scenario name="{name}">', *self.xml, used, "</scenario>"]
        return "\n".join(lines) + "\n"


def hears(what, optional=False, within=None, anew=False, keep=None, challenge=False):
    """A request by its method, or a response by its status, comes, within so many seconds. `anew`: a request that makes another dialog;
    `keep`: headers whose values later steps write as [$name], each with the name and an expression whose group is kept, if not all is;
    `challenge`: a response whose challenge the next request answers with [authentication …], still outside of a dialog."""

    def step(writer):
        if isinstance(what, int):
            actions = []
            writer.challenged = challenge
            if challenge:
                actions.append(writer.keep("To", "refused"))
            elif what > 100 and not optional:
                actions.append(writer.keep("To", "peer"))
            if 200 <= what < 300 and writer.last == "INVITE":
                actions.append(writer.keep("Contact", "target", "<([^>]*)>"))
            writer.status = what
            actions += [writer.keep(header, *named) for header, named in (keep or {}).items()]
            return writer.receive(what, actions, optional, within, challenge)
        if anew:
            writer.untagged = True
        actions = [writer.keep(header, f"{header.lower()}_{what}".replace("-", "_")) for header in ("Via", "CSeq", "From", "To")]
        begins = not writer.calls_out and writer.untagged and what != "CANCEL"
        if begins:
            actions += [writer.keep("From", "peer"), writer.keep("To", "own")]
            if what == "INVITE":
                actions.append(writer.keep("Contact", "target", "<([^>]*)>"))
        actions += [writer.keep(header, *named) for header, named in (keep or {}).items()]
        writer.heard[what] = begins or (what == "CANCEL" and not writer.calls_out)
        writer.untagged = writer.untagged and not begins
        writer.last = what
        return writer.receive(what, actions, optional, within)

    return step


def says(status, to=None, body=None, headers=(), tag="one", kind="application/sdp", contact=CONTACT):
    """A response to the request heard last, or to the last one of that method. `tag` tells forks apart."""

    def step(writer):
        method = to or writer.last
        tagged = writer.heard[method]
        lines = [f"{header}:[${header.lower()}_{method}]" for header in ("Via", "From")]
        lines.append(f"To:[$to_{method}]" + (f";tag={tag}-[call_number]-[pid]" if tagged and status != 100 else ""))
        lines += ["Call-ID: [call_id]", f"CSeq:[$cseq_{method}]", *([contact] if contact else []), *headers]
        if tagged and status != 100:
            writer.tag = tag
        if body:
            lines.append(f"Content-Type: {kind}")
        writer.send(f"SIP/2.0 {status} {REASONS.get(status, 'As Asked')}", lines, body, False)

    return step


def asks(method, body=None, headers=(), kind="application/sdp", to=None, tag=None):
    """A request of ours: the one that makes the call, or one within it. `to` is another address than that of the scenario, `tag` that of
    another fork than the one that spoke last."""

    def step(writer):
        refused = method == "ACK" and writer.status >= 300
        if method not in ("ACK", "CANCEL"):
            writer.number += 1
            writer.invite = writer.number if method == "INVITE" else writer.invite
        number = writer.invite if method in ("ACK", "CANCEL") else writer.number
        if method != "CANCEL" and not refused:
            writer.branches += 1
            writer.branch = f"z9hG4bK[pid]-[call_number]-{writer.branches}"
        begins = writer.calls_out and "peer" not in writer.known
        same_target = "target" not in writer.known or method == "CANCEL"
        uri = to or ("sip:[service]@[remote_ip]:[remote_port]" if same_target else "[$target]")
        if writer.calls_out:
            own = '"SIPp" <sip:[$caller]@[local_ip]:[local_port]>;tag=one-[call_number]-[pid]'.replace("[$caller]", CALLER)
            peer = "To: <sip:[service]@[remote_ip]:[remote_port]>" if begins or method == "CANCEL" else "To:[$peer]"
            peer = "To:[$refused]" if refused and writer.challenged else peer
        else:
            own, peer = f"[$own];tag={tag or writer.tag}-[call_number]-[pid]", "To:[$peer]"
        lines = [f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={writer.branch}", "Max-Forwards: 70", f"From:{own}", peer]
        lines += ["Call-ID: [call_id]", f"CSeq: {number} {method}", CONTACT, *headers]
        if body:
            lines.append(f"Content-Type: {kind}")
        if method != "ACK":
            writer.last = method
        writer.send(f"{method} {uri} SIP/2.0", lines, body, method != "ACK")

    return step


# The caller's number in scenarios that call.
CALLER = "+3955501[call_number]"


def pause(seconds):
    """Nothing is said; what comes meanwhile is heard by the next step."""

    def step(writer):
        writer.seconds += seconds
        writer.xml.append(f'<pause milliseconds="{int(seconds * 1000)}"/>')

    return step


def audio(port=6000, version=1):
    """A description with audio. RFC 4566, RFC 3551 §6."""
    return session(version, f"m=audio {port} RTP/AVP 8 0\na=rtpmap:8 PCMA/8000\na=rtpmap:0 PCMU/8000\na=sendrecv")


def image(port=6002, version=2):
    """A description with T.38. T.38 (09/2010) Annex D.2.3."""
    lines = ["a=T38FaxVersion:0", "a=T38MaxBitRate:14400", "a=T38FaxRateManagement:transferredTCF", "a=T38FaxMaxBuffer:1800"]
    lines += ["a=T38FaxMaxDatagram:400", "a=T38FaxUdpEC:t38UDPRedundancy"]
    return session(version, "\n".join([f"m=image {port} udptl t38", *lines]))


def session(version, media):
    return f"v=0\no=sipp 1 {version} IN IP4 [local_ip]\ns=-\nc=IN IP4 [local_ip]\nt=0 0\n{media}\n"


class Message:
    """One message as SIPp saw it: when, whether it came, its first line, its headers and its body."""

    def __init__(self, time, came, text):
        self.time, self.came, self.text = time, came, text
        head, _, self.body = text.partition("\n\n")
        self.first, *lines = head.splitlines()
        self.headers = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def all(self, name):
        return [value for header, value in self.headers if header == name.lower()]

    def header(self, name):
        return (self.all(name) or [None])[0]


# How SIPp begins a message in its log.
HEADING = re.compile(r"^-{20,} (\d+-\d+-\d+ \d+:\d+:\d+\.\d+)\n.*?message (received|sent) .*?:\n\n", re.MULTILINE)


class Sipp:
    """SIPp as it plays a scenario on an address and port."""

    def __init__(self, folder, name, address, port, steps, calls=1, remote=None, service="fax", transport="u1", seconds=PATIENCE, more=()):
        self.name, self.folder, self.address, self.port = name, folder / name, address, port
        self.folder.mkdir(parents=True)
        writer = Writer(calls_out=remote is not None)
        for step in steps:
            step(writer)
        scenario = self.folder / "scenario.xml"
        scenario.write_text(writer.document(name))
        bound = int(writer.seconds + seconds)
        command = ["sipp", "-sf", scenario, "-i", address, "-p", port, "-m", calls, "-t", transport, "-s", service, "-nostdin"]
        # Ports for control and media of its own too: SIPp looks for free ones among a few only.
        command += ["-ci", address, "-cp", port + 44000, "-mp", 28000 + 4 * (port - 10000)]
        command += ["-timeout", f"{bound}s", "-timeout_error", "-default_behaviors", "none,abortunexp", "-rtcheck", "full"]
        command += ["-trace_err", "-error_file", self.folder / "errors", "-trace_msg", "-message_file", self.folder / "messages"]
        command += [*more, *([remote] if remote else [])]
        self.bound = bound
        self.process = Process(f"sipp {name}", command, self.folder / "log")
        if remote is None:
            self.process.wait_until(lambda: taken(address, port, transport), "listens")

    def messages(self):
        """What was said so far, in order."""
        try:
            text = (self.folder / "messages").read_text(errors="replace").replace("\r", "")
        except FileNotFoundError:
            return []
        found, heads = [], list(HEADING.finditer(text))
        for head, after in zip(heads, [*heads[1:], None]):
            time = datetime.datetime.fromisoformat(head[1]).timestamp()
            found.append(Message(time, head[2] == "received", text[head.end() : after.start() if after else len(text)]))
        return found

    def heard(self, method):
        """The requests of a method, or the responses of a status, that came."""
        begins = f"SIP/2.0 {method} " if isinstance(method, int) else f"{method} "
        return [message for message in self.messages() if message.came and message.first.startswith(begins)]

    def said(self, method):
        begins = f"SIP/2.0 {method} " if isinstance(method, int) else f"{method} "
        return [message for message in self.messages() if not message.came and message.first.startswith(begins)]

    def finish(self):
        """Waits for the end of all its calls; a fault when one was not as the scenario has it."""
        try:
            status = self.process.popen.wait(self.bound + 10)
        except Exception as error:
            self.stop()
            raise Fault(f"sipp {self.name} does not end") from error
        if status != 0:
            raise Fault(f"sipp {self.name} ended with {status}: {last_lines(self.folder / 'errors', 30)}{last_lines(self.folder / 'log', 3)}")

    def stop(self):
        self.process.stop(patience=1)


def taken(address, port, transport):
    """Whether a socket is bound there. proc(5): addresses are hexadecimal, in the order of the machine."""
    kind = "udp" if transport.startswith("u") else "tcp"
    place = f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}:{port:04X}"
    return any(line.split()[1] == place for line in pathlib.Path(f"/proc/net/{kind}").read_text().splitlines()[1:])
