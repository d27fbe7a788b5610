"""Lists of revoked certificates (CRL) in files: PEM or DER, one or many."""

import re
from pathlib import Path
from typing import Final

from cryptography import x509

from undercurrent.errors import ConfigError
from undercurrent.i18n import translate as _
from undercurrent.signing.notation.truststore import read_file

__all__ = ["MAX_FILE", "read"]

MAX_FILE: Final = 64 * 1024 * 1024
"""Bytes of a file; lists of public authorities have some millions."""
_BLOCK: Final = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_SUFFIXES: Final = frozenset({".crl", ".pem", ".der"})


def read(path: Path) -> tuple[x509.CertificateRevocationList, ...]:
    """The lists in a file, or in the files of a folder that end in ``.crl``, ``.pem`` or ``.der``.

    Whether they are genuine is not looked at: only whoever issued the certificates can say.

    Raises:
        ConfigError: there is no such file, or something in it is no list.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
        return tuple(found for file in files for found in _load(file))
    return tuple(_load(path))


def _load(path: Path) -> list[x509.CertificateRevocationList]:
    content = read_file(path, MAX_FILE)
    try:
        lists = [x509.load_pem_x509_crl(block) for block in _BLOCK.findall(content)]
        lists = lists or [x509.load_der_x509_crl(content)]
        for item in lists:
            item.extensions, item.issuer, item.next_update_utc  # noqa: B018 - reads them, so that nothing later fails
    except Exception as error:  # what is damaged makes it raise several kinds, KeyError among them
        raise ConfigError(
            _("{path} holds no list of revoked certificates that can be read").format(path=path),
            hint=_("a list (CRL) is a file as whoever issued the certificates publishes it"),
        ) from error
    return lists
