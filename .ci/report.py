"""report.py FOLDER: sums up the test reports below FOLDER and closes with `N passed, N failed, N skipped`.

Every GoogleTest program left its cases as XML (GTEST_OUTPUT); ctest left its programs as JUnit. A program without an
XML of its own (a Python check, or one that crashed before it could write) counts as the one test that ctest saw.
Exit code 1 when something failed or nothing ran.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


class Totals:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def add(self, name, outcome):
        if outcome == "passed":
            self.passed += 1
        else:
            getattr(self, outcome).append(name)


def gtest_outcome(case):
    if case.find("failure") is not None:
        return "failed"
    if case.find("skipped") is not None or case.get("result") == "skipped":
        return "skipped"
    return "passed"


def add_gtest(path, totals):
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.get("status") == "notrun":
            continue
        totals.add(f"{path.parent.name}: {case.get('classname')}.{case.get('name')}", gtest_outcome(case))


def add_ctest(path, totals, covered):
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        status = case.get("status")
        outcome = {"run": "passed", "fail": "failed"}.get(status, "skipped")
        # A failed program whose cases all passed (a crash at exit, a leak, a time-out) is a failure of its own.
        if case.get("name") not in covered or outcome == "failed":
            totals.add(f"{path.parent.name}: program {case.get('name')}", outcome)


def main(folder):
    totals = Totals()
    for report in sorted(folder.iterdir()):
        covered = set()
        for path in sorted(report.glob("*.xml")):
            covered.add(path.stem)
            add_gtest(path, totals)
        for path in report.glob("*.junit"):
            add_ctest(path, totals, covered)
    for title, names in (("skipped", totals.skipped), ("failed", totals.failed)):
        for name in names:
            print(f"{title}: {name}")
    print(f"{totals.passed} passed, {len(totals.failed)} failed, {len(totals.skipped)} skipped")
    return 1 if totals.failed or totals.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
