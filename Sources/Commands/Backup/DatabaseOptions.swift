package import ArgumentParser
internal import Foundation
internal import MySQLClient
internal import Topology

/// `--password-file`, and where a database's password comes from without it.
package struct DatabaseOptions: ParsableArguments {
    static let variable = "BREAKWATER_MYSQL_PASSWORD"

    @Option(
        help: ArgumentHelp(
            "A file with the database user's password, or - for standard input (default: the topology's "
                + "`mysql.password`, or the variable \(Self.variable)).", valueName: "file"))
    package var passwordFile: String?

    package init() {}

    /// What a connection is made with. `reference` is the topology's, if the address is the topology's too.
    func settings(
        _ address: MySQLAddress, _ reference: SecretReference? = nil, _ console: Console
    ) throws -> MySQLSettings {
        let environment = ProcessInfo.processInfo.environment
        let password: Secret? =
            if let passwordFile {
                try PrivateFile(passwordFile).secret(console)
            } else if let reference {
                try reference.fetch()
            } else if environment[Self.variable] != nil {
                try SecretReference.environment(Self.variable).fetch()
            } else {
                nil
            }
        return MySQLSettings(address: address, password: password)
    }
}

extension MySQLAddress {
    /// As an option gives it.
    init(_ text: String, option: String) throws {
        do {
            try self.init(text)
        } catch {
            throw BackupPlace.unusable(option, error.description, error.hint)
        }
    }
}

/// A file with a secret that the command line names.
struct PrivateFile {
    let path: String

    /// `-` is standard input.
    init(_ name: String) {
        path = name == "-" ? "/dev/stdin" : URL(filePath: name).absoluteURL.standardizedFileURL.path
    }

    func secret(_ console: Console) throws -> Secret {
        warn(console)
        return try SecretReference.file(path).fetch()
    }

    /// Says so if others may read it too.
    func warn(_ console: Console) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular,
            let permissions = attributes?[.posixPermissions] as? Int, permissions & 0o077 != 0
        else { return }
        console.note("warning: other users may read \(path); chmod 600 keeps it to yours")
    }
}
