"""Attestations that anybody may have attached: many, and large."""

import asyncio
import json
from pathlib import Path
from typing import Final

from tests.support.images import push_image
from tests.support.memory import LITTLE, peak_memory
from tests.support.signatures import push_referrer, signed_bundle

from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.signing import statement
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.places import PREDICATE_TYPE

VULN: Final = "https://cosign.sigstore.dev/attestation/vuln/v1"
COUNT: Final = 25
_EXAMINE: Final = """
import asyncio, sys
from pathlib import Path
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.signing.attached import attached
from undercurrent.signing.checks import Trust
from undercurrent.signing.keys import load_public
from undercurrent.signing.verify import Verdict, verify_attestation
async def main():
    layout = Layout.open(Path(sys.argv[1]))
    image = Image(layout, "app:1", await layout.resolve("app:1"))
    found = await verify_attestation(image, "vuln", Trust((load_public(sys.argv[2]),)))
    assert found.verdict is Verdict.UNTRUSTED and len(found.checks) == int(sys.argv[3]), found.verdict
    assert len((await attached(image)).attachments) == int(sys.argv[3])
asyncio.run(main())
"""


async def test_many_large_ones_of_a_stranger_are_not_kept(tmp_path: Path) -> None:
    layout = Layout.open(tmp_path / "images", create=True)
    manifest = await push_image(layout, {"etc/motd": b"hello"}, "app:1")
    image = Image(layout, "app:1", manifest.descriptor)
    stranger, trusted = PrivateKey.generate(), tmp_path / "trusted.pub"
    trusted.write_text(PrivateKey.generate().public.pem)
    for number in range(COUNT):
        # Each takes ten megabytes when it is read.
        predicate = json.dumps({"number": number, "found": [f"CVE-{item:08}" for item in range(100_000)]}).encode()
        payload = statement.build_attestation("app", image.digest, VULN, predicate)
        await push_referrer(image, await signed_bundle(payload, stranger), {PREDICATE_TYPE: VULN})

    peak = await asyncio.to_thread(peak_memory, _EXAMINE, str(layout.path), str(trusted), str(COUNT))

    assert peak < 1.5 * LITTLE
