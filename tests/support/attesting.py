"""One of several processes that attest at the same time: ``python -m tests.support.attesting``.

It waits for a line on its standard input, then attests so many predicates about one image, all at once.
"""

import asyncio
import json
import sys
from pathlib import Path

from undercurrent.oci.stores import Stores
from undercurrent.settings import NetSettings, Settings
from undercurrent.signing.attest import attest
from undercurrent.signing.keys import load_signer
from undercurrent.signing.signatory import KeySignatory

__all__ = ["PREDICATE_TYPE", "main"]

PREDICATE_TYPE = "https://example.com/at-the-same-time"


async def main(place: str, key: Path, process: int, count: int) -> None:
    """Attests ``count`` predicates, which no other process attests, about the image at ``place``."""
    signatory = KeySignatory(load_signer(key, b""))
    async with Stores(Settings(net=NetSettings())) as stores:
        image = await stores.image(place)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()

        async def one(number: int) -> None:
            predicate = json.dumps({"process": process, "number": number}).encode()
            await attest(image, predicate, PREDICATE_TYPE, signatory, where=stores.signatures_of)

        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                tasks.create_task(one(number))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
