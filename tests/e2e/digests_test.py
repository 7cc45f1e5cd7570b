"""digests_test.py ESAAS: the log is signed, proven and verified, and the server is killed while it signs.

On the embedded Mesos, without Elasticsearch. What the API prints is checked by a reader that shares nothing with the
program: Python's hashlib and openssl, by what store/digests/format.md says alone.
"""

import hashlib
import json
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from installation import Installation
from quota_test import make_program

KILLS = 6


def openssl_verifies():
    """Ed25519 over a message of any length came with openssl 3.0 (pkeyutl -rawin)."""
    if shutil.which("openssl") is None:
        return False
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout
    return version.startswith("OpenSSL 3") or version.startswith("OpenSSL 4")


def blake2b(data):
    return hashlib.blake2b(data, digest_size=32).digest()


class Reader:
    """What a stranger makes of a digest and a proof."""

    def __init__(self, public_key):
        self.public_key = public_key

    @staticmethod
    def signed_bytes(digest):
        def sized(data):
            return struct.pack(">Q", len(data)) + data
        return (b"esaas digest 1\0" + struct.pack(">QQ", digest["first_seq"], digest["through_seq"]) +
                sized(bytes.fromhex(digest["root"])) + sized(bytes.fromhex(digest["chain_hash"])) +
                struct.pack(">Qq", digest["previous_digest_seq"], digest["signed_at_us"]) +
                sized(digest["key_id"].encode()))

    def signature_holds(self, digest):
        # An Ed25519 public key as openssl reads it: RFC 8410.
        der = bytes.fromhex("302a300506032b6570032100") + self.public_key
        with tempfile.TemporaryDirectory() as folder:
            files = {"key": der, "text": self.signed_bytes(digest), "signature": bytes.fromhex(digest["signature"])}
            for name, data in files.items():
                Path(folder, name).write_bytes(data)
            done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-rawin",
                                   "-in", "text", "-sigfile", "signature"], cwd=folder, capture_output=True, text=True)
        return done.returncode == 0

    def proof_holds(self, proof):
        digest = proof["digest"]
        record_hash = bytes.fromhex(proof["record_hash"])
        if "record" in proof and blake2b(bytes.fromhex(proof["record"])) != record_hash:
            return False
        if blake2b(self.public_key).hex()[:16] != digest["key_id"] or not self.signature_holds(digest):
            return False
        index, size = proof["seq"] - digest["first_seq"], digest["through_seq"] - digest["first_seq"] + 1
        node, path = record_hash, [bytes.fromhex(one) for one in proof["path"]]
        while size > 1:
            count = min(4, size - (index - index % 4))
            children, path = path[:count - 1], path[count - 1:]
            children.insert(index % 4, node)
            if len(children) != count:
                return False
            if count > 1:
                node = hashlib.blake2b(b"".join(children), digest_size=32, person=b"esaas tree node").digest()
            index, size = index // 4, (size + 3) // 4
        return not path and node.hex() == digest["root"]


class Digests:
    def __init__(self, esaas):
        self.esaas = esaas
        self.began = time.monotonic()
        self.tenants = 0
        self.kept = esaas.root / "kept.json"

    def report(self, what):
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", flush=True)

    def grow(self, events=3):
        for _ in range(events):
            self.tenants += 1
            self.esaas.run("tenant", "create", f"tenant-{self.tenants}")

    def verify(self, *words, check=True):
        done = self.esaas.run("--json", "log", "verify", "--data-dir", str(self.esaas.data), *words, check=check)
        return json.loads(done.stdout)

    def events(self):
        """All that the log has, as the stream shows them."""
        last = self.verify()["events"]
        token = (self.esaas.data / "admin-token").read_text().split()[0]
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}/v1/events?from=1",
                                         headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=20) as stream:
            for line in stream:
                if line.startswith(b"data:"):
                    event = json.loads(line[5:])
                    yield event
                    if event["seq"] >= last:
                        return

    def sign_and_read(self):
        self.grow()
        digest = self.esaas.json("digest", "sign")
        assert self.reader.signature_holds(digest), digest
        wrong = dict(digest, through_seq=digest["through_seq"] + 1)
        assert not self.reader.signature_holds(wrong)
        self.report(f"openssl verifies the signature over events {digest['first_seq']} to {digest['through_seq']}")
        for seq in range(1, digest["through_seq"] + 1):
            text = self.esaas.run("event", "proof", str(seq)).stdout
            proof = json.loads(text)
            assert self.reader.proof_holds(proof), proof
            if proof["path"]:
                proof["path"][0] = blake2b(b"another").hex()
                assert not self.reader.proof_holds(proof)
            (self.esaas.root / "proof.json").write_text(text)
            self.check_proof(digest["public_key"], 0)
            self.check_proof(blake2b(b"another key").hex(), 1)
        self.report(f"{digest['through_seq']} proofs hold, by this reader and by `esaas digest check-proof`")

    def check_proof(self, key, code):
        done = self.esaas.run("digest", "check-proof", str(self.esaas.root / "proof.json"), "--public-key", key, check=False)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)

    def kill_while_signing(self):
        """At moments that differ, from the very first on: before there is a key, before its event, while the root is computed,
        before the digest is on disk."""
        chance = random.Random(20161009)
        for number in range(KILLS):
            self.grow(2)
            signing = threading.Thread(target=self.esaas.run, args=("digest", "sign"), kwargs={"check": False})
            signing.start()
            time.sleep(chance.uniform(0.0, 0.06))
            self.esaas.kill()
            signing.join()
            self.esaas.start()
            found = self.verify()
            assert found["intact"], found
        self.grow(1)
        newest = self.esaas.json("digest", "sign")
        self.reader = Reader(bytes.fromhex(newest["public_key"]))
        digests = self.esaas.json("digest", "list", "--limit", "0")
        through = 0
        for digest in digests:
            assert digest["first_seq"] == through + 1, digests
            assert self.reader.signature_holds(digest), digest
            through = digest["through_seq"]
        assert digests[-1] == newest
        keys = {digest["public_key"] for digest in digests}
        assert len(keys) == 1, keys
        told = [one for one in self.events() if one["kind"] == "signing_key_created"]
        assert len(told) == 1, told
        self.report(f"{KILLS} times killed while it signed: {len(digests)} digests in line by one key")
        self.kept.write_text(json.dumps(digests))
        found = self.verify("--digests", str(self.kept))
        assert found["intact"] and found["proven_through"] == through, found

    def verify_further(self):
        checkpoint = str(self.esaas.root / "checkpoint.json")
        first = self.verify("--checkpoint", checkpoint)
        self.grow(4)
        self.esaas.run("digest", "sign")
        second = self.verify("--checkpoint", checkpoint, "--digests", str(self.kept))
        assert second["intact"] and second["read_from"] > 1 and second["events"] > first["events"], second
        self.report(f"verified on from event {second['read_from']}, while the server runs")

    def cut_off(self):
        """Somebody puts back an older log: what was kept shows it."""
        self.esaas.stop()
        older = self.esaas.root / "older"
        shutil.copytree(self.esaas.data / "log", older)
        self.esaas.start()
        self.grow(2)
        self.esaas.run("digest", "sign")
        self.kept.write_text(json.dumps(self.esaas.json("digest", "list", "--limit", "0")))
        self.esaas.stop()
        shutil.rmtree(self.esaas.data / "log")
        shutil.copytree(older, self.esaas.data / "log")
        assert self.verify()["intact"], "nothing within it tells"
        done = self.esaas.run("--json", "log", "verify", "--data-dir", str(self.esaas.data), "--digests", str(self.kept),
                              check=False)
        found = json.loads(done.stdout)
        assert done.returncode == 1 and found["findings"][0]["kind"] == "missing", found
        assert found["findings"][0]["first_seq"] == found["events"] + 1, found
        self.report(f"an older log in its place: {found['findings'][0]}")

    def run(self):
        self.esaas.start()
        self.kill_while_signing()
        self.sign_and_read()
        self.verify_further()
        self.cut_off()


def main():
    if not openssl_verifies():
        print("skipped: there is no openssl 3 to verify signatures with")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        make_program(folder)
        esaas = Installation(sys.argv[1], first_agent_address="127.0.85.11", agents=1)
        try:
            Digests(esaas).run()
        finally:
            esaas.close()
    print("ok")


if __name__ == "__main__":
    main()
