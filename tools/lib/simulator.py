"""Builds the simulator, and puts old bugs back into a copy of the sources to see whether it catches them."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from typing import NamedTuple

OPTIONS = ["--buildtype=plain", "-Doptimization=2", "-Ddebug=true", "-Db_ndebug=false"]
CATCH_S = int(os.environ.get("WEIR_MUSEUM_S", "600"))  # a bug that is not caught by then is missed
QUICK_S = 60  # so is one that should be caught within seconds
LIFE_S = 120  # no life takes as long, however loaded the machine is


class BuildFailed(Exception):
    """The words of the program that failed."""


class Bug(NamedTuple):
    name: str
    row: str  # of the catalogue of known failures
    what: str
    patch: str  # path
    quick: bool  # caught within seconds


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise BuildFailed(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def build(root, folder):
    """Builds the program in a folder of its own; returns its path."""
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        shutil.rmtree(folder, ignore_errors=True)
        run(["meson", "setup", *OPTIONS, folder, root])
    run(["ninja", "-C", folder, "tests/sim/sim"])
    return os.path.join(folder, "tests", "sim", "sim")


def bugs(root):
    """The patches of tests/sim/museum. Each begins with `Row: N`, `Bug: text` and, if soon caught, `Quick: yes`."""
    folder = os.path.join(root, "tests", "sim", "museum")
    found = []
    for file in sorted(os.listdir(folder)):
        name, extension = os.path.splitext(file)
        if extension != ".patch":
            continue
        path = os.path.join(folder, file)
        with open(path, encoding="utf-8") as patch:
            head = patch.read().split("\n--- ", 1)[0]
        row, what = re.search(r"^Row: (.*)$", head, re.M), re.search(r"^Bug: (.*)$", head, re.M)
        if not row or not what:
            sys.exit(f"tools/sim: {path} does not begin with 'Row:' and 'Bug:'")
        found.append(Bug(name, row.group(1), what.group(1), path, "\nQuick: yes\n" in head + "\n"))
    return found


def copy_sources(root, tree):
    """What git knows of, in a folder of its own; files that have not changed keep their age, for ninja."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True)
    for path in listed.stdout.decode().split("\0"):
        source, target = os.path.join(root, path), os.path.join(tree, path)
        if not path or not os.path.isfile(source):
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.exists(target) or open(source, "rb").read() != open(target, "rb").read():
            shutil.copy(source, target)


def patch(tree, bug, *arguments):
    command = ["patch", "-p1", "-s", "--no-backup-if-mismatch", *arguments, "-i", bug.patch]
    return subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def hunt(tree, folder, bug, limit_s):
    """Builds with the bug in and runs until it is caught. A dictionary with what came of it."""
    result = {"name": bug.name, "row": bug.row, "caught": False}
    applied = patch(tree, bug)
    try:
        if applied.returncode:
            result["why"] = "the patch no longer applies: " + applied.stdout.strip()
            return result
        program = build(tree, folder)
        begun = time.monotonic()
        command = [program, "--seeds", str(2 ** 62), "--minutes", str(limit_s / 60), "--stop-at-first"]
        output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                timeout=limit_s + LIFE_S).stdout
        report = json.loads(output.splitlines()[-1])
        result.update(seeds=report["seeds"], seconds=round(time.monotonic() - begun, 2))
        if report["violations"]:
            first = report["violations"][0]
            result.update(caught=True, seed=first["seed"], invariant=first["invariant"], text=first["text"])
    except BuildFailed as error:
        result["why"] = str(error)
    except subprocess.TimeoutExpired:
        result["why"] = "a life of it has no end"
    finally:
        if not applied.returncode:
            patch(tree, bug, "-R")
    return result


def spoiled(tree, bug):
    """What is wrong with a bug that is not hunted, or None."""
    applied = patch(tree, bug, "--dry-run")
    if applied.returncode:
        return {"name": bug.name, "row": bug.row, "caught": False,
                "why": "the patch no longer applies: " + applied.stdout.strip()}
    return None


def museum(root, quick=False):
    """Hunts all bugs, or the quick ones; then the others' patches have to apply."""
    tree, folder = os.path.join(root, "build-museum", "tree"), os.path.join(root, "build-museum", "build")
    copy_sources(root, tree)
    build(tree, folder)
    results = []
    limit_s = QUICK_S if quick else CATCH_S
    for bug in bugs(root):
        result = spoiled(tree, bug) if quick and not bug.quick else hunt(tree, folder, bug, limit_s)
        if result is None:
            continue
        results.append(result)
        print(f"{bug.name}: {'caught' if result['caught'] else 'MISSED'} {result.get('text', result.get('why', ''))} "
              f"({result.get('seeds', 0)} seeds, {result.get('seconds', 0)} s)", file=sys.stderr, flush=True)
    return {
        "bugs": len(results), "caught": sum(1 for r in results if r["caught"]),
        "worst_seconds": max((r["seconds"] for r in results if r["caught"]), default=0),
        "worst_seeds": max((r["seeds"] for r in results if r["caught"]), default=0),
        "missed": [r["name"] for r in results if not r["caught"]], "results": results,
    }
