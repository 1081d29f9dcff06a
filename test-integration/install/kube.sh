#!/usr/bin/env bash
# Builds a real Kubernetes API server and its etcd into .cache/bin, from the modules that tools/kube/go.mod names. Nothing else of a cluster is needed:
# the tests that use them speak to the API. Long at first (46 minutes on two
# cores with seven other jobs, one compiler at a time), nothing afterwards.
# CI=true: what cannot be built is fatal. Otherwise it is named, and the tests that need it are skipped by name.
set -uo pipefail
cd "$(dirname "$0")/../.."

bin="$PWD/.cache/bin"
module="$PWD/tools/kube"
kube_version="$(sed -n 's/^\tk8s.io\/kubernetes \(v[0-9.]*\)$/\1/p' "$module/go.mod")"
etcd_version="$(sed -n 's/^\tgo.etcd.io\/etcd\/server\/v3 \(v[0-9.]*\)$/\1/p' "$module/go.mod")"

missing() {
  echo "install/kube: missing: $1" >&2
  [ "${CI:-}" = true ] && exit 1
  echo 'install/kube: the tests that need it will be skipped by name' >&2
  exit 0
}

is_present() {
  [ -x "$bin/kube-apiserver" ] && "$bin/kube-apiserver" --version 2>/dev/null | grep -qF "$kube_version" &&
    [ -x "$bin/etcd" ] && "$bin/etcd" --version 2>/dev/null | grep -qF "${etcd_version#v}"
}

if [ -z "$kube_version" ] || [ -z "$etcd_version" ]; then missing 'the versions in tools/kube/go.mod'; fi
if is_present; then
  echo "install/kube: kube-apiserver $kube_version and etcd $etcd_version are here"
  exit 0
fi
command -v go >/dev/null || missing 'kube-apiserver, etcd (need go)'
mkdir -p "$bin"
started=$SECONDS
# -p: each compiler process takes up to 1 GiB, and the machine is not ours alone
version_flags="-X k8s.io/component-base/version.gitVersion=$kube_version"
(cd "$module" && go build -p "${KUBE_BUILD_JOBS:-2}" -trimpath -ldflags "-s -w $version_flags" -o "$bin/" ./kube-apiserver ./etcd) >&2 ||
  missing "kube-apiserver $kube_version, etcd $etcd_version (go build failed)"
is_present || missing "kube-apiserver $kube_version, etcd $etcd_version (what was built says another version)"
echo "install/kube: kube-apiserver $kube_version and etcd $etcd_version built in $((SECONDS - started)) s"
