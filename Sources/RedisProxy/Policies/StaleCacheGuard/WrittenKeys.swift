import NIOCore
import RESP

/// Which keys a command may write, as the stale-cache guard remembers them.
enum WrittenKeys: Equatable {
    /// It writes no data.
    case none
    /// The keys that were told.
    case named
    /// Keys of its database that it does not name.
    case unnamed
    /// Keys of any database.
    case everywhere

    /// Calls `body` with each key that the command names. Of a long command, whose value is still arriving, not all
    /// keys are there.
    static func of(
        _ spec: CommandSpec, _ frame: RequestFrame, _ bytes: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) -> WrittenKeys {
        guard mayWrite(spec), spec.accepts(argumentCount: frame.argumentCount) else { return .none }
        if spec.effect == .mutate, reachesOtherDatabases(spec, frame.argumentCount) { return .everywhere }
        var isNamed = false
        let isWhole = FrameArguments.with(frame, in: bytes) { arguments in
            spec.keys.forEach(in: arguments) { position in
                isNamed = true
                body(arguments[position])
                return true
            }
            return arguments.count == frame.argumentCount || spec.keys == .first
        }
        return isNamed && isWhole ? .named : .unnamed
    }

    static func mayWrite(_ spec: CommandSpec) -> Bool {
        switch spec.effect {
        case .read, .scan, .publish, .control: false
        case .overwrite: true
        // EXEC runs what was noted before it; functions are no data.
        case .mutate: spec.handling != .exec && !(spec.keys == .none && spec.commandClass == .script)
        }
    }

    private static func reachesOtherDatabases(_ spec: CommandSpec, _ argumentCount: Int) -> Bool {
        // COPY source destination [REPLACE] stays in the client's database; with DB it has two words more.
        reaching.contains(spec.index) && !(spec.index == copy && argumentCount <= 4)
    }

    /// By `CommandSpec.index`.
    private static let reaching = ["FLUSHALL", "SWAPDB", "MOVE", "COPY"].compactMap(index)
    private static let copy = index("COPY")

    private static func index(_ name: String) -> UInt16? {
        Array(name.utf8).withUnsafeBytes { CommandTable.shared.lookup($0)?.index }
    }
}
