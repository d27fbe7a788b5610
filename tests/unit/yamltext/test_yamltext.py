import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from undercurrent.errors import BadContent, TooLarge, UndercurrentError, Unsupported
from undercurrent.splices import as_bytes, as_text
from undercurrent.yamltext import (
    Key,
    Node,
    ScalarNode,
    append,
    edited,
    find,
    line_at,
    parse,
    place_of,
    plain,
    remove,
    resolved,
    set_value,
)

DATA: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data"))
FILES: Final = sorted([*DATA.glob("pod-security/*/*/*/*.yaml"), *DATA.glob("dockerfiles/**/*.y*ml")])

MANIFEST: Final = """\
# A deployment.
apiVersion: apps/v1
kind: Deployment   # of the web
metadata: {name: web, labels: {app: "web"}}
spec:
  template:
    spec:
      containers:
      - name: nginx     # the server
        image: 'nginx:1.27'
        args:
        - |
          one

          two

        # a comment of the next one
      - image: "helper:1"
        name: helper
        securityContext: {}
      volumes:
"""


def _text_after(text: str, *changes: tuple[Any, ...]) -> str:
    (document,) = parse(text, "x.yaml")
    return edited(text, [edit for verb, *rest in changes for edit in verb(document, *rest)])


def _value(text: str) -> Any:
    (document,) = parse(text, "x.yaml")
    return plain(document.root)


def _scalars(node: Node | None) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
    for attribute in ("items", "entries"):
        for part in getattr(node, attribute, ()):
            for below in (part,) if attribute == "items" else (part.key, part.value):
                yield from _scalars(below)


def test_new_keys_stand_in_the_manner_of_the_file_and_nothing_else_moves() -> None:
    containers = ("spec", "template", "spec", "containers")
    after = _text_after(
        MANIFEST,
        (set_value, (*containers, 0, "securityContext"), {"privileged": False, "capabilities": {"drop": ["ALL"]}}),
        (set_value, (*containers, 1, "securityContext", "privileged"), False),
        (set_value, ("spec", "template", "spec", "securityContext", "runAsUser"), 10001),
        (append, ("spec", "template", "spec", "volumes"), {"name": "tmp", "emptyDir": {}}),
        (set_value, (*containers, 0, "image"), "nginx:1.28"),
        (set_value, ("metadata", "labels", "tier"), "yes"),
    )
    assert after == MANIFEST.replace("nginx:1.27", "nginx:1.28").replace(
        'app: "web"}', 'app: "web", tier: "yes"}'
    ).replace(
        "          two\n",
        "          two\n        securityContext:\n          privileged: false\n"
        "          capabilities:\n            drop:\n            - ALL\n",
    ).replace("securityContext: {}", "securityContext: {privileged: false}").replace(
        "      volumes:\n",
        "      volumes:\n      - name: tmp\n        emptyDir: {}\n      securityContext:\n        runAsUser: 10001\n",
    )


@pytest.mark.parametrize(
    ("text", "key", "value", "after"),
    [
        ("a: 1", ("b",), 2, "a: 1\nb: 2"),
        ("a: 1\r\nb:\r\n  c: 2\r\n", ("b", "d"), {"e": "f"}, "a: 1\r\nb:\r\n  c: 2\r\n  d:\r\n    e: f\r\n"),
        ("\ufeffa: é\n", ("a",), "ü b", '\ufeffa: "ü b"\n'),
        ("a: 'x'  # why\n", ("a",), "it's", "a: 'it''s'  # why\n"),
        ('a: "x"\n', ("a",), "8080:80", 'a: "8080:80"\n'),
        ("a: x\n", ("a",), "22:22", 'a: "22:22"\n'),
        ("a:\n- 80:80 # web\n", ("a", 0), "80:8080", "a:\n- 80:8080 # web\n"),
        ("a:   # nothing yet\nb: 1\n", ("a",), {"c": True}, "a:   # nothing yet\n  c: true\nb: 1\n"),
        ("a:\nb: 1\n", ("a", "c", "d"), 1, "a:\n  c:\n    d: 1\nb: 1\n"),
        ("a:\nb: 1\n", ("a",), "x", "a: x\nb: 1\n"),
        ("a: ~\n", ("a",), {"b": 1}, "a:\n  b: 1\n"),
        ("a:\n-\n-  # why\n", ("a", 0), 1, "a:\n- 1\n-  # why\n"),
        ("a:\n-\n-  # why\n", ("a", 1), "x", "a:\n-\n- x  # why\n"),
        ("a: [1, 2,]\n", ("a",), ["x"], "a:\n  - x\n"),
        ("a: {b: 1, }\n", ("a", "c"), 2, "a: {b: 1, c: 2 }\n"),
        ("a:\n- 1\n- 2\n", ("a",), [], "a: []\n"),
        ("a: |\n  text\nb: 1\n", ("a",), "x y", 'a: "x y"\nb: 1\n'),
        ("a: |+\n  text\n\nb: 1\n", ("c",), 1, "a: |+\n  text\n\nb: 1\nc: 1\n"),
        ("b: 1\na: |+\n  text\n\n", ("c",), 1, "b: 1\na: |+\n  text\n\nc: 1\n"),
        ("a: &x 1\nb: *x\n", ("a",), 2, "a: &x 2\nb: *x\n"),
        ("a: &x {c: 1}\nb: *x\n", ("b",), "no", 'a: &x {c: 1}\nb: "no"\n'),
        (
            '{\n  "a": {\n    "b": 1\n  }\n}\n',
            ("a", "c"),
            [True],
            '{\n  "a": {\n    "b": 1,\n    "c": [true]\n  }\n}\n',
        ),
        (
            "a:\n    b:\n        - c\n",
            ("a", "d"),
            {"e": [1]},
            "a:\n    b:\n        - c\n    d:\n        e:\n            - 1\n",
        ),
        ("a: 1\n...\n", ("b",), 2, "a: 1\nb: 2\n...\n"),
    ],
)
def test_values_are_set(text: str, key: Key, value: Any, after: str) -> None:
    assert _text_after(text, (set_value, key, value)) == after
    found = plain(find(parse(after, "x")[0], key))
    assert found == (value if not isinstance(value, dict) else {**found, **value})
    assert _text_after(after, (set_value, key, value)) == after


@pytest.mark.parametrize(
    ("text", "key", "after"),
    [
        ("a: 1\nb: 2 # two\nc: 3\n", ("b",), "a: 1\nc: 3\n"),
        ("a:\n  b: |\n    x\n\n  c: 1\n", ("a", "b"), "a:\n\n  c: 1\n"),
        ("a: {b: 1, c: 2, d: 3}\n", ("a", "c"), "a: {b: 1, d: 3}\n"),
        ("a: {b: 1, c: 2}\n", ("a", "c"), "a: {b: 1}\n"),
        ("a: [1, 2, 3]\n", ("a", 0), "a: [2, 3]\n"),
        ("a:\n- 1\n- 2\n", ("a", 0), "a:\n- 2\n"),
        ("a:\n  - b: 1\n    c: 2\n", ("a", 0, "b"), "a:\n  - c: 2\n"),
        ("a:\n  - b: 1\n    c: 2\nd: 1\n", ("a", 0), "a: []\nd: 1\n"),
        ("a:\n  b: 1\n", ("a", "b"), "a: {}\n"),
        ("a: 1\nb: 2", ("b",), "a: 1\n"),
        ("a: 1\n", ("x", "y"), "a: 1\n"),
    ],
)
def test_values_are_removed(text: str, key: Key, after: str) -> None:
    assert _text_after(text, (remove, key)) == after
    assert find(parse(after, "x")[0], key) is None or isinstance(key[-1], int)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a:\n- 1\n\n# end\n", "a:\n- 1\n- name: x\n  value: 3\n\n# end\n"),
        ("a:\n    -   b: 1\n", "a:\n    -   b: 1\n    - name: x\n      value: 3\n"),
        ("a: [1]\n", "a: [1, {name: x, value: 3}]\n"),
        ("a: []\n", "a:\n  - name: x\n    value: 3\n"),
        ("b: 1\n", "b: 1\na:\n  - name: x\n    value: 3\n"),
    ],
)
def test_items_are_appended(text: str, after: str) -> None:
    assert _text_after(text, (append, ("a",), {"name": "x", "value": 3})) == after


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a: &x {c: 1}\nb: *x\n", ("b", "c")),
        ("a: 1\na: 2\n", ("a",)),
        ("? a\n: 1\n", ("b",)),
        ("- 1\n", ("b",)),
        ("a: 1\n", ("a", "b")),
        ("a: [1]\n", ("a", 3)),
        ("", ("a",)),
    ],
)
def test_what_cannot_be_changed_with_certainty_is_refused(text: str, key: Key) -> None:
    documents = parse(text, "x.yaml") or parse("---\n", "x.yaml")
    with pytest.raises(Unsupported, match=r"x\.yaml, line \d+: .* cannot be changed"):
        set_value(documents[0], key, "new")


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("a: 1\n b: 2\n", BadContent, "x, line 2: this is not valid YAML"),
        ("a:\n\t- b\n", BadContent, "x, line 2: this is not valid YAML"),
        ("a: *b\n", BadContent, "x, line 1: nothing is called &b"),
        ("a: &a [*a]\n", BadContent, "nothing is called &a"),
        ("a: '\n", BadContent, "not valid YAML"),
        ("a: \x00\n", BadContent, "not valid YAML"),
        ("a: \udcff\n", BadContent, "x is not text in UTF-8"),
        ("a: " + "[" * 200, TooLarge, "x, line 1: nested too deeply"),
        ("- " * 200, TooLarge, "nested too deeply"),
        ("#" * (4 * 1024 * 1024 + 1), TooLarge, "larger than 4 MiB"),
        ("a: 1\nb: {{ .Values.b }}\n", Unsupported, "x, line 2: this is a template, not YAML"),
        ("{{- if .Values.a }}\na: 1\n{{- end }}\n", Unsupported, "x, line 1: this is a template"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(text: str, error: type[UndercurrentError], said: str) -> None:
    with pytest.raises(error, match=said):
        parse(text, "x")


def test_aliases_cannot_make_much_of_little() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (document,) = parse("\n".join(lines), "x")
    with pytest.raises(TooLarge):
        plain(document.root)
    chained = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 3000))]
    with pytest.raises(TooLarge):
        plain(parse("\n".join(chained), "x")[0].root)


def test_aliases_and_merges_are_followed() -> None:
    text = "x: &base {a: 1, b: 2}\ny:\n  <<: *base\n  b: 3\nz:\n  <<: [*base, {c: 4}]\n"
    assert _value(text)["y"] == {"b": 3, "a": 1}
    assert _value(text)["z"] == {"a": 1, "b": 2, "c": 4}
    (document,) = parse(text, "x")
    assert find(document, ("y", "<<")) is None
    assert plain(find(document, ("y", "a"))) == 1


def test_scalars_mean_what_kubernetes_reads() -> None:
    said = "[yes, 'yes', 0x10, 010, 0o10, 1_000, 1.5, 1e3, .5, ~, '', , 22:22, 2001-01-01, !!str 1, \"1\", +1, 08]"
    expected = [True, "yes", 16, 8, 8, 1000, 1.5, 1000.0, 0.5, None, ""]
    expected += ["22:22", "2001-01-01", "1", "1", 1, 8.0]
    assert _value("a: " + said.replace(" ,", "")) == {"a": expected}
    assert _value("[0x_, -0b_, 0o_, 0_]") == ["0x_", "-0b_", "0o_", 0]


def test_twice_the_same_key_is_told() -> None:
    (document,) = parse("a: 1\nb:\n  c: 1\n  c: 2\n", "x")
    ((kind, name, line),) = [(fault.kind, fault.name, document.line(fault)) for fault in document.faults]
    assert (kind, name, line) == ("duplicate-key", "c", 4)
    assert _value("a: 1\na: 2\n") == {"a": 2}


def test_places_are_those_of_keys_and_of_what_is_around_what_lacks() -> None:
    (document,) = parse(MANIFEST, "x")
    containers = ("spec", "template", "spec", "containers")
    assert line_at(document, (*containers, 0, "image")) == 10
    assert place_of(document, (*containers, 1)) == (18, 9)
    assert line_at(document, (*containers, 1, "securityContext", "privileged")) == 20
    assert line_at(document, (*containers, 7, "x")) == 8


def test_a_large_document_is_changed_in_time_that_grows_with_it() -> None:
    (document,) = parse("items:\n" + "- spec:\n    a:\n  b: 1\n" * 10_000, "x")
    began = time.process_time()

    edits = [edit for at in range(10_000) for edit in set_value(document, ("items", at, "spec", "a"), {"c": 1})]

    assert line_at(document, ("items", 9_999, "b")) == 30_001
    assert edited(document.text, edits).count("\n    a:\n      c: 1\n") == 10_000
    assert time.process_time() - began < 10


def test_several_documents_are_changed_apart() -> None:
    text = "---\na: 1\n---\n# nothing\n---\na: 1 # second\n"
    documents = parse(text, "x")
    assert [plain(document.root) for document in documents] == [{"a": 1}, None, {"a": 1}]
    assert edited(text, set_value(documents[2], ("a",), 2)) == "---\na: 1\n---\n# nothing\n---\na: 2 # second\n"


@pytest.mark.skipif(not DATA.is_dir(), reason="the files are not here; set UNDERCURRENT_DATA")
def test_real_files_say_what_pyyaml_reads_and_stay_as_they_are() -> None:
    assert len(FILES) > 150
    for path in FILES:
        text = as_text(path.read_bytes())
        documents = parse(text, path.name)
        assert as_bytes(edited(text, [])) == path.read_bytes()
        read = list(yaml.load_all(text, Loader=yaml.BaseLoader))
        for document, expected in zip(documents, read, strict=True):
            assert _as_text(document.root) == expected


def _as_text(node: Node | None) -> Any:
    here = resolved(node) if node is not None else None
    if isinstance(here, ScalarNode) or here is None:
        return here.value if here else ""
    if hasattr(here, "items"):
        return [_as_text(item) for item in here.items]
    return {entry.name: _as_text(entry.value) for entry in here.entries}  # type: ignore[union-attr]


PLAIN = some.none() | some.booleans() | some.integers(-(10**9), 10**9) | some.text(max_size=12)
NAMES = some.text(alphabet="abcdxyz-_ é:#{}[]'\"0179", min_size=1, max_size=8)
VALUES = some.recursive(
    PLAIN,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def _keys(value: Any, key: Key = ()) -> Iterator[Key]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield (*key, name)
        yield from _keys(inner, (*key, name))


@settings(max_examples=150, deadline=None)
@given(tree=some.dictionaries(NAMES, VALUES, min_size=1, max_size=4), new=VALUES, data=some.data())
def test_any_change_to_any_file_says_what_was_asked_and_nothing_else(
    tree: dict[str, Any], new: Any, data: some.DataObject
) -> None:
    flow = data.draw(some.sampled_from((True, False, None)))
    text = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    newline = data.draw(some.sampled_from(("\n", "\n", "\r\n")))
    if newline == "\r\n" and "\r" not in text:
        text = text.replace("\n", "\r\n")
    before = _value(text)
    key = data.draw(some.sampled_from(sorted(_keys(before), key=str)))
    (document,) = parse(text, "x")
    try:
        after = edited(text, set_value(document, key, new))
    except Unsupported:
        return
    assert _value(after) == _replaced(before, key, new)
    assert edited(after, set_value(parse(after, "x")[0], key, new)) == after or not isinstance(new, str | int)


def _replaced(tree: Any, key: Key, new: Any) -> Any:
    if not key:
        merge = isinstance(tree, dict) and isinstance(new, dict)
        return {**tree, **{n: _replaced(tree.get(n), (), v) for n, v in new.items()}} if merge else new
    if isinstance(tree, dict):
        return {name: _replaced(value, key[1:], new) if name == key[0] else value for name, value in tree.items()}
    return [_replaced(value, key[1:], new) if number == key[0] else value for number, value in enumerate(tree)]


@settings(max_examples=80, deadline=None)
@given(tree=some.dictionaries(NAMES, VALUES, min_size=1, max_size=4), data=some.data())
def test_scalars_stand_where_their_spans_say(tree: dict[str, Any], data: some.DataObject) -> None:
    text = yaml.safe_dump(tree, default_flow_style=data.draw(some.booleans()), allow_unicode=True)
    (document,) = parse(text, "x")
    for node in _scalars(document.root):
        if "\n" not in node.span.of(text) and node.span:
            assert yaml.load(f"- {node.span.of(text)}", Loader=yaml.BaseLoader) == [node.value]  # noqa: S506


@settings(max_examples=500, deadline=None)
@given(some.text(alphabet="a: -\n[]{}&*!|>'\"#%@`\t\r,?~é\ufeff\x00", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        documents = parse(text, "x")
    except UndercurrentError:
        return
    for document in documents:
        plain(document.root)
        for node in _scalars(document.root):
            assert 0 <= node.span.start <= node.span.end <= len(text)
