/// What runs before each start of a server, as root: it hands the rendered files, which root alone can read, to the
/// server, and keeps what the server wrote into its running copy. The same merge as ``RenderedFile/merged(withRunning:)``.
enum PrepareScripts {
    static let redis = """
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

        """

    static let sentinel = """
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
                FNR == NR && $1 == "sentinel" && \\
                    $2 ~ /^(myid|current-epoch|config-epoch|leader-epoch|known-replica|known-sentinel)$/ {
                    learned = learned $0 "\\n"
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

        """
}
