"""exports_test.py WRITER: programs of others read the exports of use, whole and compressed.

WRITER makes the files, and says by other views of the log what has to be in them. DuckDB reads CSV, JSON lines and .zst
files, and its sums have to be exact; the cloudevents package reads the CloudEvents; the FinOps Foundation's focus-validator
checks the FOCUS file against FOCUS 1.0. Each reader is shown a broken file too, which it has to refuse.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SKIPPED = 77


def fetch():
    done = subprocess.run([TOP / ".ci/fetch-readers"], capture_output=True, text=True)
    if done.returncode == 75:
        print("skipped:", done.stderr.strip().splitlines()[-1])
        sys.exit(SKIPPED)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip()) / "bin/python"


def sums_by_duckdb(source):
    import duckdb

    rows = duckdb.sql(
        f"SELECT tenant, cluster, kind, sum(CAST(quantity AS DECIMAL(38, 6))) FROM {source} GROUP BY ALL").fetchall()
    return {(tenant, cluster, kind): total for tenant, cluster, kind, total in rows}


def check_tables(folder, totals):
    names = ("tenant", "cluster", "node", "kind", "quantity")
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    for suffix in ("", ".zst"):
        of_csv = f"read_csv('{folder}/csv.csv{suffix}', all_varchar = true, strict_mode = true)"
        of_json = f"read_json('{folder}/jsonl.jsonl{suffix}', format = 'newline_delimited', columns = {{{columns}}})"
        assert sums_by_duckdb(of_csv) == totals, (folder, "csv" + suffix)
        assert sums_by_duckdb(of_json) == totals, (folder, "jsonl" + suffix)


def check_cloud_events(folder, totals):
    from cloudevents.core.formats.json import JSONFormat
    from cloudevents.core.v1.event import CloudEvent
    from cloudevents.v1.exceptions import GenericException
    from cloudevents.v1.http import from_json

    sums, ids = {}, set()
    for line in (folder / "cloudevents.jsonl").read_bytes().splitlines():
        from_json(line)  # refuses what lacks an attribute
        event = JSONFormat().read(CloudEvent, line)
        data = event.get_data()
        assert event.get_type() == "esaas.usage" and event.get_source().startswith("urn:esaas:log:")
        assert event.get_time() == datetime.fromisoformat(data["from"])
        ids.add((event.get_source(), event.get_id()))
        key = (event.get_subject(), data["cluster"], data["kind"])
        sums[key] = sums.get(key, Decimal(0)) + Decimal(data["quantity"])
        last = line
    assert sums == totals, folder
    assert len(ids) == len((folder / "cloudevents.jsonl").read_bytes().splitlines()), "an id is there twice"
    without_source = {name: value for name, value in json.loads(last).items() if name != "source"}
    try:
        from_json(json.dumps(without_source))
        raise AssertionError("the reader takes an event without a source")
    except GenericException:
        pass


# What FOCUS 1.0 calls a column, and what the validator's rules do; its rule of SkuPriceId asks for the column that
# ChargeCategory was before 1.0.
VALIDATORS_NAMES = {"ProviderName": "Provider", "PublisherName": "Publisher", "InvoiceIssuerName": "InvoiceIssuer",
                    "ResourceId": "ResourceID"}


def focus_findings(rows, path):
    from focus_validator.validator import Validator

    category = rows[0].index("ChargeCategory")
    rows = [row + ["ChargeType" if number == 0 else row[category]] for number, row in enumerate(rows)]
    rows[0] = [VALIDATORS_NAMES.get(name, name) for name in rows[0]]
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    validator = Validator(data_filename=str(path), output_type="console", output_destination=None, rules_version="1.0")
    validator.load()
    checked = validator.spec_rules.validate(validator.focus_data).checklist
    assert len(checked) > 100, "the rules of FOCUS 1.0"
    return sorted(name for name, rule in checked.items() if rule.status.value != "passed")


def check_focus(folder, lines, scratch):
    import focus_validator

    os.chdir(Path(focus_validator.__file__).parents[1])  # where it finds its list of currencies
    with open(folder / "focus.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert focus_findings(rows, scratch) == [], folder
    column = {name: number for number, name in enumerate(rows[0])}
    for name, bad, rule in (("BillingCurrency", "ZZZ", "IsCurrencyCode"), ("ServiceCategory", "Search", "Enum"),
                            ("ChargePeriodEnd", "soon", "IsDateTime"), ("SkuPriceId", "", "Nullable")):
        broken = [list(row) for row in rows]
        broken[2][column[name]] = bad
        assert focus_findings(broken, scratch) == [f"{name}_{rule}"], f"the reader takes {name} {bad!r}"
    sums = {}
    for row in rows[1:]:
        key = (row[column["BillingAccountId"]], row[column["ResourceId"]], row[column["SkuPriceId"]])
        sums[key] = sums.get(key, Decimal(0)) + Decimal(row[column["BilledCost"]])
        priced = Decimal(row[column["ListUnitPrice"]]) * Decimal(row[column["PricingQuantity"]])
        assert priced == Decimal(row[column["ListCost"]]), row
    assert sums == lines, (folder, "costs are not the invoices' lines")


def check(folder):
    expected = json.loads((folder / "expected.json").read_text())
    totals = {(one["tenant"], one["cluster"], one["kind"]): Decimal(one["quantity"]) for one in expected["totals"]}
    lines = {(one["tenant"], one["cluster"], one["sku_price"]): Decimal(one["amount"]) for one in expected["lines"]}
    assert len(totals) > 5 and len(lines) > 5, (folder, len(totals), len(lines))
    check_tables(folder, totals)
    check_cloud_events(folder, totals)
    check_focus(folder, lines, folder / "validated.csv")
    print(folder.name, "read:", len(totals), "totals,", len(lines), "lines")


def main():
    if sys.argv[1] == "--read":
        for folder in sorted(Path(sys.argv[2]).iterdir()):
            check(folder)
        return
    python = fetch()
    with tempfile.TemporaryDirectory(prefix="esaas-exports-") as scratch:
        subprocess.run([sys.argv[1], scratch], check=True)
        subprocess.run([python, __file__, "--read", scratch], check=True)


if __name__ == "__main__":
    main()
