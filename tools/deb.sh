#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes build/deb/renkei_<version>_<arch>.deb of what is in build/release: tools/deb.sh [VERSION]
# The same sources and tools give the same bytes. Maintainer: DEBFULLNAME and DEBEMAIL, else git's.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022

version=${1:-$(sed -n 's/^project(renkei VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)}
arch=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-$(git config user.name || echo Renkei)} <${DEBEMAIL:-$(git config user.email || echo root@"$(uname -n)")}>"
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
out=build/deb
stage=$out/stage
rm -rf "$stage"
mkdir -p "$stage"/DEBIAN "$stage"/usr/bin

for program in renkei renkei-wafer; do
  strip --strip-unneeded --remove-section=.comment -o "$stage/usr/bin/$program" "build/release/bin/$program"
  chmod 0755 "$stage/usr/bin/$program"
done
install -D -m 0644 -t "$stage/lib/systemd/system" packaging/systemd/*.service
install -D -m 0644 -t "$stage/usr/lib/sysusers.d" packaging/sysusers/renkei.conf
install -D -m 0644 -t "$stage/etc/renkei" packaging/etc/*.env
install -D -m 0644 -t "$stage/usr/share/renkei/rulepacks" rulepacks/*.yaml

doc=$stage/usr/share/doc/renkei
install -D -m 0644 packaging/deb/copyright "$doc/copyright"
install -m 0644 -t "$doc" README.md ARCHITECTURE.md
install -m 0644 CHANGELOG.md "$doc/NEWS.md"
cp -r docs/formats docs/runbooks docs/reliability.md "$doc"
printf 'renkei (%s) unstable; urgency=medium\n\n  * What changed is in NEWS.md.\n\n -- %s  %s\n' \
  "$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" >"$doc/changelog"
gzip -9n "$doc/changelog"

# dpkg-shlibdeps wants a source package around it.
mkdir -p $out/shlibs/debian
printf 'Source: renkei\n\nPackage: renkei\nArchitecture: any\n' >$out/shlibs/debian/control
depends=$(cd $out/shlibs && dpkg-shlibdeps -O "$OLDPWD/$stage/usr/bin/renkei" \
  "$OLDPWD/$stage/usr/bin/renkei-wafer" | sed -n 's/^shlibs:Depends=//p')

size=$(du -sk --apparent-size --exclude=DEBIAN "$stage" | cut -f1)
sed -e "s|@VERSION@|$version|" -e "s|@ARCH@|$arch|" -e "s|@MAINTAINER@|$maintainer|" \
  -e "s|@SIZE@|$size|" -e "s|@DEPENDS@|$depends|" packaging/deb/control >"$stage/DEBIAN/control"
(cd "$stage" && find etc -type f -printf '/%p\n' | sort >DEBIAN/conffiles)
(cd "$stage" && find usr lib -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
install -m 0755 -t "$stage/DEBIAN" packaging/deb/{postinst,prerm,postrm}
find "$stage" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
package=$out/renkei_${version}_$arch.deb
dpkg-deb --root-owner-group --build "$stage" "$package" >/dev/null
rm -rf "$stage" $out/shlibs
echo "$package"
