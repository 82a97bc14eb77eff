import Glibc
package import RedisClient

/// A file that holds one secret.
package enum SecretFile {
    /// No password is longer; more means that the wrong file was named.
    private static let limit = 64 * 1024

    /// Reads the secret, without the line end that editors add.
    ///
    /// `warn` gets a problem when other users may read the file.
    package static func contents(
        of path: String, warn: (ConfigurationProblem) -> Void
    ) throws(ConfigurationProblem) -> Secret {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable(path, String(cString: strerror(errno))) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path, String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw unreadable(path, "it is a directory") }
        if status.st_mode & S_IFMT == S_IFREG, status.st_mode & S_IROTH != 0 {
            warn(.exposed(path))
        }

        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, String(cString: strerror(errno))) }
            if count == 0 { break }
            bytes += chunk[..<count]
            guard bytes.count <= limit else { throw unreadable(path, "it is longer than \(limit) bytes") }
        }
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw unreadable(path, "it is empty") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw unreadable(path, "it is not UTF-8 text")
        }
        return Secret(text)
    }

    /// Whether every user of this machine may read the file.
    package static func isExposed(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_mode & S_IROTH != 0
    }

    private static func unreadable(_ path: String, _ reason: String) -> ConfigurationProblem {
        .error(
            "secret_unreadable", "The password file \(path) cannot be used: \(reason).",
            hint: "it must hold the password alone, and the sidecar's user must be able to read it")
    }
}

extension ConfigurationProblem {
    /// A secret's file that is not secret.
    package static func exposed(_ path: String) -> ConfigurationProblem {
        .warning("secret_exposed", "Every user of this machine may read \(path).", hint: "chmod o-r \(path)")
    }
}
