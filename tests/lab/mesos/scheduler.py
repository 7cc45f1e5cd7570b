"""A framework in a few lines, for tests of what is below it: subscribes, keeps offers, acknowledges what it sees."""

import contextlib
import http.client
import json
import threading
import time

PATH = "/api/v1/scheduler"
JSON = {"Content-Type": "application/json", "Accept": "application/json"}


def read_records(stream):
    while True:
        head = stream.readline()
        if not head.endswith(b"\n"):
            return
        yield json.loads(stream.read(int(head)))


class Scheduler:
    """Blocking; every wait has a deadline. `info` is merged into the FrameworkInfo."""

    def __init__(self, endpoint, role, user="nobody", **info):
        self.endpoint = endpoint
        self.info = {"name": "lab", "user": user, "roles": [role], "checkpoint": True, "failover_timeout": 60,
                     "capabilities": [{"type": each} for each in
                                      ("MULTI_ROLE", "RESERVATION_REFINEMENT", "PARTITION_AWARE",
                                       "TASK_KILLING_STATE", "REGION_AWARE")], **info}
        self.role = role
        self.events = []
        self._arrived = threading.Condition()
        self._connection, self._stream = self._post({"type": "SUBSCRIBE", "subscribe": {"framework_info": self.info}},
                                                    timeout=None)
        if self._stream.status != 200:
            raise OSError(f"SUBSCRIBE: {self._stream.status} {self._stream.read().decode()}")
        self.stream_id = self._stream.getheader("Mesos-Stream-Id")
        threading.Thread(target=self._read, daemon=True).start()
        self.id = self.wait("SUBSCRIBED")["framework_id"]

    def _post(self, call, timeout=10, headers=None):
        connection = http.client.HTTPConnection(self.endpoint, timeout=timeout)
        connection.request("POST", PATH, json.dumps(call), {**JSON, **(headers or {})})
        return connection, connection.getresponse()

    def _read(self):
        try:
            for event in read_records(self._stream):
                with self._arrived:
                    self.events.append(event)
                    self._arrived.notify_all()
        except (OSError, ValueError, http.client.HTTPException):
            pass  # the master has ended
        self._stream.close()
        self._connection.close()

    def call(self, kind, **body):
        connection, answer = self._post({"type": kind, "framework_id": self.id, **body},
                                        headers={"Mesos-Stream-Id": self.stream_id})
        with contextlib.closing(connection), answer:
            if answer.status != 202:
                raise OSError(f"{kind}: {answer.status} {answer.read().decode()}")

    def wait(self, kind, wanted=lambda body: True, timeout=20):
        """The body of the first event of the kind that is wanted, taken out of those that have come."""
        deadline = time.monotonic() + timeout
        with self._arrived:
            while True:
                for event in self.events:
                    body = event.get(kind.lower(), {})
                    if event["type"] == kind and wanted(body):
                        self.events.remove(event)
                        return body
                if not self._arrived.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"no such {kind} within {timeout} s")

    def status(self, task, state, timeout=20):
        """Waits until the task is in this state, acknowledging all on the way."""
        deadline = time.monotonic() + timeout
        while True:
            status = self.wait("UPDATE", lambda body: body["status"]["task_id"]["value"] == task,
                               deadline - time.monotonic())["status"]
            if "uuid" in status:
                self.call("ACKNOWLEDGE", acknowledge={name: status[name] for name in ("agent_id", "task_id", "uuid")})
            if status["state"] == state:
                return status

    def offer(self, address):
        offers = self.wait("OFFERS", lambda body: any(each["hostname"] == address for each in body["offers"]))
        return next(each for each in offers["offers"] if each["hostname"] == address)

    def launch(self, offer, task, command):
        allocated = {"allocation_info": {"role": self.role}, "type": "SCALAR"}
        resources = [dict(allocated, name="cpus", scalar={"value": 0.1}), dict(allocated, name="mem", scalar={"value": 32})]
        info = {"name": task, "task_id": {"value": task}, "agent_id": offer["agent_id"], "command": {"value": command},
                "resources": resources}
        self.call("ACCEPT", accept={"offer_ids": [offer["id"]], "operations": [
            {"type": "LAUNCH", "launch": {"task_infos": [info]}}], "filters": {"refuse_seconds": 0}})

    def kill(self, task, grace_s=3):
        self.call("KILL", kill={"task_id": {"value": task},
                                "kill_policy": {"grace_period": {"nanoseconds": int(grace_s * 1e9)}}})
