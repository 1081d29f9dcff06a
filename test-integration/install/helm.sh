#!/usr/bin/env bash
# Builds Helm 4, Helm 3, helm-unittest and kubeconform from tools/go.mod into .cache/bin; what is there at that version is left alone.
# CI=true: whatever cannot be built is fatal. Otherwise it is named, and the chart's tests that need it are skipped by name.
set -uo pipefail
cd "$(dirname "$0")/../.."

BIN="$PWD/.cache/bin"
TRIES=3
missing=()

# The version that go.mod pins is the one that the binary says it was built from.
pinned() { sed -nE "s#^[[:space:]]*(require )?$1 (v[^ ]+).*#\2#p" tools/go.mod | head -1; }
is_built() { [ -x "$BIN/$1" ] && go version -m "$BIN/$1" 2>/dev/null | grep -qF "$(printf '%s\t%s\t' "$2" "$(pinned "$2")")"; }

build() {
  local name=$1 module=$2 package=$3 flags=${4:-} try
  is_built "$name" "$module" && return
  for ((try = 1; try <= TRIES; try++)); do
    (cd tools && nice -n 5 go build -trimpath -ldflags "-s -w $flags" -o "$BIN/$name" "$package") >&2 && return
    if ((try < TRIES)); then
      echo "install/helm: attempt $try of $name failed, trying again in $((try * 5)) s" >&2
      sleep $((try * 5))
    fi
  done
  missing+=("$name (go build of $package failed)")
}

if command -v go >/dev/null; then
  mkdir -p "$BIN"
  for major in 4 3; do
    module="helm.sh/helm/v$major"
    build "helm$major" "$module" "$module/cmd/helm" "-X $module/internal/version.version=$(pinned "$module")"
  done
  build kubeconform github.com/yannh/kubeconform github.com/yannh/kubeconform/cmd/kubeconform
  build helm-unittest github.com/helm-unittest/helm-unittest github.com/helm-unittest/helm-unittest/cmd/helm-unittest
else
  for name in helm4 helm3 kubeconform helm-unittest; do [ -x "$BIN/$name" ] || missing+=("$name (needs go)"); done
fi

if ((${#missing[@]} > 0)); then
  printf 'install/helm: missing: %s\n' "${missing[@]}" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 0
fi
echo 'install/helm: helm4, helm3, helm-unittest, kubeconform are here'
