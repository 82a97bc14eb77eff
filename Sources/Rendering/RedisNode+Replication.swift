internal import Topology

extension RedisNode {
    func replication(_ file: inout ConfigurationText) {
        file.section("Replication")
        if name != firstMaster.name {
            file.set(
                "replicaof", "\(firstMaster.address) \(redis.port)",
                why: "How the service starts; from then on Sentinel decides, and the running copy remembers.")
        } else {
            file.note("This node starts as the master; from then on Sentinel decides.")
        }
        if let secrets {
            file.note("On every node, the first master too: it must rejoin as a replica after a failover.")
            file.set("masteruser", "replica")
            file.set("masterauth", secrets.replica.reveal())
        }
        file.note("Said aloud, for a replica's connection may leave from another address than it listens on.")
        file.set("replica-announce-ip", address)
        file.set("replica-announce-port", "\(redis.port)")
        file.set(
            "replica-serve-stale-data", "no",
            why: "A replica that has lost its master answers MASTERDOWN, which clients can see, instead of old data.")
        file.set("replica-read-only", "yes")
        file.note("A new replica gets its copy over the network at once: no snapshot on disk, no wait for others.")
        file.set("repl-diskless-sync", "yes")
        file.set("repl-diskless-sync-delay", "0")
        file.set(
            "repl-ping-replica-period", "1",
            why: "A master that hangs is known within a second or two, not ten (master_last_io_seconds_ago).")
        file.set(
            "repl-backlog-size", "\(backlog.bytes)",
            why: "Replicas that were away for less than this many bytes of writes catch up without a full copy.")
        writeLimits(&file)
        file.set(
            "client-output-buffer-limit",
            "replica \(max(backlog.bytes * 2, 256 << 20)) \(max(backlog.bytes, 64 << 20)) 60",
            why: "Larger than the backlog, or a full copy of a busy master could never finish.")
        file.set("client-output-buffer-limit", "pubsub 33554432 8388608 60")
    }

    private func writeLimits(_ file: inout ConfigurationText) {
        if redis.minReplicasToWrite > 0 {
            file.note(
                "A master that is cut off from its replicas stops accepting writes that would be lost: at most this",
                "many seconds of them.")
        } else {
            file.note(
                "Off, as the topology says: a master that is cut off goes on accepting writes, and they are lost.")
        }
        file.set("min-replicas-to-write", "\(redis.minReplicasToWrite)")
        file.set("min-replicas-max-lag", "\(max(1, (redis.minReplicasMaxLag.wholeMilliseconds + 999) / 1000))")
    }

    /// An eighth of the data, from 4 MiB to 64 MiB.
    private var backlog: ByteSize {
        min(max(ByteSize(bytes: redis.maxmemory.bytes / 8), .mebibytes(4)), .mebibytes(64))
    }

    func access(_ file: inout ConfigurationText) {
        file.section("Access")
        guard secrets != nil else {
            file.note("No password: the node is on loopback, and protected-mode refuses everybody else.")
            return
        }
        file.note(
            "default, app   the shop and its tools: data, scripts, pub/sub, INFO; nothing administrative. `default` is",
            "               the same as `app`, for clients that send a password alone (phpredis, Predis).",
            "sentinel       what Sentinel needs to watch and to fail over",
            "replica        the replication stream",
            "breakwater     the sidecar, drills and status: data, roles, REPLICAOF, CLIENT; no DEBUG, no CONFIG SET")
        if secrets?.operator != nil {
            file.note("operator       CONFIG GET and SET of a running node, for people and new certificates; no data")
        }
        file.set("aclfile", path: paths.users)
        file.set("acllog-max-len", "128")
    }
}
