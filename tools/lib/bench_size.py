"""Bytes of code at -Os, on x86-64 and, cross-compiled, on armv7 and s390x."""

import os
import pathlib
import subprocess
import sys

import sysroot

LAYERS = ("proto", "base", "cluster", "source", "sink")
# What of proto is neither tables nor the interpreter of them in both directions.
BESIDE_TABLES = ("json_", "batch_", "message_", "crc32", "header", "errors")
UNWIND = (".eh_frame", ".ARM.exidx", ".ARM.extab")
# Suffix of the figures -> Debian's name of the architecture, None for this machine's compiler.
ARCHITECTURES = {"": None, "_armv7": "armhf", "_s390x": "s390x"}
PACKAGES = sysroot.PACKAGES
FIGURES = """  size  gcc -Os: code, constants, tables and unwind data as `size` sums them up:
        core_code_bytes
              of the archives of proto, base, cluster, source and sink, without compression and POSIX; those but proto
              also alone, as base_code_bytes
        codec_code_bytes
              of proto alone: messages with their names, JSON, record batches, error texts
        codec_tables_bytes, codec_tables_unwind_bytes
              of it the tables of all messages and their interpreter, bytes to structs and back: code and read-only
              data; and the unwind data of that code, which -fno-asynchronous-unwind-tables leaves out
        …_armv7, …_s390x  the same, cross-compiled
"""


def _sizes(size, archive):
    """Object file -> bytes."""
    lines = subprocess.check_output([size, archive], encoding="ascii").splitlines()[1:]
    columns = [line.split() for line in lines]
    return {os.path.basename(column[5]): int(column[3]) for column in columns}


def _unwind_sizes(size, archive):
    """Object file -> bytes of unwind data in it."""
    found, name = {}, ""
    for line in subprocess.check_output([size, "-A", archive], encoding="ascii").splitlines():
        words = line.split()
        if "(ex " in line:
            name = os.path.basename(words[0])
        elif words and words[0].startswith(UNWIND):
            found[name] = found.get(name, 0) + int(words[1])
    return found


def _of_tables(sizes):
    return sum(bytes_ for name, bytes_ in sizes.items() if not name.startswith(BESIDE_TABLES))


def measure(build):
    """The figures of all architectures; build(folder, options, targets) gives the path of a build."""
    archives = {layer: f"{layer}/libweir_{layer}.a" for layer in LAYERS}
    archives = {layer: path if layer == "proto" else f"src/{path}" for layer, path in archives.items()}
    root = pathlib.Path(__file__).resolve().parents[2]
    figures = {}
    for suffix, architecture in ARCHITECTURES.items():
        options, size = ["-Dbuildtype=minsize"], "size"
        if architecture is not None:
            options += sysroot.unpack(root, architecture, sys.stderr)
            (compiler,) = sysroot.COMPILERS[architecture].values()
            size = compiler.replace("-gcc", "-size")
        folder = build("build-bench-size" + suffix.replace("_", "-"), options, archives.values())
        objects = {layer: _sizes(size, os.path.join(folder, archive)) for layer, archive in archives.items()}
        layers = {layer: sum(sizes.values()) for layer, sizes in objects.items()}
        unwind = _of_tables(_unwind_sizes(size, os.path.join(folder, archives["proto"])))
        figures[f"core_code_bytes{suffix}"] = sum(layers.values())
        figures[f"codec_code_bytes{suffix}"] = layers["proto"]
        figures[f"codec_tables_bytes{suffix}"] = _of_tables(objects["proto"]) - unwind
        figures[f"codec_tables_unwind_bytes{suffix}"] = unwind
        figures.update({f"{layer}_code_bytes{suffix}": layers[layer] for layer in LAYERS if layer != "proto"})
    return figures
