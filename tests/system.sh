#!/usr/bin/env bash
# Gets the programs that some tests drive, with apt-get where root may; says what is missing else.
# Prometheus and Alertmanager are unpacked beside the tests' Python and not installed: their
# packages start servers. Alertmanager reads its templates where its package puts them, and only there.
set -euo pipefail
unpacked="$1"

needed=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
  || command -v google-chrome >/dev/null || needed+=(chromium)
command -v curl >/dev/null || needed+=(curl)
command -v node >/dev/null || needed+=(nodejs)
command -v zsh >/dev/null || needed+=(zsh)
compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || needed+=(libfaketime)
servers=()
for server in prometheus prometheus-alertmanager; do
  command -v "$server" >/dev/null || test -x "$unpacked/usr/bin/$server" || servers+=("$server")
done
templates=/usr/share/prometheus/alertmanager
test -e $templates/default.tmpl || command -v prometheus-alertmanager >/dev/null \
  || servers=(prometheus prometheus-alertmanager)
if [ ${#needed[@]} = 0 ] && [ ${#servers[@]} = 0 ] && command -v npm >/dev/null; then exit; fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  command -v npm >/dev/null || needed+=(npm)
  echo "missing: ${needed[*]} ${servers[*]}; the tests that drive them will be skipped"
  exit
fi
packages() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
apt-get update -qq
[ ${#needed[@]} = 0 ] || packages "${needed[@]}"
command -v npm >/dev/null || packages npm # some packages of nodejs hold it, Debian's own does not
if [ ${#servers[@]} != 0 ]; then
  download="$(mktemp -d)"
  chmod 755 "$download"
  (cd "$download" && apt-get download -qq -o APT::Sandbox::User=root "${servers[@]}" >/dev/null)
  mkdir -p "$unpacked"
  for package in "$download"/*.deb; do dpkg -x "$package" "$unpacked"; done
  rm -r "$download"
  test -e $templates/default.tmpl || install -D -t $templates "$unpacked$templates"/*.tmpl
fi
