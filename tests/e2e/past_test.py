"""past_test.py ESAAS: what happened is asked of a real cluster's log: traces, past states, differences, replay, what-if.

A node's process is killed; the event of its death is traced, and the healing below it. Before and after are compared. Then the
log of the data directory is replayed, and this program's reconcilers are asked again about what was decided in it: nothing that
follows from the state alone would be decided otherwise.
"""

import json
import os
import signal
import sys

from installation import Installation

CLUSTER = "search"


def now(esaas):
    """The newest event."""
    return esaas.json("diff", "--from", "1", "--cluster", "no-such")["to"]["seq"]


def below(event):
    yield event
    for child in event["children"]:
        yield from below(child)


def is_whole(esaas):
    nodes = esaas.nodes(CLUSTER)
    return len(nodes) == 2 and all(node.get("task", {}).get("joined") for node in nodes.values())


def heal_once(esaas):
    before = esaas.nodes(CLUSTER)["data-1"]["task"]["task_id"]
    [pid] = esaas.processes("node.name=data-1")
    os.kill(pid, signal.SIGKILL)
    esaas.wait("data-1 runs again", lambda: esaas.nodes(CLUSTER)["data-1"]["task"]["task_id"] != before and is_whole(esaas))
    return before


def check_past(esaas, created, whole_seq):
    spans = json.loads(esaas.run("trace", created, "--format", "otlp").stdout)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    launches = [span for span in spans if span["name"] == "task_launch_intended"]
    assert len(launches) == 2, [span["name"] for span in spans]
    for span in launches:
        assert [event["name"] for event in span["events"]] == ["running"], span
        assert int(span["endTimeUnixNano"]) > int(span["startTimeUnixNano"]), span
    then = esaas.json("--at", str(whole_seq), "cluster", "show", CLUSTER)
    assert then["health"]["status"] in ("green", "yellow"), then["health"]
    told = esaas.run("diff", "--from", str(whole_seq)).stdout
    assert "nodes[data-1].task.task_id" in told, told
    print("the past and what differs since are told", flush=True)


def check_death(esaas, task):
    """The id of a task has the seq of its launch: from there to its end, and from its end back to there."""
    launch = task.split(".task-")[1].split(".")[0]
    [root] = esaas.json("trace", launch)["roots"]
    [death] = [event for event in below(root) if event["kind"] == "task_status_changed" and "failed" in event["sentence"]]
    told = esaas.run("trace", str(death["seq"])).stdout
    assert "> " in told and "is to be launched" in told.split("> ")[0], told
    assert "so far" not in told and "came to nothing" not in told, f"it had joined, and the operation was over:\n{told}"
    print(told, flush=True)


def check_replay(esaas):
    esaas.stop()
    told = [json.loads(line) for line in esaas.run("--json", "replay", "--data-dir", esaas.data).stdout.splitlines()]
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert any(event["basis"] for event in told)
    answer = json.loads(esaas.run("--json", "whatif", "--data-dir", esaas.data).stdout)["reconcilers"]
    assert answer["different"] == 0 and answer["same"] > 0, answer
    prices = esaas.root / "prices.json"
    prices.write_text(json.dumps({"currency": "CNY", "minor_digits": 2, "prices": {"cluster_hour_nanos": 10**12}}))
    lines = json.loads(esaas.run("--json", "whatif", "--data-dir", esaas.data, "--price-list", prices).stdout)
    [line] = lines["prices"]["lines"]
    assert line["tenant"] == "shop" and line["difference_minor"] > 0, line
    print(f"replayed {len(told)} events; {answer}", flush=True)


def main():
    esaas = Installation(sys.argv[1], first_agent_address="127.0.84.11", agents=2)
    try:
        esaas.start()
        esaas.run("tenant", "create", "shop")
        created = esaas.json("cluster", "create", CLUSTER, "--tenant", "shop", "--nodes", "2", "--cpus-milli", "500",
                             "--mem-mib", "768", "--disk-mib", "1024")["operation_id"]
        esaas.run("operation", "wait", created, "--timeout", "240")
        esaas.wait("both nodes are there", lambda: is_whole(esaas))
        whole_seq = now(esaas)
        task = heal_once(esaas)
        check_past(esaas, created, whole_seq)
        check_death(esaas, task)
        check_replay(esaas)
        esaas.start()
        esaas.run("cluster", "delete", CLUSTER, "--confirm", CLUSTER, "--wait", "--timeout", "120")
    finally:
        esaas.close()


if __name__ == "__main__":
    main()
