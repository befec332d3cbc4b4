"""HTTPS, with certificates made by openssl, and their renewal while the server runs."""

import http.client
import os
import ssl
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from oracle import HANG_SECONDS, OracleCase, needs
from server import Server


class TLSServer(Server):
    def connect(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=HANG_SECONDS, context=context)


class TLS(OracleCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def make(self, name):
        """A certificate of its own authority and its key, as texts."""
        files = {kind: self.folder / f"{name}.{kind}" for kind in ("cert", "key")}
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-subj", f"/CN={name}", "-days", "2", "-keyout", files["key"], "-out", files["cert"]]
        subprocess.run(command, check=True, capture_output=True, timeout=HANG_SECONDS)
        return files["cert"].read_text(), files["key"].read_text()

    def replace(self, path, text):
        """As renewal programs do: the new file takes the place of the old one at once."""
        new = path.with_suffix(".new")
        new.write_text(text)
        os.replace(new, path)

    def wait_for(self, condition):
        end = time.monotonic() + HANG_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)

    @needs(programs=["openssl"])
    def test_renewal(self):
        (old, old_key), (new, new_key) = self.make("old"), self.make("new")
        certificate, key = self.folder / "server.pem", self.folder / "server-key.pem"
        certificate.write_text(old)
        key.write_text(old_key)
        with TLSServer("--tls-cert", certificate, "--tls-key", key, "--log-level", "notice") as server:

            def shown():
                return ssl.get_server_certificate(("127.0.0.1", server.port)).strip()

            self.assertEqual(shown(), old.strip())
            kept = server.connect()
            self.addCleanup(kept.close)
            kept.request("GET", "/livez")
            kept.getresponse().read()
            # The key comes first: it does not belong to the old certificate, which stays.
            self.replace(key, new_key)
            self.wait_for(lambda: "cannot be used" in server.log)
            self.assertEqual(shown(), old.strip())
            self.assertEqual(server.get("/readyz").status, 200)
            self.replace(certificate, new)
            self.wait_for(lambda: shown() == new.strip())
            self.assertEqual(server.get("/readyz").status, 200)
            # A connection that was open goes on, and what is no certificate changes nothing.
            kept.request("GET", "/livez")
            self.assertEqual(kept.getresponse().status, 200)
            self.replace(certificate, "no certificate")
            self.wait_for(lambda: server.log.count("cannot be used") > 1)
            self.assertEqual(shown(), new.strip())


if __name__ == "__main__":
    unittest.main()
