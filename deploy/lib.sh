# lib.sh - what deploy/demo, deploy/container-base and tests/run have in common. Sourced, not run.

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root for: $*; run it as root or install sudo"
    fi
}

# need_packages NAME...: installs what is missing (Debian).
need_packages() {
    local missing=() name
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return 0
    command -v apt-get >/dev/null || die "these packages are missing, and this is no Debian: ${missing[*]}"
    say "installing ${#missing[@]} packages: ${missing[*]}"
    # An index of today may be there already; if not, or if it has grown stale, it is fetched.
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
        as_root apt-get update -q >/dev/null || die "apt-get update failed: is there a network, and are the sources right?"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" >/dev/null ||
            die "apt-get could not install: ${missing[*]}"
    fi
}

# What the build needs; the Dockerfile has the same list (tests/lint/packages.py holds the two together).
BUILD_PACKAGES=(cmake ninja-build gcc libc6-dev pkg-config libuv1-dev libcurl4-openssl-dev libjson-c-dev
    libmicrohttpd-dev libsqlite3-dev libgmime-3.0-dev libsodium-dev libssl-dev zlib1g-dev libarchive-dev libidn2-dev
    libcyaml-dev libyaml-dev libcmark-gfm-dev libcmark-gfm-extensions-dev libcmocka-dev libesmtp-dev
    libpango1.0-dev libcairo2-dev libfontconfig-dev libglib2.0-dev tzdata)

# Real peers and helpers of the tests: a relay with real bounces, an SMS gateway with a simulated network.
# Go verifies the log of receipts by others' code (golang.org/x/mod); any Go does.
TEST_PACKAGES=(chromium fonts-dejavu-core postfix kannel kannel-extras openssl poppler-utils golang-golang-x-mod-dev python3-yaml python3-jsonschema strace jq xxd)
command -v go >/dev/null || [ -x /usr/local/go/bin/go ] || TEST_PACKAGES+=(golang-go)
