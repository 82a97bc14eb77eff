import NIOCore
import RESP

/// Whether a command is a read that a replica may answer, by what the configuration declares.
struct ReplicaReadRule: Equatable {
    let isActive: Bool
    let maxLag: TimeAmount
    private let prefixes: [[UInt8]]
    /// By `CommandSpec.index`: declared by name.
    private let isNamed: [Bool]
    /// By `CommandSpec.index`: reads that are not only that.
    private let isExcluded: [Bool]

    /// Reads of keys that a replica answers otherwise than the master would: TOUCH is for what it does to the master's
    /// eviction; OBJECT FREQ and IDLETIME are of the server that is asked; SORT may read keys that nobody can name.
    private static let excluded = ["TOUCH", "OBJECT FREQ", "OBJECT IDLETIME", "SORT", "SORT_RO"]

    init(_ settings: ReplicaReadSettings, table: CommandTable = .shared) {
        isActive = settings.isActive
        maxLag = TimeAmount(settings.maxLag)
        prefixes = settings.prefixes.map { Array($0.utf8) }
        let declared = Set(settings.commands.map { $0.uppercased() })
        isNamed = table.descriptors.map { declared.contains($0.name) }
        isExcluded = table.descriptors.map { Self.excluded.contains($0.name) }
    }

    /// What the command table says of a name that was declared.
    enum Standing: Equatable { case covered, unknown, notPureRead }

    static func standing(of name: String, table: CommandTable = .shared) -> Standing {
        guard let command = table.descriptors.dropFirst().first(where: { $0.name == name.uppercased() }) else {
            return .unknown
        }
        return readableNames(table).contains(command.name) ? .covered : .notPureRead
    }

    /// The names that may be declared: commands that always only read keys.
    static func readableNames(_ table: CommandTable = .shared) -> Set<String> {
        let readable = table.descriptors.filter { command in
            command.effect == .read && command.handling == .shared && command.commandClass == .read
                && command.keys != .none && command.flags.isDisjoint(with: [.container, .dependsOnArguments])
        }
        return Set(readable.map(\.name)).subtracting(excluded)
    }

    func covers(_ spec: CommandSpec, _ frame: RequestFrame, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard spec.effect == .read, spec.handling == .shared, spec.commandClass == .read, spec.keys != .none,
            !isExcluded[Int(spec.index)]
        else { return false }
        if isNamed[Int(spec.index)] { return true }
        guard !prefixes.isEmpty else { return false }
        return FrameArguments.with(frame, in: bytes) { arguments in
            // A key that cannot be seen is one that nobody declared.
            arguments.count == frame.argumentCount && spec.keys.allSatisfy(in: arguments) { carriesPrefix($0) }
        }
    }

    private func carriesPrefix(_ key: UnsafeRawBufferPointer) -> Bool {
        prefixes.contains { prefix in
            key.count >= prefix.count && key.prefix(prefix.count).elementsEqual(prefix)
        }
    }
}
