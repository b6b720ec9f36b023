#!/usr/bin/env python3
"""Proves from the object files of a build that every layer keeps to itself. Status 1 if one does not.

usage: tests/layers/layers.py BUILD | --self-test

BUILD is a folder that meson has built, without sanitizers.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "lib"))
sys.dont_write_bytecode = True

import check_layers  # noqa: E402

# Functions whose result depends on their arguments alone.
PURE = set("""
    abs bcmp bsearch ldexp memchr memcmp memcpy memmove memset qsort snprintf strchr strcmp strcspn strlen strncmp
    strnlen strpbrk strrchr strspn strstr strtod strtol strtoll strtoul strtoull vsnprintf
""".split())
# What compilers and linkers add of their own accord, and assert.
COMPILER = re.compile(
    r"_GLOBAL_OFFSET_TABLE_|_TLS_MODULE_BASE_|__stack_chk_(fail|guard)(_local)?|__assert_fail|__x86\.get_pc_thunk\.\w+"
    r"|__(memcpy|memmove|memset|snprintf|vsnprintf)_chk|__cpu_model|__cpu_indicator_init"
    r"|__isoc(99|23)_strto\w+|__aeabi_\w+|__[a-z]+[sdt][if][234]?|__(bswap|clz|ctz|popcount)[sdt]i2")
# The libraries that a layer wraps.
FOREIGN = {
    "codec": re.compile(r"(inflate|deflate|crc32|adler32)\w*|zlib\w+|LZ4F?_\w+|ZSTD_\w+|snappy_\w+"),
    "security": re.compile(r"(SSL|BIO|X509|EVP|ERR|OPENSSL|CRYPTO|HMAC|RAND|TLS|PEM|PKCS12|ASN1)_\w+|sasl_\w+"),
}


class Symbol(NamedTuple):
    name: str
    kind: str     # nm's letter
    section: str


def nm(*arguments):
    run = subprocess.run(["nm", *arguments], capture_output=True, text=True)
    if run.returncode:
        sys.exit("tests/layers: " + run.stderr.strip())
    return run.stdout.splitlines()


def symbols(path):
    rows = [[column.strip() for column in line.split("|")] for line in nm("--format=sysv", path) if "|" in line]
    return [Symbol(row[0], row[2], row[6]) for row in rows if row[0] != "Name"]


def undefined(symbol):
    return symbol.kind in "Uwv"


def writable(symbol):
    read_only = symbol.section.startswith(".data.rel.ro")
    return symbol.section.startswith((".data", ".bss", ".tdata", ".tbss", "*COM*")) and not read_only


def owners(layers):
    """Name of each symbol that can be seen from outside its file -> its layer."""
    return {s.name: layer for layer, files in layers.items() for found in files.values() for s in found
            if s.kind.isupper() and not undefined(s)}


def judge(layer, files, owner):
    """What is wrong with the objects of a layer, as texts. files: source -> its symbols."""
    for source, found in sorted(files.items()):
        for symbol in found:
            if undefined(symbol):
                why = refused(layer, symbol.name, owner)
                if why:
                    yield f"{source} calls {symbol.name}: {why}"
            elif layer in check_layers.CORE and writable(symbol):
                yield f"{source} keeps state of its own: {symbol.name} in {symbol.section}"


def refused(layer, name, owner):
    if name.startswith("weir_"):
        if name not in owner:
            return "defined nowhere"
        allowed = owner[name] == layer or owner[name] in check_layers.USES[layer]
        return None if allowed else f"{layer} may not use {owner[name]}"
    if layer not in check_layers.CORE or name in PURE or COMPILER.fullmatch(name):
        return None
    if layer in FOREIGN and FOREIGN[layer].fullmatch(name):
        return None
    return "not a pure function"


def compiled(build):
    """layer -> source -> symbols, of every file that the build compiles into a library."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    layers = {}
    for command in commands:
        source = os.path.relpath(os.path.realpath(os.path.join(command["directory"], command["file"])), ROOT)
        layer = check_layers.layer_of(source)
        if layer in check_layers.USES:
            files = layers.setdefault(layer, {})
            files[source] = symbols(os.path.join(command["directory"], command["output"]))
    return layers


def sources(layer):
    top = os.path.join(ROOT, check_layers.folder(layer))
    return [name for _, _, names in os.walk(top) for name in names if name.endswith(".c")]


def exported(build):
    """Names that the shared libraries of a build export; None when it has none."""
    paths = {os.path.realpath(os.path.join(folder, name)) for folder, _, names in os.walk(build) for name in names
             if re.fullmatch(r"libweir\w*\.(so|dylib)[.\d]*", name)}
    names = set()
    for path in paths:
        names |= {line.split()[0] for line in nm("-D", "--defined-only", "--format=posix", path)}
    return names if paths else None


def declared():
    """Functions that the public headers promise."""
    names = set()
    folder = os.path.join(ROOT, "include", "weir")
    for header in os.listdir(folder):
        if header.endswith(".h"):
            with open(os.path.join(folder, header), encoding="utf-8") as file:
                text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
            names |= set(re.findall(r"^WEIR_API\b[^;(]*?\b(weir_\w+)\s*\(", text, re.M))
    return names


def checks(build):
    """(name, texts of what is wrong) of each test."""
    layers = compiled(build)
    owner = owners(layers)
    for layer in check_layers.USES:
        if layer in layers:
            yield f"symbols of {layer}", list(judge(layer, layers[layer], owner))
        elif sources(layer):
            yield f"symbols of {layer}", ["the build does not compile it"]
    for header in sorted(os.listdir(os.path.join(ROOT, "include", "weir"))):
        if header.endswith(".h"):
            yield f"header {header} stands alone", list(header_faults(header))
    names = exported(build)
    if names is None:
        yield "shared library", ["the build has no libweir.so"]
    else:
        extra = sorted(n for n in names if not re.fullmatch(r"weir_[a-z0-9]\w*", n))
        yield "shared library exports nothing private", extra
        yield "shared library exports all that is declared", sorted(declared() - names)


def header_faults(header):
    """What compilers say of a public header that is included alone, in C and in C++."""
    include = ["-I", os.path.join(ROOT, "include"), "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-"]
    for compiler in (["cc", "-std=c11", "-xc"], ["c++", "-std=c++11", "-xc++"]):
        run = subprocess.run([*compiler, *include], input=f"#include <weir/{header}>\n", capture_output=True, text=True)
        if run.returncode:
            yield f"{compiler[0]}: {run.stderr.strip()}"


SNIPPETS = [
    ("base", "int weir__a(int n) { return n + 1; }", True),
    ("base", "const char *const weir__names[] = {\"a\"};", True),
    ("base", "#include <string.h>\nint weir__a(const char *s) { return (int)strlen(s); }", True),
    ("base", "#include <stdlib.h>\nvoid *weir__a(void) { return malloc(1); }", False),
    ("base", "#include <stdlib.h>\nvoid weir__a(void *p) { free(p); }", False),
    ("sink", "#include <time.h>\nlong weir__a(void) { return (long)time(0); }", False),
    ("source", "#include <unistd.h>\nlong weir__a(char *p) { return (long)read(0, p, 1); }", False),
    ("cluster", "#include <stdlib.h>\nint weir__a(void) { return rand(); }", False),
    ("cluster", "#include <stdlib.h>\nchar *weir__a(void) { return getenv(\"A\"); }", False),
    ("base", "int weir__a(void) { static int n; return ++n; }", False),
    ("base", "int weir__n = 1;", False),
    ("base", "_Thread_local int weir__n;", False),
    ("base", "int weir__in_sink(void);\nint weir__a(void) { return weir__in_sink(); }", False),
    ("pipeline", "int weir__in_sink(void);\nint weir__a(void) { return weir__in_sink(); }", True),
    ("source", "int weir__in_sink(void);\nint weir__a(void) { return weir__in_sink(); }", False),
    ("sink", "int weir__nowhere(void);\nint weir__a(void) { return weir__nowhere(); }", False),
    ("codec", "int inflate(void *, int);\nint weir__a(void *s) { return inflate(s, 0); }", True),
    ("source", "int inflate(void *, int);\nint weir__a(void *s) { return inflate(s, 0); }", False),
    ("posix", "#include <stdlib.h>\nvoid *weir__a(void) { return malloc(1); }", True),
]


def proofs():
    """As checks, of the test itself: each snippet must be judged as it should be."""
    for number, (layer, code, good) in enumerate(SNIPPETS, 1):
        with tempfile.TemporaryDirectory() as folder:
            source, output = os.path.join(folder, "a.c"), os.path.join(folder, "a.o")
            with open(source, "w", encoding="utf-8") as file:
                file.write(code + "\n")
            compiler = os.environ.get("CC", "cc").split()
            subprocess.run([*compiler, "-O1", "-fPIC", "-c", source, "-o", output], check=True)
            found = list(judge(layer, {"a.c": symbols(output)}, {"weir__in_sink": "sink"}))
        wrong = [] if good == (not found) else [f"judged {'bad' if found else 'good'}: {code!r}"]
        yield f"snippet {number} in {layer}", wrong


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if len(sys.argv) == 2 else 2
    passed = failed = 0
    for name, wrong in proofs() if sys.argv[1] == "--self-test" else checks(sys.argv[1]):
        print(f"not ok {name}: " + "; ".join(wrong) if wrong else f"ok {name}")
        passed, failed = passed + (not wrong), failed + bool(wrong)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
