"""What can be set, per capability, and where each value came from: file < environment < flag.

Files: ``undercurrent.toml`` in the user's configuration folder, then the nearest one from the working directory
upwards. Environment: ``UNDERCURRENT_<GROUP>_<FIELD>`` for every field, and the names of `ALIASES` that users of
cosign and of the toolkit scripts already set. Secrets are not settings: no field here holds one.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeAlias

import platformdirs

from undercurrent import tomlfile
from undercurrent.basefacts import BaseFacts
from undercurrent.errors import ConfigError
from undercurrent.i18n import translate as _
from undercurrent.values import NAMES_FILES, Between, MoreThan, NotEmpty, converted, is_list, is_table, marks_of

__all__ = [
    "ALIASES",
    "FILE_NAME",
    "KINDS",
    "EvidenceSettings",
    "FleetSettings",
    "HardenSettings",
    "ImagesSettings",
    "Loaded",
    "NetSettings",
    "Origin",
    "PlanningSettings",
    "SbomSettings",
    "Setting",
    "Settings",
    "SigningSettings",
    "cache_folder",
    "data_folder",
    "load",
    "state_folder",
]

FILE_NAME: Final = "undercurrent.toml"
_PREFIX: Final = "UNDERCURRENT_"

Setting: TypeAlias = tuple[str, str]
"""Group and field."""
_ELSEWHERE: Final = re.compile(r"pkcs11:|[A-Za-z][A-Za-z0-9+.-]*://")
"""How keys begin that are in no file."""

ALIASES: Final = MappingProxyType(
    {
        "COSIGN_KEY": ("signing", "key"),
        "COSIGN_REPOSITORY": ("signing", "repository"),
        "REGISTRY": ("images", "default_registry"),
        "SBOM_FORMAT": ("sbom", "formats"),
    }
)
"""Environment variables that users set already, and the fields they mean."""


def data_folder() -> Path:
    """Where what users keep belongs: the embedded store of images and the evidence."""
    return platformdirs.user_data_path("undercurrent", appauthor=False)


def state_folder() -> Path:
    """Where what a run needs to go on belongs: journals."""
    return platformdirs.user_state_path("undercurrent", appauthor=False)


def cache_folder() -> Path:
    """Where what can be made again belongs: SBOMs."""
    return platformdirs.user_cache_path("undercurrent", appauthor=False)


_Amount: TypeAlias = Annotated[Decimal, Between(0, 10**12)]


@dataclass(frozen=True, slots=True)
class NetSettings:
    """How other machines are talked to."""

    timeout_s: Annotated[float, MoreThan(0)] = 60.0
    """Seconds without a byte moving, after which an answer is given up."""
    connect_timeout_s: Annotated[float, MoreThan(0)] = 10.0
    """Seconds that a connection may take."""
    retries: Annotated[int, Between(0, 20)] = 5
    """How often a request that may go through later is tried again."""
    max_per_host: Annotated[int, Between(1, 1024)] = 32
    """Requests under way to one host, at most; fewer while it pushes back."""
    ca_bundle: Annotated[Path | None, NAMES_FILES] = None
    """Certificates (PEM) to trust besides the system's."""
    plain_http: tuple[str, ...] = ()
    """Hosts that may be talked to without TLS; loopback always may."""


@dataclass(frozen=True, slots=True)
class ImagesSettings:
    """Which images are yours."""

    registries: tuple[str, ...] = ()
    """Registries, or parts of them: ``ghcr.io/acme``, ``registry.example.com``."""
    layouts: Annotated[tuple[Path, ...], NAMES_FILES] = ()
    """OCI layout folders."""
    archives: Annotated[tuple[Path, ...], NAMES_FILES] = ()
    """Archives (OCI or docker-archive)."""
    engines: tuple[Literal["auto", "docker", "podman"], ...] = ()
    """Local engines."""
    include: tuple[str, ...] = ("*",)
    """Patterns (``*``, ``?``, ``[…]``) of names, without host, that count."""
    exclude: tuple[str, ...] = ()
    """Patterns of names that do not."""
    default_registry: str = ""
    """Where a name without a host is looked for; Docker Hub when empty."""
    store: Annotated[Path | None, NAMES_FILES] = None
    """The embedded store: an OCI layout for images that have no registry. In the data folder when unset."""


@dataclass(frozen=True, slots=True)
class SigningSettings:
    """Keys and formats of signatures."""

    key: Annotated[str, NAMES_FILES] = ""
    """Private key to sign with: a file, ``env://VARIABLE``, ``pkcs11:…``, or ``NAME://…`` of a plug-in."""
    public_keys: Annotated[tuple[str, ...], NAMES_FILES] = ()
    """Public keys that verification trusts: files, or what ``key`` takes."""
    policy: Annotated[Path | None, NAMES_FILES] = None
    """Policy by which images are verified: which have to be signed by whom, with which attestations."""
    trusted_root: Annotated[Path | None, NAMES_FILES] = None
    """Who vouches for the certificates of identities, and for times: a ``trusted_root.json``."""
    timestamp_url: str = ""
    """Timestamp authority (RFC 3161) that confirms when a key signed: its whole address, ``https://…``."""
    notation_trust_store: Annotated[Path | None, NAMES_FILES] = None
    """Certificates that verification of notation's signatures trusts: notation's folder ``truststore``."""
    notation_trust_policy: Annotated[Path | None, NAMES_FILES] = None
    """Which of them, for which images: notation's ``trustpolicy.json``."""
    notation_crls: Annotated[tuple[Path, ...], NAMES_FILES] = ()
    """Lists of revoked certificates (CRL) of those who sign with notation: files, or folders of such."""
    format: Literal["both", "bundle", "legacy"] = "both"
    """Which of cosign's formats to write; only both are accepted by all policy engines that accept keys."""
    repository: str = ""
    """Repository, with its host, that holds the signatures, attestations and SBOMs of all images in registries;
    beside each image when empty."""
    tuf_mirror: str = "https://tuf-repo-cdn.sigstore.dev"
    """Where roots of trust are kept up to date (The Update Framework), for identities; that of sigstore's public
    instance unless set."""
    tuf_root: Annotated[Path | None, NAMES_FILES] = None
    """Root metadata (``root.json``) that trust in the mirror begins with; known already for the public ones."""
    keyless: bool = False
    """Sign with an identity instead of a key."""
    trust_config: Annotated[Path | None, NAMES_FILES] = None
    """Services and root of trust of a private sigstore instance, in one file (client trust configuration, JSON)."""


@dataclass(frozen=True, slots=True)
class SbomSettings:
    """Software bills of materials."""

    formats: Annotated[tuple[Literal["spdx", "cyclonedx"], ...], NotEmpty()] = ("spdx",)
    """Formats to make."""


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """Where outcomes are recorded."""

    url: str = ""
    """``sqlite:///FILE``, ``postgresql://…`` or ``mysql://…``; a file in the data folder when empty. A password
    belongs in the database's own configuration (``~/.pgpass``, ``~/.my.cnf``), not here."""

    @property
    def location(self) -> str:
        """The URL, or that of the default file."""
        return self.url or f"sqlite:///{data_folder() / 'evidence.db'}"


@dataclass(frozen=True, slots=True)
class FleetSettings:
    """Jobs over many items."""

    concurrency: Annotated[int, Between(1, 256)] = 16
    """Items under way at once."""


@dataclass(frozen=True, slots=True)
class PlanningSettings:
    """Plans: what could be done, until when, and what it costs and returns."""

    catalogues: Annotated[tuple[Path, ...], NAMES_FILES] = ()
    """Catalogues of your own (TOML), beside the built-in ones."""
    catalogue: str = "2025-undercurrents"
    """The catalogue that plans are made from, unless a command names another one."""
    time_zone: str = ""
    """Where a day begins and ends: ``Asia/Shanghai``; this machine's time zone when empty."""
    day_rate: _Amount = Decimal(1500)
    """What a person-day costs, in the catalogue's currency."""
    discount_rate: Annotated[Decimal, Between(0, 10)] = Decimal("0.08")
    """How much less money is worth a year later: 0.08 for 8 %."""
    egress_price: Annotated[Decimal | None, Between(0, 10**12)] = None
    """What a gigabyte costs that leaves a cloud, in the catalogue's currency; what the catalogue says when unset."""
    horizon_days: Annotated[int, Between(0, 3660)] = 90
    """Windows that close within so many days are shown."""
    seen_days: Annotated[int, Between(0, 3660)] = 0
    """Images that nothing was recorded of for so many days do not count any more; 0 counts them for ever."""


@dataclass(frozen=True, slots=True)
class HardenSettings:
    """Images that run without root."""

    uid: Annotated[int, Between(1, 2**31 - 1)] = 10001
    """The user that fixed images run as; above 10000, so that it is nobody's on the machine."""
    offline: bool = True
    """Ask neither registries nor engines who runs in the base images of Dockerfiles."""
    builtin_bases: bool = True
    """Use what is documented of well-known public images, where nothing better is known."""
    bases: Mapping[str, BaseFacts] = field(default_factory=dict)
    """Who runs in your base images, by patterns of names: ``"ghcr.io/acme/base:*" = "10001"``, or a table in place of
    the user: ``{ user = "app", accounts = ["app:10001"] }``. Beats what a registry says."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set."""

    net: NetSettings = NetSettings()
    images: ImagesSettings = ImagesSettings()
    signing: SigningSettings = SigningSettings()
    sbom: SbomSettings = SbomSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    fleet: FleetSettings = FleetSettings()
    planning: PlanningSettings = PlanningSettings()
    harden: HardenSettings = HardenSettings()


_GROUPS: Final[Mapping[str, Any]] = MappingProxyType({group.name: group.type for group in fields(Settings)})

KINDS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {name: {field.name: field.type for field in fields(group)} for name, group in _GROUPS.items()}
)
"""What can be set: groups, their fields, and the annotation of each (see `undercurrent.values`)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: ``kind`` is default, file, environment or flag; ``where`` names it."""

    kind: Literal["default", "file", "environment", "flag"]
    where: str = ""


_DEFAULT: Final = Origin("default")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, with the origin of each value that is not a default and the files that were read."""

    settings: Settings
    origins: Mapping[Setting, Origin]
    files: tuple[Path, ...]

    def rows(self) -> Iterator[tuple[str, str, Any, Origin]]:
        """Group, field, value and origin of every setting."""
        for group, kinds in KINDS.items():
            for name in kinds:
                value = getattr(getattr(self.settings, group), name)
                yield group, name, value, self.origins.get((group, name), _DEFAULT)


def load(
    flags: Mapping[Setting, Any] = MappingProxyType({}),
    *,
    file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    directory: Path | None = None,
) -> Loaded:
    """The settings that hold here.

    Args:
        flags: values from the command line, by (group, field).
        file: the one file to read, instead of looking for files.
        environ: the environment.
        directory: where to look for the project's file; the working directory when None.

    Raises:
        ConfigError: a file cannot be read, or a value cannot be used; says which and where.
    """
    files = (file,) if file else tuple(_found_files(environ, directory or Path.cwd()))
    values: dict[Setting, Any] = {}
    origins: dict[Setting, Origin] = {}
    layers = [*(_from_file(path) for path in files), _from_environment(environ)]
    layers.append({path: (value, Origin("flag", _flag(path))) for path, value in flags.items()})
    for layer in layers:
        values |= {path: value for path, (value, _origin) in layer.items()}
        origins |= {path: origin for path, (_value, origin) in layer.items()}
    given: dict[str, dict[str, Any]] = {group: {} for group in KINDS}
    for (group, name), value in values.items():
        given[group][name] = _checked(group, name, value, origins[group, name])
    made = {name: group(**given[name]) for name, group in _GROUPS.items()}
    return Loaded(Settings(**made), origins, files)


def _checked(group: str, name: str, value: Any, origin: Origin) -> Any:
    if name not in KINDS[group]:
        raise _unknown(origin.where, f"{group}.{name}", [f"{group}.{known}" for known in KINDS[group]])
    try:
        return converted(value, KINDS[group][name])
    except ValueError as error:
        raise ConfigError(
            _("{where}: {name} cannot be used: {reason}").format(
                where=origin.where, name=f"{group}.{name}", reason=error
            ),
            hint=_("`uc config show` lists every setting with its value and where it came from"),
        ) from error


def _found_files(environ: Mapping[str, str], directory: Path) -> Iterator[Path]:
    if named := environ.get(f"{_PREFIX}CONFIG"):
        yield Path(named)
        return
    user = platformdirs.user_config_path("undercurrent", appauthor=False) / FILE_NAME
    if _may_be_file(user):
        yield user
    for folder in (directory, *directory.parents):
        if os.path.isfile(folder / FILE_NAME):  # noqa: PTH113 - not, where it may not be looked for
            yield folder / FILE_NAME
            return


def _may_be_file(path: Path) -> bool:
    """Whether it is a file, or hidden from us: then reading it says so, and it is not passed over."""
    try:
        return path.is_file()
    except OSError:
        return True


_Layer: TypeAlias = dict[Setting, tuple[Any, Origin]]


def _from_file(path: Path) -> _Layer:
    document = tomlfile.read(path, exact=True).data
    layer: _Layer = {}
    origin = Origin("file", str(path))
    for group, table in document.items():
        if group not in KINDS or not isinstance(table, dict):
            raise _unknown(str(path), group, KINDS)
        for name, value in table.items():
            layer[group, name] = (_anchored(group, name, value, path.parent), origin)
    return layer


def _from_environment(environ: Mapping[str, str]) -> _Layer:
    layer: _Layer = {}
    for group, kinds in KINDS.items():
        for name, kind in kinds.items():
            own = f"{_PREFIX}{group}_{name}".upper()
            names = [own, *(alias for alias, path in ALIASES.items() if path == (group, name))]
            used = next((candidate for candidate in names if environ.get(candidate)), None)
            if used:
                text = environ[used]
                layer[group, name] = (_separated(text, kind), Origin("environment", used))
    return layer


def _separated(text: str, kind: Any) -> Any:
    """What an environment variable says: lists have commas between, tables ``name=value`` with commas between."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if is_table(kind):
        pairs = (part.rpartition("=") for part in parts)  # names of images have a colon, and no equals sign
        return {name.strip(): value.strip() for name, _equals, value in pairs}
    return parts if is_list(kind) else text


def _anchored(group: str, name: str, value: Any, folder: Path) -> Any:
    """Paths in a file are meant relative to that file."""
    if NAMES_FILES not in marks_of(KINDS[group].get(name)):
        return value
    if isinstance(value, list):
        return [_anchored(group, name, item, folder) for item in value]
    is_path = isinstance(value, str) and value and not _ELSEWHERE.match(value)
    return str(folder / value) if is_path else value


def _flag(path: Setting) -> str:
    return "--" + path[1].replace("_", "-")


def _unknown(where: str, name: str, known: Iterable[str]) -> ConfigError:
    message = _("{where}: {name!r} cannot be set").format(where=where, name=name)
    return ConfigError(message, hint=tomlfile.suggestion(name, known))
