"""A policy that cannot be meant is refused: with its line, its key, and what to do. JSON Schema refuses it as well."""

import re
import tomllib
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.unit.signing.policy.conftest import AUTHORITIES, MakePolicy

from undercurrent.errors import ConfigError
from undercurrent.signing.policy.loading import read_policy
from undercurrent.signing.policy.model import schema
from undercurrent.signing.policy.policy import Quorum

VALIDATOR = jsonschema.Draft202012Validator(schema())

RULE = """
[[rule]]
name = "production"
images = ["ghcr.io/acme/**"]
signed_by = ["release"]
"""

FULL = """
[[rule]]
name = "production"
images = ["ghcr.io/acme/**", "registry.example.com/prod/*:1.*"]
except = ["ghcr.io/acme/scratch"]
signed_by = ["release", "ci"]
require = "any"
annotations = { team = "web" }
platforms = "all"

  [[rule.attestation]]
  type = "slsaprovenance1"
  by = ["ci"]
  where = [
    { field = "buildDefinition.buildType", equals = "https://example.com/build" },
    { field = "runDetails.builder.id", matches = "https://github\\\\.com/.*" },
    { field = "results[*].level", in = ["CRITICAL", 1, 2.5, true], which = "none" },
  ]

  [[rule.attestation]]
  type = "vuln"
  by = ["release", "ci"]
  require = 1
  newest = "metadata.scanFinishedOn"

    [[rule.attestation.where]]
    field = "metadata.scanFinishedOn"
    max_age_days = 7

    [[rule.attestation.where]]
    field = "scanner.result.critical"
    at_most = 0

[[rule]]
name = "third-party"
images = ["docker.io/library/**"]
allow = true
"""


def test_a_policy_is_read_whole(make_policy: MakePolicy) -> None:
    policy = make_policy(FULL)

    production, others = policy.rules
    provenance, scan = production.attestations
    assert production.signed_by == Quorum(("release", "ci"), 1)
    assert (production.annotations, production.every_platform) == ({"team": "web"}, True)
    assert provenance.predicate_type == "https://slsa.dev/provenance/v1"
    assert provenance.by == Quorum(("ci",), 1)
    assert [str(condition) for condition in provenance.where] == [
        'buildDefinition.buildType is "https://example.com/build"',
        r"runDetails.builder.id matches https://github\.com/.*",
        'no results[*].level is one of "CRITICAL", 1, 2.5, true',
    ]
    assert [str(condition) for condition in scan.where] == [
        "metadata.scanFinishedOn is at most 7 days ago",
        "scanner.result.critical is at most 0",
    ]
    assert (production.asks, others.asks, policy.allow_others) == (True, False, False)


# (rules, what stands in the line that is named, part of the message, part of the hint, whether JSON Schema refuses it)
BAD = [
    (RULE + "colour = 'red'", "colour", "'rule[1].colour' cannot be set", "known are: name, images, except", True),
    (RULE + "excpet = []", "excpet", "'rule[1].excpet' cannot be set", "did you mean 'except'?", True),
    (
        RULE.replace('["ghcr.io/acme/**"]', "'a'"),
        "images",
        "rule[1].images cannot be used: it must be a list",
        "",
        True,
    ),
    (RULE.replace('["ghcr.io/acme/**"]', "[]"), "images", "rule[1].images cannot be used: it must not be", "", True),
    (
        RULE.replace("ghcr.io/acme/**", "a***"),
        "images",
        "rule[1].images[1] cannot be used: 'a***' has three",
        "",
        False,
    ),
    (RULE.replace("ghcr.io/acme/**", "docker.io/nginx"), "images", "matches nothing", "docker.io/library/nginx", False),
    (RULE.replace("production", "two words"), "name", "rule[1].name cannot be used: it must match", "", True),
    (RULE.replace('name = "production"', ""), "[[rule]]", "rule[1].name is missing", "", True),
    (RULE + RULE.replace("name", "name "), "name  =", "rule[2].name cannot be used: there is another", "", False),
    (RULE.replace('"release"', '"relase"'), "signed", "no authority 'relase'", "did you mean 'release'?", False),
    (RULE.replace('"release"', '"ci", "ci"'), "signed", "'ci' is there twice", "", False),
    (RULE.replace('signed_by = ["release"]', ""), "[[rule]]", "it asks for nothing", "allow = true", True),
    (RULE + "allow = true", "allow", "the rule asks for something all the same", "", True),
    (RULE + "require = 2", "require", "it is more than the 1 authorities", "", False),
    (RULE + "require = 0", "require", "it must be one of 'all', 'any', or it must be at least 1", "", True),
    (RULE + "require = 'most'", "require", "it must be one of 'all', 'any', or it must be a whole number", "", True),
    (RULE + "platforms = 'every'", "platforms", "it must be one of 'index', 'all'", "", True),
    (RULE + "annotations = { team = 1 }", "annotations", "it must be text", "", True),
    (RULE.replace("signed_by", "require = 'any'\nallow = true #"), "require", "nothing without signed_by", "", True),
    ("[[authority]]\nname='ci'\nkeys = ['ci.pub']" + RULE, "name='ci'", "there is another 'ci'", "", False),
    ("[[authority]] #\nname = 'nobody'" + RULE, "[[authority]] #", "it has nobody in it", "keys", True),
    ("[[authority]]\nname = 'x'\nkeys = ['none.pub']" + RULE, "none.pub", "none.pub", "", False),
    ("[[authority]]\nname = 'x'\nkeys = [\"\\u0000\"]" + RULE, "keys", "no file can be called so", "", False),
    ("[[authority]]\nname = 'x'\nkeys = ['policy.toml']" + RULE, "policy.toml", "policy.toml", "", False),
]
WHERE = [
    ("{ field = 'a' }", "it has 0 comparisons instead of one", True),
    ("{ field = 'a', equals = 1, at_most = 2 }", "it has 2 comparisons instead of one", True),
    ("{ equals = 1 }", "field is missing", True),
    ("{ field = 'a..b', equals = 1 }", "'a..b' is not a path to a field", False),
    ("{ field = 'a', equals = [1] }", "equals cannot be used", True),
    ("{ field = 'a', equals = nan }", "equals cannot be used", False),
    ("{ field = 'a', equals = 2026-01-01 }", "equals cannot be used", True),
    ("{ field = 'a', in = [] }", "it must not be empty", True),
    ("{ field = 'a', at_most = 'x' }", "it must be", True),
    ("{ field = 'a', at_most = true }", "it must be", True),
    ("{ field = 'a', at_most = inf }", "cannot be used", False),
    ("{ field = 'a', max_age_days = 0 }", "it must be more than 0", True),
    ("{ field = 'a', max_age_days = 1e9 }", "it must be at most 36500", True),
    ("{ field = 'a', exists = 'yes' }", "it must be true or false", True),
    ("{ field = 'a', matches = '(' }", "'(' is not a regular expression: unclosed group", False),
    ("{ field = 'a', matches = '(?=a)' }", "look-around", False),
    ("{ field = 'a', matches = '' }", "it must not be empty", True),
    ("{ field = 'a', equals = 1, which = 'none' }", "it is for comparisons of a path with [*] in it", False),
    ("{ field = 'a[*]', exists = true, which = 'some' }", "it is for comparisons of a path with [*] in it", False),
    ("{ field = 'a[*]', equals = 1, which = 'any' }", "it must be one of", True),
]
ATTESTATION = RULE + "[[rule.attestation]]\ntype = 'vuln'\nby = ['ci']\n"
ATTESTATIONS = [
    (ATTESTATION.replace("vuln", "what"), "type", "'what' is no predicate type", "or one of spdx", False),
    (ATTESTATION.replace("['ci']", "[]"), "by =", "it must not be empty", "", True),
    (ATTESTATION + "newest = 'a[*].b'", "newest", "it may lead to several values", "", False),
    (ATTESTATION + "newest = 'a'\nevery = true", "newest", "it excludes every", "", True),
    (ATTESTATION + "require = 2", "require", "it is more than the 1 authorities", "", False),
    *((f"{ATTESTATION}where = [{text}]", "where", message, "", by_schema) for text, message, by_schema in WHERE),
]


@pytest.mark.parametrize(("rules", "in_line", "message", "hint", "by_schema"), BAD + ATTESTATIONS)
def test_what_cannot_be_meant_is_refused(
    make_policy: MakePolicy, rules: str, in_line: str, message: str, hint: str, by_schema: bool
) -> None:
    with pytest.raises(ConfigError) as raised:
        make_policy(rules)

    assert message in raised.value.message
    assert hint in raised.value.hint
    named = re.search(r"policy\.toml, line (\d+): ", raised.value.message)
    assert named, raised.value.message
    assert in_line in (AUTHORITIES + rules).splitlines()[int(named[1]) - 1]
    assert VALIDATOR.is_valid(tomllib.loads(AUTHORITIES + rules)) is not by_schema


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version = 1\n", "rule is missing"),
        ("version = 1\nrule = []\n", "rule cannot be used: it must not be empty"),
        (RULE, "version is missing"),
        ("version = 2\n" + RULE, "line 1: version cannot be used"),
        ("version = 1\ndefault = 'maybe'\n" + RULE, "line 2: default cannot be used"),
        ("version = 1\nrules = []\n" + RULE, "line 2: 'rules' cannot be set"),
    ],
)
def test_the_top_of_the_file_is_checked(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)

    assert not VALIDATOR.is_valid(tomllib.loads(text))
    with pytest.raises(ConfigError) as raised:
        read_policy(path).policy()
    assert message in raised.value.message


def test_the_schema_is_one_and_accepts_what_is_good() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())

    VALIDATOR.validate(tomllib.loads(AUTHORITIES + FULL))
    VALIDATOR.validate(tomllib.loads(AUTHORITIES + RULE))
