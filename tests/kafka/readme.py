#!/usr/bin/env python3
"""The program that README.md shows is compiled as it stands and does what is said of it."""

import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "lib"))
sys.dont_write_bytecode = True

from kafkatest import BUILD, ROOT, check, main  # noqa: E402

MAIN_LINES = 25
NAMES = {"up": "job", "in": "input", "out": "output"}  # in the example -> member of the case


def example():
    """The first C block of README.md."""
    found = re.search(r"^```c\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
    check(found, "README.md shows no C program")
    return found.group(1)


def compile_installed(case, source):
    """Installs the library into the case's folder and compiles against it as the README says; the program."""
    root, program, code = case.folder / "root", case.folder / "example", case.folder / "example.c"
    install = ["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root]
    subprocess.run(install, check=True, capture_output=True)
    package, = root.rglob("weir.pc")
    library, = root.rglob("libweir.so")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "weir"], check=True, capture_output=True, text=True,
                           env={**os.environ, "PKG_CONFIG_PATH": package.parent, "PKG_CONFIG_SYSROOT_DIR": root})
    code.write_text(source, "utf-8")
    command = ["cc", "-std=c11", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", code, *flags.stdout.split(),
               f"-Wl,-rpath,{library.parent}", "-o", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"the example does not compile: {done.stderr}")
    return program


def test_example_is_short(case):
    """The job and its main together, without includes and empty lines between."""
    lines = [line for line in example().splitlines() if line.strip() and not line.startswith("#")]
    check(len(lines) <= MAIN_LINES, f"the example has {len(lines)} lines, at most {MAIN_LINES}")
    check("int main(" in example(), "the example has no main")


def test_example_runs(case):
    """It upper-cases what is there, and what has come since when it is run again."""
    case.topics()
    source = example()
    for name, member in NAMES.items():
        check(f'"{name}"' in source, f'the example does not name "{name}"')
        source = source.replace(f'"{name}"', f'"{getattr(case, member)}"')
    program = compile_installed(case, source)
    visible = 0
    for seed in (1, 2):
        visible += case.fill(3000, seed=seed)
        done = subprocess.run([program, case.cluster.bootstrap], capture_output=True, text=True, timeout=60,
                              check=False, env={"HOME": str(case.folder)})
        check(done.returncode == 0, f"the example ended with status {done.returncode}: {done.stderr}")
    case.judge(visible, upper=True)


if __name__ == "__main__":
    sys.exit(main("readme", [test_example_is_short, test_example_runs]))
