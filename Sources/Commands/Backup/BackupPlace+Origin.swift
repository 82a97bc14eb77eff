internal import Age
internal import MySQLClient
internal import Topology

/// What is backed up, and for whom: from options, or else from the topology.
extension BackupPlace {
    /// - Parameters:
    ///   - from: `--from`.
    ///   - options: Where its password comes from.
    ///   - console: Hears warnings.
    /// - Returns: What a connection is made with.
    /// - Throws: `UserFacingError`, `SecretUnavailable`.
    func database(_ from: String?, _ options: DatabaseOptions, _ console: Console) throws -> MySQLSettings {
        guard let address = try from.map({ try MySQLAddress($0, option: "--from") }) ?? topology?.database else {
            throw UserFacingError(
                code: "backup.no_database", summary: "no database is named",
                hint: "say --from mysql://user@host:3306/shop, or -f FILE with a `mysql` section", status: .invalid)
        }
        guard address.database != nil else {
            throw BackupPlace.unusable("--from", "names no database", "such as mysql://user@host:3306/shop")
        }
        return try options.settings(address, from == nil ? topology?.mysql?.password : nil, console)
    }

    /// - Parameter options: `--recipient`.
    /// - Returns: At least one.
    /// - Throws: `UserFacingError`.
    func recipients(_ options: [String]) throws -> [X25519Recipient] {
        let texts = options.isEmpty ? topology?.backup?.recipients ?? [] : options
        guard !texts.isEmpty else {
            throw UserFacingError(
                code: "backup.no_recipient", summary: "nobody could open the backup: there is no recipient",
                hint: "say --recipient age1…; `breakwater init` and `age-keygen` make a key", status: .invalid)
        }
        return try texts.map { text in
            guard !text.uppercased().hasPrefix("AGE-SECRET-KEY-") else {
                throw BackupPlace.unusable(
                    "--recipient", "is a private key, which opens every backup",
                    "give its public key (age1…), and make a new one: command lines are seen and kept")
            }
            do {
                return try X25519Recipient(text)
            } catch {
                throw BackupPlace.unusable("--recipient", "\(text): \(error)", nil)
            }
        }
    }
}
