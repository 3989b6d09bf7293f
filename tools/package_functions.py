"""`make package`: stage `build/functions/<name>/`, zip `build/packages/<name>.zip`, say what came out."""

from __future__ import annotations

import sys

from regen.local.packaging import PackagingError, package_functions


def main() -> int:
    """Package every function."""
    try:
        packages = package_functions()
    except PackagingError as error:
        print(error, file=sys.stderr)
        return 1
    for package in packages.values():
        size = package.archive.stat().st_size
        print(f"{package.name:<12} {len(package.files):>4} files {size / 1024:>7.0f} KiB  sha256 {package.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
