#!/bin/sh
# Prepares Sentinel's running configuration: every setting as rendered; its id, epochs, peers, replicas and
# the present master as Sentinel last knew them.
set -eu
rendered=${1:-/etc/breakwater/sentinel}
running=${2:-/var/lib/breakwater/sentinel}
next=$(mktemp)
trap 'rm -f "$next"' EXIT
if [ -s "$running/sentinel.conf" ]; then
    awk '
        FNR == NR && $1 == "sentinel" && $2 == "monitor" { host[$3] = $4; port[$3] = $5 }
        FNR == NR && $1 == "sentinel" && \
            $2 ~ /^(myid|current-epoch|config-epoch|leader-epoch|known-replica|known-sentinel)$/ {
            learned = learned $0 "\n"
        }
        FNR == NR { next }
        $1 == "sentinel" && $2 == "monitor" && ($3 in host) { $4 = host[$3]; $5 = port[$3] }
        { print }
        END { printf "%s", learned }
    ' "$running/sentinel.conf" "$rendered/sentinel.conf" > "$next"
else
    cat "$rendered/sentinel.conf" > "$next"
fi
owner=$(stat -c %u:%g "$running")
install -o "${owner%:*}" -g "${owner#*:}" -m 0600 -T "$next" "$running/sentinel.conf"
