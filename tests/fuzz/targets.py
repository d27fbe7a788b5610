"""What is fuzzed: whatever reads bytes that a stranger may have written.

A target takes bytes and returns, or raises an `UndercurrentError`; all else is a bug, and so is taking long. Where
something can be said about what was read, the target asserts it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from multidict import CIMultiDict, CIMultiDictProxy
from tests.fuzz import hardened, seeds, trust
from tests.fuzz.files import archive, catalogue, catalogues, config_file, key_file, layer, settings_file
from tests.fuzz.registries import answered, challenged
from tests.fuzz.signatures import attested, signed
from tests.support.notation import policy

from undercurrent.errors import UndercurrentError
from undercurrent.net import Answer, excerpt, redact
from undercurrent.net.retry import retry_after
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.digest import Digest, is_digest
from undercurrent.oci.files.layoutindex import LayoutIndex
from undercurrent.oci.manifest import Index, parse
from undercurrent.oci.reference import Reference
from undercurrent.oci.registry.answers import codes_in, refusal
from undercurrent.oci.registry.pages import next_page
from undercurrent.sbom.document import FORMATS, read_packages
from undercurrent.signing import bundle, dsse, predicates, simplesigning, statement

__all__ = ["TARGETS", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """Something that is fuzzed.

    Attributes:
        run: takes input.
        seeds: gives input that is right.
        kind: of the input: which mutations fit it.
        weight: how much of the time of the tests it gets, in hundredths of an even share.
    """

    run: Callable[[bytes], object]
    seeds: Callable[[], tuple[bytes, ...]]
    kind: str = "json"
    weight: int = 100

    def __call__(self, data: bytes) -> None:
        """Runs it.

        Raises:
            Exception: whatever is no error of ours.
        """
        try:
            self.run(data)
        except UndercurrentError as error:
            if not error.message or not error.code:
                raise AssertionError("an error that says nothing") from error


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _reference(data: bytes) -> None:
    found = Reference.parse(_text(data))
    assert Reference.parse(str(found)) == found
    assert not set(str(found)) & set(" \0\n\x1b?#%\\")
    assert ".." not in found.repository.split("/")


def _digest(data: bytes) -> None:
    found = Digest(_text(data))
    assert is_digest(found)
    found.matches(data)


def _platform(data: bytes) -> None:
    assert str(Platform.parse(_text(data))) == _text(data)


def _json(data: bytes) -> None:
    value = strictjson.loads(data, "it")
    assert json.loads(json.dumps(value, indent=1)) == value == json.loads(data)


def _descriptor(data: bytes) -> None:
    found = Descriptor.from_dict(strictjson.loads(data, "it"))
    again = Descriptor.from_dict(json.loads(json.dumps(found.to_dict())))
    assert (again.digest, again.size, again.platform) == (found.digest, found.size, found.platform)


def _manifest(data: bytes) -> None:
    for media_type in ("", mediatypes.OCI_MANIFEST, mediatypes.OCI_INDEX, "text/html"):
        try:
            found = parse(data, media_type)
        except UndercurrentError:
            continue
        assert found.raw is data
        assert isinstance(found, Index) == (found.media_type in mediatypes.INDEXES)
        found.referrer.to_dict()


def _layout_index(data: bytes) -> None:
    index = LayoutIndex.parse(data, "it")
    assert LayoutIndex.parse(index.dump(), "it").entries == index.entries
    for name in index.names:
        entry = index.find(name)
        assert entry is not None
        index.without_name(name)
    for entry in index.entries:
        entry.descriptor  # noqa: B018 - it may raise


def _bundle(data: bytes) -> None:
    found = bundle.parse(data, "it")
    if found.envelope is not None:
        statement.parse(found.envelope.payload, "it")


def _envelope(data: bytes) -> None:
    found = dsse.from_json(strictjson.loads(data, "it"), "it")
    assert dsse.from_json(found.to_json(), "it").payload == found.payload
    dsse.pae(found.payload_type, found.payload)


def _statement(data: bytes) -> None:
    found = statement.parse(data, "it")
    assert json.loads(found.predicate_bytes) == found.predicate
    found.about(Digest("sha256:" + "0" * 64))
    predicates.short_name(predicates.predicate_uri(found.predicate_type))


def _payload(data: bytes) -> None:
    assert simplesigning.parse(data, "it").raw is data


def _answer(status: int, body: bytes, **headers: str) -> Answer:
    return Answer(status, CIMultiDictProxy(CIMultiDict(headers)), "https://registry.example/v2/a/tags/list", body)


def _link(data: bytes) -> None:
    found = next_page(_answer(200, b"", Link=_text(data)))
    assert found is None or found.startswith(("https://registry.example/", "https://registry.example:", "http://reg"))


def _refusal(data: bytes) -> None:
    codes_in(data)
    for status in (400, 401, 404, 405, 413, 418):
        _printable(refusal(status, data, host="h", what="w", writing=bool(status % 2)).message)


def _message(data: bytes) -> None:
    redact(_text(data))
    line = excerpt(_text(data))
    _printable(line)
    assert len(line) <= 200


def _printable(line: str) -> None:
    assert line.isprintable(), line


def _wait(data: bytes) -> None:
    found = retry_after({"Retry-After": _text(data)})
    assert found is None or 0 <= found < 1e9


def _packages(data: bytes) -> None:
    for format_ in FORMATS.values():
        try:
            read_packages(data, format_)
        except UndercurrentError:
            continue


_SBOMS: Final = seeds.texts(
    '{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"a","name":"n","versionInfo":"1","externalRefs":[{"referenceType":'
    '"purl","referenceLocator":"pkg:a/b"}]}],"relationships":[{"relationshipType":"DESCRIBES","relatedSpdxElement":"b"}]}',
    '{"bomFormat":"CycloneDX","components":[{"type":"library","name":"n","version":"1","purl":"pkg:a/b"}]}',
)


def _only(part: bytes) -> Callable[[], tuple[bytes, ...]]:
    return lambda: tuple(blob for blob in seeds.blobs() if part in blob)


def _statements() -> tuple[bytes, ...]:
    found = [bundle.parse(blob, "it").envelope for blob in _only(b"verificationMaterial")()]
    return tuple(envelope.payload for envelope in found if envelope is not None)


TARGETS: Final[dict[str, Target]] = {
    "reference": Target(
        _reference,
        lambda: seeds.texts(
            "ghcr.io/acme/app:1.0",
            "localhost:5000/a",
            "[::1]:80/a/b@sha256:" + "0" * 64,
            "ubuntu",
            "docker.io/library/x:y",
        ),
        "text",
    ),
    "digest": Target(_digest, lambda: seeds.texts("sha256:" + "0" * 64, "sha512:" + "a" * 128), "text"),
    "platform": Target(_platform, lambda: seeds.texts("linux/amd64", "linux/arm/v7"), "text"),
    "strictjson": Target(_json, lambda: (*seeds.blobs()[:8], b'{"a":[1,2.5,"\\ud83d\\ude00",null,true]}')),
    "descriptor": Target(
        _descriptor,
        lambda: seeds.texts(
            '{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:' + "0" * 64 + '","size":7,'
            '"platform":{"os":"linux","architecture":"arm","variant":"v7","os.version":"1"},"annotations":{"a":"b"},'
            '"artifactType":"x/y","urls":["https://e.example/"],"data":"YQ=="}'
        ),
    ),
    "manifest": Target(_manifest, _only(b'"schemaVersion"')),
    "layout-index": Target(_layout_index, lambda: ((seeds.RECORDED / "layout" / "index.json").read_bytes(),)),
    "bundle": Target(_bundle, seeds.bundles),
    "dsse": Target(_envelope, _only(b'"payloadType"')),
    "statement": Target(_statement, _statements),
    "simple-signing": Target(_payload, _only(b"docker-manifest-digest")),
    "signature": Target(signed.run, signed.seeds),
    "attestation": Target(attested.run, attested.seeds),
    "key-file": Target(key_file, seeds.key_files, "pem", 25),
    "archive": Target(archive, seeds.archives, "tar"),
    "layer": Target(layer, seeds.layer_tars, "tar"),
    "challenge": Target(
        challenged,
        lambda: seeds.texts(
            'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
            'Negotiate, Basic realm="a, b=c \\"quoted\\""',
            '{"token":"abc","expires_in":300}',
        ),
        "text",
    ),
    "link": Target(
        _link, lambda: seeds.texts('</v2/a/tags/list?n=2&last=x>; rel="next"', "<b>;rel=prev, <c>; rel=next"), "text"
    ),
    "http": Target(answered.run, answered.seeds, "text", 50),
    "credentials": Target(
        config_file,
        lambda: seeds.texts(
            '{"auths":{"https://index.docker.io/v1/":{"auth":"YW5uOnB3"},"ghcr.io":{"username":"a","password":"b"},'
            '"x.io":{"identitytoken":"t"}},"credHelpers":{"gcr.io":"none"},"credsStore":""}'
        ),
    ),
    "settings": Target(
        settings_file,
        lambda: seeds.texts('[net]\ntimeout_s = 5.0\nplain_http = ["localhost:5000"]\n[signing]\nkey = "cosign.key"\n'),
        "text",
    ),
    "dockerfile": Target(hardened.dockerfile, hardened.dockerfiles, "text", 50),
    "shell": Target(hardened.shell, hardened.scripts, "text", 50),
    "yaml": Target(hardened.yaml, hardened.manifests, "text", 50),
    "catalogue": Target(catalogue, catalogues, "text", 25),
    "refusal": Target(_refusal, lambda: seeds.texts('{"errors":[{"code":"DENIED","message":"no","detail":{}}]}')),
    "message": Target(
        _message, lambda: seeds.texts("GET https://ann:pw@ghcr.io/?token=x&sig=y", "Authorization: Bearer abc"), "text"
    ),
    "retry-after": Target(_wait, lambda: seeds.texts("30", "Wed, 01 Jul 2026 14:00:30 +0200"), "text"),
    "trusted-root": Target(trust.trusted_root, trust.roots),
    "trust-config": Target(trust.trust_config, trust.trust_configs),
    "proved-bundle": Target(trust.proved, trust.bundles),
    "certificate": Target(trust.certificate, trust.certificates_made, "bytes"),
    "timestamp": Target(trust.timestamp, trust.timestamps_made, "bytes"),
    "log-entry": Target(trust.log_entry, trust.entries_made),
    "checkpoint": Target(trust.checkpoint, trust.checkpoints_made, "text"),
    "fulcio": Target(trust.answer_of_fulcio, trust.answers_of_fulcio),
    "rekor": Target(trust.answer_of_rekor, trust.answers_of_rekor),
    "identity-token": Target(trust.token, trust.tokens, "text"),
    "notation": Target(trust.notation_envelope, trust.notation_envelopes, "envelope"),
    "notation-trust-policy": Target(
        trust.trust_policy, lambda: (json.dumps({"version": "1.0", "trustPolicies": [policy()]}).encode(),)
    ),
    "notation-subject": Target(
        trust.subject,
        lambda: seeds.texts("C=US, ST=WA, O=acme, CN=release", "c=US;stateOrProvinceName=WA;O=a\\,b"),
        "text",
    ),
    "policy": Target(trust.policy, trust.policies, "text"),
    "key-uri": Target(
        trust.key_uri,
        lambda: seeds.texts(
            "pkcs11:token=acme;object=release;id=%01%02?module-path=/usr/lib/x.so&pin-source=file:/pin"
        ),
        "text",
    ),
    "sbom": Target(_packages, lambda: _SBOMS),
}
"""By name."""
