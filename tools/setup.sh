#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing: tools/setup.sh LIST [LIST ...]
# Says nothing and takes a moment when all are there.
set -euo pipefail

wanted=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@")
missing=()
for package in $wanted; do
  if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
    missing+=("$package")
  fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  if sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }; then
    as_root=(sudo)
  else
    echo "renkei: ${#missing[@]} packages are missing and this user is not root. Run once:" >&2
    echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi
echo "renkei: installing ${#missing[@]} packages: ${missing[*]}" >&2
quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -qq)  # sudo keeps no variable of ours
"${as_root[@]}" "${quiet[@]}" update
"${as_root[@]}" "${quiet[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
