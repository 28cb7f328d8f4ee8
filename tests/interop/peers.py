"""What takes part: Asterisk in its chroot, Postfix, and the server under test. Each has addresses and folders of its own."""

import email
import email.policy
import json
import os
import pathlib
import pwd
import shutil
import signal
import smtplib
import subprocess
import threading
import time

from certificates import certificates
from process import Fault, Process

HERE = pathlib.Path(__file__).resolve().parent
SIP_PORT, TLS_PORT, SMTP_PORT, POSTFIX_PORT, IAX_PORT = 5060, 5061, 2525, 2526, 4569
USER, PASSWORD = "fax", "secret"
# Runs a command before others; a warning is all where that is not allowed.
FIRST = ("nice", "-n", "-15")
# Seconds that an answer of a command line may be old.
FRESH = 0.8


def fill(template, target, values):
    """Writes a template with each @NAME@ replaced."""
    text = pathlib.Path(template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    pathlib.Path(target).write_text(text)


class Asterisk:
    """Asterisk with SpanDSP's fax. Everything it writes is in one folder, which it sees as BASE."""

    BASE = "/inst"

    def __init__(self, folder, root, address, office, modem_ports):
        self.folder, self.root, self.address = folder, root, address
        for name in ("etc", "db", "run", "log", "received", "sent", "results", "spool/outgoing", "spool/tmp", "spool/system", "spool/fax"):
            (folder / name).mkdir(parents=True)
        modules = next(iter(root.glob("usr/lib/*/asterisk/modules")), None)
        if modules is None:
            raise Fault(f"there is no Asterisk in {root}; tests/interop/setup brings it")
        values = {
            "BASE": self.BASE,
            "ADDRESS": address,
            "SIP_PORT": SIP_PORT,
            "TLS_PORT": TLS_PORT,
            "IAX_PORT": IAX_PORT,
            "OFFICE": office,
            "MODEMS": "\n".join(f"[iaxmodem{modem}](modem)\nport = {port}" for modem, port in enumerate(modem_ports)),
            "MODULES": f"/{modules.relative_to(root)}",
            "USER": USER,
            "PASSWORD": PASSWORD,
        }
        for template in (HERE / "asterisk").glob("*.in"):
            fill(template, folder / "etc" / template.stem, values)
        certificates(folder / "etc", asterisk=address)
        # Modems and gateways are heard by the sample, so they go before what else is going on; without the right to it, they go along.
        # A mount namespace of its own: proc, dev and the folder appear in the chroot for this process only, and end with it.
        script = (
            'set -e; mkdir -p "$1/proc" "$1/dev" "$1$3"; mount -t proc proc "$1/proc"; mount --bind /dev "$1/dev"; mount --bind "$2" "$1$3"; '
            'exec chroot "$1" /usr/sbin/asterisk -f -C "$3/etc/asterisk.conf"'
        )
        command = [*FIRST, "unshare", "-m", "--propagation", "private", "/bin/sh", "-c", script, "interop", root, folder, self.BASE]
        self.process = Process("Asterisk", command, folder / "log" / "console")
        self.process.wait_until(self._booted, "is up")

    def _booted(self):
        return (self.folder / "run" / "asterisk.ctl").exists() and "booted" in self.command("core waitfullybooted", check=False)

    def command(self, line, check=True):
        """What its command line answers."""
        enter = ["nsenter", "-t", str(self.process.pid), "-m", "-r", "-w", "/usr/sbin/asterisk", "-C", f"{self.BASE}/etc/asterisk.conf"]
        done = subprocess.run([*enter, "-rx", line], capture_output=True, text=True, timeout=30)
        if check and done.returncode != 0:
            raise Fault(f"asterisk -rx {line!r}: {done.stdout}{done.stderr}")
        return done.stdout

    def received(self, number):
        """What came for a called number: the results of its calls, oldest first, with the file as `tiff` where there is one."""
        found = []
        for path in sorted((self.folder / "results").glob(f"{number}-*.json"), key=lambda path: path.stat().st_mtime):
            result = self._result(path)
            tiff = self.folder / "received" / f"{result['id']}.tif"
            found.append({**result, "tiff": tiff if tiff.exists() else None})
        return found

    def received_once(self, number, seconds=10):
        """The one call for a number. Its line of result may come a moment after the caller's."""
        end = time.monotonic() + seconds
        while not (calls := self.received(number)) and time.monotonic() < end:
            time.sleep(0.2)
        if len(calls) != 1:
            raise Fault(f"Asterisk saw {len(calls)} calls to {number}, not one: {calls}")
        return calls[0]

    def send(self, identifier, uri, tiff, way="t38", caller="5559999", station="+1 555 9999", seconds=200, **settings):
        """Has Asterisk fax octets of a TIFF; gives the result. `settings` are variables of the dialplan."""
        (self.folder / "sent" / f"{identifier}.tif").write_bytes(tiff)
        variables = {"FAXID": identifier, "FAXFILE": f"{self.BASE}/sent/{identifier}.tif", "STATION": station, "OPTIONS": "f", **settings}
        lines = [f"Channel: PJSIP/out-{way}/{uri}", "Context: send", "Extension: s", "Priority: 1", "WaitTime: 45", "MaxRetries: 0"]
        lines += [f'CallerID: "" <{caller}>', f"Setvar: CALLED={uri.partition(':')[2].partition('@')[0]}"]
        lines += [f"Setvar: {name}={value}" for name, value in variables.items()]
        file = self.folder / "spool" / "tmp" / f"{identifier}.call"
        file.write_text("\n".join(lines) + "\n")
        file.rename(self.folder / "spool" / "outgoing" / file.name)
        result = self.folder / "results" / f"{identifier}.json"
        end = time.monotonic() + seconds
        while not (result.exists() and result.stat().st_size):
            if time.monotonic() > end:
                raise Fault(f"Asterisk's call {identifier} has not ended after {seconds} s")
            time.sleep(0.2)
        return self._result(result)

    @staticmethod
    def _result(path):
        for _ in range(10):
            text = path.read_text()
            if text.endswith("}\n") or text.endswith("}"):
                return json.loads(text)
            time.sleep(0.1)
        raise Fault(f"{path} is no whole line: {text!r}")

    def stop(self):
        self.process.stop()


class Mailboxes:
    """A Maildir in which the mails of several people lie; whose each is, is told by Delivered-To."""

    def __init__(self, folder):
        self.folder = folder

    def _all(self):
        paths = sorted(self.folder.glob("new/*"), key=lambda path: path.stat().st_mtime)
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]

    def mails(self, person):
        """The mails of one person, oldest first."""
        return [mail for mail in self._all() if mail["Delivered-To"] == person]

    def about(self, words):
        """Everybody's mails with these words in the subject."""
        return [mail for mail in self._all() if words in mail["Subject"]]

    def wait(self, person, count=1, seconds=20):
        """The mails of one person when there are `count`."""
        end = time.monotonic() + seconds
        while len(mails := self.mails(person)) < count:
            if time.monotonic() > end:
                raise Fault(f"{person} has {len(mails)} mails after {seconds} s, not {count}")
            time.sleep(0.2)
        if len(mails) > count:
            raise Fault(f"{person} has {len(mails)} mails, not {count}: {[mail['Subject'] for mail in mails]}")
        return mails


class Postfix:
    """A Postfix of its own beside that of the machine, if any. Delivers company.test into one Maildir and relays fax.test."""

    def __init__(self, folder, address, faxramp):
        self.address = address
        postfix, postdrop = pwd.getpwnam("postfix"), "postdrop"
        values = {
            "HOME": folder,
            "ADDRESS": address,
            "PORT": f"{address}:{POSTFIX_PORT}",
            "FAXRAMP": faxramp,
            "FAXRAMP_PORT": SMTP_PORT,
            "UID": postfix.pw_uid,
            "GID": postfix.pw_gid,
        }
        for name in ("etc", "queue"):
            (folder / name).mkdir(parents=True)
        for name in ("data", "mail"):
            (folder / name).mkdir()
            shutil.chown(folder / name, "postfix", "postfix")
        for template in (HERE / "postfix").glob("*.in"):
            fill(template, folder / "etc" / template.stem, values)
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"):
            (folder / "queue" / name).mkdir(mode=0o700)
            shutil.chown(folder / "queue" / name, "postfix")
        (folder / "queue" / "pid").mkdir(mode=0o755)
        for name, mode in (("public", 0o710), ("maildrop", 0o730)):
            (folder / "queue" / name).mkdir(mode=mode)
            shutil.chown(folder / "queue" / name, "postfix", postdrop)
            (folder / "queue" / name).chmod(mode)
        self.mailboxes = Mailboxes(folder / "mail" / "all")
        environment = {**os.environ, "MAIL_CONFIG": str(folder / "etc"), "MAIL_LOGTAG": "postfix"}
        # Postfix changes its rights, after which the kernel no longer tells it that its parent is gone. So it gets a process namespace,
        # which ends with its first process, and that one with `unshare`.
        apart = ["unshare", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", '"$@"; exit', "interop"]
        command = [*apart, "/usr/lib/postfix/sbin/master", "-c", folder / "etc", "-d"]
        self.process = Process("Postfix", command, folder / "console.log", environment)
        self.process.wait_until(lambda: greets(address, POSTFIX_PORT), "answers")

    def submit(self, sender, recipients, message, **options):
        """Hands a mail in."""
        with smtplib.SMTP(self.address, POSTFIX_PORT, timeout=30) as client:
            refused = client.sendmail(sender, recipients, message.as_bytes(policy=email.policy.SMTP), **options)
            if refused:
                raise Fault(f"Postfix refused {refused}")

    def stop(self):
        self.process.stop(signal.SIGKILL)


def greets(address, port):
    """Whether an SMTP server says 220 there."""
    try:
        with smtplib.SMTP(address, port, timeout=5):
            return True
    except (OSError, smtplib.SMTPException):
        return False


class Faxramp:
    """The server under test: one process with a configuration of its own."""

    def __init__(self, name, folder, program, address, configuration):
        self.name, self.folder, self.program, self.address = name, folder, program, address
        folder.mkdir(parents=True)
        self.config = folder / "faxramp.toml"
        self.config.write_text(configuration)
        self.log = folder / "log"
        self.mailboxes = Mailboxes(folder / "maildir")
        self.lock, self.listed = threading.Lock(), (0, [])
        checked = self.run("config", "check", check=False)
        if checked.returncode != 0:
            raise Fault(f"the configuration of {name} is not taken: {checked.stdout}{checked.stderr}")
        level = os.environ.get("FAXRAMP_LOG_LEVEL", "debug")
        command = [program, "--config", self.config, "--log-level", level, "serve"]
        self.process = Process(f"faxramp {name}", command, self.log)
        self.process.wait_until(lambda: greets(address, SMTP_PORT), "answers")

    def run(self, *arguments, check=True):
        """One command line, with the configuration of this server."""
        command = [self.program, "--config", self.config, *arguments]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120)
        if check and done.returncode != 0:
            raise Fault(f"faxramp {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def submit(self, sender, recipients, message):
        """Hands a mail in; a fault when a recipient is refused."""
        with smtplib.SMTP(self.address, SMTP_PORT, timeout=60) as client:
            refused = client.sendmail(sender, recipients, message.as_bytes(policy=email.policy.SMTP))
            if refused:
                raise Fault(f"faxramp refused {refused}")

    def listing(self):
        """All jobs as `faxramp queue list` tells them; asked for once for all cases that look at the same time."""
        with self.lock:
            if time.monotonic() - self.listed[0] > FRESH:
                self.process.must_run()
                rows = json.loads(self.run("queue", "list", "--limit", "1000", "--json").stdout)
                self.listed = (time.monotonic(), rows)
            return self.listed[1]

    def jobs(self, sender):
        """The jobs of a sender, oldest first."""
        return sorted((job for job in self.listing() if job["sender"] == sender), key=lambda job: job["id"])

    def show(self, job):
        """All that is known of a job."""
        return json.loads(self.run("queue", "show", str(job["id"]), "--json").stdout)[0]

    def wait(self, sender, fits, what, seconds, count=1):
        """The jobs of a sender as soon as there are `count` and all fit."""
        end = time.monotonic() + seconds
        while True:
            jobs = self.jobs(sender)
            if len(jobs) == count and all(fits(job) for job in jobs):
                return jobs
            if time.monotonic() > end:
                told = [(job["state"], job["number"], job["cause"], f"{job['pages_confirmed']}/{job['pages_total']}") for job in jobs]
                raise Fault(f"not all {count} jobs of {sender} are {what} after {seconds} s: {told}")
            time.sleep(0.3)

    def sent(self, sender, count=1, seconds=240):
        """The jobs of a sender in full when all were sent at the first try."""

        def fits(job):
            if job["failed_calls"] or job["state"] in ("held", "cancelled", "failed"):
                raise Fault(f"the call to {job['number']} failed: {job['sentence']} ({json.dumps(self.show(job)['calls'])})")
            return job["state"] == "reported"

        jobs = [self.show(job) for job in self.wait(sender, fits, "sent", seconds, count)]
        for job in jobs:
            if (job["cause"], len(job["calls"])) != ("sent", 1):
                raise Fault(f"the fax to {job['number']} was not sent with one call: {job['cause']}, {job['calls']}")
        return jobs

    def reported(self, sender, count=1, seconds=240):
        """The jobs of a sender in full when all have ended, however."""
        return [self.show(job) for job in self.wait(sender, lambda job: job["state"] == "reported", "over", seconds, count)]

    def rendered(self, document, name):
        """The pages that this server makes of a document, as the path of a TIFF."""
        path, out = self.folder / f"document-{name}", self.folder / f"rendered-{name}.tif"
        path.write_bytes(document)
        self.run("render", path, "-o", out)
        return out

    def stop(self):
        return self.process.stop()
