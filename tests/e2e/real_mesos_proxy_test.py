"""real_mesos_proxy_test.py ESAAS: a cluster's stable addresses when machines that hold them are lost, on a real Mesos 1.11.0 with
real HAProxy and real Elasticsearch 2.3.3.

Clients know both published endpoints and ask all the time. A machine with one proxy loses its power and comes back: the proxy
is at its address again. The other's machine is lost for good: its proxy gets a place elsewhere, and the published endpoints
say where. No request fails at both addresses, and none at the one that is not lost. Then the cluster is suspended and
resumed, at the same addresses and for the same user, and the proxies become one, whose address goes on serving.
"""

import base64
import http.client
import json
import os
import shutil
import threading
import time
import urllib.error
import urllib.request

from cluster_story import ClusterStory
from documents import ask
from installation import skip
from real_mesos import AgentSpec, main

CLUSTER = "reached"
AGENTS = [AgentSpec(cpus=2, mem_mib=1024, disk_mib=2048, attributes={"use": use})
          for use in ("data", "data", "data", "proxy", "proxy", "proxy")]


def only(use):
    return [{"attribute": "use", "operator": "like", "value": use}]


SPEC = {"tenant": "shop", "spec": {"version": "2.3.3", "node_groups": [
    {"name": "data", "roles": ["master", "data"], "count": 3, "constraints": only("data"),
     "resources": {"cpus_milli": 500, "mem_mib": 512, "disk_mib": 1024}}]}}


class Clients:
    """Threads that read, search and write all the time. Each begins with an endpoint of its own, and sends a request to the
    other one where the first does not answer."""

    def __init__(self, endpoints):
        self.endpoints = endpoints
        self.done = 0
        self.acknowledged = []
        self.failed = []  # at every endpoint
        self._refused = {}  # by address: why
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(kind, favourite), daemon=True)
                         for kind in ("read", "search", "write") for favourite in (0, 1)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def take_refused(self):
        """What was refused at each address since this was last asked."""
        with self._lock:
            refused, self._refused = self._refused, {}
        return refused

    def _run(self, kind, favourite):
        connections = {}
        number = 0
        while not self._stopping.is_set():
            number += 1
            identifier = f"{threading.get_ident()}-{number}"
            request = {"read": ("GET", "/documents/_search?size=1", None),
                       "search": ("POST", "/documents/_search", json.dumps({"size": 1})),
                       "write": ("PUT", f"/documents/document/{identifier}", json.dumps({"number": number}))}[kind]
            known = self.endpoints
            if any(self._try(connections, address, request) for address in known[favourite:] + known[:favourite]):
                self.done += 1
                if kind == "write":
                    self.acknowledged.append(identifier)
            else:
                self.failed.append((time.monotonic(), request[:2]))
            time.sleep(0.002)

    def _try(self, connections, address, request):
        connection = connections.setdefault(address, http.client.HTTPConnection(address, timeout=30))
        try:
            connection.request(*request)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status < 300:
                return True
            problem = f"{answer.status} {text[:200]}"
        except (OSError, http.client.HTTPException) as error:
            problem = repr(error)
        connection.close()
        with self._lock:
            self._refused.setdefault(address, []).append(problem)
        return False


class RealMesosProxies(ClusterStory):
    def __init__(self, esaas, lab):
        super().__init__(esaas, CLUSTER, data_group="data")
        self.lab = lab
        self.clients = None

    def endpoints(self):
        return self.esaas.json("cluster", "endpoints", CLUSTER)

    def urls(self):
        return {each["node"]: each["url"].removeprefix("http://") for each in self.endpoints()}

    def serving(self):
        return {each["node"] for each in self.endpoints() if each["serves"]}

    def agent_of(self, node):
        hostname = self.esaas.nodes(CLUSTER)[node]["place"]["hostname"]
        return next(each for each in self.lab.agents if each.address == hostname)

    def set_proxies(self, **body):
        token = (self.esaas.data / "admin-token").read_text().strip()
        request = urllib.request.Request(f"http://127.0.0.1:{self.esaas.port}/v1/clusters/{CLUSTER}/proxies", method="PUT",
                                         data=json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            operation = json.loads(answer.read())["operation_id"]
        self.esaas.wait(f"the proxies are {body}",
                        lambda: self.esaas.json("operation", "show", operation)["status"] == "succeeded", timeout=180)

    def status_at(self, address, password=None):
        request = urllib.request.Request(f"http://{address}/")
        if password:
            request.add_header("Authorization", "Basic " + base64.b64encode(f"anna:{password}".encode()).decode())
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return None

    def is_green(self):
        health = self.esaas.cluster(CLUSTER)["health"]
        return health["status"] == "green" and health["nodes"] == 3

    # --- what happens ---

    def create(self):
        self.esaas.run("tenant", "create", "shop")
        body = self.esaas.root / "cluster.json"
        body.write_text(json.dumps(SPEC))
        self.esaas.run("cluster", "create", CLUSTER, "--file", str(body), "--reason", "test", "--wait", "--timeout", "180")
        self.set_proxies(count=2, constraints=only("proxy"))
        assert self.serving() == {"proxy-0", "proxy-1"}, self.endpoints()
        assert self.agent_of("proxy-0") is not self.agent_of("proxy-1"), "two proxies on one machine"
        address = self.urls()["proxy-0"]
        ask(address, "/documents", {"settings": {"number_of_shards": 2, "number_of_replicas": 1}}, "PUT", timeout=30)
        self.esaas.wait("green", self.is_green)
        ask(address, "/documents/document/first", {"number": 0}, "PUT", timeout=30)
        self.report(f"three nodes, and two proxies on other machines: {self.urls()}")

    def expect_refused_only_at(self, dead, what):
        """No request failed at both, and none was refused at an address that is not lost."""
        time.sleep(1)
        refused = self.clients.take_refused()
        counts = {address: len(problems) for address, problems in refused.items()}
        self.report(f"{what}: {self.clients.done} requests so far, refused at {counts or 'no address'}, "
                    f"{len(self.clients.failed)} failed")
        assert not self.clients.failed, self.clients.failed[:5]
        assert set(refused) <= dead, {address: problems[:3] for address, problems in refused.items() if address not in dead}
        return counts

    def lose_one_for_a_while(self):
        before = self.urls()
        agent = self.agent_of("proxy-0")
        self.lab.power_off(agent)
        self.esaas.wait("it is told that it does not serve", lambda: self.serving() == {"proxy-1"}, timeout=60)
        refused = self.expect_refused_only_at({before["proxy-0"]}, "the machine of proxy-0 has no power")
        assert refused, "nobody noticed"
        agent.start()
        self.esaas.wait("proxy-0 is back", lambda: self.serving() == {"proxy-0", "proxy-1"}, timeout=120)
        assert self.urls() == before, (before, self.urls())
        assert self.status_at(before["proxy-0"]) == 200
        self.clients.take_refused()  # until it was back
        self.expect_refused_only_at(set(), "and is back at its address")

    def lose_one_for_good(self):
        before = self.urls()
        agent = self.agent_of("proxy-1")
        [gone] = [each["agent_info"]["id"]["value"] for each in self.lab.registered_agents()
                  if each["agent_info"]["hostname"] == agent.address]
        self.lab.power_off(agent)
        self.lab.operator("MARK_AGENT_GONE", mark_agent_gone={"agent_id": {"value": gone}})
        self.esaas.wait("proxy-1 serves elsewhere",
                        lambda: self.urls().get("proxy-1", before["proxy-1"]) != before["proxy-1"]
                        and self.serving() == {"proxy-0", "proxy-1"}, timeout=180)
        now = self.urls()
        assert now["proxy-0"] == before["proxy-0"], (before, now)
        assert self.agent_of("proxy-1") not in (agent, self.agent_of("proxy-0"))
        assert self.status_at(now["proxy-1"]) == 200
        refused = self.expect_refused_only_at({before["proxy-1"]}, "the machine of proxy-1 is gone for good")
        assert refused, "nobody noticed"
        self.clients.endpoints = sorted(now.values())
        time.sleep(1)
        self.clients.take_refused()  # of requests that were under way
        self.expect_refused_only_at(set(), f"proxy-1 is published at {now['proxy-1']}")

    def end_of_requests(self):
        self.clients.stop()
        address = self.urls()["proxy-1"]
        ask(address, "/documents/_refresh", {}, "POST", timeout=30)
        ids = self.clients.acknowledged
        missing = []
        for begin in range(0, len(ids), 500):
            found = ask(address, "/documents/document/_mget", {"ids": ids[begin:begin + 500]}, "POST", timeout=30)
            missing += [doc["_id"] for doc in found["docs"] if not doc.get("found")]
        assert not missing, f"acknowledged documents are missing: {missing[:5]}"
        self.report(f"{self.clients.done} requests, {len(ids)} of them writes, none missing")

    def suspend_and_resume(self):
        before = self.urls()
        self.set_proxies(count=2, access={"users": [{"name": "anna", "password": "annaanna"}]})
        self.esaas.run("cluster", "suspend", CLUSTER, "--wait", "--timeout", "180")
        assert self.urls() == before and not self.serving(), self.endpoints()
        assert all(self.status_at(address) is None for address in before.values()), "somebody answers"
        self.esaas.run("cluster", "resume", CLUSTER, "--wait", "--timeout", "240")
        self.esaas.wait("both serve again", lambda: self.serving() == set(before), timeout=60)
        assert self.urls() == before, (before, self.urls())
        for address in before.values():
            assert self.status_at(address) == 401 and self.status_at(address, "annaanna") == 200, address
        self.report("suspended: nobody answers; resumed: the same addresses, and the same user")

    def from_two_to_one(self):
        before = self.urls()
        stopping = threading.Event()
        failed = []

        def ask_both():
            while not stopping.is_set():
                if not any(self.status_at(address, "annaanna") == 200 for address in before.values()):
                    failed.append(time.monotonic())
                time.sleep(0.01)
        client = threading.Thread(target=ask_both)
        client.start()
        try:
            self.set_proxies(count=1)
        finally:
            stopping.set()
            client.join()
        assert not failed, failed
        [(node, address)] = self.urls().items()
        assert before[node] == address and self.serving() == {node}, self.endpoints()
        assert self.status_at(address, "annaanna") == 200
        self.report(f"of two proxies {node} is left, and some answered all the time")

    def run(self):
        self.esaas.start()
        self.create()
        self.clients = Clients(sorted(self.urls().values()))
        self.clients.start()
        self.esaas.wait("requests go through", lambda: len(self.clients.acknowledged) > 100)
        self.lose_one_for_a_while()
        self.lose_one_for_good()
        self.end_of_requests()
        self.suspend_and_resume()
        self.from_two_to_one()
        self.delete()
        self.esaas.wait("no reservation and no volume is left", lambda: not self.lab.reservations())
        assert not self.lab.tasks(), self.lab.tasks()
        self.report("deleted: nobody answers, and nothing is reserved")


if __name__ == "__main__":
    if shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin") is None:
        skip("HAProxy is not installed")
    main(RealMesosProxies, first_agent_address="127.0.15.11", agents=AGENTS)
