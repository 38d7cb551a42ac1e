"""A throw-away certificate authority, made with the openssl program."""

import ssl
import subprocess
import tempfile
from pathlib import Path

_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]


class Authority:
    """with Authority() as authority: … authority.tls("IP:127.0.0.1"). Trust authority.file."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="imgmill-ca-")
        self.file = Path(self._folder.name) / "ca.pem"
        self._key = Path(self._folder.name) / "ca.key"
        self._certificates = 0
        _openssl("-subj", "/CN=imgmill test authority", "-keyout", self._key, "-out", self.file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def issue(self, name):
        """Files of a new certificate for `name`, "IP:127.0.0.1" or "DNS:a.example", and its key."""
        self._certificates += 1
        certificate = Path(self._folder.name) / f"{self._certificates}.pem"
        key = certificate.with_suffix(".key")
        _openssl("-subj", "/CN=imgmill test origin", "-CA", self.file, "-CAkey", self._key,
                 "-addext", f"subjectAltName={name}",
                 "-addext", "basicConstraints=critical,CA:FALSE",
                 "-keyout", key, "-out", certificate)
        return certificate, key

    def tls(self, name, protocols=("http/1.1",)):
        """A server's context, its certificate for `name`."""
        certificate, key = self.issue(name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(list(protocols))
        return context


def _openssl(*arguments):
    command = ["openssl", "req", "-x509", "-days", "2", *_NEW_KEY, *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
