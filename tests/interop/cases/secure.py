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

# What all have, and stands first in our offers.
SUITE = "AES_CM_128_HMAC_SHA1_80"


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


def delivered_over_audio(lab, scene, beginning, suite):
    """The claim that a fax to Asterisk goes over audio, encrypted so, or not."""
    job, _ = delivered(lab, beginning, 14400, "V.17", server=scene.faxramp, mode="audio")
    audio = job["calls"][0]["record"]["audio"]
    claim(audio["srtp"] == suite, "the audio was encrypted with", audio["srtp"])
    claim(audio["missed_there"] == 0 and audio["round_trip_ms"] is not None, "reports, encrypted as the audio is, told", audio)


@case
def a_fax_to_asterisk_goes_over_encrypted_audio_bit_for_bit(lab):
    with over_tls(lab, "require") as scene:
        delivered_over_audio(lab, scene, "2200", SUITE)


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
        delivered_over_audio(lab, scene, "2200", SUITE)


@case
def asterisk_without_srtp_gets_plain_audio_from_a_trunk_that_offers_it(lab):
    with over_tls(lab, "offer") as scene:
        delivered_over_audio(lab, scene, "2000", None)


@case
def asterisk_without_srtp_gets_no_call_from_a_trunk_that_requires_it(lab):
    with over_tls(lab, "require") as scene:
        scene.ended(scene.submit(lab.number("2000")), "trunk-encryption")


@case
def asterisk_that_may_encrypt_does(lab):
    with over_tls(lab, "require") as scene:
        delivered_over_audio(lab, scene, "2400", SUITE)


@case
def t38_is_refused_where_encryption_is_required_and_the_fax_stays_in_the_audio(lab):
    # Asterisk, which receives, asks for T.38 after its answer tone.
    with over_tls(lab, "require") as scene:
        delivered_over_audio(lab, scene, "2300", SUITE)


@case
def t38_follows_encrypted_audio_where_it_is_allowed_to_be_in_the_open(lab):
    with over_tls(lab, "require", "t38_without_srtp = true") as scene:
        delivered(lab, "2300", 14400, "V.17", server=scene.faxramp)


@case
def t38_follows_encrypted_audio_where_encryption_is_only_wished(lab):
    with over_tls(lab, "offer") as scene:
        delivered(lab, "2300", 14400, "V.17", server=scene.faxramp)


@case
def a_caller_that_would_change_to_t38_stays_in_the_encrypted_audio_where_that_is_required(lab):
    with over_tls(lab, "require") as scene:
        received(lab, way="srtp", server=scene.faxramp, uri=called_by_tls(scene), mode="audio", identified=False, OPTIONS="fz")


@case
def a_caller_without_encryption_is_refused_where_it_is_required(lab):
    with over_tls(lab, "require") as scene:
        number = caller(lab)
        result = lab.asterisk.send(f"in-{number[1:]}", called_by_tls(scene), pages.tiff(pages.drawn(1)), "tls", number)
        claim(result["status"] == "NOCALL", "Asterisk says", result)


@case
def a_caller_with_encryption_is_refused_where_there_is_none(lab):
    with over_tls(lab, "off") as scene:
        number = caller(lab)
        result = lab.asterisk.send(f"in-{number[1:]}", called_by_tls(scene), pages.tiff(pages.drawn(1)), "srtp", number)
        claim(result["status"] == "NOCALL", "Asterisk says", result)


@case
def a_caller_without_encryption_is_taken_where_it_is_only_wished(lab):
    with over_tls(lab, "offer") as scene:
        received(lab, way="tls", server=scene.faxramp, uri=called_by_tls(scene), identified=False)
