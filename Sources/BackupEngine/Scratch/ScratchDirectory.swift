internal import Foundation
internal import Glibc

/// The folder of a scratch server, which nobody but the server's user enters.
struct ScratchDirectory: Sendable {
    let path: String
    /// Whom the server is told to run as, and its numbers; nil when that is who we are.
    let owner: Owner?

    struct Owner: Sendable, Hashable {
        var name: String
        var user: uid_t
        var group: gid_t
    }

    /// A path that nobody has yet, below the folder.
    /// - Throws: `ScratchError.directory`, `userMissing`.
    init(in folder: String, user: String?) throws(ScratchError) {
        let folder = URL(filePath: folder).standardizedFileURL.path
        let name = "breakwater-scratch-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let path = "\(folder == "/" ? "" : folder)/\(name)"
        // unix(7): 108 bytes with the NUL.
        guard path.utf8.count + 2 < 108 else {
            throw .directory(folder, reason: "its path is too long for a unix socket below it")
        }
        self.path = path
        owner = geteuid() == 0 ? try Self.owner(user.map { [$0] } ?? ["mysql", "nobody"]) : nil
    }

    private static func owner(_ names: [String]) throws(ScratchError) -> Owner {
        for name in names {
            guard let entry = getpwnam(name)?.pointee, entry.pw_uid != 0 else { continue }
            return Owner(name: name, user: entry.pw_uid, group: entry.pw_gid)
        }
        throw .userMissing(names[0])
    }

    var socket: String { path + "/s" }
    var data: String { path + "/data" }
    var log: String { path + "/log" }
    private var temporary: String { path + "/tmp" }
    /// Where alone files may be read and written by statements.
    private var files: String { path + "/files" }

    func create() throws(ScratchError) {
        for folder in [path, temporary, files] {
            guard mkdir(folder, 0o700) == 0, give(folder) else { throw failure() }
        }
    }

    /// Writes a file that the server's user alone can read.
    func write(_ text: String, to name: String) throws(ScratchError) -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, give(file) else { throw failure() }
        return file
    }

    private func give(_ path: String) -> Bool {
        owner.map { lchown(path, $0.user, $0.group) == 0 } ?? true
    }

    private func failure() -> ScratchError {
        .directory((path as NSString).deletingLastPathComponent, reason: String(cString: strerror(errno)))
    }

    /// What is free in a folder, for users without privileges.
    static func freeBytes(in folder: String) throws(ScratchError) -> UInt64 {
        var info = statvfs()
        guard statvfs(folder, &info) == 0 else {
            throw .directory(folder, reason: String(cString: strerror(errno)))
        }
        return UInt64(info.f_bavail).multipliedReportingOverflow(by: UInt64(info.f_frsize)).partialValue
    }

    /// Options of both families, also for the making of the data directory.
    var options: [String] {
        ["--no-defaults", "--datadir=\(data)", "--tmpdir=\(temporary)"] + (owner.map { ["--user=\($0.name)"] } ?? [])
    }

    var serverOptions: [String] {
        options + ["--socket=\(socket)", "--pid-file=\(path)/pid", "--secure-file-priv=\(files)"]
    }

    /// The end of what was logged.
    func lastWords(of log: String) -> String {
        guard let handle = FileHandle(forReadingAtPath: log) else { return "there is no log" }
        defer { try? handle.close() }
        let size = (try? handle.seekToEnd()) ?? 0
        try? handle.seek(toOffset: size > 4_096 ? size - 4_096 : 0)
        let text = (try? handle.readToEnd()).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let lines = text.split(whereSeparator: \.isNewline)
        let errors = lines.filter { $0.localizedCaseInsensitiveContains("error") }
        return (errors.isEmpty ? lines.suffix(3) : errors.suffix(3)).joined(separator: " / ")
    }

    /// `MemAvailable` of proc(5), in bytes.
    static var freeMemory: UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { $0 << 10 }
    }
}
