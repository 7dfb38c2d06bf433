#!/usr/bin/env bash
# Gets the programs that some tests drive, with apt-get where root may; says what is missing else.
# Prometheus is unpacked beside the tests' Python and not installed: its package starts a server.
set -euo pipefail
unpacked="$1"

needed=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
  || command -v google-chrome >/dev/null || needed+=(chromium)
command -v node >/dev/null || needed+=(nodejs)
compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || needed+=(libfaketime)
prometheus=
command -v prometheus >/dev/null || test -x "$unpacked/usr/bin/prometheus" || prometheus=prometheus
if [ ${#needed[@]} = 0 ] && [ -z "$prometheus" ] && command -v npm >/dev/null; then exit; fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  command -v npm >/dev/null || needed+=(npm)
  echo "missing: ${needed[*]} $prometheus; the tests that drive them will be skipped"
  exit
fi
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
apt-get update -qq
[ ${#needed[@]} = 0 ] || install "${needed[@]}"
command -v npm >/dev/null || install npm # some packages of nodejs hold it, Debian's own does not
if [ -n "$prometheus" ]; then
  download="$(mktemp -d)"
  chmod 755 "$download"
  (cd "$download" && apt-get download -qq -o APT::Sandbox::User=root prometheus >/dev/null)
  mkdir -p "$unpacked"
  dpkg -x "$download"/prometheus_*.deb "$unpacked"
  rm -r "$download"
fi
