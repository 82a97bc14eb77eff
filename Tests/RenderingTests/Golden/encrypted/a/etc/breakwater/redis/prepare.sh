#!/bin/sh
# Prepares Redis' running configuration: every setting as rendered; the role as Redis last had it.
set -eu
rendered=${1:-/etc/breakwater/redis}
running=${2:-/var/lib/breakwater/redis}
next=$(mktemp)
trap 'rm -f "$next"' EXIT
if [ -s "$running/redis.conf" ]; then
    # A running copy without `replicaof` belongs to a master.
    grep -v '^replicaof ' "$rendered/redis.conf" > "$next"
    grep '^replicaof ' "$running/redis.conf" >> "$next" || true
else
    cat "$rendered/redis.conf" > "$next"
fi
owner=$(stat -c %u:%g "$running")
install -o "${owner%:*}" -g "${owner#*:}" -m 0600 -T "$next" "$running/redis.conf"
if [ -e "$rendered/users.acl" ]; then
    install -o "${owner%:*}" -g "${owner#*:}" -m 0600 -T "$rendered/users.acl" "$running/users.acl"
fi
