"""Downloads from a hub that works, and from hubs that fail or attack: a clear error or the right file, nothing else."""

import hashlib
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from hub_server import Fault, HubServer, Repository, _Listener
from oracle import BINARY, FIXTURES, HANG_SECONDS, OracleCase, environment, needs, stoa

MB = 1 << 20
REFUSED_EXIT, WRONG_USAGE, INTERRUPTED = 1, 2, 130
# Three attempts in a row instead of six: the faults here do not heal by waiting.
QUICK = ("--attempts", 3)


def noise(size, seed=0):
    return random.Random(seed).randbytes(size)


class HubCase(OracleCase):
    """A library and a server for each test."""

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.home = Path(folder) / "home"
        self.models = self.home / "models"
        self.folder = Path(folder)

    def serve(self, *repositories, **options):
        self.server = self.enterContext(HubServer(*repositories, **options))
        return self.server

    def variables(self, **changes):
        plain = {name: "" for name in os.environ if name.lower().endswith("_proxy")}
        plain |= {"HF_TOKEN": "", "HF_HOME": str(self.folder / "hf"), "STOA_HOME": str(self.home), "HF_HUB_OFFLINE": ""}
        if hasattr(self, "server"):
            plain["HF_ENDPOINT"] = self.server.endpoint
        return {**plain, **changes}

    def pull(self, *arguments, **changes):
        return stoa("pull", *arguments, **self.variables(**changes))

    def pulled(self, *arguments, **changes):
        """A pull that must succeed."""
        result = self.pull(*arguments, "--json", **changes)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def refused(self, *arguments, says=(), **changes):
        """A pull that must fail with these words, and leave no model behind."""
        before = self.listing()
        result = self.pull(*arguments, **changes)
        self.assertEqual(result.returncode, REFUSED_EXIT, result.stderr or result.stdout)
        self.assertEqual(result.stdout, "")
        self.assertIn("error: ", result.stderr)
        for words in says:
            self.assertIn(words, result.stderr)
        self.assertNotIn("\x1b", result.stderr)
        self.assertEqual(self.listing(), before, "no model may appear")
        return result.stderr

    def listing(self):
        """What is in the library, without the hidden folders of downloads."""
        if not self.models.exists():
            return []
        return sorted(entry.name for entry in self.models.iterdir() if not entry.name.startswith("."))

    def asked(self, *, host=None, method="GET", containing=""):
        return [
            request
            for request in self.server.requests
            if (host is None or request[0] == host) and request[1] == method and containing in request[2]
        ]


MODEL = {"m-Q4_K_M.gguf": noise(20 * MB + 123), "m-Q8_0.gguf": noise(300_000, 1), "README.md": b"# m\n"}
SMALL = {"m-Q4_K_M.gguf": noise(400_000, 2)}


class Pull(HubCase):
    def test_takes_the_usual_quantisation(self):
        self.serve(Repository("acme/m-GGUF", MODEL))
        answer = self.pulled("hf.co/acme/m-GGUF")
        self.assertEqual(answer["name"], "m-Q4_K_M")
        self.assertEqual(self.listing(), ["m-Q4_K_M.gguf", "m-Q4_K_M.origin.json"])
        content = (self.models / "m-Q4_K_M.gguf").read_bytes()
        self.assertEqual(content, MODEL["m-Q4_K_M.gguf"])
        origin = json.loads((self.models / "m-Q4_K_M.origin.json").read_text())
        self.assertEqual(origin, answer["origin"])
        self.assertEqual(origin["repository"], "acme/m-GGUF")
        self.assertEqual(origin["commit"], self.server.repositories["acme/m-GGUF"].commit)
        self.assertEqual(origin["licence"], "apache-2.0")
        self.assertEqual(origin["base_models"], ["someone/base"])
        self.assertEqual(origin["files"][0]["digest"], "sha256:" + hashlib.sha256(content).hexdigest())
        self.assertEqual(list(self.models.glob(".*")), [], "nothing is left of the download")

    def test_every_way_to_say_it(self):
        self.serve(Repository("acme/m-GGUF", MODEL))
        wanted = {
            "hf.co/acme/m-GGUF:Q8_0": "m-Q8_0",
            "acme/m-GGUF:q8_0": "m-Q8_0",
            "HF.co/acme/m-GGUF:m-Q8_0.gguf@main": "m-Q8_0",
            "hf://acme/m-GGUF@v1.0/m-Q8_0.gguf": "m-Q8_0",
            "https://huggingface.co/acme/m-GGUF/blob/main/m-Q8_0.gguf?download=true": "m-Q8_0",
            "https://huggingface.co/acme/m-GGUF/resolve/main/m-Q8_0.gguf": "m-Q8_0",
            "https://huggingface.co/acme/m-GGUF/tree/main": "m-Q4_K_M",
            self.server.endpoint + "/acme/m-GGUF": "m-Q4_K_M",
        }
        for reference, name in wanted.items():
            with self.subTest(reference):
                result = self.pull(reference, "--dry-run", "--json")
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(json.loads(result.stdout)["name"], name)
        self.assertEqual(self.listing(), [])

    def test_wrong_references(self):
        self.serve(Repository("acme/m-GGUF", MODEL))
        for reference in ("https://example.com/acme/m", "acme/../m", "hf.co/", "acme/m@a..b", "hf.co/datasets/a/b"):
            with self.subTest(reference):
                self.refused(reference, says=["hf.co/OWNER/REPO"])
        self.assertEqual(self.server.requests, [])

    def test_says_what_there_is_when_the_choice_is_wrong_or_unclear(self):
        self.serve(
            Repository("acme/m-GGUF", MODEL),
            Repository("acme/many", {"a-Q5_K_M.gguf": b"GGUF", "a-Q6_K.gguf": b"GGUF"}),
            Repository("acme/pickle", {"pytorch_model.bin": noise(200_000), "config.json": b"{}"}),
            Repository("acme/words", {"README.md": b"# nothing"}),
        )
        self.refused("acme/m-GGUF:Q4_K", says=["has no file or quantisation Q4_K", "m-Q4_K_M.gguf (21.0 MB)"])
        self.refused("acme/many", says=["none of them is Q4_K_M", "a-Q5_K_M.gguf", "a-Q6_K.gguf"])
        self.refused("acme/pickle", says=["can run code", "GGUF", "safetensors"])
        self.refused("acme/pickle:pytorch_model.bin", says=["can run code"])
        self.refused("acme/words", says=["no GGUF file and no safetensors checkpoint"])

    def test_split_models_come_whole(self):
        parts = {f"Q4_K_M/big-Q4_K_M-0000{i}-of-00003.gguf": noise(150_000, i) for i in (1, 2, 3)}
        self.serve(
            Repository("acme/big", {**parts, "mmproj-big-f16.gguf": noise(9)}),
            Repository("acme/gap", {name: data for name, data in parts.items() if "00002" not in name}),
        )
        self.assertEqual(self.pulled("hf.co/acme/big")["name"], "big-Q4_K_M")
        for name, data in parts.items():
            self.assertEqual((self.models / Path(name).name).read_bytes(), data)
        self.assertEqual(len(self.listing()), 4)
        self.refused("acme/gap", says=["big-Q4_K_M-00002-of-00003.gguf is missing"])

    def test_checkpoints(self):
        files = {p.name: p.read_bytes() for p in (FIXTURES / "llama_sharded").iterdir() if p.is_file()}
        clutter = {"pytorch_model.bin": b"evil", "onnx/model.onnx": b"x", "consolidated.safetensors": b"y"}
        self.serve(Repository("acme/ckpt", {**files, **clutter, "LICENSE": b"Apache", "code.py": b"import os"}), page=3)
        answer = self.pulled("hf.co/acme/ckpt", "--name", "mine")
        self.assertEqual(answer["kind"], "safetensors")
        there = {p.name: p.read_bytes() for p in (self.models / "mine").iterdir()}
        self.assertEqual(there, {"LICENSE": b"Apache", **{name: files[name] for name in there if name != "LICENSE"}})
        self.assertGreaterEqual(set(there), {n for n in files if n.endswith(("config.json", ".safetensors", "index.json"))})
        self.assertGreater(len(self.asked(containing="cursor=")), 1, "the listing came in pages")

    def test_pulling_again_costs_nothing(self):
        self.serve(Repository("acme/m-GGUF", MODEL))
        self.pulled("acme/m-GGUF")
        before = len(self.asked(host="127.0.0.2"))
        again = self.pulled("acme/m-GGUF")
        self.assertEqual(again["downloaded_bytes"], 0)
        self.assertEqual(len(self.asked(host="127.0.0.2")), before)
        self.server.repositories["acme/m-GGUF"].files = {**MODEL, "m-Q4_K_M.gguf": noise(200_000, 9)}
        self.server.repositories["acme/m-GGUF"].refresh()
        self.refused("acme/m-GGUF", says=["already has a model named m-Q4_K_M", "--name"])

    def test_renamed_repositories_and_revisions(self):
        self.serve(Repository("acme/new", SMALL))
        self.server.renamed["acme/old"] = "acme/new"
        self.assertEqual(self.pulled("acme/old")["origin"]["repository"], "acme/new")
        self.refused("acme/new@nope", says=["no branch, tag or commit nope"])
        self.refused("acme/new@v1.0", "--revision", "main", says=["--revision"])

    def test_empty_files_and_odd_names(self):
        files = {"config.json": b"", "model.safetensors": noise(70_000), "tokenizer.json": b"{}"}
        self.serve(Repository("acme/odd.name_1", files), Repository("acme/ü", SMALL))
        self.pulled("acme/odd.name_1")
        self.assertEqual((self.models / "odd.name_1/config.json").read_bytes(), b"")

    def test_listing_show_and_removal(self):
        self.serve(Repository("acme/m", {"m-Q4_K_M.gguf": (FIXTURES / "gguf_f16/model.gguf").read_bytes()}))
        self.pulled("acme/m")
        shown = self.json_of("show", "hf.co/acme/m", "--json", **self.variables())
        self.assertEqual(shown["origin"]["licence"], "apache-2.0")
        listed = self.json_of("list", "--json", **self.variables())["models"]
        self.assertIn(("m-Q4_K_M", "acme/m", "apache-2.0"), [(m["name"], m["repository"], m["licence"]) for m in listed])
        self.assertIn("acme/m", stoa("show", "m-Q4_K_M", **self.variables()).stdout)
        self.assertEqual(stoa("rm", "m-Q4_K_M", **self.variables()).returncode, 0)
        self.assertEqual(self.listing(), [])

    def test_search(self):
        card = {"license": "mit"}
        models = [Repository(f"acme/llama-{i}", SMALL, card=card, downloads=i * 1000) for i in range(5)]
        self.serve(*models, Repository("acme/other", SMALL))
        found = self.json_of("search", "llama", "--limit", 3, "--json", **self.variables())["models"]
        self.assertEqual([m["name"] for m in found], ["acme/llama-4", "acme/llama-3", "acme/llama-2"])
        self.assertEqual((found[0]["downloads"], found[0]["licence"], found[0]["updated"]), (4000, "mit", "2026-03-04"))
        self.assertIn("filter=gguf", self.server.requests[-1][2])
        text = stoa("search", "llama", **self.variables()).stdout
        self.assertIn("acme/llama-4", text)

    def test_run_pulls_on_first_use(self):
        self.serve(Repository("acme/m", {"m-Q4_K_M.gguf": (FIXTURES / "gguf_f16/model.gguf").read_bytes()}))
        flags = ("hello", "--raw", "--max-tokens", 4, "--seed", 1, "--json")
        result = stoa("run", "hf.co/acme/m", *flags, **self.variables())
        self.assertEqual(result.returncode, REFUSED_EXIT)
        self.assertIn("licence apache-2.0", result.stderr)
        self.assertIn("--yes", result.stderr)
        self.assertEqual(self.listing(), [])
        first = self.json_of("run", "hf.co/acme/m", "--yes", *flags, **self.variables())
        self.server.requests.clear()
        again = self.json_of("run", "hf.co/acme/m", *flags, **self.variables(STOA_OFFLINE="1"))
        self.assertEqual(again, first)
        self.assertEqual(self.server.requests, [], "the second time needs no network")

    def test_offline(self):
        self.serve(Repository("acme/m", SMALL))
        for name in ("HF_HUB_OFFLINE", "STOA_OFFLINE"):
            self.refused("acme/m", says=[name, "forbids the network"], **{name: "1"})
        self.assertEqual(self.server.requests, [])

    def test_too_large_for_the_disk(self):
        digest = hashlib.sha256(SMALL["m-Q4_K_M.gguf"]).hexdigest()
        huge = {"size": 1 << 43, "lfs": {"oid": digest, "size": 1 << 43, "pointerSize": 130}}
        repository = Repository("acme/m", SMALL, entries={"m-Q4_K_M.gguf": huge})
        self.serve(repository)
        self.refused("acme/m", says=["listed with", "but the server has 400000"])
        repository.linked_size = 1 << 43
        self.refused("acme/m", says=["are free", "make room"])
        self.assertEqual(self.asked(host="127.0.0.2"), [])


class Access(HubCase):
    def test_gated(self):
        self.serve(Repository("acme/g", SMALL, gated="manual", token=None))
        says = ["is gated", self.server.endpoint + "/acme/g", "HF_TOKEN"]
        self.refused("acme/g", says=says)
        self.refused("acme/g", says=[*says, "approval"], HF_TOKEN="hf_wrong")
        self.server.repositories["acme/g"].token = "hf_right"
        self.assertEqual(self.pulled("acme/g", HF_TOKEN="hf_right")["name"], "m-Q4_K_M")

    def test_bad_token_and_unknown_repository(self):
        self.serve(Repository("acme/g", SMALL, token="hf_right"))
        self.refused("acme/g", says=["Invalid credentials", "HF_TOKEN is valid"], HF_TOKEN="hf_wrong")
        self.refused("acme/none", says=["no such model", "private one needs HF_TOKEN"])
        self.refused("acme/none", says=["no such model", "may read it"], HF_TOKEN="hf_right")
        self.refused("acme/g", says=["HF_TOKEN", "characters"], HF_TOKEN="hf_a\nb")

    def test_the_token_goes_to_the_hub_alone(self):
        self.serve(Repository("acme/g", MODEL, gated="auto", token="hf_secret"))
        (self.folder / "hf").mkdir()
        (self.folder / "hf/token").write_text("hf_secret\n")
        self.pulled("acme/g")
        hub = self.asked(host="127.0.0.1") + self.asked(host="127.0.0.1", method="HEAD")
        network = self.asked(host="127.0.0.2")
        self.assertTrue(network)
        self.assertTrue(all(r[3].get("Authorization") == "Bearer hf_secret" for r in hub))
        for request in network:
            self.assertNotIn("hf_secret", str(request))

    def test_the_token_stays_when_another_port_is_another_server(self):
        self.serve(Repository("acme/g", SMALL, gated="auto", token="hf_secret"), cdn_host="127.0.0.1")
        self.pulled("acme/g", HF_TOKEN="hf_secret")
        (request,) = [r for r in self.server.requests if "signature" in r[2]]
        self.assertNotIn("Authorization", request[3])

    def test_pages_of_the_listing_stay_on_the_hub(self):
        self.serve(Repository("acme/m", {f"{i}.txt": b"x" for i in range(9)} | SMALL, token="hf_secret"), page=2)
        self.server.link_origin = self.server.cdn_endpoint
        self.pulled("acme/m", HF_TOKEN="hf_secret")
        self.assertEqual(self.asked(host="127.0.0.2", containing="cursor"), [])

    def test_proxies(self):
        self.serve(Repository("acme/m", SMALL))
        with Proxy() as proxy:
            self.pulled("acme/m", http_proxy=proxy.url)
            ports = {int(target.rsplit(":", 1)[1]) for target in proxy.targets}
            self.assertEqual(ports, {self.server.hub.server_port, self.server.cdn.server_port})
            count = len(proxy.targets)
            self.pulled("acme/m", "--name", "n", HTTP_PROXY=proxy.url, NO_PROXY="127.0.0.0/8")
            self.assertEqual(len(proxy.targets), count)


    @needs(programs=["openssl"])
    def test_certificates(self):
        certificate = self.folder / "server.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
             "-addext", "subjectAltName=IP:127.0.0.1,IP:127.0.0.2", "-keyout", certificate, "-out", self.folder / "ca.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
        with open(certificate, "ab") as stream:
            stream.write((self.folder / "ca.pem").read_bytes())
        self.serve(Repository("acme/m", SMALL), certificate=certificate)
        self.refused("acme/m", *QUICK, says=["127.0.0.1", "CERTIFICATE_VERIFY_FAILED"])
        for name in ("none.pem", "empty.pem"):
            (self.folder / "empty.pem").write_text("")
            says = ["SSL_CERT_FILE", name, "no certificates"]
            self.refused("acme/m", says=says, SSL_CERT_FILE=str(self.folder / name))
        self.pulled("acme/m", SSL_CERT_FILE=str(self.folder / "ca.pem"))


class Faults(HubCase):
    """What a bad network and a bad server do to the bytes."""

    def expect(self, fault, *, ok=None, says=(), files=MODEL, name="m-Q4_K_M.gguf", **changes):
        """Downloads with a fault: a right file when `ok`, else an error with these words."""
        if not hasattr(self, "server"):
            self.serve(Repository("acme/m", files))
        self.server.faults = {name: fault}
        if not ok:
            return self.refused("acme/m", *QUICK, says=says, **changes)
        answer = self.pulled("acme/m", *QUICK, **changes)
        self.assertEqual((self.models / name).read_bytes(), files[name])
        stoa("rm", "m-Q4_K_M", **self.variables())
        return answer

    def test_cut_connections(self):
        self.expect(Fault("truncated", count=12, after=700_000), ok=True)
        self.expect(Fault("drop", count=2), ok=True)
        self.expect(Fault("truncated", after=1000), says=["goes on where it stopped"])

    def test_status(self):
        self.expect(Fault("status", count=2, status=503), ok=True)
        self.expect(Fault("status", count=2, status=429, headers={"Retry-After": "1"}), ok=True)
        self.expect(Fault("status", status=500), says=["the server failed (500"])
        self.expect(Fault("status", status=429, headers={"Retry-After": "3600"}), says=["too many", "in 3600 s"])

    def test_corrupted_bodies(self):
        self.expect(Fault("corrupt", count=1), ok=True)
        self.expect(Fault("corrupt"), says=["the bytes are not the publisher's"])
        self.expect(None, ok=True)

    def test_corrupted_small_files(self):
        files = {"config.json": b'{"a": 1}', "model.safetensors": noise(50_000)}
        self.serve(Repository("acme/m", files))
        self.server.faults = {"config.json": Fault("corrupt")}
        self.refused("acme/m", *QUICK, says=["config.json", "git:"])

    def test_stalled_bodies(self):
        self.expect(Fault("stalled", count=1, after=100_000), ok=True, HF_HUB_DOWNLOAD_TIMEOUT="3")
        says = ["nothing came for 3 s", "HF_HUB_DOWNLOAD_TIMEOUT"]
        self.expect(Fault("stalled", after=0), says=says, HF_HUB_DOWNLOAD_TIMEOUT="3")

    def test_wrong_ranges(self):
        self.expect(Fault("shifted"), says=["another part of the file"])
        self.expect(Fault("changed"), says=["bytes instead of"])

    def test_servers_without_ranges(self):
        self.serve(Repository("acme/m", MODEL))
        self.server.honours_ranges = False
        self.expect(None, ok=True)
        self.expect(Fault("truncated", count=1, after=5 * MB), ok=True)

    def test_more_bytes_than_announced(self):
        for files in (MODEL, SMALL):
            self.serve(Repository("acme/m", files))
            self.expect(Fault("endless"), says=["longer than it said"], files=files)
            spent = sum(f.stat().st_blocks * 512 for f in self.models.rglob("*.part"))
            self.assertLess(spent, 22 * MB)

    def test_packed_bodies(self):
        self.expect(Fault("gzip"), says=["packed (gzip)"])
        self.assertTrue(all(r[3]["Accept-Encoding"] == "identity" for r in self.server.requests))

    def test_packed_listing(self):
        self.serve(Repository("acme/m", SMALL))
        self.server.api_status = (200, {"Content-Encoding": "gzip"})
        self.refused("acme/m", *QUICK, says=["packed (gzip)"])

    def test_expired_addresses_are_asked_for_again(self):
        self.serve(Repository("acme/m", MODEL))
        self.server.expired = {1}
        self.server.new_signature = 2
        self.pulled("acme/m")
        self.assertGreaterEqual(len(self.asked(method="HEAD")), 2)
        self.assertTrue(self.asked(containing="signature=1"))
        self.assertTrue(self.asked(containing="signature=2"))

    def test_interface_failures(self):
        self.serve(Repository("acme/m", SMALL))
        for status, headers, words in (
            (500, {}, "the server failed (500"),
            (429, {"Retry-After": "999"}, "too many requests"),
            (403, {}, "is gated"),
            (200, {}, "names no commit"),
        ):
            with self.subTest(status):
                self.server.api_status = (status, headers)
                self.refused("acme/m", *QUICK, says=[words])

    def test_nobody_there(self):
        self.refused("acme/m", *QUICK, says=["127.0.0.1", "connection refused"], HF_ENDPOINT="http://127.0.0.1:9")
        self.refused("acme/m", says=["HF_ENDPOINT"], HF_ENDPOINT="ftp://example.com")


class Attacks(HubCase):
    """A hostile repository, and a hostile server."""

    def test_file_names(self):
        names = ["../../etc/cron.d/x.gguf", "/etc/x.gguf", "a/../../x.gguf", "..\\x.gguf", "a\u202egguf.exe.gguf", "a\0.gguf"]
        for name in names:
            with self.subTest(name):
                self.serve(Repository("acme/m", SMALL, entries={"m-Q4_K_M.gguf": {"path": name}}))
                self.refused("acme/m", says=["not written", "do not trust"])
                self.assertFalse(self.asked(method="HEAD"))
        for name in ("nul.gguf", "a:b.gguf", ".hidden.gguf", "-x.gguf", "a./x.gguf"):
            with self.subTest(name):
                self.serve(Repository("acme/m", SMALL, entries={"m-Q4_K_M.gguf": {"path": name}}))
                self.refused("acme/m", says=["not written"])

    def test_digests_are_digests(self):
        for digest in ("../../../etc/passwd", "sha256:../x", "0" * 63, "g" * 64):
            with self.subTest(digest):
                lfs = {"oid": digest, "size": 400_000, "pointerSize": 1}
                self.serve(Repository("acme/m", SMALL, entries={"m-Q4_K_M.gguf": {"lfs": lfs}}))
                # The listing's is unusable; the one that the file's own address has is used and checked.
                self.assertEqual(self.pulled("acme/m")["name"], "m-Q4_K_M")
                stoa("rm", "m-Q4_K_M", **self.variables())

    def test_a_file_without_digest(self):
        self.serve(Repository("acme/m", SMALL, entries={"m-Q4_K_M.gguf": {"lfs": None, "oid": None}}))
        self.refused("acme/m", says=["does not say its digest"])

    def test_redirects(self):
        targets = {
            "http://10.0.0.1/x": "private network",
            "http://192.168.1.1/x": "private network",
            "http://169.254.169.254/latest/meta-data/": "link-local",
            "http://[fe80::1]/x": "link-local",
            "http://[::ffff:10.0.0.1]/x": "private network",
            "https://10.0.0.1/x": "private network",
            "https://0.0.0.0/x": "reserved",
            "http://example.com/x": "not HTTPS",
            "http://2130706433/x": "no plain http address",
            "http://0x7f.1/x": "no plain http address",
            "http://user@127.0.0.2/x": "no plain http address",
            "ftp://127.0.0.2/x": "no plain http address",
            "file:///etc/passwd": "no plain http address",
        }
        self.serve(Repository("acme/m", SMALL, token="hf_secret"))
        for target, words in targets.items():
            with self.subTest(target):
                self.server.redirect_to = target
                self.refused("acme/m", says=["is not followed"], HF_TOKEN="hf_secret")
                error = self.refused("acme/m", HF_TOKEN="hf_secret")
                if "http://" in target or "https://" in target:
                    self.assertTrue(words in error or "HTTPS" in error, error)

    def test_redirect_loops(self):
        self.serve(Repository("acme/m", SMALL))
        self.server.redirect_to = "{hub}{path}"
        self.refused("acme/m", says=["no end to the redirects"])
        self.assertLess(len(self.server.requests), 20)

    def test_listings(self):
        bodies = {
            b"[" * 100_000: "not JSON",
            b"null": "a list was expected",
            b'[{"type":"file"}]': "without a path",
            b'[{"type":"file","path":"m-Q4_K_M.gguf","size":-1}]': "negative",
            b'[{"type":"file","path":"m.gguf","size":1}' * 3: "not JSON",
            b"[" + b" " * (17 << 20) + b"]": "longer than 16 MiB",
        }
        for body, words in bodies.items():
            with self.subTest(words):
                repository = Repository("acme/m", SMALL)
                repository.raw_tree = body
                self.serve(repository)
                self.refused("acme/m", says=[words])

    def test_control_characters_do_not_reach_the_terminal(self):
        card = {"license": "mit\x1b]0;owned\x07\x1b[2J", "base_model": "\x1b[31mred"}
        self.serve(Repository("acme/m", SMALL, card=card))
        result = self.pull("acme/m")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("\x1b", result.stderr + result.stdout)

    def test_links_in_the_way(self):
        self.serve(Repository("acme/m", SMALL))
        target = self.folder / "target"
        target.mkdir()
        self.models.mkdir(parents=True)
        (self.models / ".pull-m-Q4_K_M").symlink_to(target)
        self.refused("acme/m", says=["make the folder"])
        self.assertEqual(list(target.iterdir()), [])


class Interruptions(HubCase):
    def start(self, *arguments, **changes):
        process = subprocess.Popen(
            [BINARY, "pull", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment(**self.variables(**changes)),
        )  # fmt: skip
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def kept(self):
        """How many bytes of each part the program has put on record, as another run would find them."""
        states = [json.loads(path.read_text()) for path in self.models.glob(".pull-*/state.json")]
        return [count for state in states for file in state["files"] for count in file["received"]]

    def wait_until(self, process, condition):
        """The server's limit keeps a download from ending meanwhile, however slow the machine is."""
        end = time.monotonic() + HANG_SECONDS
        while not condition():
            self.assertIsNone(process.poll(), "it ends before it has everything")
            self.assertLess(time.monotonic(), end, "nothing happens")
            time.sleep(0.005)

    def test_killed_twenty_times(self):
        size = 120 * MB + 77
        data = noise(size, 5)
        self.serve(Repository("acme/m", {"m-Q4_K_M.gguf": data}))
        generator = random.Random(1)
        for round in range(20):
            before = sum(self.kept())
            self.server.limit = self.server.bytes_sent + generator.randrange(MB, 5 * MB)
            goal = generator.randrange(self.server.bytes_sent, self.server.limit)
            process = self.start("acme/m")
            self.wait_until(process, lambda: self.server.bytes_sent >= goal)
            if round % 4 == 0:
                self.wait_until(process, lambda: sum(self.kept()) > before)
            time.sleep(generator.random() * 0.05)
            process.kill()
            process.communicate()
            self.assertEqual(self.listing(), [], "no model before it is complete")
        self.server.limit = None
        answer = self.pulled("acme/m")
        self.assertEqual((self.models / "m-Q4_K_M.gguf").read_bytes(), data)
        self.assertLess(answer["downloaded_bytes"], size, "what had come was kept")
        self.assertEqual(list(self.models.glob(".*")), [])

    def test_ctrl_c_keeps_what_came(self):
        data = noise(40 * MB, 6)
        self.serve(Repository("acme/m", {"m-Q4_K_M.gguf": data}))
        self.server.limit = 6 * MB
        process = self.start("acme/m")
        self.wait_until(process, lambda: sum(self.kept()) >= 4 * MB)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=HANG_SECONDS)
        self.assertEqual(process.returncode, INTERRUPTED, errors)
        self.assertIn("stopped at", errors)
        self.assertIn("stoa pull hf.co/acme/m goes on", errors)
        self.assertEqual(output, "")
        self.assertIn("unfinished: m-Q4_K_M", stoa("list", **self.variables()).stderr)
        self.server.limit = None
        answer = self.pulled("acme/m")
        self.assertLessEqual(answer["downloaded_bytes"], len(data) - 4 * MB)
        self.assertEqual((self.models / "m-Q4_K_M.gguf").read_bytes(), data)

    def test_unfinished_downloads_can_be_removed(self):
        self.serve(Repository("acme/m", {"m-Q4_K_M.gguf": noise(20 * MB)}))
        self.server.limit = MB
        process = self.start("acme/m")
        self.wait_until(process, lambda: sum(self.kept()) > 0)
        process.kill()
        process.communicate()
        self.assertEqual(stoa("rm", "m-Q4_K_M", **self.variables()).returncode, 0)
        self.assertEqual(list(self.models.iterdir()), [])

    def test_a_change_between_runs_starts_afresh(self):
        old, new = noise(30 * MB, 7), noise(30 * MB, 8)
        repository = Repository("acme/m", {"m-Q4_K_M.gguf": old})
        self.serve(repository)
        self.server.limit = 12 * MB
        process = self.start("acme/m")
        self.wait_until(process, lambda: sum(self.kept()) >= 8 * MB)
        process.kill()
        process.communicate()
        repository.files = {"m-Q4_K_M.gguf": new}
        repository.refresh()
        self.server.limit = None
        answer = self.pulled("acme/m")
        self.assertEqual(answer["downloaded_bytes"], len(new))
        self.assertEqual((self.models / "m-Q4_K_M.gguf").read_bytes(), new)

    def test_damage_between_runs_is_found(self):
        data = noise(80 * MB, 9)
        self.serve(Repository("acme/m", {"m-Q4_K_M.gguf": data}))
        self.server.limit = 16 * MB
        process = self.start("acme/m")
        self.wait_until(process, lambda: any(self.kept()[:1]))
        process.kill()
        process.communicate()
        (part,) = self.models.glob(".pull-*/*.part")
        with open(part, "r+b") as stream:
            stream.write(b"damage")
        self.server.limit = None
        self.pulled("acme/m")
        self.assertEqual((self.models / "m-Q4_K_M.gguf").read_bytes(), data)

    def test_two_at_once(self):
        data = noise(24 * MB, 10)
        self.serve(Repository("acme/m", {"m-Q4_K_M.gguf": data}))
        self.server.limit = MB
        first = self.start("acme/m", "--json")
        self.wait_until(first, lambda: sum(self.kept()) > 0)
        second = self.start("acme/m", "--json")
        told = "another process downloads m-Q4_K_M"
        self.assertTrue(any(told in line for line in iter(second.stderr.readline, "")))
        self.server.limit = None
        for process, downloaded in ((first, len(data)), (second, 0)):
            output, errors = process.communicate(timeout=HANG_SECONDS)
            self.assertEqual(process.returncode, 0, errors)
            self.assertEqual(json.loads(output)["downloaded_bytes"], downloaded)
        self.assertEqual((self.models / "m-Q4_K_M.gguf").read_bytes(), data)


class Peers(HubCase):
    @needs(packages=("huggingface_hub",))
    def test_same_files_as_huggingface_hub(self):
        files = {p.name: p.read_bytes() for p in (FIXTURES / "llama_sharded").iterdir() if p.is_file()}
        files["tokenizer.json"] = noise(300_000, 3)
        self.serve(Repository("acme/ckpt", files))
        self.pulled("acme/ckpt")
        script = (
            "import sys, huggingface_hub as h\n"
            "h.snapshot_download('acme/ckpt', local_dir=sys.argv[1], allow_patterns=['*.json', '*.safetensors'])\n"
        )
        python = os.environ.get("STOA_PYTHON") or sys.executable
        theirs = self.folder / "theirs"
        variables = environment(**self.variables(HF_HUB_DISABLE_XET="1"))
        subprocess.run([python, "-c", script, theirs], check=True, capture_output=True, env=variables)
        ours = {p.name: p.read_bytes() for p in (self.models / "ckpt").iterdir()}
        self.assertEqual(ours, {name: (theirs / name).read_bytes() for name in ours})


class Proxy:
    """A proxy that opens tunnels (CONNECT) and counts them."""

    def __enter__(self):
        outer = self
        self.targets = []

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_CONNECT(self):
                outer.targets.append(self.path)
                host, port = self.path.rsplit(":", 1)
                with socket.create_connection((host, int(port))) as far:
                    self.send_response(200)
                    self.end_headers()
                    near = self.connection
                    while True:
                        for source in select.select([near, far], [], [])[0]:
                            data = source.recv(1 << 16)
                            if not data:
                                return
                            (far if source is near else near).sendall(data)

        self.listener = _Listener(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.listener.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.listener.server_port}"
        return self

    def __exit__(self, *_):
        self.listener.shutdown()
        self.listener.server_close()


if __name__ == "__main__":
    unittest.main()
