"""The rules of tools/style. A rule is a function of a Tree that yields findings; RULES names them all."""

import os
import re
import shutil
import subprocess
from typing import NamedTuple

import check_c
import check_layers

COLUMNS, FILE_LINES, FUNCTION_LINES = 120, 600, 70

# Calls that nothing may make: no bound, no error report, hidden state, or a stack that nobody measured.
BANNED = set("""
    alloca asctime atof atoi atol atoll ctime gets gmtime localtime longjmp mktemp rand random scanf setjmp sprintf
    srand sscanf stpcpy strcat strcpy strncat strncpy strtok tmpnam vsprintf
""".split())
# Calls that only src/posix may make among the libraries: the heap, the environment, the process.
SYSTEM_ONLY = set("""
    aligned_alloc calloc free getenv malloc posix_memalign realloc reallocarray strdup strndup
""".split())
# Calls that no library may make: a library says things through its faults and its log hook.
PROGRAM_ONLY = set("abort exit _exit fprintf fputs perror printf putchar puts system vfprintf vprintf".split())

LANGUAGES = {".c": "c", ".h": "c", ".py": "python", ".sh": "shell", ".java": "java", ".md": "markdown"}
CODE = {"c", "python", "shell", "java", "meson"}
# Written in two halves so that this file keeps the rule.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")


class Finding(NamedTuple):
    path: str
    line: int
    text: str


def language(path, text):
    name = os.path.basename(path)
    if name in ("meson.build", "meson_options.txt"):
        return "meson"
    extension = os.path.splitext(name)[1]
    if not extension and text.startswith("#!"):
        return "python" if "python" in text.split("\n", 1)[0] else "shell"
    return LANGUAGES.get(extension)


def listed(root):
    """Paths of the files of a repository, those not yet committed included, those ignored not."""
    command = ["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"]
    git = subprocess.run(command, capture_output=True) if shutil.which("git") else None
    if git and git.returncode == 0:
        return sorted(path for path in git.stdout.decode().split("\0") if path)
    paths = []
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith("build") and f not in (".git", "__pycache__")]
        paths += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(paths)


class Tree:
    """The text files of a repository: path to text, to language and, for C, to code without comments."""

    def __init__(self, root):
        self.root, self.text, self.language, self.code = root, {}, {}, {}
        for path in listed(root):
            try:
                with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
                    text = file.read()
            except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
                continue
            kind = language(path, text)
            if kind:
                self.text[path], self.language[path] = text, kind
            if kind == "c":
                self.code[path] = check_c.without_comments(text)

    def lines(self, languages):
        for path, text in self.text.items():
            if self.language[path] in languages:
                for number, line in enumerate(text.split("\n"), 1):
                    yield path, number, line

    def functions(self):
        for path, code in self.code.items():
            for function in check_c.functions(code):
                yield path, function


def library(path):
    return check_layers.layer_of(path) is not None


def columns(tree):
    for path, number, line in tree.lines(CODE):
        if len(line) > COLUMNS:
            yield Finding(path, number, f"{len(line)} columns, at most {COLUMNS}")


def white_space(tree):
    for path, number, line in tree.lines(CODE | {"markdown"}):
        if line != line.rstrip():
            yield Finding(path, number, "white space at the end of the line")
        if "\t" in line and tree.language[path] != "markdown":
            yield Finding(path, number, "a tab")


def last_newline(tree):
    for path, text in tree.text.items():
        if text and not text.endswith("\n"):
            yield Finding(path, text.count("\n") + 1, "no newline at the end of the file")
        elif text.endswith("\n\n"):
            yield Finding(path, text.count("\n"), "empty lines at the end of the file")


def unfinished(tree):
    for path, number, line in tree.lines(CODE | {"markdown"}):
        for match in UNFINISHED.finditer(line):
            yield Finding(path, number, f"'{match.group()}' marks unfinished work")


def conflict_marker(tree):
    for path, number, line in tree.lines(CODE | {"markdown"}):
        if re.match(r"(<{7}|>{7}|\|{7})( |$)", line):
            yield Finding(path, number, "a merge left its marker")


def file_lines(tree):
    for path, text in tree.text.items():
        count = text.count("\n")
        if path.endswith(".c") and count > FILE_LINES:
            yield Finding(path, count, f"{count} lines, at most {FILE_LINES}")


def function_lines(tree):
    for path, function in tree.functions():
        count = function.last - function.first + 1
        if count > FUNCTION_LINES:
            yield Finding(path, function.first, f"{function.name} has {count} lines, at most {FUNCTION_LINES}")


def prefix(tree):
    public = " ".join(code for path, code in tree.code.items() if path.startswith("include/weir/"))
    declared = set(re.findall(r"\b(weir_\w+)\s*\(", public))
    for path, function in tree.functions():
        name = function.name
        if not library(path):
            continue
        if function.static and path.endswith(".c"):
            if name.startswith("weir_"):
                yield Finding(path, function.first, f"static {name}: static functions have bare names")
        elif not name.startswith("weir_"):
            yield Finding(path, function.first, f"{name}: functions seen by other files begin with weir_ or weir__")
        elif not name.startswith("weir__") and name not in declared:
            yield Finding(path, function.first, f"{name}: not declared in include/weir, so its prefix is weir__")


def banned_call(tree):
    for path, code in tree.code.items():
        refused = set(BANNED)
        if library(path):
            refused |= PROGRAM_ONLY
            refused |= SYSTEM_ONLY if check_layers.layer_of(path) != "posix" else set()
        for line, name in check_c.calls(code):
            if name in refused:
                yield Finding(path, line, f"{name} is not to be called here")


def include_guard(tree):
    owners = {}
    for path, code in tree.code.items():
        if not path.endswith(".h"):
            continue
        found = [text.split() for _, text in check_c.directives(code)]
        if len(found) < 3 or found[0][0] != "#ifndef" or found[1][:2] != ["#define", found[0][1]]:
            yield Finding(path, 1, "no include guard")
            continue
        guard = found[0][1]
        if not guard.startswith("WEIR_") and path.startswith(("include/", "proto/", "src/")):
            yield Finding(path, 1, f"the guard {guard} does not begin with WEIR_")
        if owners.setdefault(guard, path) != path:
            yield Finding(path, 1, f"the guard {guard} is that of {owners[guard]}")


def include_direction(tree):
    headers = {}
    for path in [*tree.code, *generated(tree)]:
        headers.setdefault(os.path.basename(path), []).append(path)
    for path, code in tree.code.items():
        # Names between quotes were blanked with the literals, so each line is read from the text itself.
        lines = tree.text[path].split("\n")
        for number, directive in check_c.directives(code):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', lines[number - 1]) if "include" in directive else None
            if match:
                why = refused_include(path, match.group(1) == '"', match.group(2), headers)
                if why:
                    yield Finding(path, number, f"{match.group(2)}: {why}")


def generated(tree):
    """Paths of the headers that the build makes, as if they lay beside the meson.build that makes them."""
    for path, kind in tree.language.items():
        if kind == "meson":
            for name in re.findall(r"output:\s*\[?'(\w+\.h)'", tree.text[path]):
                yield os.path.join(os.path.dirname(path), name)


def refused_include(path, quoted, name, headers):
    """Why a file may not include a header, or None."""
    layer = check_layers.layer_of(path)
    if name.startswith("weir/"):
        if layer == "proto" and name[5:] not in check_layers.PROTO_HEADERS:
            return "proto sees only " + ", ".join(sorted(check_layers.PROTO_HEADERS))
        return None
    public = path.startswith("include/weir/")
    if public:
        return "a public header includes public and standard ones" if quoted or not standard(name) else None
    return refused_quoted(path, layer, name, headers) if quoted else refused_system(layer, name)


def standard(name):
    return name in check_layers.PURE_HEADERS or re.fullmatch(r"\w?mmintrin\.h", name) is not None


def refused_system(layer, name):
    if layer is None or layer == "posix" or standard(name):
        return None
    if name.startswith(check_layers.FOREIGN_HEADERS.get(layer, ("\0",))):
        return None
    return f"a system header that {layer} may not see"


def refused_quoted(path, layer, name, headers):
    own = os.path.normpath(os.path.join(os.path.dirname(path), name))
    candidates = [p for p in headers.get(os.path.basename(name), []) if p == own or p.endswith("/" + name)]
    if own in candidates:
        candidates = [own]
    if not candidates:
        return "no such header in the repository"
    seen = {check_layers.layer_of(candidate) for candidate in candidates}
    if path.startswith("tools/") and None not in seen and not seen & check_layers.seen_by_tool(path):
        return "tools see public headers only"
    if layer is None or seen & (check_layers.USES[layer] | {layer}):
        return None
    return f"{layer} may not see {' or '.join(sorted(str(s) for s in seen))}"


def readme(tree):
    """tests/X needs none where X is a layer: it mirrors that layer's folder. Nor does a folder that its parent's README
    tells about."""
    folders = {}
    for path, kind in tree.language.items():
        if kind in ("c", "python", "java", "shell") and "/" in path and not path.startswith("."):
            folders.setdefault(os.path.dirname(path), path)
    for folder, path in sorted(folders.items()):
        parts = folder.split("/")
        if parts[0] == "tests" and len(parts) == 2 and parts[1] in check_layers.USES:
            continue
        shown = f"`{parts[-1]}/`" in tree.text.get("/".join(parts[:-1]) + "/README.md", "")
        if not shown and not tree.text.get(folder + "/README.md", "").strip():
            yield Finding(folder + "/README.md", 1, "missing or empty")


def clang_format(tree):
    paths = sorted(tree.code)
    program = shutil.which("clang-format-14")
    if not program:
        yield Finding(".clang-format", 1, "clang-format-14 is not installed")
    elif paths:
        run = subprocess.run([program, "--dry-run", "-Werror", *paths], cwd=tree.root, capture_output=True, text=True)
        pattern = r"^(.+?):(\d+):\d+: error: (.*)$"
        places = dict.fromkeys(re.findall(pattern, run.stderr, re.M))
        if run.returncode and not places:
            yield Finding(".clang-format", 1, run.stderr.strip().replace("\n", "; ") or "clang-format-14 failed")
        for path, line, text in places:
            yield Finding(path, int(line), text.replace(" [-Wclang-format-violations]", ""))


RULES = {
    "columns": columns,
    "white-space": white_space,
    "last-newline": last_newline,
    "unfinished": unfinished,
    "conflict-marker": conflict_marker,
    "file-lines": file_lines,
    "function-lines": function_lines,
    "prefix": prefix,
    "banned-call": banned_call,
    "include-guard": include_guard,
    "include-direction": include_direction,
    "readme": readme,
    "clang-format": clang_format,
}
