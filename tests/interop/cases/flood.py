"""A flood of calls from one peer: who is on the line is not harmed, and others are served."""

import json
import pathlib
import subprocess
import sys

import pages
from cases import case
from cases.sending import delivered
from cases.sip_called import CALL, LEAVE
from lab import claim
from peers import SIP_PORT
from scene import INBOUND, Scene
from sipp import asks, hears

FLOOD = pathlib.Path(__file__).resolve().parent.parent / "flood.py"
PER_SECOND, SECONDS = 10_000, 8
# What the server may need more than before, in MB.
MEMORY = 200


@case(first=True)
def a_flood_of_ten_thousand_calls_a_second_harms_no_fax_and_keeps_nobody_out(lab):
    with Scene(lab) as scene:
        # At the modem's pace the fax lasts as long as the flood.
        server = scene.server(("asterisk", f"{lab.asterisk.address}:{SIP_PORT}"), fax='pacing = "modem"')
        before, _ = server.process.memory_mb()
        flooder = f"{lab.scenes}.252:{scene.port()}"
        words = [sys.executable, "-B", FLOOD, flooder, f"{scene.address}:{SIP_PORT}", PER_SECOND, SECONDS, INBOUND]
        # The flood begins when the fax is on the line: seconds after the call was begun.
        flood = subprocess.Popen(["/bin/sh", "-c", 'sleep 6; exec "$@"', "interop", *map(str, words)], stdout=subprocess.PIPE, text=True)
        try:
            job, result = delivered(lab, "1000", 14400, "V.17", document=pages.tiff(pages.drawn(3, 34)), server=server)
            told, _ = flood.communicate(timeout=60)
        finally:
            flood.kill()
        flooded = json.loads(told)
        lab.note(f"{PER_SECOND} a second", f"{flooded['sent'] / flooded['seconds']:.0f} a second: {flooded['answers']}", flooded["seconds"])
        claim(flooded["sent"] >= 0.9 * PER_SECOND * SECONDS, "the flood was", flooded)
        call = job["calls"][0]
        claim(call["record"]["retrains"] == 0, "the fax was trained anew:", call["record"])
        # Another address is served at once.
        claim(server.process.popen.poll() is None, "the server is gone")
        scene.caller("asks", [asks("OPTIONS"), hears(200, within=5)]).finish()
        scene.caller("calls", [*CALL, *LEAVE]).finish()
        _, most = server.process.memory_mb()
        claim(most - before < MEMORY, f"the server needed {before:.0f} MB before and {most:.0f} MB at most")
        lab.note("memory", f"{before:.0f} MB before, {most:.0f} MB at most")
        log_of(server)


def log_of(server):
    """The flood must not fill the disk with its log."""
    size = server.log.stat().st_size
    claim(size < 50_000_000, "the log has", size, "octets")
