#!/usr/bin/env bash
# Installs the real peers that the integration tests start (Kamailio, sipp, baresip, unbound, ldns, OpenLDAP, Prosody, ejabberd, slixmpp, Prometheus … from Debian, nats-server by Go, Ergo from the next Debian), and the tools of the chart's tests.
# Safe to run again and again. Needs root (or password-less sudo) only when a Debian package is missing.
# CI=true: whatever cannot be installed is fatal. Otherwise it is named, and the tests that need it are skipped by name.
set -uo pipefail
cd "$(dirname "$0")/.."

NATS_VERSION=v2.15.2
DEBIAN_PACKAGES=(kamailio kamailio-tls-modules kamailio-presence-modules kamailio-postgres-modules sip-tester baresip-core unbound openssl inspircd atheme-services ngircd slapd ldap-utils strace prosody lua-unbound ejabberd python3-slixmpp ldnsutils prometheus)
TRIES=4

missing=()

retry() {
  local try
  for ((try = 1; try <= TRIES; try++)); do
    "$@" && return 0
    if ((try < TRIES)); then
      echo "install-peers: attempt $try of '$*' failed, trying again in $((try * 5)) s" >&2
      sleep $((try * 5))
    fi
  done
  return 1
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_debian() {
  local package wanted=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    for tool in kamailio sipp baresip unbound openssl slapd ldapadd; do command -v "$tool" >/dev/null || missing+=("$tool (no apt-get here: install it by hand)"); done
    return
  fi
  for package in "${DEBIAN_PACKAGES[@]}"; do is_installed "$package" || wanted+=("$package"); done
  ((${#wanted[@]} == 0)) && return
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    missing+=("${wanted[@]/%/ (Debian package; run this script as root)}")
    return
  fi
  # The packages' own services must not start: the tests start what they need, on ports of their own.
  local policy=/usr/sbin/policy-rc.d made_policy=no
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" && made_policy=yes
  fi
  retry as_root apt-get -o Acquire::Retries=3 update -qq || echo 'install-peers: apt-get update failed, trying with the lists at hand' >&2
  retry as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends "${wanted[@]}" >&2
  [ "$made_policy" = yes ] && as_root rm -f "$policy"
  for package in "${wanted[@]}"; do is_installed "$package" || missing+=("$package (Debian package)"); done
}

install_nats() {
  local bin="$PWD/.cache/bin"
  if [ -x "$bin/nats-server" ] && "$bin/nats-server" --version 2>/dev/null | grep -qF "$NATS_VERSION"; then return; fi
  if ! command -v go >/dev/null; then
    command -v nats-server >/dev/null || missing+=("nats-server (needs go, or a nats-server on PATH)")
    return
  fi
  mkdir -p "$bin"
  GOBIN="$bin" retry go install "github.com/nats-io/nats-server/v2@$NATS_VERSION" >&2 || missing+=("nats-server $NATS_VERSION (go install failed)")
}

install_debian
install_nats
bash test-integration/install/ergo.sh || missing+=("ergo (see above)")
bash test-integration/install/helm.sh || missing+=("Helm and its tools (see above)")
bash test-integration/install/docker.sh || missing+=('a Docker engine (see above)')
bash test-integration/install/kube.sh || missing+=("kube-apiserver and etcd (see above)")

if ((${#missing[@]} > 0)); then
  printf 'install-peers: missing: %s\n' "${missing[@]}" >&2
  [ "${CI:-}" = true ] && exit 1
  echo 'install-peers: the tests that need them will be skipped by name' >&2
  exit 0
fi
echo 'install-peers: all peers are here'
