internal import Foundation
internal import Rendering
internal import Topology

/// Everything one stack keeps on disk, readable by its owner alone:
///
///     lock                held by the supervisor while it runs; holds its process id
///     network             the loopback network, so that the next start has the same addresses
///     stack.json          what runs where, for `status` and drills
///     tls/                the store's certificate authority and this program's certificate
///     secrets/NAME        passwords that the topology does not give
///     hosts/HOST/…        the rendered files and the servers' data
///     log/NAME.log        what each process printed
///     run/NODE.sock       the sidecars' sockets
package struct StateDirectory: Sendable, Equatable {
    /// Absolute.
    package let path: String

    /// Where a stack keeps its state unless told otherwise: beside the topology file.
    package static func besideTopology(_ file: String) -> String {
        let directory = URL(filePath: file).absoluteURL.standardizedFileURL.deletingLastPathComponent()
        return directory.appending(path: ".breakwater").path(percentEncoded: false)
    }

    /// Does not touch the disk.
    package init(_ path: String) {
        var path = URL(filePath: path).absoluteURL.standardizedFileURL.path(percentEncoded: false)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    var lockFile: String { "\(path)/lock" }
    var networkFile: String { "\(path)/network" }
    package var manifestFile: String { "\(path)/stack.json" }
    package var hosts: String { "\(path)/hosts" }
    /// Where a Redis node keeps its data.
    package func dataDirectory(of node: String) -> String {
        RenderLayout.local(directory: hosts).paths(.redis, on: node).directory
    }
    package func log(of name: String) -> String { "\(path)/log/\(name).log" }
    package func socket(of node: String) -> String { "\(path)/run/\(node).sock" }
    func tlsFile(_ name: String) -> String { "\(path)/tls/\(name)" }
    func secretFile(_ name: String) -> String { "\(path)/secrets/\(name)" }

    /// Makes the directories, mode 0700.
    func create() throws(StackError) {
        for directory in [path, hosts, "\(path)/log", "\(path)/run", "\(path)/secrets"] {
            try Self.makeDirectory(directory)
        }
        // A directory that was there before keeps its owner, but no longer admits others.
        guard chmod(path, 0o700) == 0 else {
            throw .system("state_unusable", "\(path) cannot be made private", errno)
        }
    }

    static func makeDirectory(_ path: String) throws(StackError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StackError("state_unusable", "\(path) cannot be made", cause: error.localizedDescription)
        }
    }

    /// Replaces a file in one step; at no moment is it half written or readable by others than `mode` says.
    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws(StackError) {
        let temporary = "\(path).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw .system("state_unusable", "\(path) cannot be written", errno) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(text.utf8))
            try handle.close()
        } catch {
            throw StackError("state_unusable", "\(path) cannot be written", cause: error.localizedDescription)
        }
        guard rename(temporary, path) == 0 else {
            throw .system("state_unusable", "\(path) cannot be written", errno)
        }
    }

    static func read(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return String(data: data, encoding: .utf8)
    }

    var previousNetwork: LoopbackNetwork? {
        let parts = Self.read(networkFile)?.split(whereSeparator: { $0 == "." || $0.isWhitespace }) ?? []
        guard parts.count == 3, parts[0] == "127", let second = UInt8(parts[1]), let third = UInt8(parts[2]) else {
            return nil
        }
        return LoopbackNetwork(second: second, third: third)
    }

    func remember(_ network: LoopbackNetwork) throws(StackError) {
        try Self.write("127.\(network.second).\(network.third)\n", to: networkFile)
    }

    /// The password of that name: made on first use (256 random bits in hexadecimal), the same from then on.
    func password(_ name: String) throws(StackError) -> Secret {
        let file = secretFile(name)
        if let text = Self.read(file) {
            let password = text.trimmingCharacters(in: .newlines)
            if !password.isEmpty { return Secret(password) }
        }
        var generator = SystemRandomNumberGenerator()
        let words = (0..<4).map { _ in String(generator.next() | 1 << 63, radix: 16) }
        let password = words.joined()
        try Self.write(password + "\n", to: file)
        return Secret(password)
    }

    /// Writes a secret that a process is to read from a file.
    func keep(_ secret: Secret, as name: String) throws(StackError) {
        try Self.write(secret.reveal() + "\n", to: secretFile(name))
    }
}
