"""The unit tests on other kinds of machines: big-endian (s390x) and 32 bits (armhf), cross-compiled and run by QEMU."""

import check_suites as suites
import sysroot

PACKAGES = sysroot.PACKAGES
OPTIONS = ["-Dwerror=true"]
UNIT_S = 1800
ENV = {"CK_TIMEOUT_MULTIPLIER": "10"}  # QEMU takes about ten times as long


def run(report, root, folder_of, jobs):
    """Builds for each architecture in the folder that `folder_of` names for it, and runs the tests there."""
    for architecture in sysroot.COMPILERS:
        def tests(log, architecture=architecture):
            folder = folder_of(architecture)
            with open(log, "ab") as output:
                options = [*OPTIONS, *sysroot.unpack(root, architecture, output)]
            suites.build(root, folder, options, log, jobs, {})
            return suites.meson_tests(folder, log, jobs, UNIT_S, ENV)
        report.suite("portable-" + architecture, tests)
