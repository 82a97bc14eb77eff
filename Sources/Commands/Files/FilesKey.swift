internal import Age
internal import BackupEngine
internal import Foundation
internal import Topology

/// What opens the repositories of files: identities, which open the password that each store has, or else the password
/// that the node keeps.
struct FilesKey: Sendable {
    /// Empty: the node's own password opens them.
    var identities: [X25519Identity]
    private var reference: SecretReference

    /// `file` is the topology's, beside which a store on one machine keeps what is its own.
    init(_ topology: StoreTopology?, file: String?, _ identity: IdentityOptions, _ console: Console) throws {
        identities = identity.identity.isEmpty ? [] : try identity.identities(console)
        reference =
            topology?.backup?.files?.password
            ?? .file("\(NodeState.folder(topology, file: file))/files.password")
    }

    /// Identities alone, on whatever machine.
    init(_ identities: [X25519Identity]) {
        self.identities = identities
        reference = .file("\(NodeState.usualFolder)/files.password")
    }

    /// Opens what a store has.
    func vault(in store: OpenStore, _ restic: Restic) async throws -> FileVault {
        guard try await FileVault.exists(in: store.store) else { throw ResticError.noRepository }
        let password =
            identities.isEmpty ? try known() : try await FilePassword.open(in: store.store, with: identities)
        return vault(in: store, password, restic)
    }

    func vault(in store: OpenStore, _ password: Secret, _ restic: Restic) -> FileVault {
        FileVault(
            restic, .init(repository: FileRepository(store.location), password: password, keys: store.keys),
            in: store.store)
    }

    private func known() throws -> Secret {
        do {
            return try reference.fetch()
        } catch {
            throw UserFacingError(
                code: "files.password_missing",
                summary: "nothing opens the repository of files: \(error)",
                hint: "say --identity FILE, which opens the password that the store has", status: .invalid)
        }
    }

    /// The password to back up with: the node's own, that of a store, or, where no store has files yet, a new one.
    /// - Returns: The password, and whether nobody has had it before.
    func password(for stores: [OpenStore], _ console: Console) async throws -> (Secret, isNew: Bool) {
        if let password = try? reference.fetch() { return (password, false) }
        var holder: OpenStore?
        for store in stores where holder == nil {
            if try await FilePassword.exists(in: store.store) { holder = store }
        }
        if let holder, !identities.isEmpty {
            let password = try await FilePassword.open(in: holder.store, with: identities)
            try keep(password, console)
            return (password, false)
        }
        if let holder {
            throw UserFacingError(
                code: "files.password_missing",
                summary: "\(holder.name) has files already, and this node lacks their password (\(reference))",
                hint: "copy it from the node that made it, or say --identity FILE once, which takes it from the store",
                status: .invalid)
        }
        let password = FilePassword.make()
        try keep(password, console)
        return (password, true)
    }

    /// Writes the node's file, for its owner alone; whole or not at all, and never over another one.
    private func keep(_ password: Secret, _ console: Console) throws {
        guard case .file(let path) = reference else {
            // A variable that is not set: only whoever starts us can set it.
            _ = try reference.fetch()
            return
        }
        let folder = (path as NSString).deletingLastPathComponent
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let part = "\(path).\(UInt32.random(in: 0 ... .max))"
        func failed() -> UserFacingError {
            UserFacingError(
                code: "files.password_not_kept", summary: "\(path) cannot be written",
                hint: "the password of the files is kept there: run it as the user whose it is, or name another place "
                    + "in `backup.files.password`", cause: String(cString: strerror(errno)))
        }
        let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failed() }
        defer { unlink(part) }
        let bytes = Array("\(password.reveal())\n".utf8)
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        guard close(descriptor) == 0, isWritten, link(part, path) == 0 else { throw failed() }
        console.note("the password of the files is kept in \(path)")
    }
}
