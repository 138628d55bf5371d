#!/usr/bin/env bash
# A bare Debian in a folder, a clone of this checkout's HEAD in it, and there a command, by default what CI runs.
#   tools/bare.sh [COMMAND...]      needs root and debootstrap; BARE=folder keeps the system for the next time
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
kept=${BARE:-}
system=${kept:-$(mktemp -d)}
packages=python3,python3-venv,make,git,ca-certificates

leave() {
    for mounted in dev/pts dev proc ''; do
        mountpoint -q "$system/$mounted" && umount "$system/$mounted"
    done
    [ -n "$kept" ] || rm -rf --one-file-system "$system"
}
trap leave EXIT

[ -e "$system/etc/debian_version" ] || debootstrap --variant=minbase --include="$packages" bookworm "$system" > /dev/null
# A network whose own authority signs what comes in is the machine's, not the project's.
for file in /etc/ssl/certs/ca-certificates.crt /etc/resolv.conf /etc/hosts /etc/pip.conf; do
    [ ! -e "$file" ] || cp "$file" "$system$file"
done
mount --bind "$system" "$system" # a mount of its own: `unshare --mount-proc` needs one
mount -t proc proc "$system/proc"
mount --bind /dev "$system/dev"
mount --bind /dev/pts "$system/dev/pts"
rm -rf "$system/opt/portvakt"
git clone --quiet "$checkout" "$system/opt/portvakt"
chroot "$system" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    bash -c 'cd /opt/portvakt && "$@"' bare "${@:-.ci/run}"
