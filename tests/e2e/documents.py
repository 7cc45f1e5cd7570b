"""A client of a managed cluster that writes all the time and remembers what was acknowledged, and a watch on its health."""

import json
import threading
import time
import urllib.error
import urllib.request


def ask(address, path, body=None, method=None, timeout=5):
    request = urllib.request.Request(f"http://{address}{path}", method=method,
                                     headers={"Content-Type": "application/json"},
                                     data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.loads(answer.read() or b"{}")


class Writer(threading.Thread):
    """Indexes one document after another over whichever address answers."""

    def __init__(self, addresses, index="documents"):
        super().__init__(daemon=True)
        self.addresses = addresses  # a function: the nodes change
        self.index = index
        self.acknowledged = 0
        self.failed = 0
        self._acknowledged_ids = []
        self._stopping = threading.Event()

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
            time.sleep(0.002)

    def stop(self):
        self._stopping.set()
        self.join()

    def missing(self, address):
        """Acknowledged documents that the cluster does not have."""
        ask(address, f"/{self.index}/_refresh", None, "POST", timeout=30)
        missing = []
        for begin in range(0, len(self._acknowledged_ids), 500):
            part = self._acknowledged_ids[begin:begin + 500]
            found = ask(address, f"/{self.index}/document/_mget", {"ids": part}, "POST", timeout=30)
            missing += [doc["_id"] for doc in found["docs"] if not doc.get("found")]
        return missing


class HealthWatch(threading.Thread):
    """Counts what Elasticsearch says of its own health; a node that does not answer says nothing."""

    def __init__(self, addresses):
        super().__init__(daemon=True)
        self.addresses = addresses
        self.seen = {"green": 0, "yellow": 0, "red": 0}
        self._stopping = threading.Event()

    def run(self):
        while not self._stopping.is_set():
            for address in self.addresses():
                try:
                    self.seen[ask(address, "/_cluster/health", timeout=2)["status"]] += 1
                    break
                except (OSError, ValueError, KeyError):
                    continue
            time.sleep(0.1)

    def stop(self):
        self._stopping.set()
        self.join()
