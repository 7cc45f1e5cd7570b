"""One Kafka broker in KRaft mode on loopback, on jars that .ci/fetch-kafka fetched, and Kafka's own console consumer."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

JAVA_OPTIONS = ["-Xms128m", "-Xmx160m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


def run_java(java, jars, main, *arguments, **options):
    return subprocess.run([java, *JAVA_OPTIONS, "-cp", f"{jars}/*", main, *map(str, arguments)], capture_output=True,
                          text=True, **options)


class Broker:
    """`ports`: of the broker, and of its controller. Its data lives below `root`, across kills and starts."""

    def __init__(self, jars, java, root, ports):
        self.jars, self.java, self.root = jars, java, Path(root)
        self.port, controller_port = ports
        self.process = None
        self.root.mkdir(parents=True, exist_ok=True)
        self.properties = self.root / "server.properties"
        # One partition, so that what is read is in the order in which it was written.
        self.properties.write_text(f"""
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{self.port}
controller.listener.names=CONTROLLER
log.dirs={self.root}/log
num.partitions=1
auto.create.topics.enable=true
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.cleaner.dedupe.buffer.size=8388608
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
""")
        formatted = run_java(java, jars, "kafka.tools.StorageTool", "format", "--cluster-id", "MkU3OEVBNTcwNTJENDM2Qg",
                             "--config", self.properties)
        assert formatted.returncode == 0, formatted.stdout + formatted.stderr

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        output = open(self.root / "output", "ab")
        self.process = subprocess.Popen([self.java, *JAVA_OPTIONS, "-cp", f"{self.jars}/*", "kafka.Kafka", self.properties],
                                        stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError("Kafka does not start: " + (self.root / "output").read_text()[-3000:])

    def kill(self):
        """As a crash would."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def messages(self, topic, idle_ms=3000):
        """All that the topic holds: headers, key and value of each message, in order."""
        read = run_java(self.java, self.jars, "kafka.tools.ConsoleConsumer", "--bootstrap-server", self.address, "--topic",
                        topic, "--from-beginning", "--timeout-ms", idle_ms, "--property", "print.headers=true", "--property",
                        "print.key=true", "--property", "key.separator=\t", timeout=60)
        messages = []
        for line in read.stdout.splitlines():
            headers, key, value = line.split("\t", 2)
            messages.append((dict(header.split(":", 1) for header in headers.split(",")), key, value))
        return messages


@contextlib.contextmanager
def broker(jars, java, ports):
    with tempfile.TemporaryDirectory(prefix="esaas-kafka-") as root:
        one = Broker(jars, java, root, ports)
        try:
            one.start()
            yield one
        finally:
            one.kill()


def java_of(home):
    return os.path.join(home, "bin/java")
