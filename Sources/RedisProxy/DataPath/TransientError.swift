/// Error replies by which a server says that it did not execute a command and that it may do so later or elsewhere.
///
/// They are recognised by Redis' own words, not by the prefix alone: a script may answer any error it likes after it
/// has changed data, but it cannot have written anything on a server that refuses writes.
/// Source: `createSharedObjects` (server.c) and `unblockClientsOnReplicaSwitch` (blocked.c) of Redis 7, Valkey 8.
enum TransientError: Equatable {
    /// The server is (or became) a replica, or loads its data: commands must go to a confirmed master.
    case wrongServer
    /// The same server may accept the command in a moment (too few replicas, a busy script, a cluster move).
    case tryLater

    private static let wordings: [(text: StaticString, kind: TransientError)] = [
        ("-READONLY You can't write against a read only replica", .wrongServer),
        ("-READONLY You can't write against a read only slave", .wrongServer),
        ("-READONLY Can't execute", .wrongServer),
        ("-LOADING Redis is loading the dataset in memory", .wrongServer),
        ("-LOADING Valkey is loading the dataset in memory", .wrongServer),
        ("-MASTERDOWN Link with MASTER is down", .wrongServer),
        ("-UNBLOCKED force unblock from blocking operation, instance state changed", .wrongServer),
        ("-NOREPLICAS Not enough good replicas to write", .tryLater),
        ("-BUSY Redis is busy running a script", .tryLater),
        ("-BUSY Valkey is busy running a script", .tryLater),
        ("-TRYAGAIN ", .tryLater),
    ]

    /// Looks at a whole reply, or the beginning of one.
    @inline(__always)
    static func recognise(_ reply: UnsafeRawBufferPointer) -> TransientError? {
        guard reply.count > 8, reply[0] == UInt8(ascii: "-") else { return nil }
        return recogniseError(reply)
    }

    private static func recogniseError(_ reply: UnsafeRawBufferPointer) -> TransientError? {
        for wording in wordings where reply.starts(with: wording.text) { return wording.kind }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    func starts(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return false }
        for index in 0..<length where self[index] != text.utf8Start[index] { return false }
        return true
    }
}
