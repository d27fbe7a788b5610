"""The policy file as it is written: every table, every key, with what it means. JSON Schema is made from it.

Only here is pydantic; `undercurrent.signing.policy.loading` turns these into what decides.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from undercurrent.signing.policy.conditions import Operator
from undercurrent.tomlschema import schema_of

__all__ = [
    "SCHEMA_ID",
    "AttestationTable",
    "AuthorityTable",
    "ConditionTable",
    "IdentityTable",
    "NotationTable",
    "PolicyTable",
    "RuleTable",
    "schema",
]

SCHEMA_ID: Final = "urn:undercurrent:policy:v1"

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_Text = Annotated[str, Field(min_length=1, max_length=1024)]
_Number = int | Annotated[float, Field(allow_inf_nan=False)]
_Scalar = str | _Number | bool
_Quorum = Literal["all", "any"] | Annotated[int, Field(ge=1)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


def _one_of(*names: str) -> ConfigDict:
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in names]})


class IdentityTable(_Table):
    """Whom certificates are made out to, and who vouches for that."""

    model_config = _one_of("subject", "subject_regexp")

    subject: _Text | None = None
    """E-mail address or URI in the certificate. ``*`` stays between two slashes, ``**`` crosses them."""
    subject_regexp: _Text | None = None
    """Regular expression (RE2) for the whole of it, instead of ``subject``."""
    issuer: _Text
    """Issuer of the identity token, as it stands in the certificate: ``https://token.actions.githubusercontent.com``."""


class NotationTable(_Table):
    """Notation's own configuration, by which its signatures are verified."""

    trust_store: _Text
    """Folder with ``x509`` in it, relative to the policy."""
    trust_policy: _Text
    """File ``trustpolicy.json``, relative to the policy; its scopes and levels hold as well."""
    revoked: Annotated[list[_Text], Field(max_length=100)] = []
    """Lists of revoked certificates, or folders of them, relative to the policy."""


class AuthorityTable(_Table):
    """Somebody who may be asked for: any one of the keys and identities is enough."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["keys"], "properties": {"keys": {"minItems": 1}}},
                {"required": ["identities"], "properties": {"identities": {"minItems": 1}}},
                {"required": ["notation"]},
            ],
            "dependentRequired": {"trusted_root": ["identities"]},
        }
    )

    name: _Name
    """What rules call it."""
    keys: Annotated[list[_Text], Field(max_length=1000)] = []
    """Public key files, relative to the policy."""
    identities: Annotated[list[IdentityTable], Field(max_length=1000)] = []
    """Identities of certificates (keyless)."""
    trusted_root: _Text | None = None
    """File of those who vouch for identities (trusted_root.json), relative to the policy; else the one that is set."""
    notation: NotationTable | None = None
    """Whoever notation's trust policy trusts."""


class ConditionTable(_Table):
    """A condition on a field of a predicate: a path, and exactly one comparison."""

    model_config = _one_of(*Operator)

    field: _Text
    """Path: ``runDetails.builder.id``, ``results[*].level``, ``annotations."org.acme/team"``."""
    equals: _Scalar | None = None
    """The value is this."""
    not_equals: _Scalar | None = None
    """The value is there, and another one of the same kind."""
    in_: Annotated[list[_Scalar] | None, Field(alias="in", min_length=1, max_length=10_000)] = None
    """The value is one of these."""
    not_in: Annotated[list[_Scalar] | None, Field(min_length=1, max_length=10_000)] = None
    """The value is there, and none of these."""
    matches: _Text | None = None
    """The whole text matches this regular expression (RE2)."""
    not_matches: _Text | None = None
    """It is a text, and the whole of it does not match this regular expression (RE2)."""
    at_most: _Number | None = None
    """The value is a number, and not more than this."""
    at_least: _Number | None = None
    """The value is a number, and not less than this."""
    max_age_days: Annotated[float, Field(gt=0, le=36_500)] | None = None
    """The value is a time (RFC 3339), not longer ago than this, and not in the future."""
    exists: bool | None = None
    """Whether there is a value at all."""
    which: Literal["every", "some", "none"] | None = None
    """For which values of a path with ``[*]`` it has to hold: every one, and at least one, unless said otherwise."""


class AttestationTable(_Table):
    """An attestation that an image must have."""

    model_config = ConfigDict(
        json_schema_extra={"not": {"required": ["every", "newest"], "properties": {"every": {"const": True}}}}
    )

    type: _Text
    """Predicate type: one of cosign's short names (``slsaprovenance1``, ``vuln``, ``spdx``), or a URI."""
    by: Annotated[list[_Name], Field(min_length=1, max_length=100)]
    """Authorities that must have made it."""
    require: _Quorum = "all"
    """How many of them."""
    where: Annotated[list[ConditionTable], Field(max_length=100)] = []
    """What it has to say; one attestation has to fulfil all of it."""
    every: bool = False
    """Whether every attestation of this type that an authority made has to, instead of one."""
    newest: _Text | None = None
    """Path to a time (RFC 3339): only the newest attestation by that field counts."""


class RuleTable(_Table):
    """What is asked of some images. All rules that match an image hold for it."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "required": ["allow"],
                    "properties": {
                        "allow": {"const": True},
                        "signed_by": {"maxItems": 0},
                        "attestation": {"maxItems": 0},
                    },
                },
                {
                    "properties": {"allow": {"const": False}},
                    "anyOf": [
                        {"required": [name], "properties": {name: {"minItems": 1}}}
                        for name in ("signed_by", "attestation")
                    ],
                },
            ],
            "dependentRequired": {"require": ["signed_by"], "annotations": ["signed_by"]},
        }
    )

    name: _Name
    """What explanations and cases call it."""
    images: Annotated[list[_Text], Field(min_length=1, max_length=1000)]
    """Patterns of names: ``ghcr.io/acme/**``, ``registry.example.com/prod/*:1.*``."""
    except_: Annotated[list[_Text], Field(alias="except", max_length=1000)] = []
    """Patterns of names that this rule leaves out."""
    signed_by: Annotated[list[_Name], Field(max_length=100)] = []
    """Authorities that must have signed."""
    require: _Quorum = "all"
    """How many of them; a signature counts for one of them only."""
    annotations: Annotated[dict[str, str], Field(max_length=100)] = {}
    """What each signature must say besides."""
    platforms: Literal["index", "all"] = "index"
    """Of an image for several platforms: whether all of this is asked of each platform too."""
    attestation: Annotated[list[AttestationTable], Field(max_length=100)] = []
    """Attestations that the images must have."""
    allow: bool = False
    """Let these images pass without asking for anything."""


class PolicyTable(_Table):
    """Which images have to be signed by whom, with which attestations, and what those have to say."""

    version: Literal[1]
    """Of this format."""
    default: Literal["deny", "allow"] = "deny"
    """What happens to an image that no rule matches."""
    authority: Annotated[list[AuthorityTable], Field(max_length=1000)] = []
    """Whom rules may ask for."""
    rule: Annotated[list[RuleTable], Field(min_length=1, max_length=1000)]
    """What is asked of which images."""


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the policy file."""
    return schema_of(PolicyTable, SCHEMA_ID)
