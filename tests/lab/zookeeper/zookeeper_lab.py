"""A real ZooKeeper server of Debian for a test, on loopback.

    with ZookeeperLab() as lab:
        lab.connect_string                 # "127.0.0.1:PORT"
        lab.kill(); lab.start()            # same data: sessions and znodes live on
        lab.kill(); lab.start(elsewhere=True)  # on another port: sessions expire meanwhile

`zookeeper_lab.py classpath` prints what Java needs (fetching it first where it is not installed), for tests in C++; exit
code 77 with a reason when there is none to be had. ESAAS_ZOOKEEPER_CLASSPATH names another one.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SKIPPED = 77
INSTALLED = Path("/usr/share/java/zookeeper.jar")
# What the server loads, of all that libzookeeper-java depends on.
PACKAGES = ["libzookeeper-java", "libslf4j-java", "libnetty-java", "libdropwizard-metrics-java", "libsnappy-java",
            "libcommons-cli-java", "libcommons-io-java"]
MAIN = "org.apache.zookeeper.server.quorum.QuorumPeerMain"


class Unavailable(Exception):
    """There is no ZooKeeper to be had here; the text says why."""


def java():
    for home in (os.environ.get("ESAAS_JAVA_HOME"), *sorted(map(str, Path("/usr/lib/jvm").glob("java-17-openjdk-*")))):
        if home and Path(home, "bin/java").exists():
            return str(Path(home, "bin/java"))
    found = shutil.which("java")
    if not found:
        raise Unavailable("there is no Java")
    return found


def fetch(folder):
    """Unpacks Debian's packages below `folder` without installing them; root is not needed."""
    if not shutil.which("apt-get"):
        raise Unavailable("ZooKeeper is not installed, and this is no Debian to fetch it from")
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="fetching-", dir=folder.parent))
    try:
        done = subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=work, capture_output=True, text=True,
                              timeout=300)
        if done.returncode != 0:
            raise Unavailable("ZooKeeper's packages cannot be fetched here: " + done.stderr.strip()[-300:])
        for package in work.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, work / "root"], check=True)
            package.unlink()
        try:
            (work / "root").rename(folder)
        except OSError:
            if not folder.exists():  # otherwise another test was quicker
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def classpath():
    named = os.environ.get("ESAAS_ZOOKEEPER_CLASSPATH")
    if named:
        return named
    java()
    if INSTALLED.exists():
        return f"{INSTALLED}:{INSTALLED.parent}/slf4j-simple.jar"
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "esaas/zookeeper-3.8"
    if not cache.exists():
        fetch(cache)
    jars = cache / "usr/share/java"
    # One binding of the log, and no client-side extras: the folder has all versions of all.
    names = ["zookeeper", "zookeeper-jute", "slf4j-api", "slf4j-simple", "netty-all", "metrics-core", "snappy-java",
             "commons-cli", "commons-io"]
    return ":".join(str(jars / f"{name}.jar") for name in names)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ZookeeperLab:
    """One server. Every wait has a deadline; `close` ends what was started and nothing else."""

    def __init__(self, tick_ms=500):
        self.tick_ms = tick_ms
        self.words = [java(), "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classpath(), MAIN]
        self.root = Path(tempfile.mkdtemp(prefix="esaas-zookeeper-"))
        self.port = free_port()
        self.process = None

    @property
    def connect_string(self):
        return f"127.0.0.1:{self.port}"

    @staticmethod
    def answers(port):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
                link.sendall(b"ruok")
                return link.recv(16) == b"imok"
        except OSError:
            return False

    def start(self, elsewhere=False, timeout=30):
        port = free_port() if elsewhere else self.port
        (self.root / "zoo.cfg").write_text(f"""tickTime={self.tick_ms}
dataDir={self.root / "data"}
clientPort={port}
clientPortAddress=127.0.0.1
admin.enableServer=false
4lw.commands.whitelist=ruok
""")
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen([*self.words, self.root / "zoo.cfg"], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + timeout
        while not self.answers(port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = (self.root / "log").read_text(errors="replace")[-2000:]
                self.close()
                raise AssertionError("ZooKeeper did not start:\n" + text)
            time.sleep(0.05)
        return self

    __enter__ = start

    def __exit__(self, *_):
        self.close()

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=10)

    def close(self):
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)


def main():
    if sys.argv[1:] != ["classpath"]:
        print(__doc__)
        return 2
    try:
        print(f"{java()}\n{classpath()}")
    except Unavailable as reason:
        print(reason)
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
