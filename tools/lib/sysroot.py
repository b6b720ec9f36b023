"""Debian's libraries for other architectures, unpacked into build-sysroot/ARCHITECTURE for the files of tools/cross.

They are downloaded with apt-get into a folder of their own, as for a machine of that architecture on which nothing is
installed. So nothing has to be installed for it here, and no foreign architecture is added to this machine's list.
"""

import os
import pathlib
import shutil
import subprocess

LIBRARIES = ("libc6-dev", "zlib1g-dev", "liblz4-dev", "libzstd-dev", "libsnappy-dev", "libjansson-dev", "check")
# Debian's name of an architecture -> what cross-compiles for it: package -> command, as in packages.py.
COMPILERS = {
    "s390x": {"gcc-s390x-linux-gnu": "s390x-linux-gnu-gcc"},
    "armhf": {"gcc-arm-linux-gnueabihf": "arm-linux-gnueabihf-gcc"},
}
# What they need: meson tries each compiler on a program, which QEMU runs.
PACKAGES = {name: command for compiler in COMPILERS.values() for name, command in compiler.items()}
PACKAGES["qemu-user-static"] = "qemu-s390x-static"


def _apt(state, architecture):
    """The beginning of a command line of an apt-get that keeps everything in `state`."""
    options = {"APT::Architecture": architecture, "APT::Architectures": architecture, "Dir::State": state,
               "Dir::State::status": state / "status", "Dir::Cache": state, "Debug::NoLocking": "true"}
    return ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]


def _make_links_relative(root):
    """Absolute links mean files of the sysroot, but linkers look for them on this machine."""
    for path in filter(os.path.islink, root.rglob("*")):
        target = os.readlink(path)
        if target.startswith("/"):
            path.unlink()
            path.symlink_to(os.path.relpath(root / target[1:], path.parent))


def unpack(root, architecture, output):
    """Makes build-sysroot/ARCHITECTURE below `root` unless it is there; returns the options with which meson builds for
    it. What apt-get says goes to the file `output`."""
    sysroot = pathlib.Path(root).resolve() / "build-sysroot" / architecture
    constants = sysroot.with_suffix(".ini")
    options = [f"--cross-file={path}" for path in (constants, f"{root}/tools/cross/{architecture}.ini")]
    if sysroot.exists():
        return options
    state, fresh = sysroot.with_suffix(".apt"), sysroot.with_suffix(".new")
    for folder in (state, fresh):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (state / "lists/partial", state / "archives/partial", fresh):
        folder.mkdir(parents=True)
    (state / "status").touch()
    apt = _apt(state, architecture)
    # An index that cannot be had is no failure as long as the packages are found in the others.
    subprocess.run([*apt, "update"], stdout=output, stderr=output, check=False)
    subprocess.run([*apt, "install", "-y", "--no-install-recommends", "--download-only", *LIBRARIES],
                   stdout=output, stderr=output, check=True)
    for package in sorted(state.glob("archives/*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(fresh)], stdout=output, stderr=output, check=True)
    _make_links_relative(fresh)
    shutil.rmtree(state)
    constants.write_text(f"[constants]\nsysroot = '{sysroot}'\n", encoding="utf-8")
    fresh.rename(sysroot)
    return options
