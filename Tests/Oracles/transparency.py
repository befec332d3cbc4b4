"""Reads notes, checkpoints, tiles and proofs by their specifications alone: C2SP signed-note, tlog-checkpoint, tlog-tiles,
tlog-proof and tlog-cosignature, and RFC 9162, section 2.1, for how proofs lead to a root."""

import base64
import hashlib
from pathlib import Path


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def largest_power_below(size):
    return 1 << ((size - 1).bit_length() - 1)


def root(leaves):
    """MTH of RFC 6962, as it is defined, by recursion."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = largest_power_below(len(leaves))
    return node(root(leaves[:middle]), root(leaves[middle:]))


def inclusion_root(leaf_hash, index, size, proof):
    """The root that PATH(index, D[size]) leads to, by recursion over how the path is defined."""
    if size == 1:
        assert not proof, "too long a proof"
        return leaf_hash
    assert proof, "too short a proof"
    middle = largest_power_below(size)
    rest, top = proof[:-1], proof[-1]
    if index < middle:
        return node(inclusion_root(leaf_hash, index, middle, rest), top)
    return node(top, inclusion_root(leaf_hash, index - middle, size - middle, rest))


class Tiles:
    """A log in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def read(self, kind, index, width):
        digits = f"{index:03d}"
        digits = digits.zfill((len(digits) + 2) // 3 * 3)
        groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
        path = self.folder / "tile" / kind / "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
        return path.read_bytes() if width == 256 else Path(f"{path}.p/{width}").read_bytes()

    def entries(self, size):
        result = []
        for start in range(0, size, 256):
            width = min(256, size - start)
            data = self.read("entries", start // 256, width)
            for _ in range(width):
                count = int.from_bytes(data[:2], "big")
                result.append(data[2 : 2 + count])
                data = data[2 + count :]
            assert not data, "more entries than the tile is wide"
        return result

    def check_hashes(self, leaves):
        """Every tile of every level is what the leaves make it."""
        level, hashes = 0, leaves
        while hashes:
            for start in range(0, len(hashes), 256):
                part = hashes[start : start + 256]
                assert self.read(str(level), start // 256, len(part)) == b"".join(part), f"level {level} tile {start}"
            full = len(hashes) // 256
            hashes = [root(hashes[256 * index : 256 * (index + 1)]) for index in range(full)]
            level += 1


def verifier_key(text):
    """Name, identifier, type and public key of NAME+ID+BASE64."""
    name, identifier, encoded = text.strip().split("+", 2)
    data = base64.b64decode(encoded, validate=True)
    assert bytes.fromhex(identifier) == hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    return name, bytes.fromhex(identifier), data[0], data[1:]


def open_note(text, key):
    """The text of a note that the key has signed."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name, identifier, kind, public = verifier_key(key)
    assert kind == 1
    body, signatures = text.rsplit("\n\n", 1)
    body += "\n"
    for line in signatures.splitlines():
        mark, signer, encoded = line.split(" ")
        assert mark == "\u2014"
        data = base64.b64decode(encoded, validate=True)
        if signer == name and data[:4] == identifier:
            Ed25519PublicKey.from_public_bytes(public).verify(data[4:], body.encode())
            return body
    raise AssertionError("the note is not signed by the key")


def checkpoint(text, key):
    """Origin, size and root of a signed checkpoint."""
    origin, size, encoded = open_note(text, key).splitlines()[:3]
    return origin, int(size), base64.b64decode(encoded, validate=True)


def check_proof(text, entry, key):
    """Checks a tlog-proof of an entry and gives its index."""
    head, note = text.split("\n\n", 1)
    lines = head.split("\n")
    assert lines.pop(0) == "c2sp.org/tlog-proof@v1"
    if lines[0].startswith("extra "):
        lines.pop(0)
    index = int(lines.pop(0).removeprefix("index "))
    _, size, expected = checkpoint(note, key)
    proof = [base64.b64decode(line, validate=True) for line in lines]
    assert inclusion_root(leaf(entry), index, size, proof) == expected, "the proof leads to another root"
    return index


def witness(seed, name):
    """A witness's verifier key and a function that gives its signature line under a checkpoint."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = b"\x04" + private.public_key().public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
    identifier = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]

    def sign(note, time):
        body = note.rsplit("\n\n", 1)[0] + "\n"
        signature = private.sign(f"cosignature/v1\ntime {time}\n{body}".encode())
        data = identifier + time.to_bytes(8, "big") + signature
        return f"\u2014 {name} {base64.b64encode(data).decode()}\n"

    return f"{name}+{identifier.hex()}+{base64.b64encode(public).decode()}", sign
