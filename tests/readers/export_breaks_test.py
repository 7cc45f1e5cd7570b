"""export_breaks_test.py ESAAS WRITER: exports through the real server and client, each killed in the middle, are the same files
in the end, and a bill is verified from the data directory alone. No Mesos and no Elasticsearch: only the log is asked.
"""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

DEADLINE_S = 60
RANGE = ["--from", "2016-10-09", "--to", "2016-11-20"]


class Server:
    def __init__(self, binary, root):
        self.binary, self.root = binary, root
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (root / "esaas.toml").write_text(f'''
data_dir = "{root}/data"
[http]
listen = "127.0.0.1:{self.port}"
[mesos]
embedded = false
master = "http://127.0.0.1:9"
[[elasticsearch]]
version = "2.3.3"
uri = "http://artifacts.example/elasticsearch-2.3.3.tar.gz"
''')
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.binary, "serve", "--config", self.root / "esaas.toml"],
                                        stdout=open(self.root / "serve.log", "a"), stderr=subprocess.STDOUT)
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5)
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, (self.root / "serve.log").read_text()
                time.sleep(0.1)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def words(self, *words):
        return [self.binary, "--server", f"http://127.0.0.1:{self.port}", "--token-file", self.root / "data/admin-token", *words]

    def run(self, *words):
        return subprocess.run(self.words(*words), capture_output=True, text=True, timeout=DEADLINE_S)

    def export(self, path, *more):
        done = self.run("export", "usage", "-o", path, *more)
        assert done.returncode == 0, done.stderr
        return path.read_bytes()

    def begin_export(self, path, *more):
        """Until the file has something and is not whole."""
        client = subprocess.Popen(self.words("export", "usage", *RANGE, "-o", path, *more), stderr=subprocess.DEVNULL)
        end = time.monotonic() + DEADLINE_S
        while not (path.exists() and path.stat().st_size > 0):
            assert time.monotonic() < end, "nothing is exported"
            time.sleep(0.005)
        return client


def is_begun(path):
    return Path(f"{path}.cursor").exists()


def check_breaks(server, folder):
    breaks = 0
    for name, more in (("csv", []), ("jsonl", []), ("focus", []), ("cloudevents", []), ("cloudevents", ["--zstd"])):
        more = ["--format", name, *more]
        whole = server.export(folder / "whole", *RANGE, *more)
        for kills_server in (False, True):
            path = folder / f"{name}{len(more)}{kills_server}"
            client = server.begin_export(path, *more)
            server.kill() if kills_server else client.kill()
            client.wait()
            breaks += is_begun(path)
            if kills_server:
                server.start()
            assert server.export(path, "--resume") == whole, (more, kills_server)
            assert not is_begun(path)
    assert breaks >= 4, f"only {breaks} of the exports were broken off"
    print(breaks, "broken exports went on", flush=True)


def check_bill(server, folder):
    listed = server.run("--json", "bill", "list")
    assert listed.returncode == 0, listed.stderr
    [invoice] = json.loads(listed.stdout)
    server.kill()
    verify = ["bill", "verify", "--data-dir", server.root / "data"]
    right = server.run(*verify, invoice["id"])
    assert right.returncode == 0 and "is what events 1 to" in right.stdout, right
    exported = folder / "log.export"
    done = server.run("log", "export", "--data-dir", server.root / "data", "--output", exported)
    assert done.returncode == 0, done.stderr
    alone = server.run("bill", "verify", invoice["id"], "--log-export", exported)
    assert alone.returncode == 0 and alone.stdout == right.stdout, alone
    invoice["lines"][1]["amount_minor"] += 1
    copy = folder / "invoice.json"
    copy.write_text(json.dumps(invoice))
    wrong = server.run(*verify, "--copy", copy)
    assert wrong.returncode == 1 and "billed " in wrong.stdout and "derived " in wrong.stdout, wrong
    print(wrong.stdout, flush=True)


def main():
    binary, writer = (Path(name).resolve() for name in sys.argv[1:3])
    with tempfile.TemporaryDirectory(prefix="esaas-exports-") as root:
        folder = Path(root)
        subprocess.run([writer, "--log", folder / "data/log"], check=True)
        server = Server(binary, folder)
        try:
            check_breaks(server, folder)
            check_bill(server, folder)
        finally:
            server.kill()


if __name__ == "__main__":
    main()
