#!/usr/bin/env python3
"""packages.py - the image is built with the same packages as everything else: Dockerfile and deploy/lib.sh agree."""
import re

from common import finish, read


def main():
    wanted = set(re.search(r"BUILD_PACKAGES=\((.*?)\)", read("deploy/lib.sh"), re.S).group(1).split())
    stage = read("deploy/Dockerfile").split("\nFROM ")[1]
    problems = [f"deploy/Dockerfile: the build stage lacks {name}" for name in sorted(wanted)
                if not re.search(rf"(?<!\S){re.escape(name)}(?!\S)", stage)]
    finish("packages", problems)


if __name__ == "__main__":
    main()
