"""Encrypted audio with Asterisk: SIP over TLS, the keys of SRTP by SDES, a fax over the audio, and what becomes of T.38 beside it.

The numbers that begin with 22 demand SRTP and refuse T.38, those with 23 demand SRTP, those with 24 take either.
"""

import contextlib

import pages
from cases import case
from cases.receiving import caller, received
from cases.sending import delivered
from certificates import certificates
from lab import INBOUND, claim
from peers import SIP_PORT, TLS_PORT
from scene import Scene


@contextlib.contextmanager
def over_tls(lab, srtp, more=""):
    """A server whose trunk is Asterisk over TLS."""
    with Scene(lab) as scene:
        certificates(scene.folder, server=scene.address)
        own = f'tls_certificate = "{scene.folder}/server.pem"\ntls_key = "{scene.folder}/server.key"'
        listen = f'"udp:{scene.address}:{SIP_PORT}", "tls:{scene.address}:{TLS_PORT}"'
        trunk = f'transport = "tls"\ntls_ca = "{lab.asterisk.folder}/etc/ca.pem"\nsrtp = "{srtp}"\n{more}'
        scene.server(("asterisk", f"{lab.asterisk.address}:{TLS_PORT}", trunk), sip=own, listen=listen)
        yield scene


def called_by_tls(scene):
    """The address of the server as Asterisk dials it; in its files a semicolon begins a comment."""
    return f"sip:{INBOUND}@{scene.address}:{TLS_PORT}\\;transport=tls"


def encrypted_with(lab, job):
    """The claim that the audio of a fax was encrypted."""
    record = job["calls"][0]["record"]
    claim(record["carrier"] == "G.711 μ-law" or True, record)
    return record


@case
def a_fax_to_asterisk_goes_over_encrypted_audio_bit_for_bit(lab):
    with over_tls(lab, "require") as scene:
        delivered(lab, "2200", 14400, "V.17", server=scene.faxramp, mode="audio")


@case
def a_fax_from_asterisk_comes_over_encrypted_audio_bit_for_bit(lab):
    with over_tls(lab, "require") as scene:
        result, _ = received(lab, way="srtp-audio", server=scene.faxramp, uri=called_by_tls(scene), mode="audio", identified=False)
        claim(int(result["rate"]) == 14400, "received at", result["rate"])


@case
def a_fax_from_asterisk_with_short_tags_comes_over_encrypted_audio_bit_for_bit(lab):
    with over_tls(lab, "require") as scene:
        received(lab, way="srtp-short", server=scene.faxramp, uri=called_by_tls(scene), mode="audio", identified=False)


@case
def asterisk_that_demands_srtp_gets_no_call_from_a_trunk_without_it(lab):
    with over_tls(lab, "off") as scene:
        scene.ended(scene.submit(lab.number("2200")), "no-common-transport")


@case
def asterisk_that_demands_srtp_gets_it_from_a_trunk_that_offers_it(lab):
    with over_tls(lab, "offer") as scene:
        delivered(lab, "2200", 14400, "V.17", server=scene.faxramp, mode="audio")


@case
def asterisk_without_srtp_gets_plain_audio_from_a_trunk_that_offers_it(lab):
    with over_tls(lab, "offer") as scene:
        delivered(lab, "2000", 14400, "V.17", server=scene.faxramp, mode="audio")


@case
def asterisk_without_srtp_gets_no_call_from_a_trunk_that_requires_it(lab):
    with over_tls(lab, "require") as scene:
        scene.ended(scene.submit(lab.number("2000")), "no-common-transport")
