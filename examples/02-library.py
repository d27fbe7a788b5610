"""Finds every image of an OCI layout, signs it, and verifies it: the library, without the command line.

python 02-library.py LAYOUT KEY
"""

import asyncio
import os
import sys
from pathlib import Path

from undercurrent.oci.stores import Stores
from undercurrent.settings import load
from undercurrent.signing.checks import Trust
from undercurrent.signing.keys import load_signer
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, verify
from undercurrent.workflows.estate import Lost, Places, find


async def sign_and_verify(layout: Path, key: Path) -> bool:
    """Whether all images are verified afterwards."""
    settings = load().settings
    signer = load_signer(key, lambda: os.environb.get(b"COSIGN_PASSWORD", b""))
    verdicts = []
    async with Stores(settings) as stores:
        async for found in find(Places(layouts=(layout,)), stores, settings.images):
            if isinstance(found, Lost):
                raise found.error
            image = await found.open(stores)
            signed = await sign(image, KeySignatory(signer))
            verification = await verify(image, Trust((signer.public,)))
            print(image.name, verification.verdict, "now" if signed.added else "already", *verification.formats)
            verdicts.append(verification.verdict)
    return set(verdicts) == {Verdict.VERIFIED}


if __name__ == "__main__":
    sys.exit(not asyncio.run(sign_and_verify(Path(sys.argv[1]), Path(sys.argv[2]))))
