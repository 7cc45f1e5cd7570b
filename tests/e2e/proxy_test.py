"""proxy_test.py ESAAS: a cluster's stable address, on real HAProxy and real Elasticsearch 2.3.3.

Clients that read, search and write all the time through two proxies: across a rolling restart, a scale out and in, and
a kill -9 of a node no request fails that may be tried again, and none at all where nothing was killed. One proxy is killed,
the other serves. Passwords and source networks refuse and admit, and a planted password is in no log, export, metric,
launch or process.
"""

import base64
import http.client
import json
import os
import shutil
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from cluster_story import ClusterStory
from documents import ask
from installation import Installation, skip

CLUSTER = "search"
PLANTED = "planted-9f86d081884c7d65"


class Clients:
    """Threads that send requests one after another over connections that are kept, and count what fails by kind."""

    def __init__(self, address):
        self.address = address
        self.done = {"read": 0, "search": 0, "write": 0}
        self.failed = {"read": [], "search": [], "write": []}
        self.acknowledged = []
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(kind,), daemon=True) for kind in self.done for _ in range(2)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def reset(self):
        for failures in self.failed.values():
            failures.clear()

    def failures(self):
        return {kind: len(failures) for kind, failures in self.failed.items()}

    def _run(self, kind):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        number = 0
        while not self._stopping.is_set():
            number += 1
            identifier = f"{threading.get_ident()}-{number}"
            method, path, body = {
                "read": ("GET", "/documents/_search?size=1", None),
                "search": ("POST", "/documents/_search", json.dumps({"size": 1})),
                "write": ("PUT", f"/documents/document/{identifier}", json.dumps({"number": number})),
            }[kind]
            try:
                connection.request(method, path, body)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status >= 300:
                    raise ValueError(f"{answer.status} {text[:200]}")
                self.done[kind] += 1
                if kind == "write":
                    self.acknowledged.append(identifier)
            except (OSError, ValueError, http.client.HTTPException) as problem:
                self.failed[kind].append(f"{time.monotonic():.1f} {problem!r}")
                connection.close()
                time.sleep(0.02)
            time.sleep(0.002)

    def missing(self, address):
        ask(address, "/documents/_refresh", {}, "POST", timeout=30)
        missing = []
        for begin in range(0, len(self.acknowledged), 500):
            ids = self.acknowledged[begin:begin + 500]
            found = ask(address, "/documents/document/_mget", {"ids": ids}, "POST", timeout=30)
            missing += [doc["_id"] for doc in found["docs"] if not doc.get("found")]
        return missing


def status_of(address, path="/", user=None, password=None):
    request = urllib.request.Request(f"http://{address}{path}")
    if user is not None:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return None


class Proxies(ClusterStory):
    def __init__(self, esaas):
        super().__init__(esaas, CLUSTER, data_group="data")
        self.endpoints = []

    def operate(self, verb, path, body, timeout=240):
        """Submits, and waits until the operation has succeeded."""
        token = (self.esaas.data / "admin-token").read_text().strip()
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}/v1/clusters/{CLUSTER}{path}", method=verb,
                                         data=json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            operation = json.loads(answer.read())["operation_id"]
        self.esaas.wait(f"{verb} {path}", lambda: self.esaas.json("operation", "show", operation)["status"] == "succeeded",
                        timeout=timeout)

    def haproxies(self):
        """Process ids by the proxies' control ports' owner: the sandbox tells the node."""
        found = {}
        for pid in self.esaas.companions("haproxy"):
            text = Path(f"/proc/{pid}/cwd/haproxy.cfg").read_text()
            found[text.split("The proxy ")[1].split(" ")[0]] = pid
        return found

    def learn_endpoints(self):
        items = self.esaas.json("cluster", "endpoints", CLUSTER)
        items = items["items"] if isinstance(items, dict) else items
        self.endpoints = [item["url"].removeprefix("http://") for item in items]
        return items

    def all_serve(self, count):
        items = self.learn_endpoints()
        return len(items) == count and all(item["serves"] for item in items)

    def is_healthy(self, nodes):
        cluster = self.esaas.cluster(CLUSTER)
        return cluster["health"]["status"] == "green" and cluster["health"]["nodes"] == nodes

    def create(self):
        self.create_three()
        self.operate("PUT", "/proxies", {"count": 2})
        assert self.all_serve(2), self.endpoints
        agents = {node["place"]["agent_id"] for name, node in self.esaas.nodes(CLUSTER).items() if name.startswith("proxy")}
        assert len(agents) == 2, "two proxies on one agent fall together"
        for address in self.endpoints:
            assert status_of(address) == 200, address
        self.report(f"two proxies serve: {self.endpoints}")

    def expect_none_failed(self, clients, what):
        time.sleep(1)
        failures = clients.failures()
        self.report(f"{what}: {sum(clients.done.values())} requests so far, failed {failures}")
        assert not any(failures.values()), {kind: failed[:5] for kind, failed in clients.failed.items()}

    def rolling_restart(self, clients):
        before = self.attempts()
        self.operate("POST", "/restart", {"group": "data"}, timeout=400)
        after = self.attempts()
        assert all(after[name] == before[name] + 1 for name in before if name.startswith("data")), (before, after)
        assert all(after[name] == before[name] for name in before if name.startswith("proxy")), (before, after)
        self.esaas.wait("green", lambda: self.is_healthy(3))
        self.expect_none_failed(clients, "rolling restart of three nodes")

    def out_and_in(self, clients):
        self.esaas.run("cluster", "scale", CLUSTER, "4", "--wait", "--timeout", "240")
        self.esaas.wait("green", lambda: self.is_healthy(4))
        self.expect_none_failed(clients, "scale out to 4")
        self.esaas.run("cluster", "scale", CLUSTER, "3", "--wait", "--timeout", "240")
        self.esaas.wait("green", lambda: self.is_healthy(3))
        self.expect_none_failed(clients, "scale in to 3")

    def kill_a_node(self, clients):
        victim = next(name for name in self.esaas.nodes(CLUSTER) if name.startswith("data"))
        for pid in self.esaas.processes(f"node.name={victim}"):
            os.kill(pid, signal.SIGKILL)
        time.sleep(3)
        self.esaas.wait("green again", lambda: self.is_whole_again(3))
        failures = clients.failures()
        self.report(f"kill -9 of {victim}: failed {failures} (a write that was under way may not be tried twice)")
        assert failures["read"] == 0 and failures["search"] == 0, (clients.failed["read"][:5], clients.failed["search"][:5])
        assert failures["write"] <= 4, clients.failed["write"]
        clients.reset()

    def is_whole_again(self, nodes):
        joined = [n for n in self.esaas.nodes(CLUSTER).values() if n["group"] == "data" and n.get("task", {}).get("joined")]
        return self.is_healthy(nodes) and len(joined) == nodes

    def kill_a_proxy(self):
        before = list(self.endpoints)
        os.kill(self.haproxies()["proxy-0"], signal.SIGKILL)
        for _ in range(20):
            assert status_of(before[1]) == 200, "the other one serves meanwhile"
            time.sleep(0.05)
        self.esaas.wait("the proxy is back", lambda: self.all_serve(2) and status_of(before[0]) == 200, timeout=120)
        assert self.endpoints == before, (before, self.endpoints)
        self.report("killed one proxy: the other served, and it came back at its address")

    def restart_the_controller(self, clients):
        self.esaas.kill()
        time.sleep(2)
        self.esaas.start()
        self.expect_none_failed(clients, "kill -9 of the controller")

    def access(self):
        before = self.attempts()
        address, other = self.endpoints
        body = {"count": 2, "access": {"users": [{"name": "anna", "password": PLANTED}, {"name": "bert", "password": "bertbert"}]}}
        self.operate("PUT", "/proxies", body)
        for each in self.endpoints:
            assert status_of(each) == 401 and status_of(each, user="anna", password="wrongwrong") == 401
            assert status_of(each, user="anna", password=PLANTED) == 200
            assert status_of(each, user="bert", password="bertbert") == 200
        self.operate("PUT", "/proxies", {"count": 2, "access": {"users": [{"name": "anna"}], "allowed": ["127.0.0.0/8"]}})
        assert status_of(address, user="anna", password=PLANTED) == 200, "who is named without a password keeps his"
        assert status_of(other, user="bert", password="bertbert") == 401, "who is not named any more is out"
        self.operate("PUT", "/proxies", {"count": 2, "access": {"users": [{"name": "anna"}], "allowed": ["10.0.0.0/8"]}})
        assert status_of(address, user="anna", password=PLANTED) == 403, "from another network"
        self.operate("PUT", "/proxies", {"count": 2, "access": {}})
        assert status_of(address) == 200
        self.operate("PUT", "/proxies", {"count": 2, "access": {"users": [{"name": "anna", "password": PLANTED + "2"}]}})
        assert status_of(address, user="anna", password=PLANTED) == 401, "the old password is out"
        assert status_of(address, user="anna", password=PLANTED + "2") == 200
        assert self.attempts() == before, "something was restarted for it"
        self.report("passwords and networks refuse and admit, and nothing was restarted for them")

    def show(self, path, token):
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}{path}",
                                         headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def all_events(self, token):
        """The whole log as it is streamed: until nothing has come for a while."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}/v1/events?from=1",
                                         headers={"Authorization": f"Bearer {token}"})
        events = b""
        try:
            with urllib.request.urlopen(request, timeout=3) as stream:
                until = time.monotonic() + 10
                while time.monotonic() < until:
                    events += stream.read1(65536)
        except TimeoutError:
            pass
        return events

    def nothing_tells_the_password(self):
        """Everything that is kept or shown, processes and sandboxes included."""
        needles = [PLANTED.encode(), base64.b64encode(f"anna:{PLANTED}".encode()).rstrip(b"=")[:24]]
        places = 0
        for folder, _, files in os.walk(self.esaas.root):
            for name in files:
                path = Path(folder, name)
                if path.is_symlink() or not path.is_file() or "/elasticsearch-" in folder:
                    continue
                places += 1
                content = path.read_bytes()
                assert not any(needle in content for needle in needles), f"the password is in {path}"
        token = (self.esaas.data / "admin-token").read_text().strip()
        shown = {path: self.show(path, token) for path in ("/metrics", "/v1/audit", "/v1/clusters/" + CLUSTER, "/v1/operations")}
        shown["/v1/events"] = self.all_events(token)
        shown["the export of usage"] = self.esaas.run("usage", "--format", "jsonl").stdout.encode()
        for where, content in shown.items():
            assert content and not any(needle in content for needle in needles), f"the password is in {where}"
        assert b"secret_id" in shown["/v1/events"], "what was searched is where it would be"
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes() if entry.name.isdigit() else b""
            except OSError:
                continue
            if str(self.esaas.root).encode() in line:
                assert not any(needle in line for needle in needles), f"the password is with process {entry.name}"
        self.report(f"the planted password is in none of {places} files, nor in {', '.join(shown)} or a process")

    def run(self):
        self.esaas.start()
        self.create()
        clients = Clients(self.endpoints[0])
        ask(self.endpoints[0], "/documents", {"settings": {"number_of_shards": 2, "number_of_replicas": 1}}, "PUT", timeout=30)
        self.esaas.wait("green", lambda: self.is_healthy(3))
        ask(self.endpoints[0], "/documents/document/first", {"number": 0}, "PUT", timeout=30)
        clients.start()
        self.esaas.wait("requests go through", lambda: clients.done["write"] > 100)
        self.rolling_restart(clients)
        self.out_and_in(clients)
        self.restart_the_controller(clients)
        self.kill_a_node(clients)
        clients.stop()
        missing = clients.missing(self.endpoints[1])
        assert not missing, f"acknowledged documents are missing: {missing[:5]}"
        self.report(f"{clients.done} done; {len(clients.acknowledged)} writes acknowledged, none missing")
        self.kill_a_proxy()
        self.access()
        self.nothing_tells_the_password()
        self.delete()
        self.esaas.wait("no process is left", lambda: not self.esaas.processes() and not self.esaas.companions("haproxy"))
        self.report("deleted")


def main():
    if shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
        skip("HAProxy is not installed")
    esaas = Installation(sys.argv[1], first_agent_address="127.0.12.11", agents=5)
    try:
        Proxies(esaas).run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
