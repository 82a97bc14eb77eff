import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import NIOCore
import RecoveryCore
import Synchronization
import Testing
import Topology

/// Backups of real databases. They share their servers.
@Suite(.serialized, .databases) struct BackupTests {
    static let identity = X25519Identity()

    static func options(_ change: (inout DumpOptions) -> Void = { _ in }) -> DumpOptions {
        var options = DumpOptions(recipients: [identity.recipient])
        change(&options)
        return options
    }

    static func dump(
        _ settings: MySQLSettings, to destination: some BackupDestination, _ options: DumpOptions = options(),
        report: @escaping @Sendable (DumpProgress) -> Void = { _ in }
    ) async throws -> BackupManifest {
        let id = BackupID(time: Date(), random: .random(in: 0 ... .max))
        return try await Dump(settings, options: options, id: id, destination: destination, report: report).run()
    }

    /// Nothing of ours: age, zstd and the client.
    static func restore(
        _ objects: [String: ByteBuffer], into database: String, of server: LoopbackDatabase
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bw-restore-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, bytes) in objects {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes.readableBytesView).write(to: file)
        }
        let key = folder.appending(path: "key.txt")
        try Data(identity.encoded().utf8).write(to: key)
        let script = """
            set -e -o pipefail
            cd "$1"
            for object in */*.age; do
                age -d -i "$2" "$object" | zstd -d | mariadb --no-defaults --comments --binary-mode -uroot -S "$3" "$4" \
                    || { echo "FAILED $object"; exit 1; }
            done 2>&1
            echo done
            """
        let said = try output(of: [
            "bash", "-c", "(\(script)) || true", "restore", folder.path, key.path, server.place.socketPath, database,
        ])
        guard said.hasSuffix("done\n") else { throw LoopbackError(said) }
    }

    /// A database with the torture schema, and an empty one beside it; both gone afterwards.
    static func withTorture(
        _ flavour: LoopbackDatabase.Flavour,
        _ body: (LoopbackDatabase, _ source: MySQLSettings, _ target: MySQLSettings) async throws -> Void
    ) async throws {
        let server = try Databases.server(flavour)
        let number = UInt32.random(in: 0 ... .max)
        let names = ["sh`op é.\(number)", "copy\(number)"]
        let quoted = names.map { "`\($0.replacing("`", with: "``"))`" }
        for name in quoted { try await server.run("CREATE DATABASE \(name) CHARACTER SET utf8mb4") }
        let source = server.settings(database: names[0])
        do {
            try await MySQLConnection.with(source) { connection in
                for statement in TortureSchema.statements(for: flavour) { _ = try await connection.query(statement) }
            }
            try await body(server, source, server.settings(database: names[1]))
        } catch {
            for name in quoted { try? await server.run("DROP DATABASE \(name)") }
            throw error
        }
        for name in quoted { try await server.run("DROP DATABASE \(name)") }
    }
}
