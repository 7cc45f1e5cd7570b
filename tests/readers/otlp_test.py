"""otlp_test.py WRITER: OpenTelemetry's own messages (opentelemetry-proto, from Python's package index) read a trace.

WRITER prints one ExportTraceServiceRequest in OTLP's JSON. It has to parse without an unknown field, and what it means is
checked on the parsed message: ids of the right length, parents that are there, times, status, the resource.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PINNED = ["opentelemetry-proto==1.27.0", "protobuf==4.25.5"]
SKIPPED = 77

READER = """
import base64, json, sys
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

text = sys.stdin.read()
def in_base64(value):
    # OTLP's JSON has ids in hexadecimal, protobuf's in base64: the one difference between the two.
    if isinstance(value, dict):
        return {k: base64.b64encode(bytes.fromhex(v)).decode() if k in ("traceId", "spanId", "parentSpanId") else in_base64(v)
                for k, v in value.items()}
    return [in_base64(one) for one in value] if isinstance(value, list) else value
request = json_format.Parse(json.dumps(in_base64(json.loads(text))), ExportTraceServiceRequest())
[resource_spans] = request.resource_spans
resource = {a.key: a.value.string_value for a in resource_spans.resource.attributes}
assert resource["service.name"] == "esaas", resource
[scope_spans] = resource_spans.scope_spans
spans = {span.span_id: span for span in scope_spans.spans}
assert len(spans) == len(scope_spans.spans) == 11, len(spans)
assert len({span.trace_id for span in spans.values()}) == 1
by_seq = {}
for span in spans.values():
    assert len(span.trace_id) == 16 and len(span.span_id) == 8
    assert not span.parent_span_id or span.parent_span_id in spans, "a parent that is not there"
    assert 0 <= span.start_time_unix_nano <= span.end_time_unix_nano
    attributes = {a.key: a.value for a in span.attributes}
    by_seq[attributes["esaas.seq"].int_value] = (span, attributes)
    for event in span.events:
        assert span.start_time_unix_nano <= event.time_unix_nano <= span.end_time_unix_nano
assert sum(not span.parent_span_id for span in spans.values()) == 1, "one root"
launch, attributes = by_seq[7]
assert launch.name == "task_launch_intended" and launch.end_time_unix_nano - launch.start_time_unix_nano == 28 * 10**9
assert [event.name for event in launch.events] == ["running"]
assert launch.status.code == Status.STATUS_CODE_OK
assert attributes["esaas.cluster"].string_value == "logs"
request, attributes = by_seq[10]
assert attributes["esaas.open"].bool_value and request.status.code == Status.STATUS_CODE_UNSET
assert by_seq[3][1]["esaas.basis.offers"].string_value == "0"
print(len(spans), "spans read")
"""


def main():
    written = subprocess.run([sys.argv[1]], capture_output=True, check=True).stdout
    json.loads(written)
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin/python"
        made = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, text=True)
        if made.returncode != 0:
            print(f"skipped: python3 -m venv fails: {made.stderr.strip()}")
            return SKIPPED
        install = [python, "-m", "pip", "-q", "install", "--disable-pip-version-check", *PINNED]
        try:
            fetched = subprocess.run(install, capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            print("skipped: opentelemetry-proto could not be fetched in two minutes")
            return SKIPPED
        if fetched.returncode != 0:
            print(f"skipped: opentelemetry-proto could not be fetched: {fetched.stderr.strip()[-300:]}")
            return SKIPPED
        subprocess.run([python, "-c", READER], input=written, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
