"""Clients of a managed cluster: one that writes all the time and remembers what was acknowledged, one that checks all the time
that it is there, and a watch on the cluster's health."""

import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.request


def ask(address, path, body=None, method=None, timeout=5):
    """OSError when there is no whole answer, or one of another status than 2xx."""
    request = urllib.request.Request(f"http://{address}{path}", method=method,
                                     headers={"Content-Type": "application/json"},
                                     data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.loads(answer.read() or b"{}")
    except http.client.HTTPException as cut_off:  # whoever answered was killed meanwhile
        raise ConnectionError(repr(cut_off)) from cut_off


class Client(threading.Thread):
    """Does the same again and again until it is stopped."""

    def __init__(self):
        super().__init__(daemon=True)
        self._stopping = threading.Event()

    def stop(self):
        assert self.is_alive(), f"{type(self).__name__} ended by itself"
        self._stopping.set()
        self.join()


class Writer(Client):
    """Indexes one document after another over whichever address answers."""

    def __init__(self, addresses, index="documents", pause=0.002):
        super().__init__()
        self.addresses = addresses  # a function: the nodes change
        self.index = index
        self.pause = pause  # seconds after each document
        self.acknowledged = 0
        self.failed = 0
        self._acknowledged_ids = []

    def run(self):
        number = 0
        while not self._stopping.is_set():
            addresses = self.addresses()
            identifier = f"d{number}"
            try:
                address = addresses[number % len(addresses)]
                ask(address, f"/{self.index}/document/{identifier}", {"number": number}, "PUT", timeout=20)
                self._acknowledged_ids.append(identifier)
                self.acknowledged += 1
            except (OSError, ValueError, ZeroDivisionError):
                self.failed += 1
                time.sleep(0.05)
            number += 1
            time.sleep(self.pause)

    def sample(self, size):
        """Some of what is acknowledged."""
        known = self.acknowledged
        return [self._acknowledged_ids[random.randrange(known)] for _ in range(min(size, known))]

    def get(self, address, identifiers):
        """What the cluster says of each of these documents."""
        found = ask(address, f"/{self.index}/document/_mget", {"ids": identifiers}, "POST", timeout=30)
        return found["docs"]

    def missing(self, address, begin=0, end=None):
        """Acknowledged documents that the cluster does not have; of those between two counts of acknowledged ones."""
        ask(address, f"/{self.index}/_refresh", None, "POST", timeout=30)
        missing = []
        identifiers = self._acknowledged_ids[begin:end]
        for first in range(0, len(identifiers), 500):
            docs = self.get(address, identifiers[first:first + 500])
            missing += [doc["_id"] for doc in docs if not doc.get("found")]
        return missing


class Reader(Client):
    """Looks for acknowledged documents of a writer all the time. A shard that can not be asked says nothing."""

    def __init__(self, writer):
        super().__init__()
        self.writer = writer
        self.checked = 0
        self.absent = []  # documents that the cluster said it does not have

    def run(self):
        number = 0
        while not self._stopping.is_set():
            number += 1
            try:
                addresses = self.writer.addresses()
                sample = self.writer.sample(20)
                docs = self.writer.get(addresses[number % len(addresses)], sample) if sample else []
                self.checked += sum("error" not in doc for doc in docs)
                self.absent += [doc["_id"] for doc in docs if "error" not in doc and not doc["found"]]
            except (OSError, ValueError, KeyError, ZeroDivisionError):
                pass
            time.sleep(0.25)  # more often it would take the processors that nodes start on


class HealthWatch(Client):
    """Counts what Elasticsearch says of its own health, and how long each index was red; a node that does not answer says
    nothing."""

    def __init__(self, addresses):
        super().__init__()
        self.addresses = addresses
        self.seen = {"green": 0, "yellow": 0, "red": 0}
        self.red_seconds = {}  # by index
        self._looks = 0

    def run(self):
        before = time.monotonic()
        while not self._stopping.is_set():
            for address in self.addresses():
                try:
                    health = ask(address, "/_cluster/health?level=indices", timeout=2)
                    self.seen[health["status"]] += 1
                except (OSError, ValueError, KeyError):
                    continue
                now = time.monotonic()
                for name, index in health["indices"].items():
                    if index["status"] == "red":
                        self.red_seconds[name] = self.red_seconds.get(name, 0) + now - before
                before = now
                break
            self._looks += 1
            time.sleep(0.1)

    def look_anew(self):
        """Until it has looked once more from now on."""
        enough = self._looks + 2  # the next may have begun before
        while self.is_alive() and self._looks < enough:
            time.sleep(0.02)
