"""noisy_framework.py MASTER [ROLE]: a neighbour that takes every offer it gets, whole, and never gives anything back.

A v1 scheduler of its own over HTTP, JSON and RecordIO, with the standard library alone. One role, of its own; each offer
with cpus and memory becomes one sleeping task of all of them. `with NoisyFramework(master) as noisy` subscribes and reads
in a thread; the end of `with` tears the framework down, so that Mesos ends its tasks. Prints a line a second when run by
itself, until it is interrupted.
"""

import getpass
import http.client
import json
import sys
import threading
import time

ENDED = {"TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_ERROR", "TASK_LOST", "TASK_DROPPED", "TASK_GONE",
         "TASK_GONE_BY_OPERATOR"}
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


def scalars(resources):
    """Sums by name of what is a number."""
    sums = {}
    for resource in resources:
        if resource["type"] == "SCALAR":
            sums[resource["name"]] = sums.get(resource["name"], 0) + resource["scalar"]["value"]
    return sums


class NoisyFramework:
    def __init__(self, master, role="noisy", user=None):
        self.master, self.role = master, role
        self.user = user or getpass.getuser()
        self.framework_id = self._stream_id = None
        self.offers_seen = 0
        self._tasks = {}  # id: its scalars
        self._lock = threading.Lock()
        self._closing = False
        self._failure = None

    # --- what it has ---

    def taken(self):
        """Sums over its tasks that have not ended: {"cpus": 8.0, "mem": 4096.0}."""
        if self._failure:
            raise AssertionError(f"the noisy framework failed: {self._failure}")
        with self._lock:
            tasks = list(self._tasks.values())
        return {name: sum(task.get(name, 0) for task in tasks) for name in ("cpus", "mem")}

    # --- life ---

    def __enter__(self):
        self._connection = http.client.HTTPConnection(self.master, timeout=60)  # heartbeats come every 15 s
        info = {"user": self.user, "name": "noisy", "roles": [self.role], "capabilities": [{"type": "MULTI_ROLE"},
                {"type": "RESERVATION_REFINEMENT"}], "failover_timeout": 0}
        call = {"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}
        self._connection.request("POST", "/api/v1/scheduler", json.dumps(call), HEADERS)
        stream = self._connection.getresponse()
        if stream.status != 200:
            raise AssertionError(f"SUBSCRIBE was answered {stream.status}: {stream.read().decode()}")
        self._stream_id = stream.getheader("Mesos-Stream-Id")
        first = self._read_event(stream)
        assert first["type"] == "SUBSCRIBED", first
        self.framework_id = first["subscribed"]["framework_id"]
        self._thread = threading.Thread(target=self._run, args=(stream,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._closing = True
        self._call("TEARDOWN")
        self._thread.join(timeout=10)
        self._connection.close()

    def _run(self, stream):
        try:
            while True:
                self._take(self._read_event(stream))
        except Exception as error:  # seen by whoever asks next
            if not self._closing:
                self._failure = repr(error)

    @staticmethod
    def _read_event(stream):
        length = b""
        while not length.endswith(b"\n"):
            byte = stream.read(1)
            if not byte:
                raise OSError("the master ended the stream")
            length += byte
        record = b""
        while len(record) < int(length):
            piece = stream.read(int(length) - len(record))
            if not piece:
                raise OSError("the master ended the stream")
            record += piece
        return json.loads(record)

    def _call(self, kind, **body):
        call = {"type": kind, "framework_id": self.framework_id, **body}
        connection = http.client.HTTPConnection(self.master, timeout=20)
        connection.request("POST", "/api/v1/scheduler", json.dumps(call),
                           {**HEADERS, "Mesos-Stream-Id": self._stream_id})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert answer.status in (200, 202), f"{kind} was answered {answer.status}: {text}"

    # --- what it does ---

    def _take(self, event):
        if event["type"] == "OFFERS":
            for offer in event["offers"]["offers"]:
                self._swallow(offer)
        elif event["type"] == "UPDATE":
            self._note(event["update"]["status"])
        elif event["type"] == "ERROR":
            raise OSError(event["error"]["message"])

    def _swallow(self, offer):
        self.offers_seen += 1
        resources = [each for each in offer["resources"] if each["name"] in ("cpus", "mem", "disk")
                     and not each.get("reservations")]
        amounts = scalars(resources)
        if not amounts.get("cpus") or not amounts.get("mem"):
            self._call("DECLINE", decline={"offer_ids": [offer["id"]], "filters": {"refuse_seconds": 0.5}})
            return
        task_id = f"noise-{self.offers_seen}"
        with self._lock:
            self._tasks[task_id] = amounts
        task = {"name": "noise", "task_id": {"value": task_id}, "agent_id": offer["agent_id"], "resources": resources,
                "command": {"shell": True, "value": "exec sleep 100000"}}
        launch = {"type": "LAUNCH", "launch": {"task_infos": [task]}}
        self._call("ACCEPT", accept={"offer_ids": [offer["id"]], "operations": [launch],
                                     "filters": {"refuse_seconds": 0}})

    def _note(self, status):
        if status["state"] in ENDED:
            with self._lock:
                self._tasks.pop(status["task_id"]["value"], None)
        if status.get("uuid"):
            self._call("ACKNOWLEDGE", acknowledge={key: status[key] for key in ("agent_id", "task_id", "uuid")})


def main():
    with NoisyFramework(sys.argv[1], *sys.argv[2:3]) as noisy:
        try:
            while True:
                print(f"{noisy.offers_seen} offers seen, taken {noisy.taken()}", flush=True)
                time.sleep(1)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
