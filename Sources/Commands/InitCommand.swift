internal import Age
package import ArgumentParser
internal import Foundation

/// `breakwater init`
package struct InitCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented starter topology.",
        discussion: """
            The file explains itself: every key that most stores set is there with its default, the rest is in \
            docs/topology.md. An existing file is never overwritten.

            Beside it goes a new age key pair for backups, readable by you alone: breakwater.identity for \
            breakwater.yaml. The topology names its public key. Without the private key in that file no backup can be \
            opened: keep it in two places, and on no machine of the store. An identity that is there already is used, \
            not replaced.

            Examples:

              breakwater init
              breakwater init --template digitalocean -o shop.yaml
              breakwater init --tls --recipient age1…
            """
    )

    @Option(help: "What to start from: a store on this machine, or one on DigitalOcean.")
    package var template = StarterTopology.local

    @Option(name: [.customShort("o"), .customLong("output")], help: "The file to write.")
    package var file = "breakwater.yaml"

    @Flag(help: "With TLS on every link to Redis and Sentinel.")
    package var tls = false

    @Option(
        help: ArgumentHelp("The public key of backups; then no key pair is made.", valueName: "age1…"))
    package var recipient: String?

    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let key = try key()
        guard try Self.create(file, mode: 0o644, template.text(tls: tls, recipient: key.recipient, identity: key.name))
        else {
            // A key that nothing names would only be in the way.
            if key.isNew { unlink(key.name) }
            throw UserFacingError(
                code: "init.exists", summary: "\(file) exists already; it is left as it is",
                hint: "name another file with -o, or move that one away", status: .refused)
        }
        try console.document(
            Result(
                file: file, template: template.rawValue, recipient: key.recipient,
                identity: recipient == nil ? key.name : nil))
        console.print("wrote \(file)")
        if key.isNew {
            console.print("wrote \(key.name)")
            console.note(
                "backups: only the private key in \(key.name) opens them. Keep it in two places that outlive this machine, "
                    + "such as a password manager and paper, and on no machine of the store")
        }
        if tls {
            console.note(
                template == .local
                    ? "certificates: `breakwater up` makes them, in .breakwater/tls beside the file; production needs your "
                        + "own, see docs/tls.md"
                    : "certificates: put your own on every machine, in /etc/breakwater/tls; docs/tls.md says which")
        }
        console.note("next: breakwater validate\(file == "breakwater.yaml" ? "" : " -f \(file)")")
        return .done
    }

    private struct Key {
        /// `age1…`
        var recipient: String
        /// The file of the private key.
        var name: String
        var isNew = false
    }

    /// The public key that backups are for: the one that was given, that of the identity that is there, or a new one.
    private func key() throws -> Key {
        let name = (file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file) + ".identity"
        do {
            if let recipient { return Key(recipient: "\(try X25519Recipient(recipient))", name: name) }
            let identity = X25519Identity()
            let text = """
                # The private key of Breakwater's backups. Without it none of them can be opened.
                # created: \(Date().formatted(.iso8601))
                # public key: \(identity.recipient)
                \(identity.encoded())

                """
            if try Self.create(name, mode: 0o600, text) {
                return Key(recipient: "\(identity.recipient)", name: name, isNew: true)
            }
            let known = try X25519Identity.identities(inFile: try String(contentsOfFile: name, encoding: .utf8))
            return Key(recipient: known.map { "\($0.recipient)" }.joined(separator: ", "), name: name)
        } catch let error as AgeError {
            throw UserFacingError(
                code: "init.key_unusable", summary: "\(recipient ?? name): \(error)",
                hint: recipient == nil ? "move that file away" : "`age-keygen -y FILE` prints a public key",
                status: .invalid)
        }
    }

    /// Writes a new file; false when there is one of that name.
    private static func create(_ name: String, mode: mode_t, _ text: String) throws -> Bool {
        // "New" in one step with the check that it is: two runs cannot overwrite each other's file.
        let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            guard errno == EEXIST else {
                throw UserFacingError(
                    code: "init.not_writable", summary: "cannot write \(name)", cause: String(cString: strerror(errno)))
            }
            return false
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
        return true
    }

    private struct Result: Encodable {
        var file: String
        var template: String
        var recipient: String
        var identity: String?
    }
}
