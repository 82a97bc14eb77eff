internal import Foundation

/// Fetching a secret is I/O; like ``TopologyFile`` it lives here because both executables need it and neither imports
/// the other's modules.
extension SecretReference {
    /// A password or a token, not a document.
    private static let mostBytes = 4_096

    /// Fetches the secret; `env:` references are looked up in `environment`. One trailing line break is not part of
    /// the secret, for editors and `echo` add one.
    package func fetch(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SecretUnavailable) -> Secret {
        var text: String
        switch self {
        case .environment(let name):
            guard let value = environment[name] else { throw SecretUnavailable(self, "the variable is not set") }
            text = value
        case .file(let path):
            guard let handle = FileHandle(forReadingAtPath: path) else {
                throw SecretUnavailable(self, "the file does not exist or cannot be opened")
            }
            defer { try? handle.close() }
            guard let data = try? handle.read(upToCount: Self.mostBytes + 1) else {
                throw SecretUnavailable(self, "the file cannot be read")
            }
            guard data.count <= Self.mostBytes, let value = String(data: data, encoding: .utf8) else {
                throw SecretUnavailable(self, "the file is no UTF-8 text of at most \(Self.mostBytes) bytes")
            }
            text = value
        }
        if text.last?.isNewline == true { text.removeLast() }
        guard !text.isEmpty else { throw SecretUnavailable(self, "it is empty") }
        guard !text.unicodeScalars.contains(where: \.isControl) else {
            throw SecretUnavailable(self, "it contains a line break or another control character")
        }
        return Secret(text)
    }
}

/// A secret that could not be fetched. Says which reference and why, never what was found.
package struct SecretUnavailable: Error, Equatable, CustomStringConvertible {
    package var reference: SecretReference
    package var reason: String

    init(_ reference: SecretReference, _ reason: String) {
        self.reference = reference
        self.reason = reason
    }

    package var description: String {
        "the secret \(reference) is not available: \(reason)"
    }
}
