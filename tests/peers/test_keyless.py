"""uc and cosign sign with identities, on one sigstore, and believe each other."""

from urllib.parse import urlsplit

from tests.support.servers import status_of
from tests.support.sigstore_stack import Sigstore


def test_every_service_answers(sigstore: Sigstore) -> None:
    for url, path in (
        (sigstore.urls.fulcio, "/api/v2/trustBundle"),
        (sigstore.urls.rekor, "/healthz"),
        (sigstore.urls.timestamps, "/ping"),
        (sigstore.urls.issuer, "/people/.well-known/openid-configuration"),
    ):
        assert status_of(urlsplit(url).netloc, path) == 200
