"""Writes the reference page about settings, from the models in ``undercurrent.settings``."""

# ruff: noqa: INP001 - a script beside the pages that it writes

import ast
import inspect
from collections.abc import Iterator
from dataclasses import MISSING, fields
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.settings import ALIASES, FILE_NAME, Settings
from undercurrent.values import Between, is_list, is_table, marks_of, plain_kind

__all__ = ["TEXTS", "settings_page", "texts_of_settings"]

TEXTS: Final = frozenset(
    {
        N_("How other machines are talked to."),
        N_("Seconds without a byte moving, after which an answer is given up."),
        N_("Seconds that a connection may take."),
        N_("How often a request that may go through later is tried again."),
        N_("Requests under way to one host, at most; fewer while it pushes back."),
        N_("Certificates (PEM) to trust besides the system's."),
        N_("Hosts that may be talked to without TLS; loopback always may."),
        N_("Which images are yours."),
        N_("Registries, or parts of them: `ghcr.io/acme`, `registry.example.com`."),
        N_("OCI layout folders."),
        N_("Archives (OCI or docker-archive)."),
        N_("Local engines."),
        N_("Patterns (`*`, `?`, `[…]`) of names, without host, that count."),
        N_("Patterns of names that do not."),
        N_("Where a name without a host is looked for; Docker Hub when empty."),
        N_("The embedded store: an OCI layout for images that have no registry. In the data folder when unset."),
        N_("Keys and formats of signatures."),
        N_("Private key to sign with: a file, `env://VARIABLE`, `pkcs11:…`, or `NAME://…` of a plug-in."),
        N_("Public keys that verification trusts: files, or what `key` takes."),
        N_("Policy by which images are verified: which have to be signed by whom, with which attestations."),
        N_("Who vouches for the certificates of identities, and for times: a `trusted_root.json`."),
        N_("Timestamp authority (RFC 3161) that confirms when a key signed: its whole address, `https://…`."),
        N_("Certificates that verification of notation's signatures trusts: notation's folder `truststore`."),
        N_("Which of them, for which images: notation's `trustpolicy.json`."),
        N_("Lists of revoked certificates (CRL) of those who sign with notation: files, or folders of such."),
        N_("Which of cosign's formats to write; only both are accepted by all policy engines that accept keys."),
        N_(
            "Repository, with its host, that holds the signatures, attestations and SBOMs of all images in registries; "
            "beside each image when empty."
        ),
        N_(
            "Where roots of trust are kept up to date (The Update Framework), for identities; that of sigstore's "
            "public instance unless set."
        ),
        N_("Root metadata (`root.json`) that trust in the mirror begins with; known already for the public ones."),
        N_("Sign with an identity instead of a key."),
        N_(
            "Services and root of trust of a private sigstore instance, in one file (client trust configuration, JSON)."
        ),
        N_("Software bills of materials."),
        N_("Formats to make."),
        N_("Where outcomes are recorded."),
        N_(
            "`sqlite:///FILE`, `postgresql://…` or `mysql://…`; a file in the data folder when empty. A password "
            "belongs in the database's own configuration (`~/.pgpass`, `~/.my.cnf`), not here."
        ),
        N_("Jobs over many items."),
        N_("Items under way at once."),
        N_("Plans: what could be done, until when, and what it costs and returns."),
        N_("Catalogues of your own (TOML), beside the built-in ones."),
        N_("The catalogue that plans are made from, unless a command names another one."),
        N_("Where a day begins and ends: `Asia/Shanghai`; this machine's time zone when empty."),
        N_("What a person-day costs, in the catalogue's currency."),
        N_("How much less money is worth a year later: 0.08 for 8 %."),
        N_(
            "What a gigabyte costs that leaves a cloud, in the catalogue's currency; what the catalogue says when "
            "unset."
        ),
        N_("Windows that close within so many days are shown."),
        N_("Images that nothing was recorded of for so many days do not count any more; 0 counts them for ever."),
        N_("Images that run without root."),
        N_("The user that fixed images run as; above 10000, so that it is nobody's on the machine."),
        N_("Ask neither registries nor engines who runs in the base images of Dockerfiles."),
        N_("Use what is documented of well-known public images, where nothing better is known."),
        N_(
            'Who runs in your base images, by patterns of names: `"ghcr.io/acme/base:*" = "10001"`, or a table in '
            'place of the user: `{ user = "app", accounts = ["app:10001"] }`. Beats what a registry says.'
        ),
    }
)
"""The docstrings of settings, for translators: those are no calls, so tools that gather messages do not see them."""

_EXAMPLE: Final = """\
[images]
registries = ["ghcr.io/acme"]
exclude = ["*:pr-*"]

[signing]
key = "keys/cosign.key"
public_keys = ["keys/cosign.pub"]"""


def texts_of_settings() -> Iterator[str]:
    """What the models say about groups and fields, as Markdown in one line each."""
    for _name, group in _groups():
        yield _markdown(group.__doc__)
        yield from _descriptions(group).values()


def settings_page() -> str:
    """The page, in the language spoken now."""
    parts = [
        "# " + _("Settings"),
        _(
            "Every setting has a default, so none has to be set. `uc config show` prints them all, and where each "
            "value came from. What comes later in this list wins:"
        ),
        "\n".join(f"{number}. {step}" for number, step in enumerate(_steps(), 1)),
        "```toml\n" + f"# {FILE_NAME}\n" + _EXAMPLE + "\n```",
        _("`--config FILE`, or `UNDERCURRENT_CONFIG`, names one file that is read instead of both."),
        _("Paths in a file are meant relative to that file. Lists are written with commas in the environment."),
        _("Secrets are no settings: no passwords belong in the file, and none can be given as a flag."),
    ]
    for name, group in _groups():
        parts += [f"## {name}", _(_markdown(group.__doc__)), _table(name, group)]
    return "\n\n".join((*parts, "## " + _("Folders") + " {#folders}", _folders()))


def _steps() -> tuple[str, ...]:
    return (
        _("the default;"),
        _("`{file}` in the user's configuration folder;").format(file=FILE_NAME),
        _("the nearest `{file}`, from the working directory upwards;").format(file=FILE_NAME),
        _("the environment: `UNDERCURRENT_GROUP_NAME`, or a variable that other tools know;"),
        _("a flag of the command."),
    )


def _folders() -> str:
    rows = (
        (_("configuration: `undercurrent.toml`"), "~/.config/undercurrent", "XDG_CONFIG_HOME"),
        (_("data: the embedded store of images, the evidence"), "~/.local/share/undercurrent", "XDG_DATA_HOME"),
        (_("state: journals of runs"), "~/.local/state/undercurrent", "XDG_STATE_HOME"),
        (_("cache: SBOMs, images that an engine has exported"), "~/.cache/undercurrent", "XDG_CACHE_HOME"),
    )
    heading = _row(_("folder"), _("on Linux"), _("moved by")) + "\n|---|---|---|\n"
    return heading + "\n".join(_row(what, f"`{path}`", f"`{variable}`") for what, path, variable in rows)


def _table(name: str, group: type) -> str:
    rows = [_row(_("setting"), _("meaning"), _("takes"), _("default")), "|---|---|---|---|"]
    meanings = _descriptions(group)
    for field in fields(group):
        others = (f"`{alias}`" for alias, path in ALIASES.items() if path == (name, field.name))
        variables = "<br>".join((f"`UNDERCURRENT_{name}_{field.name}`".upper(), *others))
        meaning = _(meanings[field.name])
        rows.append(_row(f"`{field.name}`<br>{variables}", meaning, _kind(field.type), _default(field.default)))
    return "\n".join(rows)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _groups() -> Iterator[tuple[str, type]]:
    for group in fields(Settings):
        yield group.name, type(group.default)


def _descriptions(group: type) -> dict[str, str]:
    """What the docstrings below the fields say, as Markdown."""
    body = ast.parse(inspect.getsource(group)).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - that is what its source is
    described = {}
    for statement, following in pairwise(body.body):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                described[name] = _markdown(text)
    return described


def _markdown(docstring: str | None) -> str:
    return " ".join((docstring or "").split()).replace("``", "`")


def _kind(annotation: Any) -> str:
    """What a value may be."""
    kind = plain_kind(annotation)
    if get_origin(kind) is Literal:
        return _("one of {values}").format(values=listed(f"`{value}`" for value in get_args(kind)))
    if is_list(kind):
        return _("list: {kind}").format(kind=_kind(get_args(kind)[0]))
    if is_table(annotation):
        return _("table")
    for mark in marks_of(annotation):
        if isinstance(mark, Between) and kind is int:
            return _("{least} to {most}").format(least=mark.least, most=mark.most)
    return {bool: _("`true` or `false`"), float: _("number"), Decimal: _("number"), Path: _("path"), str: _("text")}[
        kind
    ]


def _default(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value) or "–"
    if isinstance(value, bool):
        return f"`{value}`".lower()
    return "–" if value in (None, "", MISSING) else f"`{value}`"
