internal import RecoveryCore

/// How a scratch server is sized and set: for speed, since what it holds is thrown away.
struct ScratchPlan: Equatable {
    /// What the folder must have free.
    var neededBytes: UInt64
    var bufferPoolBytes: UInt64
    /// MariaDB alone: MySQL's redo log is switched off.
    var redoLogBytes: UInt64

    private static let mebibyte: UInt64 = 1 << 20

    /// - Parameters:
    ///   - family: Of the server.
    ///   - rawBytes: Of the backup's SQL text.
    ///   - freeMemory: In bytes; nil when it is not known.
    ///   - bufferPool: As the user wants it.
    init(family: DatabaseServer.Family, rawBytes: UInt64, freeMemory: UInt64?, bufferPool: UInt64?) {
        // Rows with their overhead, their indexes, and what is sorted to build those; short rows with many indexes take
        // the most.
        let data = rawBytes > .max / 4 ? UInt64.max / 2 : rawBytes * 3
        redoLogBytes =
            family == .mariadb ? Self.rounded(min(max(rawBytes / 2, 96 * Self.mebibyte), 2_048 * Self.mebibyte)) : 0
        // An empty MySQL with its own redo log has 190 MiB, an empty MariaDB without its redo log 20 MiB.
        let empty = (family == .mysql ? 256 : 64) * Self.mebibyte
        neededBytes = data + empty + redoLogBytes
        let most = max((freeMemory ?? 512 * Self.mebibyte) / 2, 128 * Self.mebibyte)
        bufferPoolBytes = Self.rounded(bufferPool ?? min(max(data, 128 * Self.mebibyte), most, 16_384 * Self.mebibyte))
    }

    private static func rounded(_ bytes: UInt64) -> UInt64 { max(bytes >> 20, 1) << 20 }

    /// The server's options, without those of its place.
    func options(for family: DatabaseServer.Family) -> [String] {
        let common = [
            // It is reached through its unix socket alone, which is in a folder that nobody else enters.
            "--skip-networking", "--skip-name-resolve", "--max-connections=64", "--local-infile=0",
            // Nothing of it is to survive anything.
            "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0",
            "--innodb-buffer-pool-size=\(bufferPoolBytes)", "--performance-schema=OFF", "--event-scheduler=OFF",
            // The largest there is.
            "--max-allowed-packet=1G",
        ]
        return switch family {
        case .mariadb: common + ["--innodb-log-file-size=\(redoLogBytes)", "--skip-ssl"]
        case .mysql:
            common + [
                "--mysqlx=OFF", "--auto-generate-certs=OFF", "--caching-sha2-password-auto-generate-rsa-keys=OFF",
                "--innodb-log-writer-threads=OFF",
            ]
        }
    }

    /// The program whose version is nearest to the one that the backup comes from: the same series, else the next newer
    /// one, else the newest.
    static func nearest(_ programs: [ScratchProgram], to version: DatabaseServer.Version?) -> ScratchProgram? {
        let sorted = programs.sorted { $0.server.version < $1.server.version }
        guard let version else { return sorted.last }
        let series = sorted.last {
            ($0.server.version.major, $0.server.version.minor) == (version.major, version.minor)
        }
        return series ?? sorted.first { $0.server.version >= version } ?? sorted.last
    }
}

/// A server's program, and which one it is.
struct ScratchProgram: Hashable, Sendable {
    var path: String
    var server: DatabaseServer

    /// Reads what `--version` prints: `mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))`.
    init?(path: String, versionText text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let ver = words.firstIndex(of: "Ver"), words.indices.contains(ver + 1),
            let server = DatabaseServer(versionText: String(words[ver + 1]))
        else { return nil }
        self.path = path
        self.server = server
    }
}
