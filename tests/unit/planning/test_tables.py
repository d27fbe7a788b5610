"""The schema for editors says what the reader does."""

import tomllib
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.support.catalogues import MINIMAL

from undercurrent.errors import ConfigError
from undercurrent.planning import loading
from undercurrent.planning.loading import BUILTIN, read_catalogue
from undercurrent.planning.tables import schema

DATA = Path(loading.__file__).parent / "data"


def as_json(text: str) -> object:
    """Dates are text where there is no kind for them."""
    return tomllib.loads(text.replace("= 2026-11-30", '= "2026-11-30"').replace("= 2026-12-31", '= "2026-12-31"'))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", BUILTIN)
def test_built_in_catalogues_fulfil_it(name: str) -> None:
    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value if isinstance(value, str | int | float | bool) else str(value)

    jsonschema.validate(plain(tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))), schema())


ACTION = '[[action]]\nid = "a"\nnumber = "1"\nname = "n"\n'
FAILURE = "[[action.failure]]\nname = 'n'\nimpact = 1\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ACTION.replace('"a"', '"A b"'), "lower-case letters"),
        (ACTION.replace('"a"', '"-a"'), "lower-case letters"),
        (ACTION.replace('"a"', f'"{"a" * 65}"'), "lower-case letters"),
        (ACTION + "days = true\n", "it must be a number"),
        (ACTION + 'monthly = "12"\n', "it must be a number"),
        (ACTION + "monthly = -1\n", "at least 0"),
        (ACTION + "monthly = 1e13\n", "at most 1000000000000"),
        (ACTION + "needs = 'b'\n", "must be a list"),
        (ACTION + FAILURE + "probability = 1.01\n", "at most 1"),
        (ACTION + FAILURE + "probability = -0.5\n", "at least 0"),
        (ACTION + FAILURE, "probability is missing"),
        ('[[window]]\nid = "w"\nday = 2026-12-31\nkind = "end"\nname = "n"\n', "must be one of 'last-day'"),
        ('[[profile]]\nid = "p"\nname = { zh = "n" }\nrisk = 1\n', "name.en is missing"),
    ],
)
def test_both_refuse_the_same(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "own.toml").write_text(MINIMAL + text)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(as_json(MINIMAL + text), schema())
    with pytest.raises(ConfigError) as raised:
        read_catalogue(tmp_path / "own.toml")
    assert reason in raised.value.message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ACTION + FAILURE + "probability = nan\n", "it must be a number"),
        (ACTION + "monthly = 0.0000001\n", "at most 6 digits behind the point"),
        (ACTION + "monthly = inf\n", "it must be a number"),
        (ACTION.replace('"n"', r'"\u001b[31m"'), "that can be shown"),
        (ACTION.replace('"n"', r'"a\u202eb"'), "that can be shown"),
        ('[[window]]\nid = "w"\nday = "2026-12-31"\nkind = "ends"\nname = "n"\n', "a date without quotes"),
        ('[[window]]\nid = "w"\nday = 2026-12-31T00:00:00\nkind = "ends"\nname = "n"\n', "a date without quotes"),
        ('[[window]]\nid = "w"\nday = 2026-02-30\nkind = "ends"\nname = "n"\n', "is not valid TOML"),
    ],
)
def test_what_only_the_reader_can_refuse(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "own.toml").write_text(MINIMAL + text)

    with pytest.raises(ConfigError) as raised:
        read_catalogue(tmp_path / "own.toml")
    assert reason in raised.value.message
