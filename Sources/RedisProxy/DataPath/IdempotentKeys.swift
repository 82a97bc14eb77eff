import NIOCore
import RESP

/// The keys whose overwriting commands may be sent twice (`redis.idempotent`), by their prefixes.
struct IdempotentKeys {
    private let prefixes: [[UInt8]]

    init(prefixes: [String]) { self.prefixes = prefixes.map { Array($0.utf8) } }

    /// Whether a command overwrites only such keys.
    @inline(__always)
    func cover(_ spec: CommandSpec, _ frame: RequestFrame, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard spec.effect == .overwrite, !prefixes.isEmpty else { return false }
        return FrameArguments.with(frame, in: bytes) { arguments in
            spec.keys.allSatisfy(in: arguments) { key in contain(key) }
        }
    }

    /// The same for the bytes of one whole command.
    func cover(_ spec: CommandSpec, _ bytes: ByteBuffer) -> Bool {
        guard spec.effect == .overwrite, !prefixes.isEmpty else { return false }
        return bytes.withUnsafeReadableBytes { bytes in
            var parser = RequestParser()
            guard case .command(let frame)? = try? parser.next(bytes) else { return false }
            return cover(spec, frame, bytes)
        }
    }

    private func contain(_ key: UnsafeRawBufferPointer) -> Bool {
        prefixes.contains { prefix in key.count >= prefix.count && key.prefix(prefix.count).elementsEqual(prefix) }
    }
}
