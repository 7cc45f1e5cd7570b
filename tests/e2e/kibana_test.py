"""kibana_test.py ESAAS: Kibana 5.1.1 as a companion of a cluster of Elasticsearch 5.6.16, behind the cluster's own address.

One that does not work with that version is refused. Installed by an operation, which lasts until it does so, it serves under
/_kibana through both proxies, keeps what it is told in the cluster, comes back
when it is killed, asks for the password that the proxies ask for, and is removed by an operation. Needs npm for the first
time (.ci/fetch-kibana).
"""

import base64
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

from cluster_story import ClusterStory
from installation import TOP, Installation, skip

CLUSTER = "logs"
VERSION = "5.6.16"
OTHER = "6.8.23"  # of Kibana: it does not work with that


def kibana_archive():
    named = os.environ.get("ESAAS_KIBANA_ARCHIVE")
    if named:
        return named
    fetched = subprocess.run([TOP / ".ci/fetch-kibana"], stdout=subprocess.PIPE, text=True)
    if fetched.returncode == 75:
        skip("Kibana 5.1.1 cannot be fetched here")
    fetched.check_returncode()
    return fetched.stdout.strip()


def get(url, password=None, body=None, method=None):
    """Status and text; None for a status when nobody answers."""
    request = urllib.request.Request(url, data=body, method=method)
    request.add_header("kbn-xsrf", "test")
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if password is not None:
        request.add_header("Authorization", "Basic " + base64.b64encode(f"anna:{password}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode(errors="replace")
    except OSError as problem:
        return None, str(problem)


class Kibana(ClusterStory):
    def __init__(self, esaas):
        super().__init__(esaas, CLUSTER)
        self.urls = []

    def is_up(self):
        items = self.esaas.json("cluster", "endpoints", CLUSTER)
        items = items["items"] if isinstance(items, dict) else items
        self.urls = [item["kibana_url"] for item in items]
        return all(get(url + "/api/status")[0] == 200 for url in self.urls)

    def run(self):
        self.esaas.start()
        self.esaas.run("tenant", "create", "shop")
        self.esaas.run("cluster", "create", CLUSTER, "--tenant", "shop", "--version", VERSION, "--nodes", "2", "--cpus-milli",
                       "500", "--mem-mib", "512", "--disk-mib", "1024", "--wait", "--timeout", "240")
        self.esaas.run("cluster", "proxies", CLUSTER, "--count", "2", "--wait", "--timeout", "180")
        self.report("two nodes and two proxies")
        refused = self.esaas.run("cluster", "kibana", "install", CLUSTER, "--version", OTHER, check=False)
        assert refused.returncode != 0 and OTHER in refused.stderr and VERSION in refused.stderr, refused
        self.esaas.run("cluster", "kibana", "install", CLUSTER, "--wait", "--timeout", "600")
        assert self.is_up(), "it is installed, and does not serve through both proxies"
        status, page = get(self.urls[0] + "/app/kibana")
        assert status == 200 and "/_kibana/" in page and "5.1.1" in page, (status, page[:300])
        status = json.loads(get(self.urls[1] + "/api/status")[1])
        assert status["status"]["overall"]["state"] == "green", status["status"]
        self.report("Kibana 5.1.1 installed, green, behind both addresses")
        made = json.dumps({"title": "documents-*"}).encode()
        status, text = get(self.urls[0] + "/elasticsearch/.kibana/index-pattern/documents-*", body=made, method="PUT")
        assert status in (200, 201), (status, text[:300])
        assert get(self.urls[0].removesuffix("/_kibana") + "/.kibana/index-pattern/documents-*")[0] == 200
        before = self.attempts()
        for pid in self.esaas.companions("node"):
            os.kill(pid, signal.SIGKILL)
        self.esaas.wait("Kibana is gone", lambda: not self.is_up(), timeout=30)
        self.esaas.wait("Kibana is back", self.is_up, timeout=300)
        after = self.attempts()
        assert after["kibana-0"] == before["kibana-0"] + 1, (before, after)
        assert all(after[name] == before[name] for name in before if name != "kibana-0"), (before, after)
        status, text = get(self.urls[1] + "/elasticsearch/.kibana/index-pattern/documents-*")
        assert status == 200 and "documents-*" in text, (status, text[:300])
        self.report("killed -9: placed anew, and what it was told is there")
        password_file = self.esaas.root / "password"
        password_file.write_text("annaanna\n")
        self.esaas.run("cluster", "proxies", CLUSTER, "--count", "2", "--user", f"anna:{password_file}", "--wait", "--timeout",
                       "120")
        for url in self.urls:
            assert get(url + "/api/status")[0] == 401
            assert get(url + "/api/status", password="annaanna")[0] == 200
        self.report("and asks for the proxies' password")
        self.esaas.run("cluster", "kibana", "remove", CLUSTER, "--wait", "--timeout", "180")
        self.esaas.wait("no process of Kibana is left", lambda: not self.esaas.companions("node"))
        assert get(self.urls[0] + "/api/status", password="annaanna")[0] == 503
        self.report("removed")
        self.delete()


def main():
    archive = kibana_archive()
    os.environ.pop("ESAAS_ELASTICSEARCH_ARCHIVE", None)  # it is of another version
    esaas = Installation(sys.argv[1], first_agent_address="127.0.13.11", agents=4, version=VERSION)
    with open(esaas.root / "esaas.toml", "a") as config:
        config.write(f"""[[kibana]]
version = "5.1.1"
uri = "file://{archive}"
node = "node/bin/node"
elasticsearch = "{VERSION}"
[[kibana]]
version = "{OTHER}"
uri = "file://{archive}"
""")
    try:
        Kibana(esaas).run()
    finally:
        esaas.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
