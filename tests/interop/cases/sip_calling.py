"""Calls out to SIPp as the trunk: what the SIP of a far end may do, and what becomes of the call."""

import hashlib
import re

from cases import case
from lab import claim
from scene import TRIES, Scene, seconds_between
from sipp import asks, audio, hears, image, pause, says

# Final responses as IANA has them, and with the cause that the sender is told and how often such a call is worth a try.
NEVER = {"unallocated": (404, 410, 416, 484, 485, 604), "rejected": (403, 433, 603, 607, 608)}
AGAIN = {"busy": ("busy", (486, 600)), "no-answer": ("no-answer", (408, 480, 487)), "no-common-transport": ("fax", (406, 415, 488, 606))}
CREDENTIALS = (401, 407)
CONGESTION = (
    *(300, 301, 302, 305, 380, 400, 402, 405, 412, 413, 414, 417, 420, 421, 422, 423, 424, 425, 428, 429, 430, 436, 437, 438, 439),
    *(440, 469, 470, 481, 482, 483, 489, 491, 493, 494, 500, 501, 502, 503, 504, 505, 513, 555, 580),
)
EXPECTED = {
    **{status: (cause, "never") for cause, statuses in NEVER.items() for status in statuses},
    **{status: (cause, tries) for cause, (tries, statuses) in AGAIN.items() for status in statuses},
    **{status: ("trunk-authentication", "later") for status in CREDENTIALS},
    **{status: ("congestion", "later") for status in CONGESTION},
}

ANSWERED = [hears("INVITE"), says(180), says(200, body=audio()), hears("ACK")]
# Both ask at once.
CROSSING = [asks("INVITE", body=image()), hears(100), hears(491), asks("ACK"), says(491, to="INVITE")]
FAREWELL = [hears("BYE", within=60), says(200)]


@case(first=True)
def every_final_status_becomes_the_cause_and_the_tries_it_deserves(lab):
    with Scene(lab) as scene:
        sipps, trunks = {}, []
        for status, (_, tries) in EXPECTED.items():
            port = scene.port()
            sipps[status] = (port, TRIES.get(tries, 1))
            trunks.append((f"status {status}", f"{scene.sipp_address}:{port}", f'prefixes = ["1{status}*"]'))
        scene.server(*trunks)
        for status, (port, calls) in sipps.items():
            contact = None if status < 400 else "Contact: <sip:sipp@[local_ip]:[local_port]>"
            sipps[status] = scene.callee(f"status-{status}", [hears("INVITE"), says(status, contact=contact), hears("ACK")], port, calls=calls)
        senders = {status: scene.submit(f"1{status}00") for status in EXPECTED}
        wrong = []
        for status, (cause, tries) in EXPECTED.items():
            scene.attempts(senders[status], TRIES.get(tries, 1), 240)
            job = scene.faxramp.show(scene.faxramp.jobs(senders[status])[0])
            # What is tried later is tried by now, or will be; SIPp takes its first call only.
            later = tries == "later"
            calls = job["calls"][:1] if later else job["calls"]
            causes = {call["cause"] for call in calls}
            statuses = {call["record"]["sip_status"] for call in calls}
            over = job["state"] not in ("ready", "dialling") and not (later and len(job["calls"]) > 1)
            if causes != {cause} or statuses != {status} or over == later:
                wrong.append(f"{status}: {sorted(causes)} {statuses} {len(job['calls'])} calls, {job['state']}, not {cause}, {tries}")
        claim(not wrong, "\n".join(wrong))
        for sipp in sipps.values():
            sipp.finish()


@case
def a_reason_with_q850_says_more_than_the_status(lab):
    with Scene(lab) as scene:
        steps = [hears("INVITE"), says(503, headers=['Reason: Q.850;cause=17;text="User busy"']), hears("ACK")]
        sipp = scene.callee("busy", steps)
        scene.server(("one", f"{sipp.address}:{sipp.port}"))
        scene.ended(scene.submit(), "busy")
        sipp.finish()


@case
def a_call_that_nobody_answers_is_cancelled(lab):
    with Scene(lab) as scene:
        steps = [hears("INVITE"), says(180), hears("CANCEL", within=10), says(200), says(487, to="INVITE"), hears("ACK", within=5)]
        sipp = scene.callee("rings", steps)
        scene.server(("one", f"{sipp.address}:{sipp.port}", 'answer_timeout = "5 s"'))
        scene.ended(scene.submit(), "no-answer")
        sipp.finish()
        rang = sipp.heard("CANCEL")[0].time - sipp.said(180)[0].time
        claim(4.5 < rang < 7, "it rang for", rang, "s")
        claim(sipp.heard("CANCEL")[0].header("CSeq").split()[0] == sipp.heard("INVITE")[0].header("CSeq").split()[0], "the CANCEL is of another INVITE")


@case
def an_answer_that_crosses_the_cancel_is_acknowledged_and_ended(lab):
    with Scene(lab) as scene:
        steps = [hears("INVITE"), says(180), hears("CANCEL", within=10), says(481, to="CANCEL"), says(200, to="INVITE", body=audio())]
        sipp = scene.callee("answers-late", [*steps, hears("ACK", within=5), hears("BYE", within=5), says(200)])
        scene.server(("one", f"{sipp.address}:{sipp.port}", 'answer_timeout = "5 s"'))
        scene.ended(scene.submit(), "no-answer")
        sipp.finish()


@case
def re_invites_that_cross_are_both_refused_and_ours_works_later(lab):
    with Scene(lab) as scene:
        glare = [hears("INVITE", within=10), *CROSSING, hears("ACK", within=5)]
        again = [hears("INVITE", within=10), says(200, body=image(version=3)), hears("ACK", within=5), pause(1), asks("BYE"), hears(200)]
        sipp = scene.callee("glare", [*ANSWERED, *glare, *again])
        scene.server(("one", f"{sipp.address}:{sipp.port}", 't38_reinvite_after = "1 s"'))
        scene.ended(scene.submit(), "no-fax-heard")
        sipp.finish()
        waited = sipp.heard("INVITE")[2].time - sipp.said(491)[0].time
        # RFC 3261 §14.1: who made the Call-ID waits from 2.1 to 4 s.
        claim(2.0 <= waited <= 4.5, "ours came again after", waited, "s")
        claim(all("m=image" in invite.body for invite in sipp.heard("INVITE")[1:]), "ours did not ask for T.38")


def refused_t38(scene, port, steps, more=""):
    answered = [hears("INVITE"), says(180), says(200, body=audio(port)), hears("ACK")]
    refused = [hears("INVITE", within=10), says(488), hears("ACK", within=5)]
    sipp = scene.callee("no-t38", [*answered, *refused, *steps])
    scene.server(("one", f"{sipp.address}:{sipp.port}", f't38_reinvite_after = "4 s"\n{more}'))
    return sipp


@case
def a_machine_that_refuses_t38_is_hung_up_on_where_nothing_else_is_wanted_and_told_apart(lab):
    with Scene(lab) as scene:
        sipp = refused_t38(scene, scene.answer_tone(), FAREWELL, 'fax = "t38"')
        scene.ended(scene.submit(), "no-common-transport")
        sipp.finish()


@case
def one_that_refuses_t38_and_makes_no_sound_is_silence(lab):
    with Scene(lab) as scene:
        sipp = refused_t38(scene, 9, [hears("BYE", within=70), says(200)])
        scene.ended(scene.submit(), "silence", seconds=90)
        sipp.finish()


@case
def a_far_end_that_asks_for_t38_after_seconds_of_audio_gets_it(lab):
    with Scene(lab) as scene:
        late = [pause(8), asks("INVITE", body=image()), hears(100), hears(200), asks("ACK"), pause(2), asks("BYE"), hears(200)]
        sipp = scene.callee("late", [*ANSWERED, *late])
        scene.server(("one", f"{sipp.address}:{sipp.port}", 't38_reinvite_after = "30 s"'))
        scene.ended(scene.submit(), "silence")
        sipp.finish()
        answer = [message.body for message in sipp.heard(200) if "INVITE" in message.header("CSeq")][0]
        claim(re.search(r"^m=image [1-9]\d* udptl t38", answer, re.MULTILINE) is not None, "the answer was", answer)


@case
def a_reliable_ringing_is_acknowledged_by_prack(lab):
    with Scene(lab) as scene:
        ringing = [hears("INVITE"), says(180, headers=["Require: 100rel", "RSeq: 4711"]), hears("PRACK", within=5), says(200)]
        sipp = scene.callee("reliable", [*ringing, says(200, to="INVITE", body=audio()), hears("ACK"), pause(1), asks("BYE"), hears(200)])
        scene.server(("one", f"{sipp.address}:{sipp.port}"))
        scene.ended(scene.submit(), "no-fax-heard")
        sipp.finish()
        invite, prack = sipp.heard("INVITE")[0], sipp.heard("PRACK")[0]
        claim("100rel" in ",".join(invite.all("Supported")), "the INVITE supports", invite.all("Supported"))
        claim(prack.header("RAck") == f"4711 {invite.header('CSeq')}", "the RAck is", prack.header("RAck"))


@case
def an_update_within_the_call_is_answered(lab):
    with Scene(lab) as scene:
        updates = [asks("UPDATE"), hears(200), asks("UPDATE", body=audio(version=2)), hears(200)]
        sipp = scene.callee("updates", [*ANSWERED, pause(0.5), *updates, pause(0.5), asks("BYE"), hears(200)])
        scene.server(("one", f"{sipp.address}:{sipp.port}"))
        scene.ended(scene.submit(), "no-fax-heard")
        sipp.finish()
        plain, described = [message for message in sipp.heard(200) if "UPDATE" in message.header("CSeq")]
        claim(not plain.body.strip() and "m=audio" in described.body, "the answers were", plain.body, described.body)


def refreshed(lab, allow, method):
    """A call with T.38 and a session interval of 60 s, less than a fax waits for a machine that says nothing (35 s, T.30 T1) if halved;
    gives the refresh, and the description in force."""
    timer = ["Session-Expires: 60;refresher=uac", "Require: timer", f"Allow: {allow}"]
    switch = [hears("INVITE", within=10), says(200, body=image(), headers=timer), hears("ACK")]
    refresh = [hears(method, within=40), says(200, body=image() if method == "INVITE" else None, headers=timer)]
    refresh += [hears("ACK")] if method == "INVITE" else []
    with Scene(lab) as scene:
        steps = [hears("INVITE"), says(200, body=audio(), headers=timer), hears("ACK"), *switch, *refresh, pause(1), asks("BYE"), hears(200)]
        sipp = scene.callee("refreshes", steps)
        scene.server(("one", f"{sipp.address}:{sipp.port}", 't38_reinvite_after = "1 s"'))
        scene.ended(scene.submit(), "no-fax-heard", seconds=120)
        sipp.finish()
        refresh, switch = sipp.heard(method)[-1], sipp.heard("INVITE")[1]
        waited = refresh.time - switch.time
        claim(28 <= waited <= 32, "the refresh came after", waited, "s")
        # RFC 4028 §4: no less is asked for.
        claim("90" in refresh.header("Session-Expires"), "the refresh asks for", refresh.header("Session-Expires"))
        return refresh, switch


@case(first=True)
def a_session_is_refreshed_by_update_at_half_of_its_time(lab):
    update, _ = refreshed(lab, "INVITE, ACK, BYE, CANCEL, UPDATE", "UPDATE")
    claim(not update.body.strip(), "the UPDATE has a description:", update.body)


@case(first=True)
def a_session_is_refreshed_by_re_invite_with_t38_where_update_is_not_allowed(lab):
    again, switch = refreshed(lab, "INVITE, ACK, BYE, CANCEL", "INVITE")
    # RFC 4028 §7.4: the description is the one in force, and its version the same.
    claim("m=image" in again.body and again.body == switch.body, "the refresh describes", again.body, "and in force is", switch.body)


@case
def of_two_forks_that_ring_the_one_that_answers_is_taken(lab):
    with Scene(lab) as scene:
        ringing = [hears("INVITE"), says(180, tag="one"), says(180, tag="two"), says(200, tag="two", body=audio()), hears("ACK")]
        late = [says(200, to="INVITE", tag="one", body=audio()), hears("ACK"), hears("BYE", within=5), says(200)]
        sipp = scene.callee("forks", [*ringing, *late, asks("BYE", tag="two"), hears(200)])
        scene.server(("one", f"{sipp.address}:{sipp.port}"))
        scene.ended(scene.submit(), "no-fax-heard")
        sipp.finish()
        tags = [message.header("To").rpartition("tag=")[2][:3] for message in (*sipp.heard("ACK"), *sipp.heard("BYE"))]
        claim(tags == ["two", "one", "one"], "the ACKs and the BYE went to", tags)


@case
def a_redirected_call_goes_where_it_is_sent(lab):
    with Scene(lab) as scene:
        other = scene.callee("there", [*ANSWERED, pause(1), asks("BYE"), hears(200)])
        contact = f"Contact: <sip:other@{other.address}:{other.port}>"
        sipp = scene.callee("redirects", [hears("INVITE"), says(302, contact=contact), hears("ACK")])
        scene.server(("one", f"{sipp.address}:{sipp.port}"))
        scene.ended(scene.submit(), "no-fax-heard")
        sipp.finish()
        other.finish()
        claim(other.heard("INVITE")[0].first.startswith("INVITE sip:other@"), "it was asked for", other.heard("INVITE")[0].first)


@case
def a_call_over_tcp_switches_to_t38_and_ends(lab):
    with Scene(lab) as scene:
        switch = [hears("INVITE", within=10), says(200, body=image()), hears("ACK"), pause(1), asks("BYE"), hears(200)]
        sipp = scene.callee("tcp", [*ANSWERED, *switch], transport="t1")
        scene.server(("one", f"{sipp.address}:{sipp.port}", 't38_reinvite_after = "1 s"\ntransport = "tcp"'))
        scene.ended(scene.submit(), "no-fax-heard")
        sipp.finish()
        claim(all("/TCP " in message.header("Via") for message in sipp.heard("INVITE")), "the Via is", sipp.heard("INVITE")[0].header("Via"))


def digest(request, header, password):
    """The claim that a request proves to know the password; gives what it told. RFC 2617 §3.2.2.1, RFC 7616 §3.4.1."""
    told = {name: one or other for name, one, other in re.findall(r'(\w+)="?(?:([^",]*)"?|([^,\s]+))', request.header(header) or "")}
    claim("response" in told, "there are no credentials:", request.header(header))
    hashed = hashlib.sha256 if told.get("algorithm") == "SHA-256" else hashlib.md5
    turn = lambda text: hashed(text.encode()).hexdigest()
    secret = turn(f"{told['username']}:{told['realm']}:{password}")
    subject = turn(f"{request.first.split()[0]}:{told['uri']}")
    middle = f"{told['nonce']}:{told['nc']}:{told['cnonce']}:{told['qop']}" if "qop" in told else told["nonce"]
    claim(told["response"] == turn(f"{secret}:{middle}:{subject}"), "the credentials are wrong:", request.header(header))
    return told


@case
def a_trunk_that_asks_for_credentials_and_again_with_a_new_nonce_gets_them(lab):
    with Scene(lab) as scene:
        ask = 'Proxy-Authenticate: Digest realm="here", nonce="{}", algorithm={}, qop="auth"{}'
        first = [hears("INVITE"), says(407, headers=[ask.format("first", "SHA-256", "")]), hears("ACK")]
        stale = [hears("INVITE", anew=True), says(407, headers=[ask.format("second", "SHA-256", ", stale=true")]), hears("ACK")]
        good = [hears("INVITE", anew=True), says(200, body=audio()), hears("ACK"), pause(1), asks("BYE"), hears(200)]
        sipp = scene.callee("asks", [*first, *stale, *good])
        scene.server(("one", f"{sipp.address}:{sipp.port}", 'username = "fax"\npassword = "secret"'))
        scene.ended(scene.submit(), "no-fax-heard")
        sipp.finish()
        none, one, two = sipp.heard("INVITE")
        claim(none.header("Proxy-Authorization") is None, "the password was told unasked")
        nonces = [digest(invite, "Proxy-Authorization", "secret")["nonce"] for invite in (one, two)]
        claim(nonces == ["first", "second"], "the nonces were", nonces)


@case
def a_trunk_that_says_when_to_come_again_is_left_alone_so_long(lab):
    with Scene(lab) as scene:
        full = [hears("INVITE"), says(503, headers=["Retry-After: 15"]), hears("ACK")]
        sipp = scene.callee("full", full, calls=2)
        scene.server(("one", f"{sipp.address}:{sipp.port}"))
        sender = scene.submit()
        first, second = scene.ended(sender, "congestion", 2, seconds=90)
        claim(first["record"]["retry_after_seconds"] == 15, "what was kept is", first["record"])
        sipp.finish()
        waited = sipp.heard("INVITE")[1].time - sipp.said(503)[0].time
        claim(15 <= waited <= 20, "the trunk was called again after", waited, "s")
        claim(seconds_between(first["closed"], second["opened"]) > 1, "the calls were", first, second)
        told = scene.trunk("one")
        claim(told["standing"] == "resting" and told["until"], "the trunk is", told)


@case
def a_far_end_that_never_answers_our_farewell_does_not_keep_the_fax(lab):
    with Scene(lab) as scene:
        refused_t38(scene, 9, [hears("BYE", within=20), pause(3)], 'fax = "t38"')
        scene.ended(scene.submit(), "no-fax-heard", seconds=90)
