"""in-toto statements: a predicate about subjects named by digest.

Specifications: https://github.com/in-toto/attestation/blob/v1.1.0/spec/v1/statement.md, and v0.1, which cosign
still writes for attestations. The bytes are signed and verified as they are, never serialised again.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from undercurrent.errors import BadContent, TooLarge, UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.oci.digest import Digest
from undercurrent.signing.predicates import COSIGN_SIGN, SPDX

__all__ = [
    "MAX_SUBJECTS",
    "Statement",
    "Subject",
    "build_attestation",
    "build_joint_attestation",
    "build_signature",
    "parse",
]

MAX_SUBJECTS: Final = 1024
"""As in sigstore-go."""
_V01: Final = "https://in-toto.io/Statement/v0.1"
_V1: Final = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about.

    Attributes:
        name: may be empty, as in cosign's signatures.
        digests: hexadecimal digits by algorithm.
        annotations: what the signer said about it; JSON values.
    """

    name: str
    digests: Mapping[str, str]
    annotations: Mapping[str, Any]

    def is_(self, digest: Digest) -> bool:
        """Whether this is the content that ``digest`` names."""
        return self.digests.get(digest.algorithm) == digest.encoded


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, beside the very bytes that are signed.

    Attributes:
        raw: those bytes.
        subjects: what it is about.
        predicate_type: URI.
        predicate: JSON values.
    """

    raw: bytes = field(repr=False)
    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: Any = field(repr=False)

    def about(self, digest: Digest) -> Subject | None:
        """The subject that ``digest`` names, if there is one."""
        return next((subject for subject in self.subjects if subject.is_(digest)), None)

    @property
    def digest(self) -> Digest:
        """Names the signed bytes: the same in every format, and on every image that the statement is about."""
        return Digest.of(self.raw)

    @property
    def predicate_bytes(self) -> bytes:
        """The predicate exactly as it stands in the signed bytes."""
        text, decoder = self.raw.decode(), json.JSONDecoder()
        position = _skip(text, 0) + 1
        while True:  # `parse` saw a well-formed object with a predicate in it
            key, position = decoder.raw_decode(text, _skip(text, position))
            start = _skip(text, _skip(text, position) + 1)
            end = decoder.raw_decode(text, start)[1]
            if key == "predicate":
                return text[start:end].encode()
            position = _skip(text, end) + 1


def _skip(text: str, position: int) -> int:
    while text[position] in " \t\r\n":
        position += 1
    return position


def build_signature(digest: Digest, annotations: Mapping[str, str]) -> bytes:
    """The statement that makes a bundle a signature, as ``cosign sign`` writes it: no name, no predicate."""
    subject = {"digest": {digest.algorithm: digest.encoded}, "annotations": dict(sorted(annotations.items()))}
    document = {"_type": _V1, "subject": [subject], "predicateType": COSIGN_SIGN, "predicate": {}}
    return _dump(document)


def build_attestation(name: str, digest: Digest, predicate_type: str, predicate: bytes) -> bytes:
    """The statement of an attestation, as ``cosign attest`` writes it; the predicate's bytes stay as they are.

    Args:
        name: of the image, without tag and digest.
        digest: of the image.
        predicate_type: URI.
        predicate: a JSON object; for SPDX also the tag-value text, which becomes a JSON string.

    Raises:
        UsageError: the predicate is something else.
    """
    return build_joint_attestation([(name, digest)], predicate_type, predicate)


def build_joint_attestation(subjects: Iterable[tuple[str, Digest]], predicate_type: str, predicate: bytes) -> bytes:
    """The statement of an attestation about several images; the same ones give the same bytes.

    Args:
        subjects: name, without tag and digest, and digest of each image.
        predicate_type: URI.
        predicate: as in `build_attestation`.

    Raises:
        UsageError: the predicate is something else, or there are more than MAX_SUBJECTS images.
    """
    distinct = sorted(set(subjects))
    if len(distinct) > MAX_SUBJECTS:
        raise UsageError(
            _("a statement is about at most {limit} images, and these are {count}").format(
                limit=MAX_SUBJECTS, count=len(distinct)
            ),
            hint=_("choose fewer images, or attest each on its own, without --joint"),
        )
    head = {
        "_type": _V01,
        "subject": [{"name": name, "digest": {digest.algorithm: digest.encoded}} for name, digest in distinct],
        "predicateType": predicate_type,
    }
    what = _("the predicate")
    try:
        strictjson.loads_object(predicate, what)
    except BadContent as error:
        text = _tag_value(predicate) if predicate_type == SPDX else None
        if text is None:
            raise UsageError(error.message, hint=_("a predicate is a JSON object")) from error
        predicate = _dump(text)
    return _dump(head)[:-1] + b',"predicate":' + predicate.strip() + b"}"


def _tag_value(predicate: bytes) -> str | None:
    """SPDX's tag-value text, if it is that."""
    with suppress(UnicodeDecodeError):
        text = predicate.decode()
        if text.lstrip().startswith("SPDXVersion:"):
            return text
    return None


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def parse(raw: bytes, what: str) -> Statement:
    """The statement that ``raw`` holds, version 1 or 0.1.

    Raises:
        BadContent: it is none, or not with one meaning.
        TooLarge: it has more than MAX_SUBJECTS subjects.
    """
    document = strictjson.loads_object(raw, what)
    subjects, predicate_type = document.get("subject"), document.get("predicateType")
    if (
        document.get("_type") not in (_V1, _V01)
        or not isinstance(subjects, list)
        or not isinstance(predicate_type, str)
        or "predicate" not in document
    ):
        raise BadContent(_("{what} is not an in-toto statement").format(what=what))
    if len(subjects) > MAX_SUBJECTS:
        raise TooLarge(_("{what} has more than {limit} subjects").format(what=what, limit=MAX_SUBJECTS))
    parsed = tuple(_subject(item, what) for item in subjects)
    return Statement(raw, parsed, predicate_type, document["predicate"])


def _subject(value: object, what: str) -> Subject:
    if isinstance(value, dict):
        name, digests, annotations = (value.get(key) for key in ("name", "digest", "annotations"))
        if (
            (name is None or isinstance(name, str))
            and (annotations is None or isinstance(annotations, dict))
            and isinstance(digests, dict)
            and all(isinstance(item, str) for item in digests.values())
        ):
            return Subject(name or "", digests, annotations or {})
    raise BadContent(_("{what} has a subject that is not valid").format(what=what))
