"""Proof that each rule of tools/style finds what it is for, and is silent about code that keeps it."""

import os
import tempfile

import check_rules

GUARDED = "#ifndef WEIR_SRC_{0}\n#define WEIR_SRC_{0}\n\n{1}\n#endif\n"
PUBLIC = "#ifndef WEIR_T_H\n#define WEIR_T_H\n\nint weir_twice(int n);\n\n#endif\n"
GOOD = {
    "include/weir/t.h": PUBLIC,
    "include/weir/README.md": "Headers.\n",
    "src/base/README.md": "Mechanism.\n",
    "src/base/list.h": GUARDED.format("LIST_H", "static inline int weir__half(int n) {\n    return n / 2;\n}\n"),
    "src/base/twice.c": '#include "list.h"\n#include <string.h>\n#include <weir/t.h>\n\n'
                        "/* strcpy(a, b) in a comment */\nstatic int same(int n) {\n    return n;\n}\n\n"
                        'int weir_twice(int n) {\n    const char *text = "gets(";\n'
                        "    return same(n) + same(text[0]);\n}\n",
    "src/cluster/README.md": "Links.\n",
    "src/cluster/link.c": '#include "list.h"\n\nstruct heap {\n    void (*free)(void *);\n};\n\n'
                          "void weir__drop(struct heap *heap, void *p) {\n    heap->free(p);\n}\n",
}

LONG_BODY = "".join(f"    weir__go({n});\n" for n in range(70))
BRANCHES = "#ifdef A\nvoid weir__a(void) {\n#else\nvoid weir__b(void) {\n#endif\n" + LONG_BODY + "}\n"

# (rule, path, text): the rule must speak about the path when the text is put into the good tree.
CASES = [
    ("columns", "src/base/a.c", "/* " + "x" * 120 + " */\n"),
    ("columns", "tests/meson.build", "# " + "x" * 120 + "\n"),
    ("columns", "tools/run", "#!/bin/sh\n# " + "x" * 120 + "\n"),
    ("white-space", "src/base/a.c", "int weir__a; \n"),
    ("white-space", "src/base/a.c", "\tint weir__a;\n"),
    ("white-space", "src/base/README.md", "Text \n"),
    ("last-newline", "src/base/a.c", "int weir__a;"),
    ("last-newline", "src/base/a.c", "int weir__a;\n\n"),
    ("unfinished", "src/base/a.c", "/* TO" "DO: more */\n"),
    ("unfinished", "tools/a.py", "# FIX" "ME\n"),
    ("unfinished", "src/base/README.md", "XX" "X and HA" "CK\n"),
    ("conflict-marker", "src/base/a.c", "<" * 7 + " HEAD\nint weir__a;\n"),
    ("conflict-marker", "src/base/README.md", "Text\n" + ">" * 7 + " topic\n"),
    ("file-lines", "src/base/a.c", "int weir__a;\n" * 601),
    ("function-lines", "src/base/a.c", "void weir__a(void) {\n" + LONG_BODY + "}\n"),
    ("function-lines", "src/base/a.c", "START_TEST(a) {\n" + LONG_BODY + "}\n"),
    ("function-lines", "src/base/a.c", BRANCHES),
    ("function-lines", "src/base/a.c", 'char a = \'{\';\nstatic int\nb(char *c) {\n' + LONG_BODY + "}\n"),
    ("prefix", "src/base/a.c", "int twice(int n) {\n    return n;\n}\n"),
    ("prefix", "proto/a.c", "int weir_unknown(int n) {\n    return n;\n}\n"),
    ("prefix", "src/base/a.c", "static int weir__a(int n) {\n    return n;\n}\n"),
    ("prefix", "src/base/a.h", "static inline int a(int n) {\n    return n;\n}\n"),
    ("prefix", "src/base/a.c", "int (*pick(int n))(int) {\n    return 0;\n}\n"),
    ("banned-call", "src/base/a.c", "void weir__a(char *a) {\n    strcpy(a, a);\n}\n"),
    ("banned-call", "tools/a.c", "int main(void) {\n    return atoi(\"1\");\n}\n"),
    ("banned-call", "src/sink/a.c", "void weir__a(void *a) {\n    free(a);\n}\n"),
    ("banned-call", "src/posix/a.c", "void weir__a(void) {\n    printf(\"a\");\n}\n"),
    ("include-guard", "src/base/a.h", "int weir__a(void);\n"),
    ("include-guard", "src/base/a.h", "#pragma once\n\nint weir__a(void);\n"),
    ("include-guard", "src/base/z.h", GUARDED.format("LIST_H", "")),
    ("include-direction", "src/base/a.c", "#include <unistd.h>\n"),
    ("include-direction", "src/base/a.c", '#include "../cluster/a.h"\n'),
    ("include-direction", "src/source/a.c", '#include "../sink/sink.h"\n'),
    ("include-direction", "src/sink/a.c", '#include "lacking.h"\n'),
    ("include-direction", "include/weir/a.h", '#include "list.h"\n'),
    ("include-direction", "proto/a.c", "#include <weir/client.h>\n"),
    ("include-direction", "proto/a.c", '#include "list.h"\n'),
    ("include-direction", "tools/a.c", '#include "list.h"\n'),
    ("readme", "src/sink/a.c", "int weir__a;\n"),
    ("readme", "src/base/README.md", "\n"),
    ("clang-format", "src/base/a.c", "int  weir__a ;\n"),
]


def findings(files):
    """The rules' findings about a tree of files: a set of (rule, path)."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        tree = check_rules.Tree(root)
        return {(name, finding.path) for name, rule in check_rules.RULES.items() for finding in rule(tree)}


def run():
    """Prints a line for each case; returns (passed, failed)."""
    style = os.path.join(os.path.dirname(__file__), "..", "..", ".clang-format")
    with open(style, encoding="utf-8") as file:
        good = dict(GOOD, **{"./.clang-format": file.read()})
    results = [("good code is clean", not findings(good))]
    for number, (rule, path, text) in enumerate(CASES, 1):
        about = path if rule != "readme" else os.path.dirname(path) + "/README.md"
        results.append((f"{rule} {number}", (rule, about) in findings(dict(good, **{path: text}))))
    proved = {rule for rule, _, _ in CASES}
    results += [(f"{rule} has a case", rule in proved) for rule in check_rules.RULES]
    for name, passed in results:
        print(f"ok {name}" if passed else f"not ok {name}: the rule is blind, or speaks of good code")
    failed = sum(not passed for _, passed in results)
    return len(results) - failed, failed
