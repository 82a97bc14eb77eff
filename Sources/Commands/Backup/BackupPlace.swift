package import ArgumentParser
internal import BackupEngine
internal import CloudHTTP
internal import Foundation
internal import LocalStack
internal import Logging
internal import ObjectStore
internal import Topology

/// `-f FILE` and `--store URL`: where backups are.
package struct StoreOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .customLong("file")],
        help: ArgumentHelp(
            "The topology file (default: \(TopologyFile.defaultPath), unless there is a --store).", valueName: "file"))
    package var file: String?

    @Option(
        help: ArgumentHelp(
            "Where backups are kept, instead of the topology's stores: s3://bucket/prefix?region=… or dir:/path. May be "
                + "repeated.", valueName: "url"))
    package var store: [String] = []

    package init() {}
}

/// The stores of a command, and the topology that it goes by, if any.
struct BackupPlace: Sendable {
    var topology: StoreTopology?
    /// ``needed`` of them must have a backup for it to count.
    var required: [BackupStore]
    var needed: Int
    /// They have copies.
    var others: [BackupStore] = []

    init(_ options: StoreOptions, _ console: Console) throws {
        try self.init(file: options.file, stores: options.store, console)
    }

    /// `file` and `stores` as ``StoreOptions`` has them.
    init(file named: String?, stores: [String] = [], _ console: Console) throws {
        if named != nil || stores.isEmpty {
            let file = named ?? TopologyFile.defaultPath
            guard named != nil || FileManager.default.fileExists(atPath: file) else {
                throw UserFacingError(
                    code: "backup.no_place", summary: "there is neither a --store nor a topology file",
                    hint: "say --store s3://bucket/prefix?region=… or -f FILE", status: .invalid)
            }
            let state = StateDirectory(StateDirectory.besideTopology(file))
            topology = try TopologyOptions.load(file, console).filledIn(from: state)
        }
        if !stores.isEmpty {
            required = try stores.map { BackupStore(try Self.location($0)) }
            let twice = Dictionary(grouping: required, by: \.location).first { $0.value.count > 1 }
            if let twice { throw Self.unusable("--store", "\(twice.key) is named twice", nil) }
            needed = required.count
        } else {
            guard let backup = topology?.backup else {
                throw UserFacingError(
                    code: "backup.not_described", summary: "the topology has no `backup` section",
                    hint: "add one (docs/topology.md), or say --store", status: .invalid)
            }
            required = backup.to
            needed = backup.required
            others = backup.replicateTo
        }
    }

    private static func location(_ text: String) throws -> BackupLocation {
        do {
            return try BackupLocation(text)
        } catch {
            throw unusable("--store", error.description, error.hint)
        }
    }

    /// An option that cannot be used.
    static func unusable(_ option: String, _ reason: String, _ hint: String?) -> UserFacingError {
        UserFacingError(code: "usage", summary: "\(option) \(reason)", hint: hint, status: .invalid)
    }
}

/// A store that is open.
struct OpenStore: Sendable {
    /// As its owner wrote it.
    var name: String
    var isRequired: Bool
    var location: BackupLocation
    /// The variables with its keys, for programs that are started; none for a directory.
    var keys: [String: Secret]
    var catalogue: BackupCatalogue

    var store: any ObjectStore { catalogue.store }
}

extension BackupPlace {
    /// Runs `body` with all stores, in the order of the topology, and ends their connections afterwards.
    ///
    /// - Parameters:
    ///   - console: Hears what the stores log.
    ///   - passingOver: Whether a store whose keys are not there is passed over, as long as there is another one. After a
    ///     disaster one copy is enough.
    ///   - pruning: Whether they are opened with the keys that may delete.
    ///   - body: What is done with them.
    /// - Returns: What `body` returned.
    /// - Throws: `SecretUnavailable`, `ObjectStoreError`, and what `body` throws.
    func withStores<Result: Sendable>(
        _ console: Console, passingOver: Bool = false, pruning: Bool = false,
        _ body: ([OpenStore]) async throws -> Result
    ) async throws -> Result {
        let stores = required.map { ($0, true) } + others.map { ($0, false) }
        var keyed: [KeyedStore] = []
        var missing: (any Error)?
        for (store, isRequired) in stores {
            do {
                let reference = pruning ? store.pruneCredentials ?? store.credentials : store.credentials
                let keys = try reference.map(CloudCredentials.init(fetching:))
                keyed.append(KeyedStore(location: store.location, keys: keys, isRequired: isRequired))
            } catch {
                guard passingOver else { throw error }
                console.note("warning: \(store.location) is passed over: \(UserFacingError(presenting: error).summary)")
                missing = missing ?? error
            }
        }
        if keyed.isEmpty, let missing { throw missing }
        let logger = Logger(label: "breakwater.store") { label in
            var log = ConsoleLog(console: console, label: label)
            log.logLevel = .warning
            return log
        }
        return try await Self.open(keyed[...], [], logger, body)
    }

    private struct KeyedStore {
        var location: BackupLocation
        var keys: CloudCredentials?
        var isRequired: Bool
    }

    private static func open<Result: Sendable>(
        _ rest: ArraySlice<KeyedStore>, _ opened: [OpenStore], _ logger: Logger,
        _ body: ([OpenStore]) async throws -> Result
    ) async throws -> Result {
        guard let next = rest.first else { return try await body(opened) }
        return try await StoreLocation(next.location).withStore(credentials: next.keys, logger: logger) { store in
            let open = OpenStore(
                name: "\(next.location)", isRequired: next.isRequired, location: next.location,
                keys: next.keys?.variables ?? [:], catalogue: BackupCatalogue(store))
            return try await Self.open(rest.dropFirst(), opened + [open], logger, body)
        }
    }
}

extension CloudCredentials {
    /// A session's token belongs to the keys of the environment alone.
    fileprivate init(fetching reference: BackupStore.Credentials) throws {
        let token = ProcessInfo.processInfo.environment["AWS_SESSION_TOKEN"] ?? ""
        self.init(
            accessKeyID: try reference.accessKey.fetch().reveal(),
            secretAccessKey: try reference.secretKey.fetch(),
            sessionToken: reference == .environment && !token.isEmpty ? Secret(token) : nil)
    }

    /// As every S3 client reads them. An empty token is none, whatever our own environment has.
    fileprivate var variables: [String: Secret] {
        [
            "AWS_ACCESS_KEY_ID": Secret(accessKeyID), "AWS_SECRET_ACCESS_KEY": secretAccessKey,
            "AWS_SESSION_TOKEN": sessionToken ?? Secret(""),
        ]
    }
}
