"""Reads shell scripts by bash's grammar, and says of every command what it is and what it stands in.

The grammar is tree-sitter-bash (https://github.com/tree-sitter/tree-sitter-bash). Where it does not understand a
script, `Script.understood` is False: nothing is rewritten then.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from undercurrent.hardening.shell.nouns import Command, Redirect, Script, Within
from undercurrent.hardening.shell.plain import plain
from undercurrent.hardening.shell.words import WORDS, Values, constant
from undercurrent.splices import Span

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

__all__ = ["LONGEST", "parsed", "script"]

LONGEST: Final = 65536
"""Characters of a script that is parsed; a longer one is not understood."""

_MOST: Final = 1000
"""Times that ``${``, ``|`` and such may stand in a script: the grammar takes time that is quadratic in them."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_HALVES: Final = re.compile("[\ud800-\udfff]")
_NESTING: Final = re.compile(r"\$[{(]|`|<<|\|")
_SETS: Final = re.compile(
    r"(?:^|[\s;&|({`])(?:(?:for|select)\s+([A-Za-z_][A-Za-z0-9_]*)|([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]]*\])?\+?=)"
)
_READS: Final = frozenset({"read", "unset", "getopts", "mapfile", "readarray", "printf"})
_READ_NAMES: Final = re.compile(rf"\b(?:{'|'.join(sorted(_READS))})\s([^\n;&|]*)")
_INCLUDES: Final = frozenset({".", "source", "eval"})

_CHANGES: Final = MappingProxyType(
    {
        "function_definition": Within.FUNCTION,
        "subshell": Within.SUBSHELL,
        "command_substitution": Within.SUBSTITUTION,
        "process_substitution": Within.SUBSTITUTION,
        "negated_command": Within.NOT,
        "case_item": Within.CASE,
        "do_group": Within.LOOP,
        "elif_clause": Within.IF,
        "else_clause": Within.IF,
    }
)
_LOOPS: Final = frozenset({"for_statement", "c_style_for_statement", "while_statement", "function_definition"})
_BRANCHES: Final = frozenset({"if_statement", "elif_clause"})


def script(text: str, variables: Mapping[str, str] = _NOTHING) -> Script:
    """Reads a script: of RUN, of an entrypoint, of a file.

    Args:
        text: all of it.
        variables: with values that are known. What the script sets itself counts more.
    """
    if found := plain(text):
        return found
    if len(text) > LONGEST or _CONTROL.search(text) or len(_NESTING.findall(text)) > _MOST:
        return Script(text, (), understood=False)
    if "$" not in text:
        return _kept(text)
    return parsed(text, variables)


@lru_cache(maxsize=1024)
def _kept(text: str) -> Script:
    return parsed(text, _NOTHING)


@cache
def _parser() -> "Parser":
    import tree_sitter_bash  # noqa: PLC0415 — only where a script has to be parsed
    from tree_sitter import Language, Parser  # noqa: PLC0415

    return Parser(Language(tree_sitter_bash.language()))


def parsed(text: str, variables: Mapping[str, str]) -> Script:
    """Like `script`, always by the grammar, however long it takes."""
    # bytes that are no UTF-8 take one character here and one there, so that places stay right
    source = _HALVES.sub("\ufffd", text)
    root = _parser().parse(source.encode()).root_node
    walk = _Walk(_offsets(source), Values(variables))
    walk.all(root)
    commands = sorted(walk.commands, key=lambda command: command.span)
    return Script(text, tuple(commands), understood=not root.has_error)


def _offsets(text: str) -> list[int] | None:
    """For each byte of the text, which character it is of; None where that is the same number."""
    if text.isascii():
        return None
    offsets = [index for index, character in enumerate(text) for _byte in character.encode()]
    return [*offsets, len(text)]


@dataclass(slots=True)
class _Walk:
    """Goes through a tree in the order of the text; by a list of its own, since trees may be deep."""

    offsets: list[int] | None
    values: Values
    commands: list[Command] = field(default_factory=list)
    extra: dict[int, list["Node"]] = field(default_factory=dict)
    ahead: list[tuple["Node", tuple[Within, ...], tuple[Redirect, ...]]] = field(default_factory=list)
    forgotten: int = 0  # up to which byte, what loops and functions set is forgotten

    def span(self, node: "Node") -> Span:
        start, end = node.start_byte, node.end_byte
        return Span(self.offsets[start], self.offsets[end]) if self.offsets else Span(start, end)

    def all(self, root: "Node") -> None:
        self.ahead.append((root, (), ()))
        while self.ahead:
            self.visit(*self.ahead.pop())

    def visit(self, node: "Node", within: tuple[Within, ...], redirects: tuple[Redirect, ...]) -> None:
        kind = node.type
        if kind in ("command", "declaration_command", "unset_command", "test_command"):
            self.command(node, within, redirects)
        elif kind == "variable_assignment":
            self.assignment(node, within, redirects)
        elif kind == "redirected_statement":
            self.redirected(node, within, redirects)
        elif kind == "list":
            self.chain(node, within, redirects)
        elif kind == "pipeline":
            self.pipeline(node, within, redirects)
        else:
            self.compound(node, within, redirects)

    def redirected(self, node: "Node", within: tuple[Within, ...], redirects: tuple[Redirect, ...]) -> None:
        """A statement and its redirects. What follows ``<<EOF`` on its line is in the node of that, in this grammar."""
        own = _redirects(node)
        bodies = [child for child in node.children if not child.type.endswith("_redirect")]
        arguments = [extra for one in own for extra in _extra(one)]
        if bodies and arguments:
            self.extra[_last(bodies[-1]).id] = arguments
        pipes = [child for one in own for child in one.children if child.type == "pipeline"]
        for one in own:
            if (right := one.child_by_field_name("right")) is not None:
                operator = Within.OR if any(child.type == "||" for child in one.children) else Within.AND
                self.later([right], _more(within, operator))
        self.substitutions([child for one in own for child in one.children if child.type in WORDS], within)
        for one in pipes:
            self.later(one.named_children, _more(within, Within.PIPE))
        self.later(bodies, _more(within, Within.PIPE) if pipes else within, (*self.redirects(own), *redirects))

    def later(self, nodes: "Iterable[Node]", within: tuple[Within, ...], redirects: tuple[Redirect, ...] = ()) -> None:
        """Goes on with these, the first first."""
        self.ahead.extend((node, within, redirects) for node in reversed(list(nodes)))

    def substitutions(self, nodes: "Iterable[Node]", within: tuple[Within, ...]) -> None:
        """Commands in ``$(…)`` within words."""
        inside = [node for node in nodes if _substitutes(node)]
        self.later([one for node in inside for one in (node.named_children if _assigns(node) else [node])], within)

    def chain(self, node: "Node", within: tuple[Within, ...], redirects: tuple[Redirect, ...]) -> None:
        *first, last = _statements(node)
        operator = Within.OR if any(child.type == "||" for child in node.children) else Within.AND
        self.later([last], _more(within, operator) if first else within, redirects)
        self.later(first, within)

    def pipeline(self, node: "Node", within: tuple[Within, ...], redirects: tuple[Redirect, ...]) -> None:
        *first, last = _statements(node)
        inside = _more(within, Within.PIPE)
        self.later([last], inside, redirects)
        self.later(first, inside)

    def compound(self, node: "Node", within: tuple[Within, ...], redirects: tuple[Redirect, ...]) -> None:
        kind = node.type
        if kind in _LOOPS:
            self.forget(node)
        if kind in _CHANGES:
            within = _more(within, _CHANGES[kind])
        conditions = _conditions(node)
        inside = _more(within, Within.IF) if kind in _BRANCHES else within
        after = ""
        for child in reversed(node.children):
            if child.is_named:
                asked = child.id in conditions
                state = _more(within, Within.CONDITION) if asked else inside
                state = _more(state, Within.BACKGROUND) if after == "&" else state
                self.ahead.append((child, state, () if asked else redirects))
            after = child.type

    def forget(self, node: "Node") -> None:
        """Variables that are set in a loop or a function: their value depends on when."""
        if node.end_byte <= self.forgotten:
            return  # of one in another, the text was looked at
        self.forgotten = node.end_byte
        text = (node.text or b"").decode("utf-8", "replace")
        names = {name for found in _SETS.findall(text) for name in found}
        names |= {name for words in _READ_NAMES.findall(text) for name in words.split()}
        for name in names:
            self.values[name] = None

    def command(self, node: "Node", within: tuple[Within, ...], redirects: tuple[Redirect, ...]) -> None:
        words, places = list[str | None](), list[Span]()
        assigned, own, name = list[tuple[str, str | None]](), list["Node"](), False
        declares = node.type == "declaration_command"
        for child in (*_flat(node), *self.extra.pop(node.id, ())):
            if child.type == "variable_assignment":
                assigned.append(self.assigned(child))
                if not declares:
                    continue
            elif child.type.endswith("_redirect"):
                own.append(child)
                continue
            inner = child.children[0] if child.type == "command_name" and child.children else child
            words.append(self.word(inner))
            places.append(self.span(child))
            name = name or child.type == "command_name"
        made = Command(
            tuple(words), tuple(places), self.span(node), tuple(assigned), (*self.redirects(own), *redirects), within
        )
        self.commands.append(made)
        self.remember(made, declares=declares)
        if _substitutes(node):
            self.substitutions(node.children, within)

    def word(self, node: "Node") -> str | None:
        if node.type in WORDS:
            return constant(node, self.values)
        return (node.text or b"").decode("utf-8", "replace") if not node.named_child_count else None

    def assignment(self, node: "Node", within: tuple[Within, ...], redirects: tuple[Redirect, ...]) -> None:
        """One that stands alone."""
        name, value = self.assigned(node)
        made = Command((), (), self.span(node), ((name, value),), redirects, within)
        self.commands.append(made)
        self.remember(made, declares=True)
        self.later(node.named_children if _substitutes(node) else (), within)

    def assigned(self, node: "Node") -> tuple[str, str | None]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        text = (name.text or b"").decode("utf-8", "replace") if name is not None else ""
        if value is None:
            return text, ""
        plain_sign = any(child.type == "=" for child in node.children)
        return text, constant(value, self.values) if plain_sign and value.type in WORDS else None

    def remember(self, made: Command, *, declares: bool) -> None:
        if made.program in _INCLUDES:
            self.values.lose()
        elif made.program in _READS:
            for word in made.words[1:]:
                self.values[word or ""] = None
        if declares or not made.words:
            for name, value in made.assignments:
                self.values[name] = value if not set(made.within) - {Within.AND} else None

    def redirects(self, nodes: "Iterable[Node]") -> tuple[Redirect, ...]:
        return tuple(self.redirect(node) for node in nodes)

    def redirect(self, node: "Node") -> Redirect:
        span, parts = self.span(node), {child.type: child for child in node.children}
        operator = next((child.type for child in node.children if set(child.type) <= set("<>&|-")), "")
        if node.type == "heredoc_redirect":
            start, body = parts.get("heredoc_start"), parts.get("heredoc_body")
            name = (start.text or b"").decode("utf-8", "replace") if start is not None else ""
            text = (body.text or b"").decode("utf-8", "replace") if body is not None else ""
            exact = bool(set(name) & set("'\"\\")) or not set(text) & set("$`\\")
            content = re.sub(r"(?m)^\t+", "", text) if operator == "<<-" else text
            return Redirect(operator, name.strip("'\"\\"), span, content, exact)
        target = node.child_by_field_name("destination")
        if node.type == "herestring_redirect":
            word = self.word(node.named_children[-1]) if node.named_child_count else None
            return Redirect("<<<", None, span, word or "", word is not None)
        return Redirect(operator, self.word(target) if target is not None else None, span)


def _conditions(node: "Node") -> set[int]:
    """What decides whether the rest of a statement runs."""
    if node.type == "elif_clause":  # has no field for it
        return {child.id for child in takewhile(lambda child: child.type != "then", node.children)}
    return {child.id for child in node.children_by_field_name("condition")}


def _flat(node: "Node") -> "Iterable[Node]":
    """The words of a command; of a test, those of its expressions, in their order."""
    if node.type != "test_command":
        yield from node.children
        return
    ahead = [node]
    while ahead:
        one = ahead.pop()
        if one is node or one.type.endswith("_expression"):
            ahead.extend(reversed(one.children))
        else:
            yield one


def _redirects(node: "Node") -> "list[Node]":
    """Of a statement; also those that stand after ``<<EOF``."""
    own = node.children_by_field_name("redirect")
    return [each for one in own for each in (one, *one.children_by_field_name("redirect"))]


def _extra(redirect: "Node") -> "list[Node]":
    """Arguments that stand after a redirect: ``tee <<EOF /f``, ``echo >/f a``."""
    return [*redirect.children_by_field_name("argument"), *redirect.children_by_field_name("destination")[1:]]


def _last(node: "Node") -> "Node":
    """The command that redirects and arguments at the end belong to."""
    while node.type in ("list", "pipeline"):
        node = _statements(node)[-1]
    return node


def _assigns(node: "Node") -> bool:
    return node.type == "variable_assignment"


def _statements(node: "Node") -> "list[Node]":
    """What a list or a pipeline joins."""
    return [child for child in node.named_children if child.type != "comment"] or list(node.children)


def _substitutes(node: "Node") -> bool:
    text = node.text or b""
    return b"$(" in text or b"`" in text or b"<(" in text or b">(" in text


def _more(within: tuple[Within, ...], one: Within) -> tuple[Within, ...]:
    return within if one in within else (*within, one)
