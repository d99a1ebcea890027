"""All measurements, one after the other: `python -m benchmarks`, or `make bench`."""

from __future__ import annotations

import subprocess
import sys

MEASUREMENTS = ("startup", "postings", "reading")

if __name__ == "__main__":
    sys.exit(max(subprocess.call([sys.executable, "-m", f"benchmarks.{name}"]) for name in MEASUREMENTS))
