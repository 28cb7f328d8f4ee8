#!/usr/bin/python3
"""flood.py FROM TO PER_SECOND SECONDS NUMBER: sends an INVITE of its own so often, whatever is answered; tells the counts as JSON.

It sends to the loopback only, and no longer than a minute.
"""

import ipaddress
import json
import os
import select
import socket
import sys
import time

INVITE = (
    "INVITE sip:{called}@{there} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{run}-{count}\r\nMax-Forwards: 70\r\n"
    "From: <sip:flood@{here}>;tag={count}\r\nTo: <sip:{called}@{there}>\r\nCall-ID: {run}-{count}@flood\r\nCSeq: 1 INVITE\r\n"
    "Contact: <sip:flood@{here}>\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
)
BODY = "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n"
# Seconds between two bursts.
TICK = 0.005


def main():
    here, there, rate, seconds, called = sys.argv[1], sys.argv[2], int(sys.argv[3]), min(float(sys.argv[4]), 60), sys.argv[5]
    (address, port), (far, far_port) = here.split(":"), there.split(":")
    if not ipaddress.ip_address(far).is_loopback:
        sys.exit("flood: only for the loopback")
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind((address, int(port)))
    line.setblocking(False)
    body = BODY.format(address=address)
    beginning = INVITE.format(called=called, there=there, here=here, run=os.getpid(), count="{count}", length=len(body), body=body)
    began, sent, late, answers = time.monotonic(), 0, 0.0, {}
    while (passed := time.monotonic() - began) < seconds:
        for _ in range(int(passed * rate) - sent):
            try:
                line.sendto(beginning.replace("{count}", str(sent)).encode(), (far, int(far_port)))
            except BlockingIOError:
                pass
            sent += 1
        take(line, answers)
        late = max(late, time.monotonic() - began - passed)
        time.sleep(TICK)
    select.select([line], [], [], 0.5)
    take(line, answers)
    print(json.dumps({"sent": sent, "seconds": time.monotonic() - began, "answers": answers, "longest_burst": late}))


def take(line, answers):
    while True:
        try:
            status = line.recv(2000)[8:11].decode(errors="replace")
        except BlockingIOError:
            return
        answers[status] = answers.get(status, 0) + 1


if __name__ == "__main__":
    main()
