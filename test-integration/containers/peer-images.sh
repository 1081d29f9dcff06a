#!/usr/bin/env bash
# Makes the images of what the gateway talks to in the container tests, on the base that base-image.sh made:
# nats-server as install-peers.sh built it, and one with Kamailio, Prosody and PostgreSQL from Debian. Prints their names.
set -euo pipefail
cd "$(dirname "$0")/../.."

BASE="${1:?usage: peer-images.sh BASE_IMAGE}"
# Raised when this script makes something else than before.
MADE_BY=1
NATS_VERSION="$(.cache/bin/nats-server --version | sed 's/.*v//')"
NATS="gatehouse-test/nats:$NATS_VERSION-$MADE_BY"
PEERS="gatehouse-test/peers:bookworm-$MADE_BY"

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

build() {
  local tag="$1" context="$2" log="$2.log"
  docker build --network host -t "$tag" "$context" >"$log" 2>&1 || { tail -n 40 "$log" >&2; return 1; }
}

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
if ! has_image "$NATS"; then
  mkdir "$work/nats"
  cp .cache/bin/nats-server "$work/nats/"
  printf 'FROM %s\nCOPY nats-server /usr/local/bin/\nENTRYPOINT ["/usr/local/bin/nats-server"]\n' "$BASE" >"$work/nats/Dockerfile"
  build "$NATS" "$work/nats"
fi
if ! has_image "$PEERS"; then
  mkdir "$work/peers"
  cat >"$work/peers/Dockerfile" <<DOCKERFILE
FROM $BASE
RUN apt-get -o Acquire::Retries=3 update -qq && mkdir -p /usr/share/man/man1 /usr/share/man/man7 \
 && DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends \
      kamailio kamailio-tls-modules prosody lua-unbound postgresql-15 \
 && rm -rf /var/lib/apt/lists/*
DOCKERFILE
  build "$PEERS" "$work/peers"
fi
echo "NATS_IMAGE=$NATS"
echo "PEERS_IMAGE=$PEERS"
