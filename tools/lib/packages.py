"""Debian packages that the tools need: found missing, named, installed."""

import os
import shutil
import subprocess
import sys

# Package -> the command that proves its presence, or None where only the package database can tell.
JAVA = {"openjdk-17-jdk-headless": "javac", "maven": "mvn"}
BUILD = {
    "gcc": "cc",
    "libc6-dev": None,
    "meson": "meson",
    "ninja-build": "ninja",
    "pkg-config": "pkg-config",
    "check": None,
    "zlib1g-dev": None,
    "liblz4-dev": None,
    "libzstd-dev": None,
    "libsnappy-dev": None,
    "libjansson-dev": None,
}


def _is_present(package, command):
    if command is not None:
        return shutil.which(command) is not None
    if shutil.which("dpkg-query") is None:
        return True  # another distribution: the build itself names a library it lacks
    query = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return query.stdout == b"installed"


def missing(packages):
    """The names in `packages` that this machine lacks."""
    return [name for name, command in packages.items() if not _is_present(name, command)]


def install(packages):
    """Installs with apt-get what is missing and says so on stderr; returns the names installed."""
    names = missing(packages)
    if not names:
        return names
    apt = shutil.which("apt-get")
    if apt is None:
        raise RuntimeError("missing, and no apt-get to install them: " + " ".join(names))
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    print("installing with apt-get: " + " ".join(names), file=sys.stderr, flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *names]):
        subprocess.run([*prefix, apt, *arguments], env=environment, stdout=sys.stderr, check=True)
    return names
