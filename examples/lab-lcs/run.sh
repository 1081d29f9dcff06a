#!/bin/sh
# The lab of the course module on the Access Proxy, step by step; see README.md. Usage: run.sh [folder for its state]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${1:-$(mktemp -d)}
mkdir -p "$work"
cp -R "$here/gatehouse.yaml" "$here/policy" "$here/contact-list-only.yaml" "$here/without-settings.yaml" "$work/"
cd "$work"

gatehouse() { node "$root/apps/gatehouse/bin/gatehouse.mjs" "$@"; }

step() { printf '\n=== %s\n' "$1"; }

# run CODE TEXT ARGUMENT...: shows the command and its output, and ends the lab unless it exits with CODE and says TEXT
run() {
  code=$1
  text=$2
  shift 2
  printf '\n$ gatehouse'
  printf ' %s' "$@"
  printf '\n'
  got=0
  gatehouse "$@" > said.txt 2>&1 || got=$?
  cat said.txt
  if [ "$got" -ne "$code" ] || ! grep -q -e "$text" said.txt; then
    printf '\nThe lab went wrong here: exit code %s, expected %s and "%s"\n' "$got" "$code" "$text" >&2
    exit 1
  fi
}

ask() { run "$1" "$2" explain --from "$3" --to alice@contoso.example --mark verified; }

step 'Start the policy service'
# not through the function: what is ended at the end has to be the process itself
node "$root/apps/gatehouse/bin/gatehouse.mjs" service policy --config gatehouse.yaml > service.log 2>&1 &
service=$!
trap 'kill "$service" 2> /dev/null || true; wait "$service" 2> /dev/null || true' EXIT
tries=0
until [ -S .gatehouse/control.sock ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ] || ! kill -0 "$service" 2> /dev/null; then
    cat service.log >&2
    exit 1
  fi
  sleep 0.2
done
run 0 'applied' apply -f policy/ --reason 'the lab begins'

step 'Under the default filter the word of the partner counts'
ask 0 'Partner/fabrikam' stranger@fabrikam.example

step 'Change the partner to contact-list-only'
run 0 'alwaysUnverifiable' apply -f contact-list-only.yaml --dry-run
run 0 'applied' apply -f contact-list-only.yaml --reason 'only people whom our users know'
run 1 '~ Partner/fabrikam' diff 1 2

step 'A stranger is refused, a contact passes'
ask 1 'GH-POLICY-UNVERIFIED-MESSAGE' stranger@fabrikam.example
ask 0 'is on the contact list of alice@contoso.example' dave@fabrikam.example

step 'Export the settings'
gatehouse export-lcs > settings.xml
grep -e AlwaysUnverifiable -e DefaultRoute settings.xml

step 'Delete the partner, the default route and the switches'
run 0 '- Partner/fabrikam' apply -f without-settings.yaml --prune --reason 'an accident'
ask 1 'GH-POLICY' dave@fabrikam.example

step 'Import them again'
run 0 '+ Partner/fabrikam' import-lcs settings.xml --dry-run
run 0 'applied' import-lcs settings.xml
ask 1 'GH-POLICY-UNVERIFIED-MESSAGE' stranger@fabrikam.example
ask 0 'is on the contact list of alice@contoso.example' dave@fabrikam.example

step 'Nothing is missing'
run 0 'no difference' diff 2
run 0 'no change' import-lcs settings.xml
run 0 'an accident' history

printf '\nThe lab went as it should. Its state is in %s\n' "$work"
