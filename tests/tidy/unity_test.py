"""What .ci/unity.py promises: no source is compiled behind another whose private names it could take for its own."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / ".ci"))

import unity  # noqa: E402


def anonymous(text):
    return "namespace esaas {\nnamespace {\n" + text + "\n}  // namespace\n}  // namespace esaas\n"


class Unity(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def source(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return unity.Source(path)

    def share(self, first, second):
        sources = [self.source("first.cc", first), self.source("second.cc", second)]
        return len(unity.grouped(sources, 8)) == 1

    def test_the_same_private_name_is_kept_apart(self):
        for text in ("int twice(int x) { return 2 * x; }", "constexpr std::array kRules{1, 2};", "struct Case { int x; };",
                     "template <typename T>\nT twice(T x) {\n  return 2 * x;\n}", "using Options = int;",
                     "const std::map<int, std::function<int(int)>> kTable = {{1, {}}};", "TEST(Scale, Grows) { f(); }",
                     "std::string twice(const X& x = {}, char c = '\"') {\n  return \"}\";\n}"):
            with self.subTest(text):
                self.assertFalse(self.share(anonymous(text), anonymous(text.replace("int", "long"))))

    def test_what_only_one_declares_and_the_other_uses_is_kept_apart_in_either_order(self):
        private, user = anonymous("int node_of() { return 1; }"), "int f() { return node_of(); }\n"
        self.assertFalse(self.share(private, user))
        self.assertFalse(self.share(user, private))
        self.assertFalse(self.share("using wire::master::Call;\n", "void f(const Call& call);\n"))
        self.assertFalse(self.share("using namespace esaas;\n", "int x;\n"))
        self.assertFalse(self.share("#define SIZE 3\n", "int x = SIZE;\n"))

    def test_what_cannot_be_confused_shares_a_group(self):
        self.assertTrue(self.share(anonymous("int one() { return 1; }"), anonymous("int two() { return 2; }")))
        self.assertTrue(self.share("using state::Node;\nNode f();\n", "using state::Node;\nNode g();\n"))
        self.assertTrue(self.share(anonymous("int size() { return 1; }"), "int f() { return x.size() + y->size(); }\n"))
        self.assertTrue(self.share(anonymous("int one();"), "// one\nconst char* k = \"one\";\n"))
        self.assertTrue(self.share("namespace a {\nint shared() { return 1; }\n}\n", "int f() { return a::shared(); }\n"))

    def test_a_group_has_no_more_than_its_size(self):
        sources = [self.source(f"s{i}.cc", f"int f{i}();\n") for i in range(5)]
        self.assertEqual([len(group) for group in unity.grouped(sources, 2)], [2, 2, 1])

    def test_what_is_printed_holds_every_source_once(self):
        sources = [str(path) for path in sorted((TOP / "core/state").glob("*.cc"))]
        done = subprocess.run([sys.executable, str(TOP / ".ci/unity.py"), str(self.folder / "out"), "4", *sources],
                              check=True, capture_output=True, text=True)
        held = []
        for path in done.stdout.split(";"):
            if Path(path).parent == self.folder / "out":
                held += [str(TOP / line.split('"')[1]) for line in Path(path).read_text().splitlines()]
            else:
                held.append(path)
        self.assertEqual(sorted(held), sources)
        self.assertLess(len(done.stdout.split(";")), len(sources))


if __name__ == "__main__":
    unittest.main()
