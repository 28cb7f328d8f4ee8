"""HylaFAX with modems of iaxmodem, which Asterisk reaches by IAX2: a T.30 of its own, behind Asterisk's T.38 gateway."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time

from peers import FIRST, fill
from process import Fault, Process

HERE = pathlib.Path(__file__).resolve().parent
HFAXD_PORT = 4559
PASSWORD = "secret"
# What a modem can do, as lines of its configuration, and how many there are of a kind. Numbers of modems follow this order.
# V.27ter at 2400 and 4800 bit/s is 24 and 48, V.29 at 7200 is 72.
KINDS = {
    "plain": (4, ""),
    "v29-7200": (2, 'Class1TMQueryCmd: "!24,48,72"\nClass1RMQueryCmd: "!24,48,72"'),
    "v27-mh": (2, 'Class1TMQueryCmd: "!24,48"\nClass1RMQueryCmd: "!24,48"\nClass1ECMSupport: no\nClass1MRSupport: no\nClass1MMRSupport: no'),
    "no-ecm": (1, "Class1ECMSupport: no"),
    "deaf": (1, ""),
}
# The kind of each modem, by its number.
MODEMS = [kind for kind, (count, _) in KINDS.items() for _ in range(count)]
# Seconds from the start until a modem can be called; the first reset takes most of it.
WARM_UP = 60
# Seconds that a modem is said to be idle before it takes calls: it is on-hook last of all.
ON_HOOK = 9
# Seconds after a call within which the modem is said to be anything but idle.
READIED = 4


class HylaFax:
    """One HylaFAX with its queue, and its modems."""

    def __init__(self, folder, root, address, asterisk, ports):
        self.folder, self.root, self.address = folder, root, address
        self.spool = folder / "spool"
        if not (root / "usr/sbin/faxq").exists():
            raise Fault(f"there is no HylaFAX in {root}; tests/interop/setup brings it")
        # HylaFAX runs as uucp of the chroot.
        shutil.copytree(root / "var/spool/hylafax", self.spool, symlinks=True)
        shutil.copytree(root / "etc/hylafax", self.spool / "etc", symlinks=True, dirs_exist_ok=True)
        for name in ("dev", "log", "iaxmodem"):
            (folder / name).mkdir()
        for modem, kind in enumerate(MODEMS):
            values = {
                "MODEM": modem,
                "KIND": KINDS[kind][1],
                "RINGS": 0 if kind == "deaf" else 1,
                "PORT": ports[modem],
                "ASTERISK": asterisk,
                "PASSWORD": PASSWORD,
            }
            fill(HERE / "hylafax/modem.in", self.spool / f"etc/config.ttyIAX{modem}", values)
            fill(HERE / "hylafax/iaxmodem.in", folder / f"iaxmodem/ttyIAX{modem}", values)
        numbers = " ".join(str(modem) for modem in range(len(MODEMS)))
        fill(HERE / "hylafax/config.in", self.spool / "etc/config", {})
        fill(HERE / "hylafax/boot.in", folder / "boot", {"MODEMS": numbers, "ADDRESS": address, "PORT": HFAXD_PORT})
        (self.spool / "etc/hosts.hfaxd").write_text("localhost\n127.0.0.1\n127.*\n^.*@.*$\n")
        (self.spool / "log/xferfaxlog").touch()
        self._give_away()
        self.free = {kind: [modem for modem, other in enumerate(MODEMS) if other == kind] for kind in KINDS}
        self.change, self.handing_in = threading.Condition(), threading.Lock()
        self._listen()
        apart = ["unshare", "-m", "--propagation", "private", "--pid", "--fork", "--kill-child"]
        self.process = Process("HylaFAX", [*FIRST, *apart, HERE / "hylafax/enter", root, folder], folder / "console.log")
        self.began = time.monotonic()

    def _give_away(self):
        """Makes uucp the owner of what HylaFAX writes; its number is that of the chroot."""
        line = next(line for line in (self.root / "etc/passwd").read_text().splitlines() if line.startswith("uucp:"))
        user, group = (int(field) for field in line.split(":")[2:4])
        for name in ("etc", "etc/hosts.hfaxd", "log/xferfaxlog", *(path.name for path in self.spool.iterdir() if path.name != "bin")):
            os.chown(self.spool / name, user, group)
        os.chown(self.spool, user, group)
        (self.spool / "etc/hosts.hfaxd").chmod(0o600)

    def _listen(self):
        """Puts what HylaFAX tells the system log into a file."""
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        place = os.open(self.folder / "dev", os.O_RDONLY)
        # The path of a socket may have 108 octets at most.
        log.bind(f"/proc/self/fd/{place}/log")
        os.close(place)
        (self.folder / "dev/log").chmod(0o666)

        def write():
            with open(self.folder / "system.log", "a", buffering=1) as file:
                while True:
                    file.write(log.recv(8192).decode("latin-1").rstrip("\0\n") + "\n")

        threading.Thread(target=write, daemon=True).start()

    @contextlib.contextmanager
    def modem(self, kind="plain", seconds=400):
        """A modem of a kind for this case only, when it is idle; gives its number."""
        end = time.monotonic() + seconds
        with self.change:
            while not self.free[kind]:
                if not self.change.wait(end - time.monotonic()):
                    raise Fault(f"no modem of kind {kind} is free after {seconds} s")
            modem = self.free[kind].pop(0)
        try:
            self.wait_idle(modem)
            yield modem
        finally:
            # Until it is seen that the call is over, the modem is still told to be idle, as it was before.
            time.sleep(READIED)
            with self.change:
                self.free[kind].append(modem)
                self.change.notify_all()

    def wait_idle(self, modem, seconds=WARM_UP):
        end = max(time.monotonic() + seconds, self.began + WARM_UP)
        while "idle" not in (words := self.status(modem)) or time.time() - self._status(modem).stat().st_mtime < ON_HOOK:
            self.process.must_run()
            if time.monotonic() > end:
                raise Fault(f"modem {modem} is not idle but {words!r}")
            time.sleep(0.3)

    def status(self, modem):
        """What a modem does now, in HylaFAX's words."""
        path = self._status(modem)
        return path.read_text().strip() if path.exists() else ""

    def _status(self, modem):
        return self.spool / f"status/ttyIAX{modem}"

    def transfers(self):
        """The calls that HylaFAX has logged, as lists of fields. xferfaxlog(5)"""
        lines = (self.spool / "log/xferfaxlog").read_text(errors="replace").splitlines()
        return [[field.strip('"') for field in line.split("\t")] for line in lines]

    def received(self, caller, seconds=20):
        """What came in from a caller's number as soon as it is logged: pages, rate and format, reason, and the TIFF."""
        end = time.monotonic() + seconds
        while not (found := [row for row in self.transfers() if row[1] == "RECV" and caller in row[14:18]]):
            if time.monotonic() > end:
                raise Fault(f"HylaFAX has logged no call from {caller}; it says: {self.transfers()[-3:]}")
            time.sleep(0.3)
        calls = []
        for row in found:
            tiff = self.spool / row[4] if row[4] else None
            record = {"log": self._session(row[2]), "pages": int(row[10]), "reason": row[13], "parameters": row[9], "sender": row[8]}
            calls.append({**record, "tiff": tiff if tiff and tiff.exists() else None, "seconds": clock(row[12])})
        return calls

    def _session(self, identifier):
        return self.spool / f"log/c{identifier}"

    def send(self, tiff, number, modem, options=("-m",), seconds=400):
        """Faxes octets of a TIFF to a number; gives the fields of the ended job."""
        name = f"send-{modem}-{time.monotonic_ns()}.tif"
        (self.spool / "tmp" / name).write_bytes(tiff)
        return self._job(modem, number, options, seconds, f"/var/spool/hylafax/tmp/{name}")

    def poll(self, number, modem, options=(), seconds=400):
        """Fetches a document from a number; gives the fields of the ended job, and the TIFF if one came.

        The job may be told as failed all the same, without the number of its session: when all is over, HylaFAX's faxsend 6.0.7 ends
        with a fault of memory now and then."""
        job = self._job(modem, number, ("-p", *options), seconds)
        sessions = (path.read_text(errors="replace") for path in sorted(self.spool.glob("log/c?*")))
        said = next((text for text in sessions if number in text), "")
        file = re.search(r"RECV FAX \(\d+\): (recvq/fax\d+\.tif) from", said)
        return {**job, "tiff": self.spool / file[1] if file and "POLL FAX: end" in said else None}

    def _job(self, modem, number, options, seconds, *files):
        """Runs a job on a modem to its end; gives its fields. sendfax(1), hylafax-doneq(5)"""
        destination = f"ttyIAX{modem}@{self.address}:{HFAXD_PORT}"
        # Two at once both make the file of job numbers, and one of them fails for it.
        with self.handing_in:
            told = self._command("sendfax", "-n", "-t", "1", "-T", "1", "-h", destination, *options, "-d", number, *files)
        job = re.search(r"request id is (\d+)", told)
        if not job:
            raise Fault(f"sendfax says {told!r}")
        done = self.spool / f"doneq/q{job[1]}"
        end = time.monotonic() + seconds
        while not done.exists():
            self.process.must_run()
            if time.monotonic() > end:
                raise Fault(f"HylaFAX's job {job[1]} is not over after {seconds} s")
            time.sleep(0.3)
        fields = dict(line.split(":", 1) for line in done.read_text(errors="replace").splitlines() if ":" in line)
        row = next((row for row in self.transfers() if row[1] in ("SEND", "POLL") and row[4] == job[1]), None)
        return {**fields, "seconds": clock(row[12]) if row else None, "log": self._session(fields["commid"])}

    def _command(self, *words):
        """A command in HylaFAX's namespaces."""
        inner = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0]
        enter = ["nsenter", "-t", inner, "-m", "-p", "-r", "-w"]
        done = subprocess.run([*enter, *words], capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/usr/sbin", "HOME": "/root", "USER": "root", "LOGNAME": "root"})
        if done.returncode != 0:
            raise Fault(f"{' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def stop(self):
        self.process.stop()


def clock(text):
    """Seconds of a time such as 1:02 or 0:01:02."""
    seconds = 0
    for part in text.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds
