"""A scene of one case: a server of its own, and SIPp around it. All of it ends with the case."""

import contextlib
import datetime
import json
import math
import socket
import struct
import threading
import time

import pages
from lab import claim, mail
from peers import SIP_PORT, Faxramp
from process import Fault
from sipp import Sipp

# The first hosts that servers and proxies may take, and where SIPp is.
FIRST_HOST, FIRST_PROXY, SIPP_HOST = 10, 130, 250
# SIPp takes ports for media from 6000 on by itself.
FIRST_PORT = 10000
# The numbers that the server answers; others are unknown.
INBOUND = "+390299999"
DOCUMENT = pages.tiff(pages.drawn(1))

# How often a fax is dialled tells the retry class of what went wrong.
TRIES = {"never": 1, "trunk": 2, "busy": 3, "no-answer": 4, "fax": 5, "not-a-fax": 1}

CONFIGURATION = """
[server]
hostname = "scene.fax.test"
data_directory = "{folder}/data"
drain_timeout = "0 s"
[smtp]
listen = ["{address}:2525"]
fax_domains = ["fax.test"]
[numbers]
extension_digits = 6
[sip]
listen = [{listen}]
{sip}
[log]
redact_numbers = false
[fax]
headline = false
station_id = "+39 02 99999"
{fax}
[receipt]
thumbnail = false
[delivery]
maildir = "{folder}/maildir"
[queue]
lifetime = "10 m"
max_calls = {max_calls}
[queue.retry]
trunk = "1s"
busy = "1s*2"
no_answer = "1s*3"
fax = "1s*4"
not_a_fax = ""
[[allow]]
name = "company"
senders = ["*@company.test"]
numbers = ["*"]
{trunks}
[[inbound]]
numbers = ["+390299999"]
mailboxes = ["office@company.test"]
formats = "both"
{inbound}
"""


class Scene:
    """One server and its peers. `callee` and `caller` put SIPp there, `server` starts what is under test."""

    def __init__(self, lab):
        self.lab, self.stack = lab, contextlib.ExitStack()
        with lab.lock:
            self.count = lab.counts["scene"] = lab.counts.get("scene", -1) + 1
        self.address = f"{lab.scenes}.{FIRST_HOST + self.count}"
        self.proxy_address = f"{lab.scenes}.{FIRST_PROXY + self.count}"
        self.sipp_address = f"{lab.scenes}.{SIPP_HOST}"
        self.folder = lab.folder / f"scene-{self.count:02}-{lab.now.claim[:60].replace(' ', '-')}"
        self.folder.mkdir()
        self.ports, self.sipps, self.faxramp = 0, [], None

    def __enter__(self):
        return self

    def __exit__(self, _kind, fault, _trace):
        self.stack.close()
        told = [f"{path.parent.name}: {path.read_text(errors='replace')[:600]}" for path in self.folder.glob("*/errors")]
        if isinstance(fault, Fault) and told:
            raise Fault("\n".join([str(fault), *told])) from fault

    def port(self):
        """A port at SIPp's address that nobody else in this run has."""
        self.ports += 1
        return FIRST_PORT + 100 * self.count + self.ports

    def callee(self, name, steps, port=None, **settings):
        """SIPp as a trunk: it is called."""
        return self.keep(Sipp(self.folder, name, self.sipp_address, port or self.port(), steps, **settings))

    def caller(self, name, steps, called=INBOUND, **settings):
        """SIPp as a caller of the server."""
        remote = f"{self.address}:{SIP_PORT}"
        return self.keep(Sipp(self.folder, name, self.sipp_address, self.port(), steps, remote=remote, service=called, **settings))

    def answer_tone(self):
        """A machine's answer tone for who sends audio to the port that this gives. T.30 §4.3.3.1: 2100 Hz for 3 s."""
        port = self.port()
        line = self.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        line.bind((self.sipp_address, port))
        line.settimeout(60)
        threading.Thread(target=play_tone, args=(line,), daemon=True).start()
        return port

    def keep(self, peer):
        self.stack.callback(peer.stop)
        return peer

    def server(self, *trunks, sip="", listen=None, max_calls=200, inbound="", fax=""):
        """Starts the server. Each trunk is a name, where it is, and more lines."""
        sections = [trunk(*words) for words in trunks] or [trunk("nobody", f"{self.lab.scenes}.251:9")]
        text = CONFIGURATION.format(
            folder=self.folder / "faxramp",
            address=self.address,
            listen=listen or f'"{self.address}:{SIP_PORT}"',
            sip=sip,
            max_calls=max_calls,
            inbound=inbound,
            fax=fax,
            trunks="\n".join(sections),
        )
        self.faxramp = self.keep(Faxramp(f"scene {self.count}", self.folder / "faxramp", self.lab.program, self.address, text))
        return self.faxramp

    def submit(self, number="100000", document=DOCUMENT):
        """A fax of one page to a number; gives its sender, whose only one it is."""
        sender = self.lab.person()
        self.faxramp.submit(sender, [self.lab.at(number)], mail(sender, [self.lab.at(number)], document, "document.tif"))
        return sender

    def attempts(self, sender, count=1, seconds=60):
        """The ended calls of a fax as soon as there are `count` of them, oldest first; the fax need not be over."""
        end = time.monotonic() + seconds
        while True:
            jobs = self.faxramp.jobs(sender)
            calls = [call for call in self.faxramp.show(jobs[0])["calls"] if call["closed"]] if jobs else []
            if len(calls) >= count:
                return calls
            if time.monotonic() > end:
                raise Fault(f"after {seconds} s there are {len(calls)} ended calls, not {count}: {calls}")
            time.sleep(0.3)

    def ended(self, sender, cause, count=1, seconds=60, trunk=None):
        """The claim that the first calls of a fax all ended for this cause."""
        calls = self.attempts(sender, count, seconds)[:count]
        self.lab.note(cause, " ".join(call["cause"] for call in calls))
        claim([call["cause"] for call in calls] == [cause] * count, "the calls ended with", calls)
        claim(trunk is None or calls[0]["trunk"] == trunk, "the trunk was", calls[0]["trunk"])
        return calls

    def trunk(self, name):
        """What `faxramp trunk show` tells of a trunk."""
        told = json.loads(self.faxramp.run("trunk", "show", name, "--json").stdout)
        return told[0] if isinstance(told, list) else told

    def trunk_until(self, name, fits, what, seconds=30):
        end = time.monotonic() + seconds
        while not fits(told := self.trunk(name)):
            if time.monotonic() > end:
                raise Fault(f"the trunk is not {what} after {seconds} s: {told}")
            time.sleep(0.3)
        return told


def play_tone(line):
    """RTP of A-law, packets of 20 ms. RFC 3550 §5.1."""
    try:
        _, caller = line.recvfrom(2000)
        for packet in range(150):
            samples = [int(8000 * math.sin(2 * math.pi * 2100 * (packet * 160 + sample) / 8000)) for sample in range(160)]
            header = struct.pack("!BBHII", 0x80, 8, packet, packet * 160, 1)
            line.sendto(header + bytes(map(a_law, samples)), caller)
            time.sleep(0.02)
    except OSError:
        # The case is over.
        return


def a_law(sample):
    """G.711 (11/1988) Table 1a: sign, exponent and mantissa, every other bit turned over."""
    sign, size = (0x80, sample >> 3) if sample >= 0 else (0, (-sample - 1) >> 3)
    exponent = max(0, size.bit_length() - 5)
    mantissa = size >> (exponent if exponent else 1) & 0xF
    return (sign | exponent << 4 | mantissa) ^ 0x55


def trunk(name, proxy, more=""):
    lines = ["[[trunk]]", f'name = "{name}"', f'proxy = "{proxy}"', more]
    defaults = {"prefixes": '["*"]', "options_interval": '"0 s"'}
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in defaults.items() if key not in more)])


def seconds_between(before, after):
    """Between two times as the server tells them."""
    one, other = (datetime.datetime.fromisoformat(time) for time in (before, after))
    return (other - one).total_seconds()
