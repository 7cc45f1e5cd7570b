"""sinks_test.py ESAAS: the events of the log are sent on to a webhook that fails now and then and to a real Kafka, and read as
server-sent events, while the controller is killed again and again and the broker once.

Each of them has to have every event, in order and without a gap; what came twice has to be the same. A filtered webhook has
just its tenant's; one takes CloudEvents in arrays, and is left alone for as long as it asks; Kafka is also sent to over TLS,
by a user with a password, a wrong one at first. Elasticsearch is played by a script that sleeps; the events are those of tenants, a cluster and the sinks.
Without Kafka (.ci/fetch-kafka) or the cloudevents package all but its part is run, and the test ends with code 77.
"""

import email.utils
import hashlib
import hmac
import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from installation import SKIPPED, TOP, Installation, free_port, java_home
from quota_test import make_program

sys.path.insert(0, str(TOP / "tests/lab/kafka"))
import kafka_lab  # noqa: E402

VERSION = "2.3.3"
SECRET = "planted-secret-of-the-webhook"
PASSWORD = "planted-password-of-the-user"
POSITIONS = ("sink_advanced", "sink_stalled")
KILLS = 3
REPORT_INTERVAL = 5  # seconds, of a sink's position


READ_CLOUD_EVENTS = """
import sys
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1.http import from_json
count = 0
for line in sys.stdin.read().splitlines():
    event = JSONFormat().read(CloudEvent, line)
    assert event.get_type().startswith("esaas.") and event.get_time() is not None, line
    assert event.get_data()["seq"] == int(event.get_extension("sequence")), line
    assert from_json(line)["id"] == event.get_id(), line
    count += 1
print(count)
"""


class Receiver:
    """Takes deliveries; now and then it refuses one, answers too late to be believed, or takes it and cuts the connection
    before it says so."""

    def __init__(self, seed, secret=None):
        self.secret, self.random = secret, random.Random(seed)
        self.lock = threading.Lock()
        self.deliveries, self.refused, self.is_down, self.mistakes = [], 0, False, []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(self.headers, body)
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                for header in receiver.headers_of(status):
                    self.send_header(*header)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, headers, body):
        with self.lock:
            try:
                self.check(headers, body)
            except AssertionError as mistake:
                self.mistakes.append(str(mistake))
            fate = self.random.random()
            if self.is_down or fate < 0.15:
                self.refused += 1
                return 503
            self.deliveries.append(json.loads(body))
            return None if fate < 0.25 else 204

    def headers_of(self, status):
        return []

    def check(self, headers, body):
        delivery = json.loads(body)
        seqs = [event["seq"] for event in delivery["events"]]
        assert seqs == sorted(set(seqs)), f"not in order: {seqs}"
        assert headers["ESaaS-First-Seq"] == str(seqs[0]) == str(delivery["first_seq"]), headers
        assert headers["ESaaS-Last-Seq"] == str(seqs[-1]) == str(delivery["last_seq"]), headers
        if self.secret:
            wanted = "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            assert headers["ESaaS-Signature"] == wanted, headers
        else:
            assert headers["ESaaS-Signature"] is None, headers

    def events(self):
        with self.lock:
            return [event for delivery in self.deliveries for event in delivery["events"]]


class CloudEventsReceiver(Receiver):
    """Takes arrays of CloudEvents. When it refuses one it asks to be left alone, in seconds or until a date."""

    WAIT = 2  # seconds

    def __init__(self, seed):
        super().__init__(seed)
        self.left_alone_until, self.waits, self.ids = 0, 0, {}

    def take(self, headers, body):
        now = time.monotonic()
        with self.lock:
            if now < self.left_alone_until:
                self.mistakes.append(f"back {self.left_alone_until - now:.2f} s too soon")
        status = super().take(headers, body)
        if status == 503:
            with self.lock:
                # A date has whole seconds, and so may be up to one sooner.
                self.waits += 1
                self.left_alone_until = now + self.WAIT - (1 if self.waits % 2 else 0) - 0.05
        return status

    def headers_of(self, status):
        if status != 503:
            return []
        date = email.utils.formatdate(time.time() + self.WAIT, usegmt=True)
        return [("Retry-After", date if self.waits % 2 else str(self.WAIT))]

    def check(self, headers, body):
        events = json.loads(body)
        assert headers["Content-Type"] == "application/cloudevents-batch+json", headers
        assert isinstance(events, list) and 0 < len(events) <= 500, len(events)
        seqs = [event["data"]["seq"] for event in events]
        assert seqs == sorted(set(seqs)), f"not in order: {seqs}"
        assert headers["ESaaS-First-Seq"] == str(seqs[0]) and headers["ESaaS-Last-Seq"] == str(seqs[-1]), headers
        for event, seq in zip(events, seqs):
            assert event["specversion"] == "1.0" and event["source"].startswith("urn:esaas:log:"), event
            assert event["type"] == "esaas." + event["data"]["kind"] and int(event["sequence"]) == seq, event
            assert self.ids.setdefault(event["id"], seq) == seq, f"one id for two: {event}"

    def restarted(self):
        """What was asked of a controller that was killed its successor does not know."""
        with self.lock:
            self.left_alone_until = 0

    def events(self):
        with self.lock:
            return [event["data"] for delivery in self.deliveries for event in delivery]


class Follower:
    """Reads server-sent events as a browser does: when a connection breaks it comes back with its last id."""

    def __init__(self, esaas, query):
        self.esaas, self.query = esaas, query
        self.last_id, self.events, self.snapshots, self.ends = None, [], [], 0
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        token = (self.esaas.data / "admin-token").read_text().strip()
        while not self.stopping:
            headers = {"Authorization": f"Bearer {token}"}
            if self.last_id:
                headers["Last-Event-ID"] = self.last_id
            request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}/v1/events?{self.query}", headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=20) as stream:
                    self.read(stream)
            except (OSError, http.client.HTTPException):  # refused, cut, cut within a chunk
                time.sleep(0.1)

    def read(self, stream):
        block = {}
        for raw in stream:
            line = raw.decode().rstrip("\n")
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                block[name] = value
            if line or self.stopping:
                continue
            # Only a whole block counts: half of one comes again.
            if block.get("event") == "snapshot":
                self.snapshots.append(json.loads(block["data"]))
            elif block.get("event") == "snapshot_end":
                self.ends += 1
            elif "data" in block:
                self.events.append(json.loads(block["data"]))
            self.last_id = block.get("id", self.last_id)
            block = {}


class Sinks:
    def __init__(self, esaas, kafka):
        self.lacking = []  # of what others wrote, and reads what was sent
        self.esaas, self.kafka = esaas, kafka
        self.began = time.monotonic()
        self.tenants = 0
        self.all, self.shops, self.cloud = Receiver(1, SECRET), Receiver(2), CloudEventsReceiver(12)

    def report(self, what):
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", flush=True)

    def make_events(self, count):
        for _ in range(count):
            self.tenants += 1
            self.esaas.run("tenant", "create", f"tenant-{self.tenants}")

    def sink(self, name):
        return self.esaas.json("sink", "show", name)

    def log(self):
        """The whole log, as it is read by anybody."""
        token = (self.esaas.data / "admin-token").read_text().strip()
        last = self.esaas.readiness()["durable_seq"]
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}/v1/events?from=1",
                                         headers={"Authorization": f"Bearer {token}"})
        events = []
        with urllib.request.urlopen(request, timeout=20) as stream:
            for raw in stream:
                if raw.startswith(b"data: "):
                    events.append(json.loads(raw[6:]))
                    if events[-1]["seq"] >= last:
                        return events

    def has_come_to_the_end(self, name):
        return self.sink(name)["lag_events"] == 0

    def configure(self):
        secret = self.esaas.root / "webhook-secret"
        secret.write_text(SECRET + "\n")
        run = self.esaas.run
        run("tenant", "create", "shop")
        run("sink", "set", "all", "--webhook", self.all.url, "--secret-file", secret, "--from-seq", "1", "--reason", "test")
        run("sink", "set", "shops", "--webhook", self.shops.url, "--tenant", "shop", "--from-seq", "1")
        run("sink", "set", "cloud", "--webhook", self.cloud.url, "--format", "cloudevents-batch", "--from-seq", "1")
        if self.kafka:
            run("sink", "set", "topic", "--kafka", self.kafka.address, "--topic", "events", "--from-seq", "1")
            self.set_secured("a wrong password", "--from-seq", "1")
        run("cluster", "create", "search", "--tenant", "shop", "--version", VERSION, "--nodes", "1", "--cpus-milli", "500",
            "--mem-mib", "512", "--disk-mib", "512")

    def set_secured(self, password, *more):
        secured = self.kafka.secured
        file = self.esaas.root / "kafka-password"
        file.write_text(password + "\n")
        self.esaas.run("sink", "set", "secured", "--kafka", secured.address, "--topic", "secured", "--security-protocol",
                       "sasl_ssl", "--ca-certificates", secured.certificates / "ca.pem", "--sasl-mechanism",
                       "SCRAM-SHA-512", "--sasl-username", secured.user, "--sasl-password-file", file, *more)

    def lock_out(self, through_seq):
        """It is told that the password is wrong, and of where it was nothing is forgotten."""
        self.esaas.wait("the sink with a wrong password stalls", lambda: "stalled" in self.sink("secured"), timeout=60)
        shown = self.sink("secured")
        assert "uthentication" in shown["stalled"]["why"] and "credentials" in shown["stalled"]["why"], shown
        assert shown["through_seq"] == through_seq and shown["kafka"]["has_password"], shown
        return shown["stalled"]["why"]

    def let_in(self):
        """With a wrong password nothing is sent; with the right one it goes on where it was."""
        self.lock_out(0)
        self.set_secured(PASSWORD)
        self.esaas.wait("the sink is let in", lambda: self.has_come_to_the_end("secured"), timeout=60)
        self.esaas.wait("its position is in the log", lambda: self.sink("secured")["through_seq"] > 50, timeout=30)
        self.set_secured("another wrong password")
        through_seq = self.sink("secured")["through_seq"]
        self.make_events(3)
        why = self.lock_out(through_seq)
        self.set_secured(PASSWORD)
        self.esaas.wait("the sink goes on", lambda: self.sink("secured")["through_seq"] > through_seq, timeout=60)
        self.report(f"a wrong password of a Kafka user stalled its sink ({why}), with the right one it goes on")

    def crash(self):
        self.esaas.kill()
        time.sleep(0.2)  # what was on its way is answered
        self.cloud.restarted()
        self.esaas.start()

    def run(self):
        follower = Follower(self.esaas, "from=1")
        self.configure()
        watcher = Follower(self.esaas, "snapshot=true")
        for kill in range(KILLS):
            self.make_events(10)
            self.crash()
            self.report(f"kill -9 of the controller number {kill + 1}")
        if self.kafka:
            self.let_in()
            self.kafka.kill()
            self.make_events(5)
            self.kafka.start()
            self.report("the broker killed and back")
        self.stall()
        self.esaas.run("cluster", "delete", "search", "--confirm", "search", "--wait", "--timeout", "60")
        for name in ("all", "shops", "cloud", *(["topic", "secured"] if self.kafka else [])):
            self.esaas.wait(f"sink {name} has come to the end", lambda name=name: self.has_come_to_the_end(name), timeout=60)
        self.check(follower, watcher)

    def stall(self):
        """A receiver that is down is told of once, with the error, and gets all of it when it is back."""
        self.all.is_down = True
        self.make_events(2)
        self.esaas.wait("the sink stalls", lambda: "stalled" in self.sink("all"), timeout=30)
        shown = self.sink("all")
        assert "503" in shown["stalled"]["why"] and shown["failures"] >= 5 and shown["lag_events"] > 0, shown
        metrics = self.metrics()
        assert 'esaas_sink_stalled{sink="all"} 1' in metrics and 'esaas_sink_lag_events{sink="all"}' in metrics, metrics
        self.all.is_down = False
        self.esaas.wait("the sink goes on", lambda: "stalled" not in self.sink("all"), timeout=60)
        self.report("a receiver that was down has stalled its sink, and goes on")

    def metrics(self):
        token = (self.esaas.data / "admin-token").read_text().strip()
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}/metrics",
                                         headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return "\n".join(line for line in answer.read().decode().splitlines() if "sink" in line)

    def check(self, follower, watcher):
        # What sinks come to makes no more of it.
        time.sleep(REPORT_INTERVAL + 1)
        before = self.esaas.readiness()["durable_seq"]
        time.sleep(REPORT_INTERVAL + 1)
        log = self.log()
        later = [event["kind"] for event in log if event["seq"] > before]
        assert not [kind for kind in later if kind in POSITIONS], later
        assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
        wanted = [event for event in log if event["kind"] not in POSITIONS]
        positions = len(log) - len(wanted)
        self.compare("webhook", self.all.events(), wanted)
        self.compare("filtered webhook", self.shops.events(), [event for event in wanted if event.get("tenant") == "shop"])
        self.compare("webhook for CloudEvents", self.cloud.events(), wanted)
        self.check_cloud_events()
        mistakes = self.all.mistakes + self.shops.mistakes + self.cloud.mistakes
        assert not mistakes, mistakes
        assert self.cloud.waits > 1, "it asked too seldom to be left alone to show anything"
        assert self.all.refused > 5, "it refused too little to show anything"
        # A cluster's events are its tenant's.
        for event in log:
            assert not event.get("cluster") or event.get("tenant") == "shop", event
        self.check_streams(follower, watcher, log)
        if self.kafka:
            self.check_kafka(wanted)
        stalled = [event for event in log if event["kind"] == "sink_stalled" and event["sink_stalled"]["name"] == "all"]
        assert len(stalled) == 1, stalled
        for secret in (SECRET, PASSWORD):
            assert secret not in json.dumps(log), "a secret is in the log"
        self.report(f"{len(log)} events, {positions} of them positions of sinks; none at rest")

    def compare(self, what, got, wanted):
        """Each event for the first time in order, none left out, and each repetition the same."""
        first = {}
        for event in got:
            if event["seq"] not in first:
                assert not first or event["seq"] > max(first), f"{what}: {event['seq']} came late"
                first[event["seq"]] = event
            assert first[event["seq"]] == event, f"{what}: {event['seq']} is another one"
        missing = [event["seq"] for event in wanted if event["seq"] not in first]
        assert not missing, f"{what}: not there: {missing}"
        known = {event["seq"]: event for event in wanted}
        for seq, event in first.items():
            assert known.get(seq, event) == event and event["kind"] not in POSITIONS, f"{what}: {event}"
        self.report(f"{what}: {len(first)} events, {len(got) - len(first)} came more than once")

    def check_cloud_events(self):
        """The cloudevents package, which others wrote, reads each of them."""
        fetched = subprocess.run([TOP / ".ci/fetch-readers"], stdout=subprocess.PIPE, text=True)
        if fetched.returncode == 75:
            self.lacking.append("the cloudevents package")
            return
        fetched.check_returncode()
        with self.cloud.lock:
            events = [json.dumps(event) for delivery in self.cloud.deliveries for event in delivery]
        read = subprocess.run([f"{fetched.stdout.strip()}/bin/python", "-c", READ_CLOUD_EVENTS], input="\n".join(events),
                              capture_output=True, text=True)
        assert read.returncode == 0 and int(read.stdout) == len(events) > 0, read.stdout + read.stderr
        self.report(f"the cloudevents package reads all {len(events)} CloudEvents")

    def check_kafka(self, wanted):
        for what, sink, topic in (("Kafka", "topic", "events"), ("Kafka over TLS", "secured", "secured")):
            messages = self.kafka.messages(topic)
            events = [json.loads(value) for _, _, value in messages]
            for (headers, key, _), event in zip(messages, events):
                assert headers == {"seq": str(event["seq"]), "sink": sink}, headers
                assert key == (event.get("cluster") or event.get("tenant") or "null"), (key, event)
            self.compare(what, events, wanted)

    def check_streams(self, follower, watcher, log):
        for reader in (follower, watcher):
            self.esaas.wait("the reader has all", lambda reader=reader: reader.events[-1]["seq"] >= log[-1]["seq"], timeout=20)
            reader.stopping = True
        assert [event["seq"] for event in follower.events][:len(log)] == list(range(1, len(log) + 1)), "a gap, or twice"
        assert watcher.ends == 1, "one snapshot, whatever breaks later"
        seqs = [event["seq"] for event in watcher.events]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "a gap, or twice"
        kinds = {one["type"] for one in watcher.snapshots}
        assert {"tenant", "cluster"} <= kinds, kinds
        self.report(f"server-sent events: all {len(log)} once, over {KILLS} kills; a snapshot of {len(watcher.snapshots)} "
                    f"objects and {len(seqs)} events behind it")


def fetch_kafka():
    fetched = subprocess.run([TOP / ".ci/fetch-kafka"], stdout=subprocess.PIPE, text=True)
    if fetched.returncode == 75:
        return None
    fetched.check_returncode()
    return fetched.stdout.strip()


def run(kafka):
    esaas = Installation(sys.argv[1], first_agent_address="127.0.7.131", agents=1, version=VERSION)
    try:
        esaas.start()
        sinks = Sinks(esaas, kafka)
        sinks.run()
        return sinks.lacking
    finally:
        esaas.close()


def main():
    jars = fetch_kafka()
    java = kafka_lab.java_of(java_home()) if jars else None
    with tempfile.TemporaryDirectory(prefix="esaas-sinks-") as folder:
        make_program(folder)
        if jars:
            secured = kafka_lab.Secured(free_port(), "esaas", PASSWORD)
            with kafka_lab.broker(jars, java, (free_port(), free_port()), secured) as kafka:
                lacking = run(kafka)
        else:
            lacking = ["Kafka", *run(None)]
    if lacking:
        print(f"skipped: {' and '.join(lacking)} cannot be fetched here; the rest passed")
        sys.exit(SKIPPED)
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
