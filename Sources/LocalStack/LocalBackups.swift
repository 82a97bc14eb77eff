internal import Age
internal import Foundation
package import Topology

/// What a local store's backups need and its topology need not name: a bucket in the state directory, and a key pair.
package struct LocalBackups: Sendable {
    private let state: StateDirectory

    package init(_ state: StateDirectory) { self.state = state }

    /// A directory of this machine.
    package var bucket: String { "\(state.path)/bucket" }
    /// The private key that opens the backups. On a laptop it may lie beside them; nowhere else.
    package var identityFile: String { state.secretFile("backup.identity") }

    /// Makes the key pair on first use.
    func prepare() throws(StackError) {
        guard StateDirectory.read(identityFile) == nil else { return }
        let identity = X25519Identity()
        try StateDirectory.write(
            "# public key: \(identity.recipient)\n\(identity.encoded())\n", to: identityFile)
    }

    /// The public key; nil before the first `up`.
    package var recipient: String? {
        let identities = StateDirectory.read(identityFile).flatMap { try? X25519Identity.identities(inFile: $0) }
        return identities?.first.map { "\($0.recipient)" }
    }
}

extension StoreTopology {
    /// The topology with the addresses that `breakwater up` gave its hosts the last time; as it is before the first.
    package func assigned(from state: StateDirectory) -> StoreTopology {
        state.previousNetwork.flatMap { assigningLoopback(network: $0) } ?? self
    }

    /// The topology with what `breakwater up` chose for a local store's database and its backups: address, password,
    /// bucket and key. What the file says stays. Other stores are returned as they are.
    package func filledIn(from state: StateDirectory) -> StoreTopology {
        guard hasLocalDatabase, let primary = mysql?.primary else { return self }
        var result = self
        let backups = LocalBackups(state)
        if result.backup?.to.isEmpty == true { result.backup?.to = [BackupStore(.directory(backups.bucket))] }
        if result.backup?.recipients.isEmpty == true {
            result.backup?.recipients = [backups.recipient].compactMap(\.self)
        }
        guard let database = StackManifest.read(state)?.database else { return result }
        let parts = database.address.split(separator: ":")
        if let index = result.hosts.firstIndex(where: { $0.name == primary }), let host = parts.first {
            result.hosts[index].address = String(host)
        }
        if result.mysql?.password == nil { result.mysql?.password = .file(database.passwordFile) }
        return result
    }
}
