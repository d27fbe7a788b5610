"""The peers themselves: they start, and are what the other tests take them for."""

import http.client
import json
from base64 import b64encode
from collections.abc import Mapping

from tests.support.servers import RegistryServer

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
EMPTY_INDEX = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode()


def ask(
    server: RegistryServer, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(server.host, timeout=10)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_only_one_has_the_referrers_api(registry_server: RegistryServer, repository_name: str) -> None:
    base = f"/v2/{repository_name}"
    made = ask(registry_server, "PUT", f"{base}/manifests/empty", EMPTY_INDEX, {"Content-Type": OCI_INDEX})
    assert made[0] == 201
    status, body = ask(registry_server, "GET", f"{base}/referrers/sha256:{'0' * 64}")
    if registry_server.referrers_api:
        assert (status, json.loads(body)["manifests"]) == (200, [])
    else:
        assert status == 404


def test_guarded_registries_want_the_password(guarded_server: RegistryServer) -> None:
    assert ask(guarded_server, "GET", "/v2/")[0] == 401
    pair = b64encode(f"{guarded_server.username}:{guarded_server.password}".encode()).decode()
    assert ask(guarded_server, "GET", "/v2/", headers={"Authorization": f"Basic {pair}"})[0] == 200
