"""``make bench``: runs every benchmark, or those that are named, and keeps the raw data of each in bench/results."""

import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
NAMES = ("auditing", "help_time", "one_image", "root_users", "signing", "standing")


def main() -> None:
    """Runs them one after the other."""
    RESULTS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or NAMES:
        raw = RESULTS / f"{name}.json"
        subprocess.run([sys.executable, "-m", f"bench.{name}", "--raw", raw], check=True)


if __name__ == "__main__":
    main()
