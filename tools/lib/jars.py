"""Kafka's jars from Maven, and the programs of tools/java compiled against them.

Everything lands in ${XDG_CACHE_HOME:-~/.cache}/weir/, one folder per set of jars, made once and never changed.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

NEWEST = "4.4.0"  # also the version of the clients, which speak to every broker from 2.1 on
TOOLS_VERSION = "4.3.1"  # the newest kafka-tools that Maven Central serves
SOURCES = pathlib.Path(__file__).resolve().parent.parent / "java"

JVM_SMALL = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k"]
JVM_FAST = ["-Xms256m", "-Xmx1g"]
JVM_COMMON = ["-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.showDateTime=true",
              "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"]

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>weir</groupId><artifactId>kafka-jars</artifactId><version>1</version>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""
_DEPENDENCY = "    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
_LOGGING = ("org.slf4j", "slf4j-simple", "1.7.36")


def cache_folder():
    """The folder that holds everything downloaded or compiled."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "weir"


@contextlib.contextmanager
def _locked(folder):
    """Holds off other processes that would fill the same folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _filled(folder, fill):
    """`folder`, filled by fill(temporary folder) if it does not exist; it appears whole or not at all."""
    if folder.is_dir():
        return folder
    with _locked(folder):
        if folder.is_dir():
            return folder
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            fresh = pathlib.Path(scratch) / "fresh"
            fresh.mkdir()
            fill(fresh)
            fresh.rename(folder)
    return folder


def _resolve(name, artifacts):
    """The folder of the jars of `artifacts` and all that they depend on."""
    def fill(folder):
        print(f"fetching the jars of {name} with Maven", file=sys.stderr, flush=True)
        pom = folder / "pom.xml"
        pom.write_text(_POM.format(dependencies="\n".join(_DEPENDENCY.format(*a) for a in artifacts)), "utf-8")
        maven = subprocess.run(
            ["mvn", "-B", "-q", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime",
             f"-DoutputDirectory={folder}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if maven.returncode != 0:
            raise RuntimeError("Maven failed:\n" + maven.stdout.decode("utf-8", "replace"))

    if shutil.which("mvn") is None and not (cache_folder() / name).is_dir():
        raise RuntimeError("no mvn here: run tools/kafka install")
    return _filled(cache_folder() / name, fill)


def kafka(version=NEWEST):
    """The class path of Kafka's broker and clients."""
    broker = ("org.apache.kafka", "kafka_2.13", version)
    return f"{_resolve(f'kafka-{version}', [broker, _LOGGING])}/*"


def kafka_tools():
    """The class path of Kafka's command-line tools."""
    tools = ("org.apache.kafka", "kafka-tools", TOOLS_VERSION)
    broker = ("org.apache.kafka", "kafka_2.13", TOOLS_VERSION)
    return f"{_resolve(f'kafka-tools-{TOOLS_VERSION}', [broker, tools, _LOGGING])}/*"


def programs():
    """The class path of the programs in tools/java, compiled when their sources are new."""
    sources = sorted(SOURCES.glob("*.java"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]

    def fill(folder):
        subprocess.run(["javac", "-Xlint:all,-processing", "-Werror", "-cp", kafka(), "-d", str(folder),
                        *map(str, sources)], stdout=sys.stderr, check=True)

    return f"{_filled(cache_folder() / f'programs-{digest}', fill)}:{kafka()}"


def command(class_path, main, arguments=(), options=(), fast=False, log_level="error"):
    """The command line that runs class `main`; its log goes to stderr."""
    return ["java", *(JVM_FAST if fast else JVM_SMALL), *JVM_COMMON,
            f"-Dorg.slf4j.simpleLogger.defaultLogLevel={log_level}", *options, "-cp", class_path, main, *arguments]


def program(name, *arguments):
    """The command line of one of the programs in tools/java."""
    return command(programs(), name, map(str, arguments))
