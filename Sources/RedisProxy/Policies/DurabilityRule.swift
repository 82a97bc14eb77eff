import NIOCore
import RESP

/// Which writes are acknowledged only once replicas have them, and what a client is told when they have not.
struct DurabilityRule: Equatable {
    private let prefixes: [[UInt8]]
    let isActive: Bool
    let replicas: Int
    /// How long one write waits for them, in milliseconds; never 0, which means forever to WAIT.
    let timeout: Int64

    init(_ configuration: ProxyConfiguration) {
        prefixes = configuration.durablePrefixes.map { Array($0.utf8) }
        isActive = !prefixes.isEmpty
        replicas = configuration.durableReplicas
        timeout = max(1, configuration.durableTimeout.milliseconds)
    }

    /// Whether a command may write a key that is declared durable. Commands whose keys nobody can name (FLUSHALL, a
    /// module's) may write any.
    func covers(_ spec: CommandSpec, _ frame: RequestFrame, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard isActive, Self.writes(spec) else { return false }
        if spec.keys == .none { return true }
        return FrameArguments.with(frame, in: bytes) { arguments in
            // Of a long command not all arguments have arrived: what cannot be seen counts as durable.
            let isWhole = arguments.count == frame.argumentCount
            guard isWhole || spec.keys == .first && arguments.count > 1 else { return true }
            var isCovered = false
            spec.keys.forEach(in: arguments) { position in
                isCovered = isDurable(arguments[position])
                return !isCovered
            }
            return isCovered
        }
    }

    /// Whether a command, a read too, may concern such a key: it is never answered in the server's stead.
    func concerns(_ spec: CommandSpec, _ frame: RequestFrame, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard isActive else { return false }
        if spec.keys == .none { return Self.writes(spec) }
        return FrameArguments.with(frame, in: bytes) { arguments in
            !spec.keys.forEach(in: arguments) { !isDurable(arguments[$0]) }
        }
    }

    func covers(_ spec: CommandSpec, _ bytes: ByteBuffer) -> Bool {
        guard isActive, Self.writes(spec) else { return false }
        return bytes.withUnsafeReadableBytes { bytes in
            var parser = RequestParser()
            guard case .command(let frame)? = try? parser.next(bytes) else { return true }
            return covers(spec, frame, bytes)
        }
    }

    /// EXEC writes what was queued before it, which is judged command by command.
    private static func writes(_ spec: CommandSpec) -> Bool {
        switch spec.effect {
        case .overwrite: true
        case .mutate: spec.handling != .exec && !(spec.keys == .none && spec.commandClass == .script)
        case .read, .scan, .publish, .control: false
        }
    }

    /// Whether a key is declared durable.
    func isDurable(_ key: UnsafeRawBufferPointer) -> Bool {
        isActive
            && prefixes.contains { prefix in
                key.count >= prefix.count && key.prefix(prefix.count).elementsEqual(prefix)
            }
    }

    // MARK: The answer

    /// What becomes of the answer of a write, given what WAIT answered behind it.
    enum Verdict: Equatable {
        case acknowledge
        /// The write ran and too few replicas have it: the client gets this error in place of its answer.
        case tooFew(message: String)
        /// Nobody can tell: the client's connection is closed.
        case unknown
    }

    /// The verdict on a write behind which WAIT answered `acknowledged`; nil for an answer that is no number.
    ///
    /// `isStillMaster` is whether the connection's server is, at this moment, the master that a majority confirms: the
    /// word of replicas that follow a server which was replaced is worth nothing.
    func judge(acknowledged: Int?, isStillMaster: Bool) -> Verdict {
        guard let acknowledged, isStillMaster else { return .unknown }
        if acknowledged >= replicas { return .acknowledge }
        // The word is none of Redis' own: NOREPLICAS would say that nothing was written. Clients that hide errors
        // beginning with ERR (phpredis) throw for this one.
        return .tooFew(
            message: "NOTDURABLE the write ran on the master, but only \(acknowledged) of \(replicas) replicas had it "
                + "after \(timeout) ms")
    }

    /// The question behind a durable write, on the same connection: WAIT counts only that connection's writes.
    var wait: ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeCommand("WAIT", String(replicas), String(timeout))
        return buffer
    }

    /// An answer that says that nothing was written needs no replica: an error, or EXEC's null.
    static func needsReplicas(_ reply: ByteBuffer) -> Bool {
        let bytes = reply.readableBytesView.prefix(3)
        guard let first = bytes.first else { return false }
        return first != ASCII.minus && first != UInt8(ascii: "_") && first != UInt8(ascii: "!")
            && !bytes.elementsEqual("*-1".utf8)
    }
}

extension Duration {
    /// Rounded down.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
