#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs, upgrades, removes and purges the Debian package in a fresh chroot, and uses it there as
# the README says: tools/deb_check.sh, after tools/deb.sh. Needs root and a package mirror, that of
# this machine's apt. Mounts and processes live in namespaces of their own and end with it.
set -euo pipefail
cd "$(dirname "$0")/.."
deb=$(ls -t build/deb/renkei_*_"$(dpkg --print-architecture)".deb | grep -v +check | head -1)

set -E
trap 'echo "deb: line $LINENO of tools/deb_check.sh failed" >&2' ERR
say() { echo "deb: $*"; }
die() { echo "deb: $*" >&2; exit 1; }

if [ -z "${RENKEI_DEB_ROOT:-}" ]; then
  [ "$(id -u)" = 0 ] || { say "skipped: a chroot needs root"; exit 0; }
  for tool in debootstrap unshare lintian; do
    command -v $tool >/dev/null || { say "skipped: $tool is not installed"; exit 0; }
  done
  RENKEI_DEB_ROOT=$(mktemp -d "${TMPDIR:-/tmp}/renkei-deb-XXXXXX")
  chmod 0755 "$RENKEI_DEB_ROOT"  # other users have to pass through their root directory
  export RENKEI_DEB_ROOT
  trap 'rm -rf --one-file-system "$RENKEI_DEB_ROOT"' EXIT
  unshare --mount --pid --fork --kill-child "$PWD/tools/deb_check.sh"
  exit
fi

root=$RENKEI_DEB_ROOT
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
sources=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk -v suite="$suite" '$2 ~ "^" suite && $3 == "main"' | sort -u)
mirror=$(awk -v suite="$suite" '$2 == suite {print $1; exit}' <<<"$sources")
[ -n "$mirror" ] || die "apt on this machine knows no mirror of $suite"
eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
export http_proxy=${http_proxy:-} DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

in_root() { chroot "$root" "$@"; }
as_renkei=(chroot "$root" setpriv --reuid renkei --regid renkei --init-groups env -i PATH=/usr/bin:/bin)
# Everything that a package could leave, but for the books of dpkg and apt.
inventory() {
  (cd "$root" && find . -xdev \( -path ./proc -o -path ./var/lib/dpkg -o -path ./var/lib/apt -o \
    -path ./var/cache -o -path ./var/log -o -path ./tmp -o -path ./packages \) -prune -o -print | sort)
}

found=$(lintian --fail-on error --tag-display-limit 0 "$deb" 2>&1) || die "lintian: $found"

say "a fresh $suite"
mkdir -p build/deb/cache
debootstrap --variant=minbase --cache-dir="$PWD/build/deb/cache" "$suite" "$root" "$mirror" >"$root/bootstrap.log" 2>&1 ||
  { tail -20 "$root/bootstrap.log"; die "debootstrap failed"; }
rm -f "$root/bootstrap.log"
mount -t proc proc "$root/proc"
awk '{print "deb " $1 " " $2 " " $3}' <<<"$sources" >"$root/etc/apt/sources.list"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir "$root/packages"
cp "$deb" "$root/packages/first.deb"

# The next version: another number, and both files of /etc changed.
next=$(dpkg-deb -f "$deb" Version)+check1
dpkg-deb -R "$deb" "$root/packages/next"
sed -i "s/^Version: .*/Version: $next/" "$root/packages/next/DEBIAN/control"
for file in "$root"/packages/next/etc/renkei/*.env; do echo "# new in $next" >>"$file"; done
dpkg-deb --root-owner-group --build "$root/packages/next" "$root/packages/next.deb" >/dev/null
rm -rf "$root/packages/next"

say "dependencies"
depends=$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed -e '/systemd |/d' -e 's/(.*)//' -e 's/ //g' | tr '\n' ' ')
in_root apt-get -qq update
in_root apt-get -qq install -y --no-install-recommends $depends systemd-standalone-sysusers >/dev/null 2>&1
inventory >"$root/packages/before"

say "install"
in_root dpkg -i /packages/first.deb >/dev/null
in_root renkei --version | grep -q "renkei $(dpkg-deb -f "$deb" Version)" || die "renkei --version"
in_root renkei pack test >/dev/null 2>&1 || die "the rule packs are not there, or fail their tests"
[ "$(stat -c '%U %a' "$root/var/lib/renkei" 2>/dev/null | sed 's/UNKNOWN/renkei/')" = "renkei 700" ] ||
  [ "$(in_root stat -c '%U %a' /var/lib/renkei)" = "renkei 700" ] || die "/var/lib/renkei is not renkei's, 0700"
! in_root grep -ls '^Name:.renkei' /proc/[0-9]*/status 2>/dev/null | grep -q . || die "something was started"

say "a coordinator as its unit starts it"
"${as_renkei[@]}" renkei init --dir /var/lib/renkei/party --party sierra-semi --name "Sierra Semiconductor" \
  --country US --person alice:officer,operator,researcher --coordinator 127.0.0.1:17443 >/dev/null 2>&1
"${as_renkei[@]}" renkei charter new --name wafers --member /var/lib/renkei/party/party.toml \
  --purpose semiconductor-defect-research --approvals 1 --out /var/lib/renkei/charter.toml >/dev/null 2>&1
"${as_renkei[@]}" renkei charter sign /var/lib/renkei/charter.toml --party /var/lib/renkei/party --as alice \
  --out /var/lib/renkei/charter.json >/dev/null
sed -i 's|^#RENKEI_LISTEN=.*|RENKEI_LISTEN=127.0.0.1:17443|' "$root/etc/renkei/coordinator.env"
edited=$(sha256sum <"$root/etc/renkei/coordinator.env")
serve_and_stop() {
  local command pid
  command=$(sed -n 's|^ExecStart=||p' "$root/lib/systemd/system/renkei-coordinator.service" | sed 's|%S|/var/lib|')
  "${as_renkei[@]}" $(grep -v '^#' "$root/etc/renkei/coordinator.env") $command 2>"$root/tmp/log" &
  pid=$!
  for _ in $(seq 100); do
    if "${as_renkei[@]}" renkei run ls --party /var/lib/renkei/party --as alice --charter /var/lib/renkei/charter.json >/dev/null 2>&1
    then break; fi
    kill -0 $pid 2>/dev/null || { cat "$root/tmp/log"; die "the coordinator ended"; }
    sleep 0.1
  done
  kill -TERM $pid
  wait $pid || { cat "$root/tmp/log"; die "the coordinator did not end well"; }
  "${as_renkei[@]}" renkei ledger verify --dir /var/lib/renkei/coordinator/ledger --charter /var/lib/renkei/charter.json >/dev/null
}
serve_and_stop
data() { (cd "$root/var/lib/renkei" && find . -type f ! -name lock -print0 | sort -z | xargs -0 sha256sum); }
kept=$(data)

say "upgrade"
in_root dpkg --force-confold -i /packages/next.deb >/dev/null 2>&1
[ "$(in_root dpkg-query -W -f '${Version}' renkei)" = "$next" ] || die "is not $next"
[ "$(data)" = "$kept" ] || die "the upgrade changed data"
[ "$(sha256sum <"$root/etc/renkei/coordinator.env")" = "$edited" ] || die "the upgrade lost an edit in /etc"
grep -q "new in $next" "$root/etc/renkei/site.env" || die "the upgrade left an old file in /etc that nobody had edited"
serve_and_stop
kept=$(data)

say "remove"
in_root apt-get -qq remove -y renkei >/dev/null 2>&1
[ ! -e "$root/usr/bin/renkei" ] && [ -e "$root/etc/renkei/coordinator.env" ] || die "remove is not what it should be"
[ "$(data)" = "$kept" ] || die "remove changed data"

say "purge"
told=$(in_root dpkg --purge renkei 2>&1)
grep -q '/var/lib/renkei .* are kept' <<<"$told" || die "purge did not say what it keeps"
[ "$(data)" = "$kept" ] || die "purge changed data"
inventory | grep -v '^./var/lib/renkei\(/\|$\)' >"$root/packages/after"
diff <(grep -v -- '-$' "$root/packages/before") <(grep -v -- '-$' "$root/packages/after") || die "purge left more than it said"
rm -r "$root/var/lib/renkei"
in_root userdel renkei
! in_root grep -rq renkei /etc/passwd /etc/group || die "the user is not gone"
say "installed, upgraded, removed and purged; data and edits were kept"
