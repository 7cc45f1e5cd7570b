"""Checks the house rules of rules.py over the files that git knows (or, without git, over all of the tree)."""

import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import rules  # noqa: E402

TOP = Path(__file__).resolve().parents[2]


def project_files():
    listed = subprocess.run(["git", "-C", TOP, "ls-files", "-z"], capture_output=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
    else:
        names = [str(path.relative_to(TOP)) for path in TOP.rglob("*") if ".build" not in path.parts]
    return sorted(name for name in names if name and (TOP / name).is_file())


FILES = project_files()
SOURCES = [name for name in FILES if name.endswith(rules.SOURCE_SUFFIXES)]


def read(name):
    return (TOP / name).read_text(encoding="utf-8", errors="replace")


def is_below(name, places):
    return any(name == place or (place.endswith("/") and name.startswith(place)) for place in places)


def without_comments(text):
    """The text with comments and string contents blanked, line by line as long as before."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.DOTALL)

    def blank(found):
        kept = found.group(0)
        return re.sub(r"[^\n]", " ", kept) if not kept.startswith('"') else '""'.ljust(len(kept))

    return pattern.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class HouseRules(unittest.TestCase):
    def refuse(self, problems):
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def test_there_is_something_to_check(self):
        self.assertGreater(len(SOURCES), 100)

    def test_banned_calls(self):
        problems = []
        for name in filter(lambda name: is_below(name, rules.PRODUCT), SOURCES):
            text = without_comments(read(name))
            for pattern, why, allowed in rules.BANNED_CALLS:
                if not is_below(name, allowed):
                    problems += [f"{name}:{line_of(text, found.start())}: {found.group(0)}: {why}"
                                 for found in re.finditer(pattern, text)]
        self.refuse(problems)

    def test_no_capturing_lambda_in_a_co_await_expression(self):
        pattern = re.compile(r"\bco_await\b[^;{}]*\[(?:[&=]|this|\w+\s*(?:=|,|\]))[^\]]*\]?\s*(?:\(|mutable|\{)")
        problems = []
        for name in SOURCES:
            text = without_comments(read(name))
            problems += [f"{name}:{line_of(text, found.start())}: GCC 12 destroys such captures twice; name the lambda"
                         for found in pattern.finditer(text)]
        self.refuse(problems)

    def test_sizes_of_files(self):
        problems = []
        for name in SOURCES:
            limit = rules.TEST_LINES_MAX if name.startswith(("tests/", "bench/")) else rules.LINES_MAX
            lines = read(name).count("\n")
            if lines > limit:
                problems.append(f"{name}: {lines} lines, at most {limit}: it holds more than one concept")
        self.refuse(problems)

    def test_sizes_of_functions(self):
        problems = []
        head = re.compile(r"^(?!namespace|struct|class|enum|union|extern|using|constexpr .*= *\{|const .*= *\{)\S.*\{$")
        for name in filter(lambda name: name.endswith(".cc") and is_below(name, rules.PRODUCT), SOURCES):
            begin = None
            for number, line in enumerate(read(name).split("\n"), 1):
                if begin is None and head.match(line):
                    begin = number
                elif begin is not None and line.startswith("}"):
                    if line.rstrip() == "}" and number - begin + 1 > rules.FUNCTION_LINES_MAX:
                        problems.append(f"{name}:{begin}: {number - begin + 1} lines, at most {rules.FUNCTION_LINES_MAX}")
                    begin = None
        self.refuse(problems)

    def test_headers_begin_with_pragma_once_and_what_they_are(self):
        problems = []
        for name in filter(lambda name: name.endswith(".h"), SOURCES):
            lines = read(name).split("\n")
            if lines[0] != "#pragma once":
                problems.append(f"{name}:1: the first line is #pragma once")
            elif name.startswith(rules.PRODUCT) and not lines[1].startswith("//"):
                problems.append(f"{name}:2: the first comment says what this is, its thread-safety and lifetime")
        self.refuse(problems)

    def test_includes_follow_the_arrows(self):
        problems = []
        for name in SOURCES:
            arrow = next((allowed for folder, allowed in rules.ARROWS if name.startswith(folder)), None)
            pure = is_below(name, rules.PURE) and not is_below(name, rules.NOT_PURE)
            for number, line in enumerate(read(name).split("\n"), 1):
                ours = re.match(r'#include "([^"]+)"', line)
                if ours and arrow and not is_below(ours.group(1), arrow):
                    problems.append(f"{name}:{number}: {ours.group(1)} is against the arrows of CMakeLists.txt")
                if pure and re.match("#include " + rules.IMPURE_INCLUDES, line):
                    problems.append(f"{name}:{number}: {line}: this folder is pure")
        self.refuse(problems)

    def test_every_folder_says_what_it_is(self):
        problems = []
        folders = {str(Path(name).parent) for name in FILES if name.endswith((".cc", ".h", ".proto"))}
        for folder in sorted(folders):
            readme = f"{folder}/README.md"
            if readme not in FILES:
                problems.append(f"{folder}: has no README.md (what lives here, what may not, where to start)")
        for name in filter(lambda name: name.endswith("/README.md"), FILES):
            lines = read(name).count("\n")
            if lines > rules.README_LINES_MAX:
                problems.append(f"{name}: {lines} lines, at most {rules.README_LINES_MAX}")
        self.refuse(problems)

    def test_nothing_is_left_over(self):
        problems = []
        for name in filter(lambda name: name.endswith((".cc", ".h", ".proto", ".py", ".sh", ".md", ".txt", ".js")), FILES):
            if name.startswith("tests/tidy/"):
                continue
            for number, line in enumerate(read(name).split("\n"), 1):
                if re.search(rules.LEFTOVERS, line):
                    problems.append(f"{name}:{number}: {line.strip()}")
        self.refuse(problems)

    def test_no_paths_of_one_machine(self):
        problems = []
        for name in filter(lambda name: not is_below(name, rules.PRIVATE_PLACES_ALLOWED), FILES):
            for number, line in enumerate(read(name).split("\n"), 1):
                if re.search(rules.PRIVATE_PLACES, line):
                    problems.append(f"{name}:{number}: {line.strip()[:120]}")
        self.refuse(problems)

    def test_setup_installs_what_cmake_looks_for(self):
        packages = set(re.findall(r"^[a-z0-9][\w.+-]*", read(".ci/packages.txt"), re.MULTILINE))
        problems = []
        for name in filter(lambda name: name.endswith("CMakeLists.txt"), FILES):
            text = read(name)
            wanted = re.findall(r"find_package\((\w[\w-]*)", text)
            wanted += re.findall(r"pkg_check_modules\(\w+ (?:REQUIRED |QUIET |IMPORTED_TARGET )*([\w-]+)\)", text)
            for one in wanted:
                if one not in rules.DEBIAN_PACKAGES:
                    problems.append(f"{name}: {one}: no row in DEBIAN_PACKAGES of tests/tidy/rules.py")
                problems += [f"{name}: {one}: {package} is missing in .ci/packages.txt"
                             for package in rules.DEBIAN_PACKAGES.get(one, []) if package not in packages]
        self.refuse(problems)


if __name__ == "__main__":
    unittest.main(verbosity=0)
