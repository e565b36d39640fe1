# SPDX-License-Identifier: Apache-2.0
"""Plants each fault that the lints must find in a small tree and sees them turn red."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(sys.argv.pop(1))
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
MODULES = "low 0  | \nlow2 0  | \nhigh 1 low | low2\n"
TABLE = "| 0 | `low` |  | x |\n| 0 | `low2` |  | x |\n| 1 | `high` | low | x |\n"


def run(tool, files, modules=MODULES):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {"ARCHITECTURE.md": TABLE, **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (root / "modules.txt").write_text(modules)
        done = subprocess.run([sys.executable, TOOLS / tool, root, root / "modules.txt"],
                              capture_output=True, text=True)
        return done.returncode, done.stdout


class Includes(unittest.TestCase):
    def check(self, name, line, wanted):
        code, out = run("check_includes.py", {name: line + "\n"})
        self.assertEqual(code != 0, bool(wanted), out)
        if wanted:
            self.assertIn(wanted, out)

    def test_a_declared_lower_module_is_fine(self):
        self.check("src/renkei/high/a.cc", '#include "renkei/low/x.h"', "")

    def test_upward_is_refused(self):
        self.check("src/renkei/low/a.cc", '#include "renkei/high/x.h"', "does not declare high")

    def test_a_sibling_is_refused(self):
        self.check("src/renkei/low/a.h", '#include "renkei/low2/x.h"', "does not declare low2")

    def test_an_undeclared_lower_module_is_refused(self):
        self.check("src/renkei/high/a.h", '#include "renkei/low2/x.h"', "does not declare low2")

    def test_a_test_may_use_its_test_deps(self):
        self.check("src/renkei/high/a_test.cc", '#include "renkei/low2/x.h"', "")


class Tree(unittest.TestCase):
    def check(self, files, wanted):
        code, out = run("check_tree.py", files)
        self.assertEqual(code != 0, bool(wanted), out)
        if wanted:
            self.assertIn(wanted, out)

    def test_a_good_tree_is_fine(self):
        body = "void F() {\n" + "  x();\n" * 68 + "}\n"
        self.check({"src/a.cc": LICENCE + body}, "")

    def test_faults_are_found(self):
        long_function = "int F(int a) {\n" + "  x();\n" * 70 + "}\n"
        for files, wanted in [
            ({"src/a.cc": "int x;\n"}, "no SPDX"),
            ({"src/a.cc": LICENCE + "int x;\n" * 601}, "602 lines"),
            ({"src/a.cc": LICENCE + long_function}, "function of 72 lines"),
            ({"src/a.cc": LICENCE + "namespace a {\nclass B {\n" + long_function + "};\n}\n"}, "function of 72"),
            ({"src/file_utils.cc": LICENCE}, "banned word"),
            ({"src/a.h": LICENCE + "#pragma once\nclass RunManager {};\n"}, "RunManager"),
            ({"src/a.h": LICENCE + "int x;\n"}, "#pragma once"),
            ({"src/a.cc": LICENCE + "// TODO: later\n"}, "unfinished"),
            ({"src/renkei/low/a.cc": LICENCE + "#include <openssl/evp.h>\n"}, "belongs to"),
            ({"src/a.cc": LICENCE + "int " + "x" * 100 + ";\n"}, "columns"),
            ({"ARCHITECTURE.md": TABLE.replace("| low |", "|  |")}, "module high"),
        ]:
            with self.subTest(wanted):
                self.check(files, wanted)


unittest.main()
