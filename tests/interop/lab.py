"""One run: all peers on addresses of its own, started together and stopped together."""

import contextlib
import email.message
import json
import pathlib
import shutil
import socket
import sys
import threading

import harm
import pages
from hylafax import MODEMS, HylaFax
from peers import PASSWORD, SIP_PORT, SMTP_PORT, USER, POSTFIX_PORT, Asterisk, Faxramp, Postfix
from process import Capture, Fault, Process

HERE = pathlib.Path(__file__).resolve().parent
# A fax number of each server under test that answers, as Asterisk dials it.
INBOUND = "+390299999"

CONFIGURATION = """
[server]
hostname = "{name}.fax.test"
data_directory = "{folder}/data"
drain_timeout = "0 s"
[smtp]
listen = ["{address}:2525"]
fax_domains = ["fax.test"]
[numbers]
extension_digits = 6
[sip]
listen = "{address}:5060"
[log]
redact_numbers = false
[fax]
{fax}
station_id = "+39 02 99999"
sender_name = "Company"
headline = {headline}
[receipt]
attach = "{attach}"
[delivery]
{delivery}
[queue]
max_calls = 200
{queue}
[[allow]]
name = "not abroad"
senders = ["*"]
numbers = ["+*"]
action = "deny"
[[allow]]
name = "company"
senders = ["*@company.test"]
numbers = ["*"]
[[trunk]]
name = "asterisk"
proxy = "{asterisk}:5060"
prefixes = ["1*", "2*", "3*", "4*", "5*", "6*", "8*", "9*"]
username = "{user}"
password = "{password}"
caller_number = "+390299999"
channels = {channels}
answer_timeout = "{answer_timeout}"
{trunk}
# The trunk with the longest fitting prefix comes first; what it cannot place goes to the next.
[[trunk]]
name = "wrong password"
proxy = "{asterisk}:5060"
prefixes = ["5900*"]
username = "{user}"
password = "guessed"
channels = 1
{trunks}[[trunk]]
name = "nobody there"
proxy = "{nobody}:5060"
prefixes = ["7*"]
channels = 1
[[inbound]]
numbers = ["+390299999"]
mailboxes = ["office@company.test"]
station_id = "+39 02 55555"
formats = "both"
[[inbound]]
numbers = ["+390288888"]
mailboxes = ["one@company.test", "two@company.test"]
"""

BAD_TRUNK = """[[trunk]]
name = "line {line}"
proxy = "{front}:5060"
prefixes = ["19{line:02}*", "29{line:02}*", "49{line:02}*", "69{line:02}*"]
caller_number = "+390299999"
channels = 4
"""

SHORT_RETRIES = """lifetime = "10 m"
[queue.retry]
busy = "1s"
no_answer = "1s"
trunk = "1s"
fax = "1s*3"
not_a_fax = "1s"
"""


# At the modem's pace a fax lasts long enough to be cut in the middle.
SLOWLY = 'pacing = "modem"'


class Lab:
    """The peers, and what cases share."""

    def __init__(self, folder, root, program):
        self.folder, self.program = folder, program
        self.stack = contextlib.ExitStack()
        self.counts, self.lock = {}, threading.Lock()
        self.table, self.now = [], threading.local()
        self.network = self._network()
        # Addresses for servers and proxies that belong to one case.
        self.scenes = self.network.replace("127.77.", "127.78.")
        try:
            self._start(root)
        except BaseException:
            self.stack.close()
            raise

    def _network(self):
        """Three octets of 127/8 that no other run uses; a listening socket keeps them ours for as long as we live."""
        for third in range(1, 255):
            guard = socket.socket()
            try:
                guard.bind((f"127.77.{third}.1", 7))
            except OSError:
                guard.close()
                continue
            self.stack.callback(guard.close)
            return f"127.77.{third}"
        raise Fault("254 runs go on at once, or the loopback takes no more addresses")

    def _start(self, root):
        self.capture = None
        if shutil.which("tcpdump"):
            self.capture = self._keep(Capture(f"{self.network}.0/24 or net {self.scenes}.0/24", self.folder / "capture.pcap"))
        # iaxmodem takes its ports on all addresses, so each run has others.
        ports = [20000 + 16 * int(self.network.rpartition(".")[2]) + modem for modem in range(len(MODEMS))]
        self.asterisk = self._keep(Asterisk(self.folder / "asterisk", root, f"{self.network}.20", f"{self.network}.10", ports))
        self.hylafax = self._keep(HylaFax(self.folder / "hylafax", root, f"{self.network}.31", f"{self.network}.20", ports))
        # The server most cases use: no headline, so that the pages sent are the pages rendered.
        self.office = self._faxramp("office", 10)
        self.headline = self._faxramp("headline", 11, headline="true", attach="tiff")
        self.impatient = self._faxramp("impatient", 12, queue=SHORT_RETRIES, answer_timeout="5 s", fax=SLOWLY)
        self.narrow = self._faxramp("narrow", 14, channels=3)
        # Faxes to one number go in one call when they wait for the only channel.
        self.gathering = self._faxramp("gathering", 23, channels=1, queue="faxes_per_call = 20")
        smarthost = f'smarthost = "{self.network}.30:{POSTFIX_PORT}"\nretry = "1s*20"'
        self.relayed = self._faxramp("relayed", 13, delivery=smarthost)
        self.postfix = self._keep(Postfix(self.folder / "postfix", f"{self.network}.30", self.relayed.address))
        # Pages of other resolutions, and rates that the far end would not choose.
        self.coarse = self._faxramp("coarse", 15, fax='resolution = "standard"\nmax_rate = 7200')
        self.sharp = self._faxramp("sharp", 16, fax='resolution = "superfine"\nmax_rate = 12000')
        self.sharpest = self._faxramp("sharpest", 19, fax='resolution = "ultrafine"')
        # No T.38 at all.
        self.audio = self._faxramp("audio", 21, trunk='fax = "audio"')
        # Nothing else.
        self.strict = self._faxramp("strict", 22, queue=SHORT_RETRIES, trunk='fax = "t38"')
        self._bad_lines()
        # Calls in and out share the channels.
        self.crowd = self._faxramp("crowd", 17, channels=100)
        self.servers = [self.office, self.headline, self.impatient, self.narrow, self.relayed, self.coarse, self.sharp, self.sharpest, self.crowd, self.audio, self.strict, self.gathering, self.far]

    def _bad_lines(self):
        """A server with a trunk over each bad line, whose number stands in the numbers called."""
        self.lines = harm.lines(f"{self.network}.18", f"{self.network}.20", self.network)
        report = self.folder / "lines.json"
        command = [sys.executable, "-B", HERE / "bad_line.py", json.dumps(self.lines), report]
        line = self._keep(Process("the bad lines", command, self.folder / "lines.log"))
        line.wait_until(report.exists, "are there")
        trunks = [BAD_TRUNK.format(line=line, front=ends["front"]) for line, ends in enumerate(self.lines.values())]
        self.far = self._faxramp("far", 18, trunks="".join(trunks))

    def _keep(self, peer):
        self.stack.callback(peer.stop)
        return peer

    def _faxramp(self, name, host, headline="false", attach="none", delivery=None, queue="", answer_timeout="60 s", channels=30, fax="", trunks="", trunk=""):
        folder, address = self.folder / f"faxramp-{name}", f"{self.network}.{host}"
        text = CONFIGURATION.format(
            name=name,
            folder=folder,
            address=address,
            headline=headline,
            attach=attach,
            delivery=delivery or f'maildir = "{folder}/maildir"',
            queue=queue,
            answer_timeout=answer_timeout,
            channels=channels,
            fax=fax,
            trunks=trunks,
            trunk=trunk,
            asterisk=f"{self.network}.20",
            nobody=f"{self.network}.99",
            user=USER,
            password=PASSWORD,
        )
        return self._keep(Faxramp(name, folder, self.program, address, text))

    def note(self, expected, seen, seconds=None, count=None):
        """A line of the table of calls that the run ends with, for the case that this thread runs: seconds of the call, and its pages."""
        with self.lock:
            self.table.append((self.now.claim, expected, seen, seconds, count))

    def number(self, beginning):
        """A number of six digits that begins so and that nobody else in this run dials."""
        with self.lock:
            count = self.counts[beginning] = self.counts.get(beginning, -1) + 1
        return f"{beginning}{count:02}"

    def person(self):
        """A sender whom only one case uses."""
        return f"person{self.number('')}@company.test"

    @staticmethod
    def at(number):
        return f"{number}@fax.test"

    @staticmethod
    def uri(server, number=INBOUND):
        return f"sip:{number}@{server.address}:{SIP_PORT}"

    def stop(self):
        self.stack.close()


def mail(sender, recipients, document=None, name="document.pdf", text="The document is attached.\n"):
    """A mail with a document."""
    message = email.message.EmailMessage()
    message["From"], message["To"] = sender, ", ".join(recipients)
    message["Subject"] = f"Offer from {sender}"
    message["Message-ID"] = f"<{sender.partition('@')[0]}-{name}@company.test>"
    message["Date"] = "Sun, 22 Nov 2026 10:00:00 +0100"
    message.set_content(text)
    if document is not None:
        kind = {"pdf": ("application", "pdf"), "tif": ("image", "tiff")}[name.rpartition(".")[2]]
        message.add_attachment(document, maintype=kind[0], subtype=kind[1], filename=name)
    return message


def claim(holds, *words):
    """A claim of a case."""
    if not holds:
        raise Fault(" ".join(str(word) for word in words))


def same_pages(sent, got, skip=0):
    """The claim that two files hold the same pages."""
    sent, got = (pages.decoded(one) if isinstance(one, (bytes, pathlib.Path)) else one for one in (sent, got))
    unequal = pages.difference(sent, got, skip)
    claim(unequal is None, unequal)
