#!/usr/bin/env bash
# Gives the container tests an engine: does nothing when one answers; else installs Debian's docker.io and debootstrap and starts dockerd, as root.
# Safe to run again and again. CI=true: without an engine at the end it fails; otherwise it says so, and the tests are skipped by name.
set -uo pipefail

WAIT_S=60

answers() { command -v docker >/dev/null && timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

give_up() {
  echo "install/docker: $1" >&2
  [ "${CI:-}" = true ] && exit 1
  echo 'install/docker: the container tests will be skipped by name' >&2
  exit 0
}

install_packages() {
  local policy=/usr/sbin/policy-rc.d made_policy=no try
  command -v apt-get >/dev/null || give_up 'no apt-get here: install and start a Docker engine by hand'
  # The service would be started by an init that a container or a CI machine may not have: we start it ourselves.
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" && made_policy=yes
  fi
  for try in 1 2 3; do
    as_root apt-get -o Acquire::Retries=3 update -qq || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 install -y -qq --no-install-recommends "$@" >&2 && break
    sleep $((try * 5))
  done
  [ "$made_policy" = yes ] && as_root rm -f "$policy"
  return 0
}

start_engine() {
  local waited log=/tmp/gatehouse-dockerd.log
  # A pid file of an engine that was killed keeps the next one from starting.
  if [ -e /var/run/docker.pid ] && ! as_root kill -0 "$(cat /var/run/docker.pid)" 2>/dev/null; then as_root rm -f /var/run/docker.pid; fi
  as_root sh -c "setsid dockerd >'$log' 2>&1 </dev/null &"
  for ((waited = 0; waited < WAIT_S; waited++)); do
    answers && return 0
    sleep 1
  done
  tail -n 20 "$log" >&2
  return 1
}

wanted=()
command -v debootstrap >/dev/null || wanted+=(debootstrap)
if ! answers; then
  { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; } || give_up 'no Docker engine answers; run this script as root'
  command -v dockerd >/dev/null || wanted+=(docker.io iptables)
fi
((${#wanted[@]} == 0)) || install_packages "${wanted[@]}"
answers || start_engine || give_up 'dockerd does not start; the end of its log stands above'
command -v debootstrap >/dev/null || give_up 'debootstrap could not be installed'
echo "install/docker: engine $(docker version --format '{{.Server.Version}}') answers"
