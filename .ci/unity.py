"""unity.py FOLDER SIZE SOURCE...: groups the sources of one target into files that include up to SIZE of them, and prints
what to compile instead, for CMake: the files written to FOLDER, and each source that stays alone as it is.

What is private to a source (names in anonymous namespaces, using-declarations, aliases, macros) is seen by those after it
in the same group. So two sources never share a group when one uses, in whatever meaning, a name that is private to the
other: it cannot be otherwise understood than by itself. A file is written only when it changes.
"""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
NOISE = re.compile(
    r'R"(?P<raw>[^(\s]{0,16})\(.*?\)(?P=raw)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/',
    re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)(?:[ \t]+(\w+))?(?:\\\n|[^\n])*", re.MULTILINE)
NAMESPACE = re.compile(r"(?:inline )?namespace(?P<name> [\w:]+)?$")
NESTED = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
# A member of something else cannot be mistaken for a name of a namespace.
WORD = re.compile(r"(?:(?<!\.)(?<!->)(?<!std::))\b[A-Za-z_]\w*")


def declared(statement, private):
    """The names that a declaration at the level of a namespace (up to its body or semicolon) keeps within its source."""
    if statement.startswith(("using ", "namespace ")):
        return {statement}
    macro = re.match(r"[A-Z][A-Z\d_]+ ?\( ?(\w+) ?,? ?(\w*)", statement)
    if macro:  # of GoogleTest: TEST and its kin make a class of both, MATCHER a function of the first
        return {macro[1], f"{macro[1]}_{macro[2]}_Test"} if "MATCHER" in statement else {f"{macro[1]}_{macro[2]}_Test"}
    if statement.startswith("static_assert"):
        return set()
    head = statement.replace("->", " ")
    while NESTED.search(head):
        head = NESTED.sub(" ", head)
    kind = re.match(r"\s*(?:template )?\s*(?:class|struct|union|enum(?: class| struct)?)\s+(\w+)", head)
    if kind:
        return {kind[1]} if private else set()
    if "operator" in head:
        return {"operator"} if private else set()
    head = head.split("=")[0].strip()
    if not private and not (head.startswith("static ") or (head.startswith("const") and "(" not in head)):
        return set()
    name = re.search(r"((?:\w+\s*::\s*)*)(\w+)\s*(?:\(|$)", head)
    return {name[2]} if name and not name[1] else set()


def private_names(text):
    """Walks over the declarations of namespaces and skips what is inside of them."""
    names, spaces, begin, depth = set(), [], 0, 0
    for mark in re.finditer(r"[{};()]", text):
        here = mark[0]
        if depth:
            depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(here, 0)
            if depth == 0 and here == "}":
                # What follows a body belongs to it: `= default`, the name of a variable, the next initialiser.
                begin = mark.end()
            continue
        statement = " ".join(text[begin:mark.start()].split())
        if here == "(":
            depth = 1
            continue
        if here == "}":
            if spaces:
                spaces.pop()
        elif here == "{" and (space := NAMESPACE.match(statement)):
            spaces.append(not space["name"])
        else:
            if statement:
                names |= declared(statement, any(spaces))
            if here == "{":
                depth = 1
        begin = mark.end()
    return names


class Source:
    def __init__(self, path):
        self.path = path
        text = NOISE.sub(" ", path.read_text())
        self.macros = {found[2] for found in DIRECTIVE.finditer(text) if found[1] == "define"}
        text = DIRECTIVE.sub("", text)
        self.private = private_names(text) | self.macros
        self.words = set(WORD.findall(text)) | {name for name in self.private if name.endswith("_Test")}
        self.introduced = {name for name in self.private if name.startswith(("using ", "namespace "))}
        self.private -= self.introduced

    def hides_from(self, other):
        """Whether `other` could mean something else behind this source."""
        if self.private & other.words:
            return True
        return any(self.means(line) & other.words or line.startswith("using namespace")
                   for line in self.introduced - other.introduced)

    @staticmethod
    def means(line):
        alias = re.match(r"(?:using|namespace) (\w+) ?=", line)
        return {alias[1] if alias else re.findall(r"\w+", line)[-1]}


def grouped(sources, size):
    groups = []
    for source in sources:
        for group in groups:
            if len(group) < size and not any(source.hides_from(one) or one.hides_from(source) for one in group):
                group.append(source)
                break
        else:
            groups.append([source])
    return groups


def main(folder, size, paths):
    result, kept = [], set()
    for group in grouped([Source(path) for path in paths], size):
        if len(group) == 1:
            result.append(group[0].path)
            continue
        path = folder / f"unity_{len(kept)}.cc"
        text = "".join(f'#include "{source.path.relative_to(TOP)}"\n' for source in group)
        if not path.is_file() or path.read_text() != text:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        kept.add(path)
        result.append(path)
    print(";".join(map(str, result)), end="")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), [Path(argument) for argument in sys.argv[3:]])
