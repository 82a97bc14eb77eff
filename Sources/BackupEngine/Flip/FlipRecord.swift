package import Foundation
internal import Glibc
package import HAProxy
package import RecoveryCore

/// A flip that has begun, as it is kept on the disk: how far it may have come, and what was there before.
package struct FlipRecord: Sendable, Equatable, Codable {
    package var journal: Flip.Journal
    package var startedAt: Date
    /// What the endpoint file said.
    package var endpoint: EndpointFile.Endpoint?
    /// Where HAProxy's server was.
    package var server: HAProxySocket.Server?

    package init(
        _ journal: Flip.Journal, startedAt: Date, endpoint: EndpointFile.Endpoint?, server: HAProxySocket.Server?
    ) {
        self.journal = journal
        self.startedAt = startedAt
        self.endpoint = endpoint
        self.server = server
    }
}

/// Where the record of a flip is kept, on the machine that does it.
package struct FlipRecordFile: Sendable {
    private let file: ReplacedFile

    package init(path: String) { file = ReplacedFile(path: path) }

    package var path: String { file.path }

    /// Nil when no flip has been left unfinished.
    /// - Throws: `FlipError.file`, also for one that cannot be understood: what was begun is then for people to see to.
    package func read() throws(FlipError) -> FlipRecord? {
        guard let text = try file.read() else { return nil }
        guard let record = try? JSONDecoder().decode(FlipRecord.self, from: Data(text.utf8)) else {
            throw .file(path, reason: "it is the record of an unfinished flip, and cannot be read")
        }
        return record
    }

    /// Durable when this returns.
    package func write(_ record: FlipRecord) throws(FlipError) {
        makeFolder()
        guard let data = try? JSONEncoder().encode(record) else { throw .file(path, reason: "it cannot be encoded") }
        try file.write(String(decoding: data, as: UTF8.self) + "\n")
    }

    package func remove() throws(FlipError) { try file.remove() }

    /// That nobody else flips on this machine, until this value goes; the kernel lets go of it however a process ends.
    package final class Hold: Sendable {
        private let descriptor: Int32

        fileprivate init(_ descriptor: Int32) { self.descriptor = descriptor }

        deinit { close(descriptor) }
    }

    /// - Throws: `FlipError.busy`.
    package func hold() throws(FlipError) -> Hold {
        makeFolder()
        let descriptor = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file("\(path).lock", reason: String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .busy
        }
        return Hold(descriptor)
    }

    private func makeFolder() {
        try? FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }
}
