"""``python -m playground`` and the command ``playground``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; the exit code: 0 done, 1 failed, 2 wrong arguments."""
    from playground.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
