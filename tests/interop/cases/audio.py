"""Fax over G.711 audio between faxramp and Asterisk or HylaFAX, both ways: no T.38 at all, or T.38 asked for and refused.

The numbers that begin with 2 refuse T.38 (488); those that begin with 21 speak A-law alone.
"""

import pages
from cases import case
from cases.hylafax import A4
from cases.hylafax import received as received_from_hylafax
from cases.hylafax import sent as sent_to_hylafax
from cases.receiving import received
from cases.sending import delivered
from lab import claim

WIDE = {
    "with_error_correction": ("000", 14400, "V.17", True),
    "without_error_correction": ("001", 14400, "V.17", False),
    "by_v27ter": ("002", 4800, "V.27ter", True),
    "by_v29": ("003", 9600, "V.29", True),
    "by_v27ter_without_error_correction": ("010", 4800, "V.27ter", False),
    "by_v29_without_error_correction": ("011", 9600, "V.29", False),
}


def over_audio(name, variant, rate, modem, ecm):
    def refused(lab):
        delivered(lab, f"2{variant}", rate, modem, ecm, mode="audio")

    def in_a_law(lab):
        delivered(lab, f"21{variant[1:]}", rate, modem, ecm, server=lab.audio, mode="audio")

    refused.__name__ = f"a_machine_that_refuses_t38_gets_its_pages_over_audio_{name}"
    in_a_law.__name__ = f"a_machine_that_speaks_a_law_gets_its_pages_over_audio_{name}"
    case(refused)
    case(in_a_law)


for name, row in WIDE.items():
    over_audio(name, *row)


@case
def a_trunk_without_t38_is_faxed_to_over_audio_and_t38_is_never_asked_for(lab):
    job, _ = delivered(lab, "1000", 14400, "V.17", server=lab.audio, mode="audio")
    audio = job["calls"][0]["record"]["audio"]
    claim(audio["missed_there"] == 0 and 0 <= audio["round_trip_ms"] < 500, "Asterisk reported of our packets:", audio)
    lab.note("reports", f"{audio['missed_there']} of {audio['sent']} packets missed there, {audio['round_trip_ms']:.1f} ms there and back")


@case
def pages_at_superfine_resolution_and_12000_bit_per_second_arrive_over_audio(lab):
    document = pages.tiff(pages.drawn(1, size=(1728, 4573)), pages.SUPERFINE)
    delivered(lab, "2000", 12000, "V.17", document=document, server=lab.sharp, mode="audio")


@case
def pages_at_7200_bit_per_second_arrive_over_audio(lab):
    document = pages.tiff(pages.drawn(1, size=(1728, 1146)), pages.STANDARD)
    delivered(lab, "2000", 7200, "V.17", document=document, server=lab.coarse, mode="audio")


@case
def a_sender_without_t38_is_received_over_audio(lab):
    result, _ = received(lab, way="audio", mode="audio")
    claim(int(result["rate"]) == 14400, "received at", result["rate"])


@case
def a_sender_that_speaks_a_law_is_received_over_audio(lab):
    received(lab, way="alaw", mode="audio")


@case
def a_sender_by_audio_without_error_correction_is_received(lab):
    received(lab, way="audio", mode="audio", ECM="no")


@case
def a_v29_sender_is_received_over_audio(lab):
    result, _ = received(lab, way="audio", mode="audio", MODEM="v27,v29", MAX_RATE=9600)
    claim(int(result["rate"]) == 9600, "received at", result["rate"])


@case
def a_v27ter_sender_is_received_over_audio(lab):
    result, _ = received(lab, way="audio", mode="audio", MODEM="v27", MAX_RATE=4800)
    claim(int(result["rate"]) == 4800, "received at", result["rate"])


@case
def a_server_without_t38_receives_over_audio(lab):
    received(lab, way="t38", mode="audio", server=lab.audio)


@case
def hylafax_receives_over_audio_bit_for_bit(lab):
    sent_to_hylafax(lab, pages.drawn(size=A4), way="91")


@case
def hylafax_with_v29_receives_over_audio_at_7200_bit_per_second(lab):
    sent_to_hylafax(lab, pages.drawn(size=A4), "v29-7200", "V.29", 7200, server=lab.coarse, way="91")


@case
def hylafax_with_v27ter_mh_and_no_error_correction_receives_over_audio(lab):
    sent_to_hylafax(lab, pages.drawn(2, 4, A4), "v27-mh", "V.27ter", 4800, False, way="91")


@case
def pages_from_hylafax_over_audio_are_mailed_bit_for_bit(lab):
    received_from_hylafax(lab, pages.drawn(size=A4), way="9")


@case
def hylafax_without_error_correction_sends_over_audio(lab):
    received_from_hylafax(lab, pages.drawn(size=A4), "no-ecm", exact=False, way="9")


@case(first=True, long=True)
def hylafax_receives_ten_pages_over_audio(lab):
    sent_to_hylafax(lab, pages.drawn(10, 4, size=A4), way="91")


@case(first=True, long=True)
def ten_pages_from_hylafax_over_audio_are_mailed_bit_for_bit(lab):
    received_from_hylafax(lab, pages.drawn(10, 4, size=A4), way="9")


@case(first=True)
def three_pages_of_an_ordinary_fax_arrive_over_audio(lab):
    delivered(lab, "2000", 14400, "V.17", document=pages.tiff(pages.three()), mode="audio")


@case(first=True)
def three_pages_of_an_ordinary_fax_are_received_over_audio(lab):
    received(lab, pages.three(), way="audio", mode="audio")
