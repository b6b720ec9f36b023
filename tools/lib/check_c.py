"""Just enough of C to find its functions: no parser, only comments, literals, directives and braces."""

import re
from typing import NamedTuple

LEXEME = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
DIRECTIVE = re.compile(r"^[ ]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)")
CONDITION = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b")
NOT_FUNCTIONS = {"if", "for", "while", "switch", "return", "sizeof", "do", "else", "defined"}


class Function(NamedTuple):
    name: str
    static: bool
    first: int  # line where its declaration begins
    last: int   # line of its closing brace


def blank(match):
    """The same number of characters and lines, with nothing in them."""
    return re.sub(r"[^\n]", " ", match.group())


def without_comments(text):
    """The text with comments blanked and literals emptied, every character in its place."""
    def replace(match):
        found = match.group()
        return blank(match) if found[0] == "/" else found[0] + " " * (len(found) - 2) + found[0]
    return LEXEME.sub(replace, text)


def without_cplusplus(code):
    return re.sub(r"^#ifdef __cplusplus\n.*?^#endif", blank, code, flags=re.M | re.S)


def directives(code):
    """(line, text) of each preprocessor directive."""
    return [(line_at(code, m.start()), m.group()) for m in DIRECTIVE.finditer(code)]


def line_at(text, position):
    return text.count("\n", 0, position) + 1


def calls(code):
    """(line, name) of everything that looks like a call of a plain name; members are left out."""
    for match in re.finditer(r"(\.|->)?\s*\b([A-Za-z_]\w*)\s*\(", code):
        if not match.group(1):
            yield line_at(code, match.start(2)), match.group(2)


def outside_parentheses(text):
    count = 1
    while count:
        text, count = re.subn(r"\([^()]*\)", "", text)
    return text


def declarator_name(text):
    """The name of the function that a declaration declares, or None."""
    text = ATTRIBUTE.sub("", text)
    if "(" not in text or "=" in outside_parentheses(text):
        return None
    match = re.search(r"([A-Za-z_]\w*)\s*\(", text)
    if not match or match.group(1) in NOT_FUNCTIONS:
        return None
    pointer = re.match(r"\(\s*\*+\s*([A-Za-z_]\w*)\s*\(", text[text.index("("):])
    return pointer.group(1) if pointer else match.group(1)


def functions(code):
    """The functions defined in code that went through without_comments. Branches of #if share their braces."""
    code = without_cplusplus(code)
    found, saved = [], []
    depth, begin, at = 0, 0, 0
    opened = None  # (declaration, its position) of the function whose body this is
    token = re.compile(r"[{};]|" + DIRECTIVE.pattern, re.M)
    while (match := token.search(code, at)):
        at = match.end()
        what = match.group()
        if what.lstrip().startswith("#"):
            saved, depth = branch(what, saved, depth)
            if depth == 0 and not code[begin:match.start()].strip():
                begin = at
        elif what == "{":
            if depth == 0:
                opened = (DIRECTIVE.sub(blank, code[begin:match.start()]), begin)
            depth += 1
        elif what == "}":
            depth = max(depth - 1, 0)
            if depth == 0:
                found += finish(code, opened, match.start())
                begin = at
        elif depth == 0:
            begin = at
    return found


def branch(directive, saved, depth):
    """The stack of depths, and the depth, after a directive: #else goes on where its #if began."""
    condition = CONDITION.match(directive)
    word = condition.group(1) if condition else ""
    if word.startswith("if"):
        return saved + [depth], depth
    if word in ("elif", "else") and saved:
        return saved, saved[-1]
    if word == "endif":
        return saved[:-1], depth
    return saved, depth


def finish(code, opened, end):
    if opened is None:
        return []
    declaration, begin = opened
    name = declarator_name(declaration)
    if name is None:
        return []
    begin += len(declaration) - len(declaration.lstrip())
    static = re.search(r"\bstatic\b", declaration) is not None
    return [Function(name, static, line_at(code, begin), line_at(code, end))]
