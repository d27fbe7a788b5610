"""What is decided about real images in a layout, signed with real keys: each verdict, and each way to be fooled."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.signatures import FailingLayout, push_referrer, signed_bundle
from tests.unit.signing.policy.conftest import MakePolicy

from undercurrent.errors import RateLimited, UndercurrentError
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.policy.deciding import decide
from undercurrent.signing.policy.decision import Decision
from undercurrent.signing.policy.policy import Policy
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.statement import build_attestation
from undercurrent.signing.verify import Verdict

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BUNDLE, LEGACY = (Format.BUNDLE,), (Format.LEGACY,)
SIGNED = """
[[rule]]
name = "production"
images = ["registry.example/acme/**"]
signed_by = ["release"]
"""
BOTH_SIGN = SIGNED.replace('["release"]', '["release", "ci"]')
PROVENANCE = """
[[rule.attestation]]
type = "slsaprovenance1"
by = ["ci"]
where = [{ field = "runDetails.builder.id", equals = "https://ci.example" }]
"""
SCAN = """
[[rule]]
name = "scanned"
images = ["**"]
[[rule.attestation]]
type = "vuln"
by = ["ci"]
where = [
  { field = "metadata.scanFinishedOn", max_age_days = 7 },
  { field = "scanner.result.critical", at_most = 0 },
]
"""


def built_by(builder: str) -> bytes:
    return json.dumps({"runDetails": {"builder": {"id": builder}}}).encode()


def scan(critical: int, days_ago: float) -> bytes:
    when = f"{NOW - timedelta(days=days_ago):%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps({"scanner": {"result": {"critical": critical}}, "metadata": {"scanFinishedOn": when}}).encode()


async def decided(image: Image, policy: Policy) -> Decision:
    return await decide(image, policy, now=NOW)


def outcome(decision: Decision) -> tuple[Verdict, str]:
    return decision.verdict, decision.reason


async def signs(image: Image, *keys: PrivateKey, formats: tuple[Format, ...] = (*BUNDLE, *LEGACY), **more: Any) -> None:
    for key in keys:
        await sign(image, KeySignatory(key), formats=formats, **more)


async def attests(image: Image, kind: str, predicate: bytes, *keys: PrivateKey) -> None:
    for key in keys:
        await attest(image, predicate, kind, KeySignatory(key))


@pytest.mark.parametrize(
    ("row", "verdict", "reason"),
    [
        ("legacy", Verdict.VERIFIED, ""),
        ("bundle", Verdict.VERIFIED, ""),
        ("both", Verdict.VERIFIED, ""),
        ("unsigned", Verdict.UNSIGNED, "unsigned"),
        ("wrong key", Verdict.UNTRUSTED, "untrusted-key"),
        # An attestation is no signature, though cosign 3.1.3 and two modes of Kyverno take it for one.
        ("attonly", Verdict.UNSIGNED, "unsigned"),
        # Legacy by the key that is asked for, a bundle by another one.
        ("mixed", Verdict.VERIFIED, ""),
        ("mixed, the other way", Verdict.VERIFIED, ""),
    ],
)
async def test_the_rows_that_other_policy_engines_disagree_about(
    make_policy: MakePolicy,
    image: Image,
    signer: PrivateKey,
    stranger: PrivateKey,
    row: str,
    verdict: Verdict,
    reason: str,
) -> None:
    match row:
        case "legacy" | "bundle" | "both":
            await signs(image, signer, formats={"legacy": LEGACY, "bundle": BUNDLE, "both": (*BUNDLE, *LEGACY)}[row])
        case "wrong key":
            await signs(image, stranger)
        case "attonly":
            await attests(image, "slsaprovenance1", built_by("https://ci.example"), signer)
        case "mixed":
            await signs(image, signer, formats=LEGACY)
            await signs(image, stranger, formats=BUNDLE)
        case "mixed, the other way":
            await signs(image, stranger, formats=LEGACY)
            await signs(image, signer, formats=BUNDLE)

    decision = await decided(image, make_policy(SIGNED))

    assert outcome(decision) == (verdict, reason)
    assert decision.makers == ((signer.public,) if verdict is Verdict.VERIFIED else ())


async def test_no_rule_denies_unless_told_otherwise(make_policy: MakePolicy, image: Image) -> None:
    rule = SIGNED.replace("registry.example", "elsewhere.example")
    allowing = make_policy(rule + '\n[[rule]]\nname = "any"\nimages = ["registry.example/*/app"]\nallow = true')

    denied = await decided(image, make_policy(rule))

    assert outcome(denied) == (Verdict.DENIED, "no-rule")
    assert [rule.name for rule, _match in denied.passed_over] == ["production"]
    assert outcome(await decided(image, allowing)) == (Verdict.ALLOWED, "")
    assert outcome(await decided(image, replace(make_policy(rule), allow_others=True))) == (Verdict.ALLOWED, "no-rule")


async def test_all_rules_that_match_hold(
    make_policy: MakePolicy, image: Image, signer: PrivateKey, stranger: PrivateKey
) -> None:
    policy = make_policy(SIGNED + SCAN + '\n[[rule]]\nname = "any"\nimages = ["**"]\nallow = true')
    await signs(image, signer)

    before = await decided(image, policy)
    await attests(image, "vuln", scan(0, 1), stranger)
    after = await decided(image, policy)

    assert outcome(before) == (Verdict.DENIED, "attestation-missing")
    assert [one.rule.name for one in before.applied] == ["production", "scanned", "any"]
    assert [requirement.verdict for requirement in before.requirements] == [Verdict.VERIFIED, Verdict.DENIED]
    assert outcome(after) == (Verdict.VERIFIED, "")
    assert after.makers == (signer.public, stranger.public)


async def test_an_exception_leaves_out_and_a_digest_names_one_build(make_policy: MakePolicy, image: Image) -> None:
    excepted = make_policy(SIGNED + f'except = ["**/app@{image.digest}"]')
    other_build = make_policy(SIGNED + f'except = ["**/app@sha256:{"0" * 64}"]')

    decision = await decided(image, excepted)

    assert outcome(decision) == (Verdict.DENIED, "no-rule")
    assert str(decision.passed_over[0][1].pattern and decision.passed_over[0][1].pattern.text).startswith("**/app@")
    assert outcome(await decided(image, other_build)) == (Verdict.UNSIGNED, "unsigned")


@pytest.mark.parametrize(
    ("require", "who", "verdict"),
    [
        ('"all"', ("release", "ci"), Verdict.VERIFIED),
        # What one has signed is nothing bad: the other one has not.
        ('"all"', ("release",), Verdict.DENIED),
        ('"any"', ("ci",), Verdict.VERIFIED),
        ('"any"', (), Verdict.UNSIGNED),
        ("2", ("release",), Verdict.DENIED),
        ("2", ("release", "ci"), Verdict.VERIFIED),
        ("1", ("release",), Verdict.VERIFIED),
    ],
)
async def test_quorums(
    make_policy: MakePolicy,
    image: Image,
    signer: PrivateKey,
    stranger: PrivateKey,
    require: str,
    who: tuple[str, ...],
    verdict: Verdict,
) -> None:
    keys = {"release": signer, "ci": stranger}
    await signs(image, *(keys[name] for name in who))

    decision = await decided(image, make_policy(BOTH_SIGN + f"require = {require}"))

    assert decision.verdict is verdict


async def test_a_stranger_among_those_who_were_asked_is_told_of(
    make_policy: MakePolicy, image: Image, signer: PrivateKey
) -> None:
    await signs(image, signer)
    alone = await decided(image, make_policy(BOTH_SIGN))
    await signs(image, PrivateKey.generate())

    with_stranger = await decided(image, make_policy(BOTH_SIGN))

    assert outcome(alone) == (Verdict.DENIED, "signature-missing")
    assert outcome(with_stranger) == (Verdict.UNTRUSTED, "untrusted-key")


async def test_what_was_attested_wrongly_is_told_before_what_was_not_attested(
    make_policy: MakePolicy, image: Image, signer: PrivateKey, stranger: PrivateKey
) -> None:
    policy = make_policy(SCAN.replace('["ci"]', '["release", "ci"]\nrequire = "any"'))
    await attests(image, "vuln", scan(3, 1), stranger)

    decision = await decided(image, policy)

    assert outcome(decision) == (Verdict.DENIED, "condition-not-met")
    assert [answer.reason for answer in decision.requirements[0].answers] == [
        "attestation-missing",
        "condition-not-met",
    ]


async def test_one_key_cannot_stand_for_two(make_policy: MakePolicy, image: Image, signer: PrivateKey) -> None:
    alias = '\n[[authority]]\nname = "alias"\nkeys = ["release.pub", "ci.pub"]\n'
    rule = SIGNED.replace('["release"]', '["alias", "release"]')
    policy = make_policy(alias + rule)
    await signs(image, signer)

    decision = await decided(image, policy)

    assert outcome(decision) == (Verdict.DENIED, "same-maker")
    assert outcome(await decided(image, make_policy(alias + rule + 'require = "any"'))) == (Verdict.VERIFIED, "")


async def test_who_may_be_several_is_given_the_key_that_leaves_the_other_one_free(
    make_policy: MakePolicy, image: Image, signer: PrivateKey, stranger: PrivateKey
) -> None:
    alias = '\n[[authority]]\nname = "alias"\nkeys = ["release.pub", "ci.pub"]\n'
    await signs(image, signer, stranger)

    decision = await decided(image, make_policy(alias + SIGNED.replace('["release"]', '["alias", "release"]')))

    assert outcome(decision) == (Verdict.VERIFIED, "")


async def test_annotations_are_asked_for(make_policy: MakePolicy, image: Image, signer: PrivateKey) -> None:
    policy = make_policy(SIGNED + 'annotations = { team = "web" }')
    await signs(image, signer)

    without = await decided(image, policy)
    await signs(image, signer, annotations={"team": "web"})

    assert outcome(without) == (Verdict.UNTRUSTED, "annotations-differ")
    assert outcome(await decided(image, policy)) == (Verdict.VERIFIED, "")


async def test_conditions_decide_on_what_is_attested(
    make_policy: MakePolicy, image: Image, signer: PrivateKey, stranger: PrivateKey
) -> None:
    policy = make_policy(SIGNED + PROVENANCE)
    await signs(image, signer)

    await attests(image, "slsaprovenance1", built_by("https://ci.example"), signer)
    by_another = await decided(image, policy)
    await attests(image, "slsaprovenance1", built_by("https://laptop.example"), stranger)
    elsewhere = await decided(image, policy)
    await attests(image, "slsaprovenance1", built_by("https://ci.example"), stranger)
    good = await decided(image, policy)

    assert outcome(by_another) == (Verdict.UNTRUSTED, "untrusted-key")
    assert outcome(elsewhere) == (Verdict.DENIED, "condition-not-met")
    assert elsewhere.message == (
        'slsaprovenance1: ci: runDetails.builder.id is "https://laptop.example" '
        '(asked for: runDetails.builder.id is "https://ci.example")'
    )
    # One that fulfils all of it is enough, unless the policy says otherwise.
    assert outcome(good) == (Verdict.VERIFIED, "")
    assert good.makers == (signer.public, stranger.public)


async def test_one_attestation_has_to_fulfil_all_conditions(
    make_policy: MakePolicy, image: Image, stranger: PrivateKey
) -> None:
    policy = make_policy(SCAN)
    await attests(image, "vuln", scan(0, 30), stranger)
    await attests(image, "vuln", scan(3, 1), stranger)

    decision = await decided(image, policy)

    assert outcome(decision) == (Verdict.DENIED, "condition-not-met")
    assert len(decision.requirements[0].answers[0].weighed) == 2


@pytest.mark.parametrize(
    ("more", "scans", "verdict", "reason"),
    [
        ("every = true", [(0, 1), (0, 2)], Verdict.VERIFIED, ""),
        ("every = true", [(0, 1), (3, 2)], Verdict.DENIED, "condition-not-met"),
        ('newest = "metadata.scanFinishedOn"', [(3, 2), (0, 1)], Verdict.VERIFIED, ""),
        ('newest = "metadata.scanFinishedOn"', [(0, 2), (3, 1)], Verdict.DENIED, "condition-not-met"),
        # Two of the same moment: neither is newer.
        ('newest = "metadata.scanFinishedOn"', [(0, 1), (3, 1)], Verdict.DENIED, "condition-not-met"),
        # A clock that was wrong once does not decide for ever.
        ('newest = "metadata.scanFinishedOn"', [(0, 1), (3, -400)], Verdict.VERIFIED, ""),
        ('newest = "metadata.scanFinishedOn"', [(0, -400)], Verdict.DENIED, "attestation-without-time"),
        ('newest = "nothing"', [(0, 1)], Verdict.DENIED, "attestation-without-time"),
    ],
)
async def test_every_one_or_the_newest(
    make_policy: MakePolicy,
    image: Image,
    stranger: PrivateKey,
    more: str,
    scans: list[tuple[int, float]],
    verdict: Verdict,
    reason: str,
) -> None:
    for critical, days_ago in scans:
        await attests(image, "vuln", scan(critical, days_ago), stranger)

    decision = await decided(image, make_policy(SCAN.replace("where", more + "\nwhere")))

    assert outcome(decision) == (verdict, reason)


async def test_an_attestation_of_another_image_counts_for_nothing(
    make_policy: MakePolicy, image: Image, other_image: Image, stranger: PrivateKey
) -> None:
    payload = build_attestation(
        "app", other_image.digest, "https://cosign.sigstore.dev/attestation/vuln/v1", scan(0, 1)
    )
    await push_referrer(image, await signed_bundle(payload, stranger))

    assert outcome(await decided(image, make_policy(SCAN))) == (Verdict.UNTRUSTED, "other-image")


def silent_at(layout: Layout, *parts: str) -> FailingLayout:
    """``layout``, of which calls about any of ``parts`` get no answer."""

    def failure(method: str, about: str) -> UndercurrentError | None:
        return RateLimited("too many requests") if any(part in f"{method} {about}" for part in parts) else None

    return FailingLayout(layout, failure)


@pytest.mark.parametrize(
    ("silent", "signed", "verdict"),
    [
        ((), True, Verdict.VERIFIED),
        # What is signed in one place need not be found in the other.
        (("referrers",), True, Verdict.VERIFIED),
        ((".sig",), True, Verdict.VERIFIED),
        (("referrers", ".sig"), True, Verdict.COULD_NOT_CHECK),
        (("referrers",), False, Verdict.COULD_NOT_CHECK),
        ((".sig",), False, Verdict.COULD_NOT_CHECK),
        (("manifest",), True, Verdict.COULD_NOT_CHECK),
    ],
)
async def test_silence_is_no_answer(
    make_policy: MakePolicy,
    layout: Layout,
    image: Image,
    signer: PrivateKey,
    silent: tuple[str, ...],
    signed: bool,
    verdict: Verdict,
) -> None:
    if signed:
        await signs(image, signer)

    decision = await decided(replace(image, store=silent_at(layout, *silent)), make_policy(SIGNED))

    assert decision.verdict is verdict
    assert decision.reason == ("rate-limited" if verdict is Verdict.COULD_NOT_CHECK else "")


async def test_a_sure_no_outweighs_silence_and_silence_outweighs_a_yes(
    make_policy: MakePolicy, layout: Layout, image: Image, signer: PrivateKey
) -> None:
    await signs(image, signer)
    silent = replace(image, store=silent_at(layout, ".att"))
    nowhere = SIGNED.replace("production", "other").replace("release", "ci")

    assert (await decided(silent, make_policy(SIGNED + SCAN))).verdict is Verdict.COULD_NOT_CHECK
    assert (await decided(silent, make_policy(SIGNED + nowhere + SCAN))).verdict is Verdict.UNTRUSTED


@pytest.mark.parametrize(
    ("more", "critical", "silent", "verdict"),
    [
        ("", 0, ".att", Verdict.VERIFIED),
        ("", 3, ".att", Verdict.COULD_NOT_CHECK),
        # One that was not seen may be the newest, or the bad one.
        ("every = true\n", 0, ".att", Verdict.COULD_NOT_CHECK),
        ('newest = "metadata.scanFinishedOn"\n', 0, ".att", Verdict.COULD_NOT_CHECK),
        ('newest = "metadata.scanFinishedOn"\n', 3, ".att", Verdict.COULD_NOT_CHECK),
        ("every = true\n", 3, ".att", Verdict.DENIED),
    ],
)
async def test_what_was_not_seen_may_be_what_decides(
    make_policy: MakePolicy,
    layout: Layout,
    image: Image,
    stranger: PrivateKey,
    more: str,
    critical: int,
    silent: str,
    verdict: Verdict,
) -> None:
    await attest(image, scan(critical, 1), "vuln", KeySignatory(stranger), formats=BUNDLE)
    policy = make_policy(SCAN.replace("where", more + "where"))

    decision = await decided(replace(image, store=silent_at(layout, silent)), policy)

    assert decision.verdict is verdict


async def test_a_quorum_of_which_one_did_not_answer_cannot_be_checked(
    make_policy: MakePolicy, layout: Layout, image: Image, signer: PrivateKey
) -> None:
    await signs(image, signer, formats=BUNDLE)
    silent = replace(image, store=silent_at(layout, ".sig"))
    third = '\n[[authority]]\nname = "third"\nkeys = ["ci.pub"]\n'

    two = await decided(silent, make_policy(BOTH_SIGN))

    assert outcome(two) == (Verdict.COULD_NOT_CHECK, "rate-limited")
    assert outcome(await decided(silent, make_policy(third + BOTH_SIGN + 'require = "any"'))) == (Verdict.VERIFIED, "")


async def test_every_platform_where_that_is_asked_for(
    make_policy: MakePolicy, index: Image, signer: PrivateKey
) -> None:
    on_index, on_all = make_policy(SIGNED), make_policy(SIGNED + 'platforms = "all"')
    await signs(index, signer)

    half = await decided(index, on_all)
    for leaf in await index.platforms():
        await signs(leaf, signer)
    whole = await decided(index, on_all)

    assert outcome(await decided(index, on_index)) == (Verdict.VERIFIED, "")
    assert outcome(half) == (Verdict.UNSIGNED, "unsigned")
    assert half.message.startswith("linux/amd64: ")
    assert [one.verdict for one in half.platforms] == [Verdict.UNSIGNED, Verdict.UNSIGNED]
    assert outcome(whole) == (Verdict.VERIFIED, "")


async def test_everything_is_fetched_once(
    make_policy: MakePolicy, layout: Layout, image: Image, signer: PrivateKey, stranger: PrivateKey
) -> None:
    await signs(image, signer, stranger)
    await attests(image, "vuln", scan(0, 1), stranger, signer)
    counting = silent_at(layout)
    again = BOTH_SIGN.replace("production", "again")
    scans = SCAN.replace('["ci"]', '["ci", "release"]')

    decision = await decided(replace(image, store=counting), make_policy(SIGNED + again + scans))

    assert decision.verdict is Verdict.VERIFIED
    assert len(counting.calls) == len(set(counting.calls))


async def test_what_is_not_what_its_digest_says_is_untrusted(
    make_policy: MakePolicy, layout: Layout, image: Image, signer: PrivateKey
) -> None:
    await signs(image, signer)
    path = layout.path / "blobs" / "sha256" / image.digest.encoded
    path.write_bytes(path.read_bytes() + b" ")

    decision = await decided(image, make_policy(SIGNED))

    assert outcome(decision) == (Verdict.UNTRUSTED, "digest-mismatch")
