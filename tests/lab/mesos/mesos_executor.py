#!/usr/bin/python3
"""Stands in for Mesos' command executor: runs one command and speaks the v1 executor API to its agent.

It sends STARTING, RUNNING, KILLING and how the command ended, keeps what the agent has not acknowledged and brings it again
after a reconnection, outlives an agent that is restarted (checkpointing frameworks), and ends with its command.
"""

import base64
import ctypes
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid

PATH = "/slave(1)/api/v1/executor"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "secs": 1, "mins": 60, "hrs": 3600, "days": 86400}


def seconds(variable, default):
    """A Mesos duration such as `15mins` of the environment."""
    text = os.environ.get(variable, "")
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    return float(number) * UNITS[text[len(number):]] if number else default


def say(*words):
    print("executor:", *words, file=sys.stderr, flush=True)


def read_records(stream):
    """RecordIO: decimal length, newline, that many bytes."""
    while True:
        head = stream.readline()
        if not head.endswith(b"\n"):
            return
        body = stream.read(int(head))
        if len(body) < int(head):
            return
        yield json.loads(body)


class Agent:
    """The way to the agent: one call, or the subscription's events."""

    def __init__(self):
        self.endpoint = os.environ["MESOS_AGENT_ENDPOINT"]
        self.identity = {"framework_id": {"value": os.environ["MESOS_FRAMEWORK_ID"]},
                         "executor_id": {"value": os.environ["MESOS_EXECUTOR_ID"]}}

    def post(self, kind, timeout, **body):
        connection = http.client.HTTPConnection(self.endpoint, timeout=timeout)
        call = dict(self.identity, type=kind, **body)
        connection.request("POST", PATH, json.dumps(call),
                           {"Content-Type": "application/json", "Accept": "application/json"})
        return connection.getresponse()

    def send(self, kind, **body):
        answer = self.post(kind, timeout=10, **body)
        if answer.status != 202:
            raise OSError(f"{kind}: {answer.status} {answer.read().decode(errors='replace')}")

    def events(self, subscribe):
        answer = self.post("SUBSCRIBE", timeout=None, subscribe=subscribe)
        if answer.status != 200:
            raise OSError(f"SUBSCRIBE: {answer.status} {answer.read().decode(errors='replace')}")
        yield from read_records(answer)


class Executor:
    def __init__(self):
        self.agent = Agent()
        self.lock = threading.RLock()
        self.connected = False
        self.reports_killing = False
        self.task = None
        self.process = None
        self.killed = False
        self.unacknowledged = {}  # uuid -> update, in the order in which they were sent

    def report(self, state, message=None):
        status = {"task_id": self.task["task_id"], "executor_id": self.agent.identity["executor_id"], "state": state,
                  "source": "SOURCE_EXECUTOR", "timestamp": time.time(),
                  "uuid": base64.b64encode(uuid.uuid4().bytes).decode()}
        if message:
            status["message"] = message
        with self.lock:
            self.unacknowledged[status["uuid"]] = {"status": status}
            if not self.connected:
                return  # the next subscription brings it
            try:
                self.agent.send("UPDATE", update={"status": status})
            except OSError as error:
                say("an update waits for the next subscription:", error)

    def launch(self, task):
        self.task = task
        command = task["command"]
        self.report("TASK_STARTING")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LIBPROCESS_")}
        for variable in command.get("environment", {}).get("variables", []):
            environment[variable["name"]] = variable.get("value", "")
        if command.get("shell", True):
            program, words = "/bin/sh", ["sh", "-c", command["value"]]
        else:
            program, words = command["value"], command.get("arguments") or [command["value"]]
        try:
            # A command without its executor would run on unseen, so the kernel ends it then.
            self.process = subprocess.Popen(words, executable=program, env=environment, start_new_session=True,
                                            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        except OSError as error:
            self.report("TASK_FAILED", f"Failed to start the command: {error}")
            threading.Thread(target=self.leave).start()
            return
        self.report("TASK_RUNNING")
        threading.Thread(target=self.wait_for_end).start()

    def wait_for_end(self):
        code = self.process.wait()
        how = f"exited with status {code}" if code >= 0 else f"terminated with signal {signal.strsignal(-code)}"
        state = "TASK_KILLED" if self.killed else "TASK_FINISHED" if code == 0 else "TASK_FAILED"
        self.report(state, "Command " + how)
        self.leave()

    def leave(self):
        """Once the agent knows all, or has had time to."""
        deadline = time.monotonic() + seconds("MESOS_RECOVERY_TIMEOUT", 900)
        while self.unacknowledged and time.monotonic() < deadline:
            time.sleep(0.02)
        os._exit(0)

    def kill(self, grace):
        if self.process is None:
            os._exit(0)
        if self.killed:
            return
        self.killed = True
        if self.reports_killing:
            self.report("TASK_KILLING")
        threading.Thread(target=self.end_process, args=(grace,)).start()

    def end_process(self, grace):
        try:
            os.killpg(self.process.pid, signal.SIGTERM)
            deadline = time.monotonic() + grace
            while self.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def grace_of(self, kill):
        policy = kill.get("kill_policy") or (self.task or {}).get("kill_policy") or {}
        period = policy.get("grace_period")
        return period["nanoseconds"] / 1e9 if period else 3

    def handle(self, event):
        kind = event["type"]
        if kind == "SUBSCRIBED":
            capabilities = event["subscribed"]["framework_info"].get("capabilities", [])
            self.reports_killing = {"type": "TASK_KILLING_STATE"} in capabilities
        elif kind == "LAUNCH":
            self.launch(event["launch"]["task"])
        elif kind == "KILL":
            self.kill(self.grace_of(event["kill"]))
        elif kind == "ACKNOWLEDGED":
            with self.lock:
                self.unacknowledged.pop(event["acknowledged"]["uuid"], None)
        elif kind == "SHUTDOWN":
            self.kill(seconds("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", 5))
        elif kind == "ERROR":
            raise SystemExit(f"executor: the agent says {event['error'].get('message')}")

    def subscribe(self):
        """Handles events until the agent goes away."""
        with self.lock:
            tasks = [self.task] if self.task and self.unacknowledged else []
            known = {"unacknowledged_updates": list(self.unacknowledged.values()), "unacknowledged_tasks": tasks}
            events = self.agent.events(known)
            first = next(events, None)
            if first is None:
                raise OSError("the agent closed the subscription at once")
            self.connected = True
        self.handle(first)
        for event in events:
            self.handle(event)

    def run(self):
        patience = seconds("MESOS_RECOVERY_TIMEOUT", 900) if os.environ.get("MESOS_CHECKPOINT") == "1" else 0
        last_contact = time.monotonic()
        while True:
            try:
                self.subscribe()
            except (OSError, http.client.HTTPException) as error:
                say("no agent:", error)
            if self.connected:
                self.connected = False
                last_contact = time.monotonic()
            if time.monotonic() - last_contact >= patience:
                say("gives up on the agent")
                os._exit(1)  # and with it, by its own wish, the command
            time.sleep(0.2)


if __name__ == "__main__":
    Executor().run()
