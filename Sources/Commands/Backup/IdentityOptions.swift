internal import Age
package import ArgumentParser
internal import Foundation
internal import Topology

/// `--identity FILE`: what opens backups.
package struct IdentityOptions: ParsableArguments {
    static let variable = "BREAKWATER_AGE_PASSPHRASE_FILE"
    private static let mostBytes = 1 << 20

    @Option(
        help: ArgumentHelp(
            "A file with age identities (AGE-SECRET-KEY-1…), itself encrypted with a passphrase or not; - is standard "
                + "input. May be repeated.", valueName: "file"))
    package var identity: [String] = []

    package init() {}

    func identities(_ console: Console) throws -> [X25519Identity] {
        guard !identity.isEmpty else {
            throw UserFacingError(
                code: "age.no_identity", summary: "nothing opens the backup: there is no identity",
                hint: "say --identity FILE; it is the private key that `breakwater init` or `age-keygen` made",
                status: .invalid)
        }
        return try identity.flatMap { try read(PrivateFile($0), console) }
    }

    private func read(_ file: PrivateFile, _ console: Console) throws -> [X25519Identity] {
        guard let handle = FileHandle(forReadingAtPath: file.path),
            let data = try? handle.read(upToCount: Self.mostBytes)
        else {
            throw UserFacingError(
                code: "age.identity_unreadable", summary: "\(file.path) cannot be read",
                hint: "check that the file exists and that this user may read it", status: .invalid)
        }
        do {
            if data.starts(with: Data("age-encryption.org/v1".utf8)) {
                let text = try decrypted(data, try passphrase(for: file, console))
                return try X25519Identity.identities(inFile: text)
            }
            file.warn(console)
            return try X25519Identity.identities(inFile: String(decoding: data, as: UTF8.self))
        } catch let error as AgeError {
            throw UserFacingError(
                code: "age.identity_invalid", summary: "\(file.path) holds no identity: \(error.description)",
                hint: "it is a file as age-keygen writes it, with a line AGE-SECRET-KEY-1…", status: .invalid)
        }
    }

    private func decrypted(_ data: Data, _ passphrase: AgePassphrase) throws -> String {
        var text: [UInt8] = []
        var decryptor = AgeDecryptor(passphrase: passphrase)
        try decryptor.decrypt(Array(data), into: &text)
        try decryptor.finish(into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func passphrase(for file: PrivateFile, _ console: Console) throws -> AgePassphrase {
        if let path = ProcessInfo.processInfo.environment[Self.variable] {
            return try AgePassphrase(try PrivateFile(path).secret(console).reveal())
        }
        // From the terminal itself, and without an echo.
        guard let text = getpass("passphrase of \(file.path): ") else {
            throw UserFacingError(
                code: "age.passphrase_needed", summary: "\(file.path) is encrypted with a passphrase",
                hint: "run it on a terminal, or name a file with the passphrase in \(Self.variable)", status: .invalid)
        }
        return try AgePassphrase(String(cString: text))
    }
}
