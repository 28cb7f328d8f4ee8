"""Calls in from SIPp: what the SIP of a caller may do, and what it hears."""

import re

from cases import case
from lab import claim
from scene import SIPP_HOST, Scene
from sipp import asks, audio, hears, image, pause, says

# A call that is answered; the 100 and the ringing before it need not come.
CALL = [asks("INVITE", body=audio()), hears(100, optional=True), hears(180, optional=True), hears(200), asks("ACK")]
FAREWELL = [hears("BYE", within=60), says(200)]
LEAVE = [asks("BYE"), hears(200)]
SLOW = "+390277777"
SLOW_NUMBER = f"""
[[inbound]]
numbers = ["{SLOW}"]
mailboxes = ["office@company.test"]
answer_after = "5 s"
"""


def refusal(status):
    return [asks("INVITE", body=audio()), hears(100, optional=True), hears(status), asks("ACK")]


@case
def an_unknown_number_is_refused_with_404(lab):
    with Scene(lab) as scene:
        scene.server()
        scene.caller("unknown", refusal(404), called="+390211111").finish()


@case
def requests_outside_a_call_are_answered_and_what_is_not_served_is_refused(lab):
    with Scene(lab) as scene:
        scene.server()
        refer = [asks("REFER", headers=["Refer-To: <sip:1@127.0.0.1>"]), hears(405)]
        subscribe = [asks("SUBSCRIBE", headers=["Event: dialog", "Expires: 60"]), hears(405)]
        replaces = [asks("INVITE", body=audio(), headers=["Replaces: none;to-tag=1;from-tag=2"]), hears(100, optional=True), hears(481), asks("ACK")]
        wanted = [asks("INVITE", body=audio(), headers=["Require: teleport"]), hears(100, optional=True), hears(420), asks("ACK")]
        cases = {"options": [asks("OPTIONS"), hears(200)], "refer": refer, "subscribe": subscribe, "unknown": [asks("DANCE"), hears(501)]}
        cases |= {"bye": [asks("BYE"), hears(481)], "replaces": replaces, "extension": wanted}
        sipps = {name: scene.caller(name, steps) for name, steps in cases.items()}
        for sipp in sipps.values():
            sipp.finish()
        allowed = sipps["options"].heard(200)[0].header("Allow")
        claim(all(method in allowed for method in ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK", "UPDATE")), "OPTIONS tells", allowed)
        claim("REFER" not in allowed, "OPTIONS promises", allowed)
        claim(sipps["unknown"].heard(501)[0].header("Allow"), "the 501 does not tell what is allowed")
        claim("teleport" in (sipps["extension"].heard(420)[0].header("Unsupported") or ""), "the 420 does not tell what is not supported")


@case
def without_a_free_channel_a_caller_hears_busy(lab):
    with Scene(lab) as scene:
        scene.server(max_calls=1)
        first = scene.caller("first", [*CALL, hears("INVITE", within=10), says(488), hears("ACK"), pause(2), *LEAVE])
        second = scene.caller("second", [pause(1), *refusal(486)])
        second.finish()
        first.finish()


@case
def a_blocked_caller_is_declined_with_603(lab):
    with Scene(lab) as scene:
        scene.server(inbound='\n[inbound_block]\ncallers = ["+3955501*"]\n')
        scene.caller("blocked", refusal(603)).finish()


@case
def a_peer_without_a_free_channel_hears_503_and_when_to_come_again(lab):
    with Scene(lab) as scene:
        peer = f'name = "pbx"\naddresses = ["{lab.scenes}.{SIPP_HOST}"]\nchannels = 1\nwhen_full = "unavailable"\nretry_after = "45 s"'
        scene.server(inbound=f"\n[[peer]]\n{peer}\n")
        first = scene.caller("first", [*CALL, hears("INVITE", within=10), says(488), hears("ACK"), pause(2), *LEAVE])
        second = scene.caller("second", [pause(1), *refusal(503)])
        second.finish()
        first.finish()
        told = second.heard(503)[0].header("Retry-After")
        claim(told == "45", "the 503 says to come again after", told)


@case
def a_caller_that_asks_for_too_short_a_session_is_told_the_shortest(lab):
    with Scene(lab) as scene:
        scene.server()
        steps = [asks("INVITE", body=audio(), headers=["Session-Expires: 60", "Supported: timer"]), hears(100, optional=True), hears(422), asks("ACK")]
        sipp = scene.caller("hasty", steps)
        sipp.finish()
        claim(sipp.heard(422)[0].header("Min-SE") == "90", "the 422 says", sipp.heard(422)[0].header("Min-SE"))


@case
def a_caller_that_gives_up_while_it_rings_is_told_so(lab):
    with Scene(lab) as scene:
        scene.server(inbound=SLOW_NUMBER)
        steps = [asks("INVITE", body=audio()), hears(100, optional=True), hears(180, within=5), pause(1), asks("CANCEL"), hears(200), hears(487), asks("ACK")]
        scene.caller("gives-up", steps, called=SLOW).finish()


@case
def a_cancel_after_the_answer_changes_nothing(lab):
    with Scene(lab) as scene:
        scene.server()
        steps = [*CALL[:-1], asks("CANCEL"), hears(200), asks("ACK"), pause(1), *LEAVE]
        sipp = scene.caller("too-late", steps)
        sipp.finish()


@case
def a_caller_without_an_offer_gets_ours(lab):
    with Scene(lab) as scene:
        scene.server()
        steps = [asks("INVITE"), hears(100, optional=True), hears(180, optional=True), hears(200), asks("ACK", body=audio()), pause(1), *LEAVE]
        sipp = scene.caller("no-offer", steps)
        sipp.finish()
        offer = sipp.heard(200)[0].body
        claim("m=audio" in offer, "the offer is", offer)


@case
def a_caller_that_asks_for_t38_gets_it(lab):
    with Scene(lab) as scene:
        scene.server()
        switch = [pause(1), asks("INVITE", body=image()), hears(100, optional=True), hears(200), asks("ACK"), pause(2)]
        sipp = scene.caller("t38", [*CALL, *switch, *LEAVE])
        sipp.finish()
        answer = [message.body for message in sipp.heard(200) if "INVITE" in message.header("CSeq")][1]
        claim(re.search(r"^m=image [1-9]\d* udptl t38", answer, re.MULTILINE) is not None, "the answer is", answer)


@case
def a_caller_that_refuses_t38_is_sent_away(lab):
    with Scene(lab) as scene:
        scene.server()
        refused = [hears("INVITE", within=15), says(488), hears("ACK"), *FAREWELL]
        sipp = scene.caller("no-t38", [*CALL, *refused])
        sipp.finish()
        claim("m=image" in sipp.heard("INVITE")[0].body, "it was asked for", sipp.heard("INVITE")[0].body)


@case
def re_invites_that_cross_in_a_call_to_us_are_both_refused_and_ours_works_later(lab):
    with Scene(lab) as scene:
        scene.server()
        glare = [hears("INVITE", within=15), asks("INVITE", body=image()), hears(100), hears(491), asks("ACK"), says(491, to="INVITE"), hears("ACK")]
        again = [hears("INVITE", within=10), says(200, body=image(version=3)), hears("ACK"), pause(1), *LEAVE]
        sipp = scene.caller("glare", [*CALL, *glare, *again])
        sipp.finish()
        waited = sipp.heard("INVITE")[1].time - sipp.said(491)[0].time
        # RFC 3261 §14.1: who did not make the Call-ID waits 2 s at most.
        claim(waited <= 2.5, "ours came again after", waited, "s")


@case
def a_caller_that_demands_reliable_ringing_gets_it(lab):
    with Scene(lab) as scene:
        scene.server(inbound=SLOW_NUMBER)
        ringing = [asks("INVITE", body=audio(), headers=["Require: 100rel", "Supported: 100rel"]), hears(100, optional=True), hears(180, within=5, keep={"RSeq": ("rseq",)})]
        sipp = scene.caller("reliable", [*ringing, asks("PRACK", headers=["RAck:[$rseq] 7001 INVITE"]), hears(200), hears(200, within=10), asks("ACK"), *LEAVE], called=SLOW)
        sipp.finish()
        claim("100rel" in (sipp.heard(180)[0].header("Require") or ""), "the ringing requires", sipp.heard(180)[0].header("Require"))


@case
def requests_within_a_call_are_answered_each_as_it_deserves(lab):
    with Scene(lab) as scene:
        scene.server()
        offers = [asks("UPDATE"), hears(200), asks("UPDATE", body=audio(version=2)), hears(200), asks("INVITE"), hears(100, optional=True), hears(200), asks("ACK", body=audio(version=3))]
        others = [asks("OPTIONS"), hears(200), asks("INFO"), hears(200), asks("REFER", headers=["Refer-To: <sip:1@127.0.0.1>"]), hears(405), asks("DANCE"), hears(501)]
        scene.caller("within", [*CALL, *offers, *others, *LEAVE]).finish()


@case
def a_call_in_over_tcp_is_answered_and_ended(lab):
    with Scene(lab) as scene:
        scene.server()
        scene.caller("tcp", [*CALL, pause(1), *LEAVE], transport="t1").finish()


@case(first=True)
def a_caller_that_never_acknowledges_is_let_go(lab):
    with Scene(lab) as scene:
        scene.server(max_calls=1)
        mute = scene.caller("mute", [*CALL[:-1], hears("BYE", within=50), says(200)])
        mute.finish()
        repeats = [message for message in mute.heard(200)]
        waited = mute.heard("BYE")[0].time - repeats[0].time
        # RFC 3261 §13.3.1.4: 64*T1
        claim(30 <= waited <= 36, "the BYE came after", waited, "s")
        scene.caller("next", [*CALL, *LEAVE]).finish()


def known_by_password(scene):
    """What makes SIPp a peer with a password."""
    return f'''
[[peer]]
name = "pbx"
addresses = ["{scene.sipp_address}"]
username = "pbx"
password = "secret"
'''


def with_password(password, first=()):
    """An INVITE, with these headers, that is asked for a password, and another one with this password."""
    asked = [hears(100, optional=True), hears(401, challenge=True), asks("ACK")]
    credentials = f"[authentication username=pbx password={password}]"
    return [asks("INVITE", body=audio(), headers=first), *asked, asks("INVITE", body=audio(), headers=[credentials])]


@case
def a_caller_that_knows_the_password_is_let_in(lab):
    with Scene(lab) as scene:
        scene.server(inbound=known_by_password(scene))
        steps = [*with_password("secret"), hears(100, optional=True), hears(180, optional=True), hears(200), asks("ACK"), pause(1), *LEAVE]
        sipp = scene.caller("knows", steps)
        sipp.finish()
        algorithms = [re.search(r"algorithm=([^,]*)", value)[1] for value in sipp.heard(401)[0].all("WWW-Authenticate")]
        claim(sorted(algorithms) == ["MD5", "SHA-256"], "asked was for", algorithms)


@case
def a_caller_that_guesses_the_password_is_not_let_in(lab):
    with Scene(lab) as scene:
        scene.server(inbound=known_by_password(scene))
        sipp = scene.caller("guesses", [*with_password("guessed"), hears(100, optional=True), hears(401), asks("ACK")])
        sipp.finish()
        first, second = (reply.header("WWW-Authenticate") for reply in sipp.heard(401))
        claim("stale=true" not in second.lower(), "a wrong password is called stale:", second)
        claim(not scene.faxramp.mailboxes.about("Fax from"), "a fax was mailed")


@case
def a_caller_with_a_nonce_that_is_not_ours_is_given_one_and_let_in_with_it(lab):
    with Scene(lab) as scene:
        scene.server(inbound=known_by_password(scene))
        foreign = f'Authorization: Digest username="pbx", realm="faxramp", nonce="{"0" * 48}", uri="sip:x", response="{"0" * 32}", algorithm=MD5'
        answered = [hears(100, optional=True), hears(180, optional=True), hears(200), asks("ACK"), pause(1), *LEAVE]
        scene.caller("foreign", [*with_password("secret", [foreign]), *answered]).finish()
