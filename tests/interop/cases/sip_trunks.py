"""Trunks: registration, health, and the next trunk when one cannot place a call, all with SIPp as the far side."""

import signal
import time

from cases import case
from cases.sip_calling import digest
from lab import claim
from scene import Scene
from sipp import asks, audio, hears, pause, says

ACCOUNT = 'username = "fax"\npassword = "secret"\n'
# A call that a trunk places: somebody answers and hangs up.
PLACED = [hears("INVITE"), says(180), says(200, body=audio()), hears("ACK"), pause(0.5), asks("BYE"), hears(200)]
REFUSED = [hears("INVITE"), says(503), hears("ACK")]


def ask(nonce, more=""):
    return [says(401, contact=None, headers=[f'WWW-Authenticate: Digest realm="here", nonce="{nonce}", algorithm=MD5, qop="auth"{more}'])]


def grant(seconds):
    return says(200, contact=None, headers=[f"Contact: <sip:fax@elsewhere.test>;expires=3000", f"Contact: [$address];expires={seconds}"])


def again(within=None):
    return hears("REGISTER", within=within, anew=True, keep={"Contact": ("address", "(<[^>]*>)")})


@case(first=True)
def a_registration_is_asked_for_renewed_with_a_new_nonce_and_withdrawn_at_the_end(lab):
    with Scene(lab) as scene:
        first = [again(), *ask("first"), again(), grant(20)]
        renewed = [again(within=25), *ask("second", ", stale=true"), again(), grant(20)]
        farewell = [again(within=40), says(200, contact=None)]
        sipp = scene.callee("registrar", [*first, *renewed, *farewell])
        scene.server(("one", f"{sipp.address}:{sipp.port}", ACCOUNT + "register = true"))
        told = scene.trunk_until("one", lambda told: told["standing"] == "up" and told["registered_until"], "registered")
        until = told["registered_until"]
        scene.trunk_until("one", lambda told: told["registered_until"] not in (None, until), "registered anew", 30)
        scene.faxramp.stop()
        sipp.finish()
        asked = sipp.heard("REGISTER")
        claim(asked[0].header("Authorization") is None, "the password was told unasked")
        nonces = [digest(register, "Authorization", "secret")["nonce"] for register in asked[1:]]
        claim(nonces == ["first", "first", "second", "second"], "the nonces were", nonces)
        claim(len({register.header("Call-ID") for register in asked}) == 1, "the Call-IDs differ")
        waited = asked[2].time - asked[1].time
        claim(5 <= waited <= 19, "a binding of 20 s was renewed after", waited, "s")
        told = (asked[-1].header("Expires"), asked[-1].header("Contact"))
        claim(told[0] == "0" or "expires=0" in told[1], "the farewell says", told)


@case
def a_registrar_that_refuses_the_password_is_told_of_by_trunk_show(lab):
    with Scene(lab) as scene:
        sipp = scene.callee("registrar", [again(), *ask("first"), again(), *ask("second")])
        scene.server(("one", f"{sipp.address}:{sipp.port}", ACCOUNT + "register = true"))
        told = scene.trunk_until("one", lambda told: told["registration_trouble"], "in trouble")
        claim(told["standing"] == "unregistered", "the trunk is", told)
        sipp.finish()


@case(first=True)
def a_trunk_that_stops_to_answer_options_is_down_and_comes_up_again(lab):
    with Scene(lab) as scene:
        port = scene.port()
        watched = ("one", f"{scene.sipp_address}:{port}", 'options_interval = "1 s"\noptions_misses = 2')
        # They all have one Call-ID, so for SIPp they are one call.
        answers = 60 * [hears("OPTIONS"), says(200)]
        first = scene.callee("answers", answers, port)
        scene.server(watched)
        scene.trunk_until("one", lambda told: told["standing"] == "up" and told["answers_options"], "up")
        first.stop()
        told = scene.trunk_until("one", lambda told: told["standing"] == "down", "down", 40)
        claim(told["reason"] and not told["answers_options"], "the trunk is", told)
        sender = scene.submit()
        time.sleep(3)
        job = scene.faxramp.jobs(sender)[0]
        claim(job["failed_calls"] == 0, "it was dialled over a trunk that is down:", job)
        scene.callee("answers-again", answers, port)
        scene.trunk_until("one", lambda told: told["standing"] == "up", "up again", 40)


@case
def a_trunk_that_answers_options_with_a_refusal_is_up(lab):
    with Scene(lab) as scene:
        sipp = scene.callee("refuses", 2 * [hears("OPTIONS"), says(405)])
        scene.server(("one", f"{sipp.address}:{sipp.port}", 'options_interval = "1 s"'))
        sipp.finish()
        scene.trunk_until("one", lambda told: told["standing"] == "up" and told["answers_options"], "up")


def taken_over(scene, first, cause, second, resting=True, seconds=60):
    """The claim that a fax goes over the second trunk within the job because of what became of the first."""
    good = scene.callee("second", PLACED, calls=1)
    scene.server(("first", first, "order = 0"), ("second", f"{good.address}:{good.port}", "order = 1"))
    sender = scene.submit()
    second(sender)
    one, other = scene.attempts(sender, 2, seconds)[:2]
    claim((one["trunk"], one["cause"]) == ("first", cause), "the first call was", one)
    claim((other["trunk"], other["cause"]) == ("second", "no-fax-heard"), "the second call was", other)
    good.finish()
    claim(scene.trunk("second")["standing"] == "up", "the second trunk is", scene.trunk("second"))
    first = scene.trunk("first")
    claim(not resting or first["standing"] != "up" and first["failures"][0]["cause"] == cause, "the first trunk is", first)
    return one, other


def nothing(_sender):
    pass


@case
def a_fax_that_a_trunk_refuses_with_503_goes_over_the_next_one(lab):
    with Scene(lab) as scene:
        bad = scene.callee("first", REFUSED)
        one, other = taken_over(scene, f"{bad.address}:{bad.port}", "congestion", nothing)
        claim(one["record"]["sip_status"] == 503, "the first call was", one)
        bad.finish()


@case
def a_fax_for_a_trunk_where_nobody_listens_goes_over_the_next_one(lab):
    with Scene(lab) as scene:
        taken_over(scene, f"{scene.sipp_address}:9", "trunk-down", nothing)


@case
def a_fax_for_a_trunk_over_tcp_where_nobody_listens_goes_over_the_next_one(lab):
    with Scene(lab) as scene:
        taken_over(scene, f'{scene.sipp_address}:9"\ntransport = "tcp', "trunk-down", nothing)


@case(first=True)
def a_fax_whose_trunk_is_killed_while_it_rings_goes_over_the_next_one(lab):
    with Scene(lab) as scene:
        bad = scene.callee("first", [hears("INVITE"), says(180), pause(60)])

        def kill(_sender):
            end = time.monotonic() + 20
            while not bad.said(180) and time.monotonic() < end:
                time.sleep(0.1)
            bad.process.stop(signal.SIGKILL)

        good = scene.callee("second", PLACED)
        watched = 'answer_timeout = "30 s"\noptions_interval = "1 s"\noptions_misses = 1\norder = 0'
        scene.server(("first", f"{bad.address}:{bad.port}", watched), ("second", f"{good.address}:{good.port}", "order = 1"))
        sender = scene.submit()
        kill(sender)
        one, other = scene.attempts(sender, 2, 120)[:2]
        claim((one["trunk"], other["trunk"], other["cause"]) == ("first", "second", "no-fax-heard"), "the calls were", one, other)
        good.finish()


@case
def a_fax_whose_trunk_dies_between_its_tries_goes_over_the_next_one(lab):
    with Scene(lab) as scene:
        busy = scene.callee("first", [hears("INVITE"), says(486), hears("ACK")])
        good = scene.callee("second", PLACED)
        scene.server(("first", f"{busy.address}:{busy.port}", "order = 0"), ("second", f"{good.address}:{good.port}", "order = 1"))
        # SIPp has taken its one call and is gone when the number is dialled again.
        calls = scene.attempts(scene.submit(), 3, 90)[:3]
        seen = [(call["trunk"], call["cause"]) for call in calls]
        claim(seen == [("first", "busy"), ("first", "trunk-down"), ("second", "no-fax-heard")], "the calls were", seen)
        busy.finish()
        good.finish()


@case
def a_number_that_is_busy_is_not_tried_over_another_trunk(lab):
    with Scene(lab) as scene:
        busy = scene.callee("first", [hears("INVITE"), says(486), hears("ACK")], calls=3)
        scene.server(("first", f"{busy.address}:{busy.port}", "order = 0"), ("second", f"{scene.sipp_address}:9", "order = 1"))
        calls = scene.ended(scene.submit(), "busy", 3, 60)
        claim({call["trunk"] for call in calls} == {"first"}, "the calls were", calls)
        busy.finish()
