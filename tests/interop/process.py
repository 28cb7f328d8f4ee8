"""Processes that end with this one, whatever ends it: each is told by the kernel to go when its parent is gone."""

import ctypes
import os
import pathlib
import signal
import struct
import subprocess
import time

# prctl(2)
PR_SET_PDEATHSIG = 1
# How long a process may take to end before it is killed, in seconds.
PATIENCE = 10
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Fault(Exception):
    """Something that is not as a case claims, or a peer that does not run: in words for a person."""


def _die_with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A program in the background, its output in a file. Start it in the main thread: the kernel watches the thread, not the process."""

    def __init__(self, name, command, log, environment=None):
        self.name, self.log = name, pathlib.Path(log)
        with open(self.log, "ab") as output:
            self.popen = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    @property
    def pid(self):
        return self.popen.pid

    def must_run(self):
        status = self.popen.poll()
        if status is not None:
            raise Fault(f"{self.name} ended with {status}: {last_lines(self.log)}")

    def wait_until(self, ready, what, seconds=20):
        end = time.monotonic() + seconds
        while not ready():
            self.must_run()
            if time.monotonic() > end:
                raise Fault(f"{self.name} {what} not after {seconds} s: {last_lines(self.log)}")
            time.sleep(0.1)

    def stop(self, how=signal.SIGTERM, patience=PATIENCE):
        """Ends it; gives the exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(how)
            try:
                self.popen.wait(patience)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        return self.popen.wait(PATIENCE)

    def cpu_seconds(self):
        """Processor time so far, without that of children."""
        # proc(5): the name may hold blanks, so fields are counted behind it; utime and stime are the 14th and 15th.
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def memory_mb(self):
        """Resident memory now and at most, in MB."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        values = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return tuple(int(values[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))


def last_lines(path, count=6):
    try:
        return "\n".join(pathlib.Path(path).read_text(errors="replace").splitlines()[-count:])
    except OSError as error:
        return str(error)


class Capture:
    """tcpdump on the loopback, for the addresses of this run."""

    def __init__(self, network, path):
        self.path = path
        # As root: with another user's rights the kernel would not tell it that we are gone.
        self.process = Process("tcpdump", ["tcpdump", "-Z", "root", "-i", "lo", "-U", "-s", "0", "-B", "8192", "-w", path, "net", network], f"{path}.log")
        self.process.wait_until(lambda: path.exists() and path.stat().st_size >= 24, "captures")

    def stop(self):
        self.process.stop(signal.SIGINT)

    def cut(self, begin, end, path):
        """Writes what was captured between two times (seconds since 1970) to a file of its own."""
        with open(self.path, "rb") as whole, open(path, "wb") as part:
            part.write(whole.read(24))
            while len(header := whole.read(16)) == 16:
                seconds, microseconds, length, _ = struct.unpack("=IIII", header)
                packet = whole.read(length)
                if begin <= seconds + microseconds / 1e6 <= end and len(packet) == length:
                    part.write(header + packet)
