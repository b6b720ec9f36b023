"""Runs the tool with right and wrong words, without a broker: statuses, streams and what the messages name."""
import os
import subprocess
import sys
import tempfile
import unittest

TOOL = None
COMMANDS = [["copy"], ["consume"], ["produce"], ["topics"], ["transactions"], ["options"],
            ["decode"], ["decode", "message"], ["decode", "frame"], ["decode", "records"], ["encode"],
            ["encode", "message"], ["encode", "records"],
            ["topics", "list"], ["topics", "describe"], ["topics", "create"], ["topics", "grow"],
            ["topics", "delete"], ["groups"], ["groups", "list"], ["groups", "describe"], ["groups", "offsets"],
            ["transactions", "list"], ["transactions", "describe"], ["transactions", "abort"]]
COPY = ["copy", "-b", "127.0.0.1:1", "--from", "a", "--to", "b"]


def run(*words, stdin=b"", config=None):
    environment = {key: value for key, value in os.environ.items() if key != "WEIR_CONFIG"}
    if config is not None:
        environment["WEIR_CONFIG"] = config
    return subprocess.run([TOOL, *words], input=stdin, capture_output=True, env=environment, timeout=20)


class Usage(unittest.TestCase):
    def refused(self, *words, names=(), **more):
        """The words are refused: status 2, nothing on stdout, a message on stderr with what it must name."""
        done = run(*words, **more)
        error = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (2, b""), (words, error))
        for name in names:
            self.assertIn(name, error, words)
        return error

    def file(self, text):
        handle, path = tempfile.mkstemp()
        self.addCleanup(os.unlink, path)
        with os.fdopen(handle, "wb") as stream:
            stream.write(text)
        return path

    def test_help_and_version(self):
        for command in [[], *COMMANDS]:
            for word in ("-h", "--help"):
                done = run(*command, word)
                self.assertEqual((done.returncode, done.stderr), (0, b""), command)
                self.assertTrue(done.stdout.startswith(b"Usage: " + " ".join(["weir", *command]).encode()), command)
                self.assertLessEqual(max(len(line) for line in done.stdout.decode().split("\n")), 120, command)
            done = run(*command, "--version")
            self.assertEqual((done.returncode, done.stderr), (0, b""), command)
            self.assertRegex(done.stdout, rb"\Aweir [0-9.]+\n\Z")

    def test_help_lists_only_what_is_taken(self):
        for command in COMMANDS:
            for line in run(*command, "--help").stdout.decode().split("\n"):
                words = line.replace(",", "").split()
                if line.startswith("  ") and words and words[0].startswith("-"):
                    done = run(*command, words[0], "\x01", "--no-such-option")
                    self.assertNotIn(b"unknown option '" + words[0].encode() + b"'", done.stderr, command)

    def test_unknown_words(self):
        self.refused(names=["--help"])
        self.refused("coppy", names=["coppy", "'copy'", "weir --help"])
        self.refused("bench", names=["bench"])
        self.refused("topics", "descibe", names=["'describe'", "weir topics --help"])
        self.refused("topics", "grwo", names=["'grow'"])
        self.refused("copy", "--form", "x", names=["--form", "--from", "weir copy --help"])
        self.refused("copy", "surplus", names=["surplus"])
        self.refused("copy", "-Z", names=["-Z"])
        self.refused("consume", "--from", names=["--from"])

    def test_copy(self):
        self.refused("copy", names=["--from"])
        self.refused("copy", "--from", "a", names=["--to"])
        self.refused("copy", "--from", "a", "--to", "b", names=["--bootstrap"])
        self.refused(*COPY, "-j", "2", names=["--parallelism", "only 1"])
        self.refused(*COPY, "--partitioning", "key", names=["source"])
        self.refused(*COPY, "--delivery", "twice", names=["at-least-once"])
        self.refused(*COPY, "--start", "committed", names=["earliest|latest"])
        self.refused(*COPY, "--checkpoint-interval", "0", names=["--checkpoint-interval"])
        self.refused(*COPY, "--job", "../x", names=["--job"])
        self.refused(*COPY, "--job", "", names=["--job"])
        self.refused(*COPY, "--fresh", names=["--yes"])

    def test_consume_and_produce(self):
        self.refused("consume", "-b", "127.0.0.1:1", names=["--from"])
        self.refused("consume", "--from", "a", names=["--bootstrap"])
        self.refused("consume", "--from", "a", "--json", "--format", "%s", names=["--json", "--format"])
        self.refused("consume", "--from", "a", "--format", "%z", names=["%z", "%t"])
        self.refused("consume", "--from", "a", "--format", "\\q", names=["\\n"])
        self.refused("consume", "--from", "a", "-n", "0", names=["--count"])
        self.refused("consume", "--from", "a", "--isolation", "serializable", names=["read_committed"])
        self.refused("produce", "-b", "127.0.0.1:1", names=["--to"])
        self.refused("produce", "--to", "a", "--header", "x", names=["NAME=VALUE"])
        self.refused("produce", "--to", "a", "--key-separator", "", names=["--key-separator"])
        self.refused("produce", "--to", "a", "--json", "--key-separator", ":", names=["--json"])
        self.refused("produce", "--to", "a", "--partition", "-1", names=["--partition"])
        self.refused("produce", "--to", "a", "--transactional-id", "", names=["--transactional-id"])
        self.refused("produce", "-b", "127.0.0.1:1", "--to", "a", "-X", "delivery.guarantee=exactly-once",
                     names=["--transactional-id"])

    def test_topics_and_transactions(self):
        self.refused("topics", "create", "-b", "127.0.0.1:1", names=["topic"])
        self.refused("topics", "create", "-b", "127.0.0.1:1", "t", "--config", "x", names=["KEY=VALUE"])
        self.refused("topics", "create", "t", "--partitions", "0", names=["--partitions"])
        self.refused("topics", "grow", "-b", "127.0.0.1:1", "t", names=["--partitions"])
        self.refused("transactions", "abort", "-b", "127.0.0.1:1", names=["--prefix"])
        self.refused("transactions", "abort", "-b", "127.0.0.1:1", "id", "--job", "j", names=["--job"])
        self.refused("transactions", "list", "--job", "j", "--prefix", "p", names=["--prefix"])
        self.refused("options", "--man", "--markdown", names=["--man"])

    def test_groups(self):
        self.refused("groups", "describe", "-b", "127.0.0.1:1", names=["group"])
        self.refused("groups", "offsets", "-b", "127.0.0.1:1", names=["group"])
        self.refused("groups", "offsets", "g", names=["--bootstrap"])
        self.refused("groups", "list", "surplus", "-b", "127.0.0.1:1", names=["surplus"])

    def test_properties(self):
        consume = ["consume", "-b", "127.0.0.1:1", "--from", "a"]
        self.refused(*consume, "-X", "fetch.min.bites=1", names=["fetch.min.bites", "fetch.min.bytes"])
        self.refused(*consume, "-X", "fetch.min.bytes=x", names=["fetch.min.bytes"])
        self.refused(*consume, "-X", "linger.ms=5", names=["linger.ms"])
        self.refused(*consume, "-X", "sink.linger.ms=5", names=["sink.linger.ms"])
        self.refused(*consume, "-X", "x", names=["KEY=VALUE"])
        self.refused(*consume, "-X", "=x", names=["KEY=VALUE"])
        self.refused(*consume, "-F", "/nonexistent/file", names=["/nonexistent/file"])
        self.refused(*consume, "-F", "/", names=["/"])
        self.refused(*COPY, "-X", "linger.mss=5", names=["linger.mss", "linger.ms"])
        self.refused(*COPY, "-X", "source.linger.ms=5", names=["linger.ms"])

    def test_property_files(self):
        consume = ["consume", "-b", "127.0.0.1:1", "--from", "a"]
        path = self.file(b"# comment\nclient.id=me\nfetch.min.bytes \\\n : x\n")
        self.refused(*consume, "-F", path, names=[path + ":3:", "fetch.min.bytes"])
        path = self.file(b"client.id=\\u12\n")
        self.refused(*consume, "-F", path, names=[path + ":1:", "\\u"])
        path = self.file(b"client.id=a\0b\n")
        self.refused(*consume, "-F", path, names=[path + ":1:"])
        path = self.file(b"#" * (2 << 20))
        self.refused(*consume, "-F", path, names=[path])
        path = self.file(b"a" * 5000 + b"=1\n")
        self.refused(*consume, "-F", path, names=[path + ":1:"])
        path = self.file(b"linger.ms=5\n")
        self.refused(*consume, "-F", path, names=[path + ":1:"])

    def test_environment(self):
        # A key of the other side is passed over in the file that serves all commands, an unknown one is not.
        path = self.file(b"linger.ms=5\nsink.batch.size=2048\nsource.fetch.min.bytes=2\n")
        self.refused("consume", "--from", "a", config=path, names=["--bootstrap"])
        self.refused("topics", "list", config=path, names=["--bootstrap"])
        self.refused("consume", "--from", "a", config=self.file(b"lingerr.ms=5\n"), names=["lingerr.ms"])
        self.refused("consume", "--from", "a", config=self.file(b"linger.ms=x\n"), names=["linger.ms"])
        self.refused("consume", "--from", "a", config="/nonexistent/file", names=["/nonexistent/file"])

    def test_words_cannot_forge_lines(self):
        for text in ("x\nweir: all is well", "x\x1b[2J"):
            error = self.refused("consume", "-b", "127.0.0.1:1", "--from", "a", "-X", text + "=1")
            self.assertNotIn("\x1b", error)
            self.assertLessEqual(error.count("\n"), 2)

    def test_options(self):
        text, table, manual = (run("options", *word).stdout.decode() for word in ([], ["--markdown"], ["--man"]))
        for key in ("bootstrap.servers", "isolation.level", "transaction.timeout.ms"):
            self.assertIn("\n" + key + "\n", "\n" + text)
            self.assertIn("| `" + key + "` |", table)
            self.assertIn(".B " + key + "\n", manual)
        for line in table.rstrip("\n").split("\n"):
            self.assertEqual(line.replace("\\|", "").count("|"), 6, line)

    def test_full_disk(self):
        for words in (["options"], ["--help"], ["copy", "--help"], ["--version"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([TOOL, *words], stdout=full, stderr=subprocess.PIPE, timeout=20)
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(b"standard output", done.stderr)


if __name__ == "__main__":
    TOOL = sys.argv.pop(1)
    unittest.main()
