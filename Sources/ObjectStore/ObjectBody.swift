package import NIOCore

/// The bytes of an object, as they are read. One reader, once; who reads slowly slows the store, who stops ends it.
package struct ObjectBody: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    /// Of the whole object.
    package let info: ObjectInfo
    /// Which of its bytes come.
    package let range: Range<Int64>
    private let source: @Sendable () -> any ObjectSource

    init(_ info: ObjectInfo, _ range: Range<Int64>, _ source: @escaping @Sendable () -> any ObjectSource) {
        self.info = info
        self.range = range
        self.source = source
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(source: source()) }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var source: any ObjectSource

        package mutating func next() async throws -> ByteBuffer? { try await source.next() }
    }

    /// All of it in memory.
    /// - Throws: `tooLarge` before anything is read.
    package func collected(upTo limit: Int) async throws -> ByteBuffer {
        guard range.upperBound - range.lowerBound <= limit else {
            throw ObjectStoreError.tooLarge(info.key, size: info.size, limit: limit)
        }
        var bytes = ByteBuffer()
        for try await piece in self { bytes.writeImmutableBuffer(piece) }
        return bytes
    }
}

/// Where the bytes come from. It ends after the last byte of the range, and throws when it cannot get there.
protocol ObjectSource {
    mutating func next() async throws -> ByteBuffer?
}

/// Bytes that are in memory already, as a sequence of one piece, or none when there are no bytes.
struct OnePiece: AsyncSequence, AsyncIteratorProtocol, ObjectSource, Sendable {
    private var bytes: ByteBuffer?

    init(_ bytes: ByteBuffer) {
        self.bytes = bytes.readableBytes > 0 ? bytes : nil
    }

    func makeAsyncIterator() -> OnePiece { self }

    mutating func next() -> ByteBuffer? {
        defer { bytes = nil }
        return bytes
    }
}

extension Range<Int64> {
    /// The bytes of an object of `size` that are asked for.
    /// - Throws: `rangeOutside` when the first of them is behind its end.
    static func asked(_ range: Range<Int64>?, of key: ObjectKey, size: Int64) throws(ObjectStoreError) -> Range<Int64> {
        guard let range else { return 0..<size }
        precondition(range.lowerBound >= 0 && !range.isEmpty, "a range has bytes")
        guard range.lowerBound < size else { throw .rangeOutside(key, size: size) }
        return range.clamped(to: 0..<size)
    }
}
