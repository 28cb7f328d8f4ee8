"""Kamailio between faxramp and Asterisk, on the path of each call: whole faxes through it, over UDP and over TLS."""

import pathlib
import socket

import pages
from cases import case
from cases.receiving import caller, received
from cases.sending import delivered
from certificates import certificates
from lab import INBOUND, claim
from peers import SIP_PORT, TLS_PORT, fill
from process import Fault, Process
from scene import Scene

TEMPLATE = pathlib.Path(__file__).resolve().parent.parent / "kamailio" / "kamailio.cfg.in"
DOCUMENT = pages.tiff(pages.drawn())


class Kamailio:
    """The proxy of one case. Its log tells the requests that went through it, and by which transport they came."""

    def __init__(self, scene, asterisk, secure, demands=False):
        self.folder, self.address = scene.folder, scene.proxy_address
        modules = next(iter(pathlib.Path("/usr/lib").glob("*/kamailio/modules")), None)
        if modules is None or not (modules / "tls.so").exists():
            raise Fault("there is no Kamailio with TLS; tests/interop/setup brings it")
        port, transport = (TLS_PORT, "tls") if secure else (SIP_PORT, "udp")
        values = {"ADDRESS": self.address, "SIP_PORT": SIP_PORT, "TLS_PORT": TLS_PORT, "MODULES": modules, "FOLDER": self.folder, "DEMANDS": int(demands)}
        values |= {"ASTERISK": asterisk, "FAXRAMP": f"sip:{scene.address}:{port};transport={transport}"}
        fill(TEMPLATE, self.folder / "kamailio.cfg", values)
        command = ["kamailio", "-DD", "-E", "-m", "32", "-M", "4", "-f", self.folder / "kamailio.cfg", "-Y", self.folder, "-P", self.folder / "pid"]
        # Its processes end with the namespace, and that with its first one.
        apart = ["unshare", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", '"$@"; exit', "interop"]
        self.log = self.folder / "kamailio.log"
        self.process = Process("Kamailio", [*apart, *command], self.log)
        self.process.wait_until(lambda: heard(self.address, TLS_PORT), "listens")

    def relayed(self, words):
        return self.log.read_text(errors="replace").count(words)

    def stop(self):
        self.process.stop(patience=2)


def heard(address, port):
    """Whether somebody takes connections there. To look by taking the port would keep the proxy from it."""
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def through_proxy(lab, secure, exchange, demands=False, own="", trunk="", **settings):
    """A server whose only trunk is the proxy, and the claim that the calls stayed on the proxy's path to their ends. `demands`: the proxy
    wants a certificate of who it speaks with; `own`, `trunk`: more of our TLS."""
    with Scene(lab) as scene:
        certificates(scene.folder, proxy=scene.proxy_address, server=scene.address)
        proxy = scene.keep(Kamailio(scene, lab.asterisk.address, secure, demands))
        files = {"folder": scene.folder}
        own = own.format(**files) + f'tls_certificate = "{scene.folder}/server.pem"\ntls_key = "{scene.folder}/server.key"' if secure else ""
        listen = f'"udp:{scene.address}:{SIP_PORT}", "tls:{scene.address}:{TLS_PORT}"' if secure else None
        more = f'transport = "tls"\ntls_ca = "{scene.folder}/ca.pem"\n{trunk.format(**files)}' if secure else ""
        server = scene.server(("proxy", f"{proxy.address}:{TLS_PORT if secure else SIP_PORT}", more), sip=own, listen=listen, **settings)
        exchange(server, proxy)
        claim(proxy.relayed("begins INVITE") == 1, "calls through the proxy:", proxy.relayed("begins INVITE"))
        # The switch to T.38 and the farewell, from whichever side.
        for request in ("INVITE", "ACK", "BYE"):
            claim(proxy.relayed(f"within {request} by") >= 1, f"no {request} within the call came by the proxy")
        return proxy


@case
def a_fax_through_a_record_routing_proxy_arrives_bit_for_bit(lab):
    through_proxy(lab, False, lambda server, _: delivered(lab, "1000", 14400, "V.17", document=DOCUMENT, server=server))


@case
def a_fax_from_behind_a_record_routing_proxy_is_mailed_bit_for_bit(lab):
    through_proxy(lab, False, lambda server, proxy: received(lab, address=proxy.address, server=server, identified=False))


@case
def a_fax_over_tls_through_a_proxy_arrives_bit_for_bit(lab):
    proxy = through_proxy(lab, True, lambda server, _: delivered(lab, "1000", 14400, "V.17", document=DOCUMENT, server=server))
    claim(proxy.relayed("begins INVITE by tls") == 1, "the call did not come by TLS")


@case
def a_fax_over_tls_from_a_proxy_is_mailed_bit_for_bit(lab):
    proxy = through_proxy(lab, True, lambda server, proxy: received(lab, address=proxy.address, server=server, identified=False))
    claim(proxy.relayed("within BYE by tls") + proxy.relayed("within ACK by tls") + proxy.relayed("within INVITE by tls") >= 1, "nothing came by TLS")


@case
def a_trunk_whose_certificate_is_of_another_authority_gets_no_call(lab):
    with Scene(lab) as scene:
        certificates(scene.folder, proxy=scene.proxy_address)
        proxy = scene.keep(Kamailio(scene, lab.asterisk.address, True))
        other = scene.folder / "other"
        other.mkdir()
        certificates(other)
        scene.server(("proxy", f"{proxy.address}:{TLS_PORT}", f'transport = "tls"\ntls_ca = "{other}/ca.pem"'))
        scene.ended(scene.submit(lab.number("1000")), "trunk-down")
        claim(proxy.relayed("begins INVITE") == 0, "the call was placed")
        claim("invalid peer certificate" in scene.faxramp.log.read_text(), "it was not for the authority")


@case(first=True)
def a_session_that_the_far_end_refreshes_in_the_middle_of_a_fax_goes_on_bit_for_bit(lab):
    # For numbers with 7 Asterisk wants a session interval of 90 s; the fax lasts longer than half of it.
    document = pages.tiff(pages.three())

    def exchange(server, _):
        delivered(lab, "7000", 9600, "V.17", document=document, server=server)

    proxy = through_proxy(lab, False, exchange, fax='pacing = "modem"\nmax_rate = 9600')
    offers = proxy.relayed(f"within INVITE by udp from {lab.asterisk.address}")
    # One is the switch to T.38.
    claim(offers >= 2, "Asterisk refreshed nothing; its re-INVITEs were", offers)


# What we show where a certificate is asked for.
SHOWN = 'tls_certificate = "{folder}/server.pem"\ntls_key = "{folder}/server.key"'
DEMANDED = 'tls_clients = "required"\ntls_ca = "{folder}/ca.pem"\n'


@case
def a_fax_over_tls_arrives_at_a_proxy_that_demands_our_certificate(lab):
    def exchange(server, _):
        delivered(lab, "1000", 14400, "V.17", document=DOCUMENT, server=server)

    through_proxy(lab, True, exchange, demands=True, trunk=SHOWN)


@case
def a_fax_over_tls_comes_from_a_proxy_that_shows_the_certificate_that_we_demand(lab):
    def exchange(server, proxy):
        received(lab, address=proxy.address, server=server, identified=False)

    through_proxy(lab, True, exchange, own=DEMANDED)


@case
def a_trunk_that_demands_a_certificate_gets_no_call_where_we_have_none(lab):
    with Scene(lab) as scene:
        certificates(scene.folder, proxy=scene.proxy_address)
        proxy = scene.keep(Kamailio(scene, lab.asterisk.address, True, demands=True))
        scene.server(("proxy", f"{proxy.address}:{TLS_PORT}", f'transport = "tls"\ntls_ca = "{scene.folder}/ca.pem"'))
        scene.ended(scene.submit(lab.number("1000")), "trunk-down")
        claim(proxy.relayed("begins INVITE") == 0, "the call was placed")


@case
def a_caller_whose_certificate_is_of_another_authority_is_not_let_in(lab):
    with Scene(lab) as scene:
        certificates(scene.folder, proxy=scene.proxy_address, server=scene.address)
        other = scene.folder / "other"
        other.mkdir()
        certificates(other)
        scene.keep(Kamailio(scene, lab.asterisk.address, True))
        own = f'tls_certificate = "{scene.folder}/server.pem"\ntls_key = "{scene.folder}/server.key"\ntls_clients = "required"\ntls_ca = "{other}/ca.pem"'
        scene.server(sip=own, listen=f'"tls:{scene.address}:{TLS_PORT}"')
        number = caller(lab)
        uri = f"sip:{INBOUND}@{scene.proxy_address}:{SIP_PORT}"
        result = lab.asterisk.send(f"in-{number[1:]}", uri, pages.tiff(pages.drawn(1)), caller=number)
        claim(result["status"] == "NOCALL", "Asterisk says", result)
