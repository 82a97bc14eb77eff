internal import NIOCore
internal import RecoveryCore

/// Takes a stored object of a backup apart, piece by piece, down to its statements.
///
/// What it gives out before ``verify()`` has returned comes from an object that may yet turn out to be damaged.
struct ObjectUnpacker {
    typealias Fault = SealedStream.Fault

    private var stream: SealedStream
    private var splitter = StatementSplitter()

    var storedBytes: UInt64 { stream.storedBytes }
    var rawBytes: UInt64 { stream.rawBytes }

    /// - Throws: `ZstdError.outOfMemory`.
    init(_ object: BackupManifest.Object, key: RestoreOptions.Key) throws(ZstdError) {
        stream = try SealedStream(
            .init(storedBytes: object.storedBytes, rawBytes: object.rawBytes, sha256: object.sha256), key: key)
    }

    /// Takes a piece; all that the one before it has become must be taken.
    mutating func write(_ piece: ByteBuffer) throws(Fault) { try stream.write(piece) }

    /// Nothing more comes from the store. What the last piece becomes is to be taken.
    mutating func writeEnd() throws(Fault) { try stream.writeEnd() }

    /// The next statement; nil when another piece is needed.
    mutating func next() throws(Fault) -> [UInt8]? {
        while true {
            do throws(StatementSplitter.Fault) {
                if let statement = try splitter.next() { return statement }
            } catch {
                throw Self.fault(error)
            }
            guard try stream.next(into: &splitter.text) else { return nil }
        }
    }

    /// All has been taken, and it is what was stored.
    mutating func verify() throws(Fault) {
        try stream.verify()
        do throws(StatementSplitter.Fault) { try splitter.finish() } catch { throw Self.fault(error) }
    }

    private static func fault(_ fault: StatementSplitter.Fault) -> Fault {
        switch fault {
        case .unterminated: .damaged("its text ends within a statement")
        case .tooLong: .damaged("a statement of it has no end")
        }
    }
}
