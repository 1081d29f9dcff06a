#!/usr/bin/env bash
# Fetches Ergo, an IRC server with a memory (draft/chathistory), into .cache/bin. The Debian release that this one follows has no package of it, the next one has;
# only the program is unpacked, nothing is installed, and the machine's own package sources stay as they are.
# CI=true: fatal when it cannot be had. Otherwise it is named, and the tests that need it are skipped by name.
set -uo pipefail
cd "$(dirname "$0")/../.."

BIN="$PWD/.cache/bin"
RELEASE=trixie
TRIES=3

[ -x "$BIN/ergo" ] && exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  echo 'install/ergo: missing: ergo (no apt-get here: put it on PATH)' >&2
  exit "$([ "${CI:-}" = true ] && echo 1 || echo 0)"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() {
  # from where this machine has its Debian packages
  local uri
  uri=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }')
  [ -n "$uri" ] || return 1
  mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial" "$work/state"
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' "$uri" "$RELEASE" >"$work/parts/ergo.sources"
  local options=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/parts" -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache"
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3)
  apt-get "${options[@]}" update -qq >&2 || return 1
  (cd "$work" && apt-get "${options[@]}" download -qq ergochat >&2) || return 1
  dpkg-deb --fsys-tarfile "$work"/ergochat_*.deb | tar -x -C "$work" --wildcards '*/bin/ergo*' || return 1
  mkdir -p "$BIN"
  install -m 755 "$(find "$work/usr" -type f -path '*/bin/ergo*' | head -1)" "$BIN/ergo"
}

for ((try = 1; try <= TRIES; try++)); do
  fetch && break
  rm -rf "${work:?}"/*
  ((try < TRIES)) && sleep $((try * 5))
done
if [ ! -x "$BIN/ergo" ] || ! "$BIN/ergo" --version >&2; then
  echo 'install/ergo: missing: ergo (the package of the next Debian release cannot be had)' >&2
  [ "${CI:-}" = true ] && exit 1
fi
exit 0
