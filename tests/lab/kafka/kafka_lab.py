"""One Kafka broker in KRaft mode on loopback, on jars that .ci/fetch-kafka fetched, and Kafka's own console consumer. Maybe
with a second listener over TLS, for a user with a password."""

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


def make_certificates(folder):
    """An authority `ca.pem`, and `keystore.pem` with a key and a certificate of 127.0.0.1 that it has signed."""
    folder.mkdir()

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj",
            "/CN=test authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=broker")
    openssl("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "broker.pem")
    (folder / "keystore.pem").write_text((folder / "broker.key").read_text() + (folder / "broker.pem").read_text())
    return folder


class Secured:
    """A listener that takes `user` by SCRAM-SHA-512 and by PLAIN, over TLS."""

    def __init__(self, port, user, password):
        self.port, self.user, self.password = port, user, password
        self.certificates = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def properties(self, root):
        self.certificates = make_certificates(root / "certificates")
        modules = "org.apache.kafka.common.security"
        return f"""
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={self.certificates}/keystore.pem
listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={modules}.scram.ScramLoginModule required;
listener.name.sasl_ssl.plain.sasl.jaas.config={modules}.plain.PlainLoginModule required user_{self.user}="{self.password}";
"""


class Broker:
    """`ports`: of the broker, and of its controller. Its data lives below `root`, across kills and starts."""

    def __init__(self, jars, java, root, ports, secured=None):
        self.jars, self.java, self.root, self.secured = jars, java, Path(root), secured
        self.port, controller_port = ports
        self.process = None
        self.root.mkdir(parents=True, exist_ok=True)
        self.properties = self.root / "server.properties"
        listeners = f"PLAINTEXT://127.0.0.1:{self.port}" + (f",SASL_SSL://{secured.address}" if secured else "")
        # One partition, so that what is read is in the order in which it was written.
        self.properties.write_text(f"""
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners={listeners},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners={listeners}
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
""" + (secured.properties(self.root) if secured else ""))
        user = ["--add-scram", f"SCRAM-SHA-512=[name={secured.user},password={secured.password}]"] if secured else []
        formatted = run_java(java, jars, "kafka.tools.StorageTool", "format", "--cluster-id", "MkU3OEVBNTcwNTJENDM2Qg",
                             "--config", self.properties, *user)
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
def broker(jars, java, ports, secured=None):
    with tempfile.TemporaryDirectory(prefix="esaas-kafka-") as root:
        one = Broker(jars, java, root, ports, secured)
        try:
            one.start()
            yield one
        finally:
            one.kill()


def java_of(home):
    return os.path.join(home, "bin/java")
