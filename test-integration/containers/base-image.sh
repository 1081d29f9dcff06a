#!/usr/bin/env bash
# Makes the images that the container tests start from, without any registry: a small Debian by debootstrap, and the same with the pinned Node and npm.
# Prints nothing when both are there already. Needs a Docker engine; as root also debootstrap, for the first time only.
set -euo pipefail
cd "$(dirname "$0")/../.."

SUITE=bookworm
# Raised when this script makes something else than before; the images of the former number may then be removed.
MADE_BY=1
BASE="gatehouse-test/base:$SUITE-$MADE_BY"
NODE_VERSION="$(node_modules/.bin/node --version)"
NODE="gatehouse-test/node:${NODE_VERSION#v}-$MADE_BY"

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# The mirror that this machine's apt uses for its own packages.
mirror() {
  local uri
  uri="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $SUITE" 2>/dev/null | head -n 1)" || true
  echo "${uri:-http://deb.debian.org/debian}"
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

make_base() {
  local work
  work="$(mktemp -d)"
  # shellcheck disable=SC2064
  trap "as_root rm -rf '$work'" RETURN
  command -v debootstrap >/dev/null || { echo 'base-image: debootstrap is not installed (test-integration/install/docker.sh does that)' >&2; return 1; }
  as_root debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$work/root" "$(mirror)" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; return 1; }
  # As the slim images of Debian: nobody reads manuals in a container. The packages' lists come back with `apt-get update`.
  as_root sh -c "cd '$work/root' && rm -rf usr/share/doc/* usr/share/man/* usr/share/info/* usr/share/locale/* usr/share/lintian usr/share/bug var/lib/apt/lists/* var/cache/apt/* var/log/* dev/*"
  as_root tar -C "$work/root" --sort=name --numeric-owner -cf - . | docker import --change 'CMD ["/bin/bash"]' - "$BASE" >/dev/null
}

make_node() {
  local work npm
  work="$(mktemp -d)"
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" RETURN
  npm="$(dirname "$(dirname "$(realpath "$(command -v npm)")")")"
  mkdir -p "$work/usr/local/lib/node_modules" "$work/usr/local/bin" "$work/etc/ssl/certs" "$work/root"
  cp "$(realpath node_modules/.bin/node)" "$work/usr/local/bin/node"
  cp -a "$npm" "$work/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/usr/local/bin/npm"
  # What this machine needs to reach its npm registry; stays in this image, which builds only and is never pushed.
  if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then cp "$NODE_EXTRA_CA_CERTS" "$work/etc/ssl/certs/ca-certificates.crt"; fi
  if [ -e "$HOME/.npmrc" ]; then cp "$HOME/.npmrc" "$work/root/.npmrc"; fi
  printf 'FROM %s\nENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt\nCOPY . /\n' "$BASE" >"$work/Dockerfile"
  printf 'Dockerfile\n.dockerignore\n' >"$work/.dockerignore"
  DOCKER_BUILDKIT=0 docker build -q -t "$NODE" "$work" >/dev/null 2>&1
}

has_image "$BASE" || make_base
has_image "$NODE" || make_node
echo "BASE_IMAGE=$BASE"
echo "NODE_IMAGE=$NODE"
