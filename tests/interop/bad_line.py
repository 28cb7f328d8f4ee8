#!/usr/bin/python3
"""Bad lines between two SIP ends: what is lost, late, doubled and out of order is told by a seed. A program; `run` starts it.

A line stands between NEAR and FAR with two addresses, FRONT that NEAR knows as the far end and BACK that FAR knows as the near one. SIP passes
unharmed, with the four addresses exchanged in its text, and tells which ports carry media. Those are held at the same numbers on the line's
addresses, and their T.38 packets suffer, or with `audio` the RTP that the far end sends, and with `both` what it hears too. Its argument is a list of lines in JSON, each with the four addresses, `seed` and what `Fate` takes;
whenever something has changed, the counts are written each second to the file that is named second.
"""

import heapq
import json
import pathlib
import random
import re
import selectors
import socket
import sys
import time

SIP_PORT = 5060
MEDIA = re.compile(rb"^m=(?:audio|image) (\d+) ", re.MULTILINE)
LENGTH = re.compile(rb"^(Content-Length|l)(\s*:\s*)\d+", re.MULTILINE | re.IGNORECASE)


class Fate:
    """What becomes of the packets of one direction, by the seed and how many have passed. Shares are per cent, times milliseconds."""

    def __init__(self, seed, loss=0, burst=1, double=0, reorder=0, late=70, delay=0, jitter=0):
        self.chance = random.Random(seed)
        self.loss, self.burst, self.double, self.reorder = loss / 100, burst, double / 100, reorder / 100
        self.late, self.delay, self.jitter = late / 1000, delay / 1000, jitter / 1000
        self.bad = False
        self.counts = {"seen": 0, "lost": 0, "doubled": 0, "reordered": 0}

    def delays(self):
        """Seconds until each copy of the next packet goes on; none when it is lost."""
        one, two, three, four = (self.chance.random() for _ in range(4))
        self.counts["seen"] += 1
        if self.burst > 1:
            # Two states, after Gilbert: bursts have this mean length and all of them together this share.
            ends = 1 / self.burst
            begins = self.loss * ends / (1 - self.loss)
            self.bad = one >= ends if self.bad else one < begins
        else:
            self.bad = one < self.loss
        if self.bad:
            self.counts["lost"] += 1
            return []
        wait = self.delay + two * self.jitter
        if three < self.reorder:
            self.counts["reordered"] += 1
            wait += self.late
        if four < self.double:
            self.counts["doubled"] += 1
            return [wait, wait + 0.005]
        return [wait]


class Line:
    """One line and its sockets: `sockets[side, port]` is bound to the address that stands for the other side's `port`."""

    def __init__(self, board, near, far, front, back, seed, audio=False, both=False, **harm):
        self.board, self.near, self.far, self.front, self.back = board, near, far, front, back
        # SpanDSP in Asterisk has neither a playout buffer nor patience with lost audio: what it hears comes unharmed, if late, unless `both`.
        mild = {"delay": harm.get("delay", 0)} if audio and not both else harm
        self.fates = {"near": Fate(f"{seed} near", **mild), "far": Fate(f"{seed} far", **harm)}
        self.audio, self.sockets = audio, {}
        self.open("near", SIP_PORT)
        self.open("far", SIP_PORT)

    def open(self, owner, port):
        """A socket that stands for a port of its owner: what comes to it is for the owner."""
        if (owner, port) not in self.sockets:
            end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            end.bind((self.back if owner == "near" else self.front, port))
            self.sockets[owner, port] = end
            self.board.selector.register(end, selectors.EVENT_READ, (self, owner, port))
        return self.sockets[owner, port]

    def carry(self, owner, port):
        """Takes a packet that came for the owner's port from the other side, and passes it on."""
        octets, (host, source) = self.sockets[owner, port].recvfrom(65535)
        other = "far" if owner == "near" else "near"
        if host != (self.far if owner == "near" else self.near):
            return
        # Who gets it sees it come from the address that stands for the sender, from the sender's port.
        exit = self.open(other, source)
        target = (self.near if owner == "near" else self.far, port)
        if port == SIP_PORT or source == SIP_PORT:
            exit.sendto(self.turned(octets, other), target)
        elif (octets[0] & 0xC0 == 0x80) != self.audio:
            # RTP has its version there; UDPTL numbers its packets from zero and ends before 32768.
            exit.sendto(octets, target)
        else:
            for wait in self.fates[other].delays():
                self.board.later(wait, exit, octets, target)

    def turned(self, octets, sender):
        """A SIP message of the sender with the addresses that the other side knows."""
        for port in MEDIA.findall(octets):
            if int(port):
                self.open(sender, int(port))
        pairs = {self.near: self.back, self.front: self.far} if sender == "near" else {self.far: self.front, self.back: self.near}
        known = {one.encode(): other.encode() for one, other in pairs.items()}
        names = re.compile(rb"(?<![\d.])(?:" + b"|".join(re.escape(one) for one in known) + rb")(?![\d.])")
        head, blank, body = octets.partition(b"\r\n\r\n")
        body = names.sub(lambda match: known[match[0]], body)
        head = LENGTH.sub(lambda match: match[1] + match[2] + str(len(body)).encode(), names.sub(lambda match: known[match[0]], head))
        return head + blank + body


class Board:
    """All lines in one loop."""

    def __init__(self, lines, report):
        self.selector, self.waiting, self.count, self.report, self.told = selectors.DefaultSelector(), [], 0, pathlib.Path(report), 0
        self.lines = {name: Line(self, **line) for name, line in lines.items()}

    def later(self, wait, exit, octets, target):
        if wait <= 0:
            exit.sendto(octets, target)
        else:
            self.count += 1
            heapq.heappush(self.waiting, (time.monotonic() + wait, self.count, exit, octets, target))

    def run(self):
        while True:
            self.tell()
            wait = 1 if not self.waiting else max(0, min(1, self.waiting[0][0] - time.monotonic()))
            for key, _ in self.selector.select(wait):
                line, owner, port = key.data
                line.carry(owner, port)
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                _, _, exit, octets, target = heapq.heappop(self.waiting)
                exit.sendto(octets, target)

    def tell(self):
        if time.monotonic() - self.told >= 1:
            self.told = time.monotonic()
            part = self.report.with_suffix(".part")
            part.write_text(json.dumps({name: {side: fate.counts for side, fate in line.fates.items()} for name, line in self.lines.items()}))
            part.rename(self.report)


if __name__ == "__main__":
    Board(json.loads(sys.argv[1]), sys.argv[2]).run()
