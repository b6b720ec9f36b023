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
OLDEST = "0.10.0.1"
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
# Brokers before 2.1 call log4j by name. These bring it, in versions that run on a Java of today.
_BEFORE_2_1 = [("org.apache.zookeeper", "zookeeper", "3.5.9"), ("org.slf4j", "slf4j-log4j12", "1.7.25")]
_JAXB = ("javax.xml.bind", "jaxb-api", "2.3.1")  # Java itself had it until 11
_LOG4J = """log4j.rootLogger=${org.slf4j.simpleLogger.defaultLogLevel}, stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.target=System.err
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=%d{HH:mm:ss,SSS} %p %c: %m%n
"""


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
        (folder / "log4j.properties").write_text(_LOG4J, "ascii")

    if shutil.which("mvn") is None and not (cache_folder() / name).is_dir():
        raise RuntimeError("no mvn here: run tools/kafka install")
    return _filled(cache_folder() / name, fill)


def release(version):
    """A version as numbers, to be compared: (0, 10, 2, 2)."""
    try:
        return tuple(map(int, version.split(".")))
    except ValueError:
        raise RuntimeError(f"{version!r} is no version of Kafka") from None


def _broker(version):
    """The artifacts of a broker: for the newest Scala it was built with, and what Java 17 lacks for it."""
    number = release(version)
    if number < release(OLDEST):
        raise RuntimeError(f"no Kafka before {OLDEST} can be started, so not {version}")
    scala = "2.11" if number < (0, 10, 1) else "2.12" if number < (2, 4) else "2.13"
    artifacts = [("org.apache.kafka", f"kafka_{scala}", version)]
    artifacts += [_LOGGING] if number >= (2, 1) else _BEFORE_2_1
    return artifacts + ([_JAXB] if number < (1,) else [])


def kafka_folder(version=NEWEST):
    """The folder with the jars of Kafka's broker and clients."""
    return _resolve(f"kafka-{version}", _broker(version))


def kafka(version=NEWEST):
    """The class path of Kafka's broker and clients."""
    folder = kafka_folder(version)
    return f"{folder}/*:{folder}"


def kafka_tools():
    """The class path of Kafka's command-line tools."""
    tools = ("org.apache.kafka", "kafka-tools", TOOLS_VERSION)
    broker = ("org.apache.kafka", "kafka_2.13", TOOLS_VERSION)
    return f"{_resolve(f'kafka-tools-{TOOLS_VERSION}', [broker, tools, _LOGGING])}/*"


def programs(version=NEWEST):
    """The class path of the programs in tools/java, compiled when their sources are new, with the clients of a version.
    Those before the newest are for the program Witness."""
    sources = sorted(SOURCES.glob("*.java"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]

    def fill(folder):
        subprocess.run(["javac", "-Xlint:all,-processing", "-Werror", "-cp", kafka(), "-d", str(folder),
                        *map(str, sources)], stdout=sys.stderr, check=True)

    return f"{_filled(cache_folder() / f'programs-{digest}', fill)}:{kafka(version)}"


def command(class_path, main, arguments=(), options=(), fast=False, log_level="error"):
    """The command line that runs class `main`; its log goes to stderr."""
    return ["java", *(JVM_FAST if fast else JVM_SMALL), *JVM_COMMON,
            f"-Dorg.slf4j.simpleLogger.defaultLogLevel={log_level}", *options, "-cp", class_path, main, *arguments]


def program(name, *arguments, version=NEWEST):
    """The command line of one of the programs in tools/java."""
    return command(programs(version), name, map(str, arguments))
