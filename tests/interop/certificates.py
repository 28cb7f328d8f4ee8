"""Certificates for TLS, made by openssl for one run."""

import subprocess

from process import Fault


def openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Fault(f"openssl {words[0]}: {done.stderr}")


def certificates(folder, **addresses):
    """An authority of the case's own (ca.pem) and a certificate for each address, NAME.pem and NAME.key."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *curve, "-days", 2, "-subj", "/CN=Authority of the case", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    for name, address in addresses.items():
        openssl("req", *curve, "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.request")
        (folder / f"{name}.names").write_text(f"subjectAltName=IP:{address}\nbasicConstraints=CA:FALSE\n")
        signed = ["-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial", "-extfile", folder / f"{name}.names"]
        openssl("x509", "-req", "-days", 2, *signed, "-in", folder / f"{name}.request", "-out", folder / f"{name}.pem")
