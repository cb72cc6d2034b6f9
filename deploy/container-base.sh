#!/bin/bash
# deploy/container-base.sh - makes debian:trixie-slim where no image registry can be reached, from Debian's archive, so
# that the Dockerfile's ordinary FROM resolves locally. Root or sudo; safe to run again. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/lib.sh

image=docker.io/library/debian:trixie-slim
need_packages podman runc buildah netavark aardvark-dns iptables
as_root podman image exists "$image" && exit 0
if timeout 60 podman pull --quiet "$image" >/dev/null 2>&1; then
    exit 0
fi
say "no registry within reach: $image is made from Debian's packages"
need_packages mmdebstrap
tar=$(mktemp --suffix=.tar)
trap 'rm -f "$tar"' EXIT
as_root mmdebstrap --quiet --variant=minbase --mode=root trixie "$tar" >/dev/null
as_root podman import --quiet "$tar" "$image" >/dev/null
