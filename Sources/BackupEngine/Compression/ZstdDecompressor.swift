internal import CZstd

/// Decompresses a stream of Zstandard frames, piece by piece.
///
/// ```swift
/// let decompressor = try ZstdDecompressor()
/// try decompressor.decompress(piece, into: &output)     // any number of times
/// try decompressor.finish()
/// ```
///
/// What a damaged frame yielded before the damage shows is in `output`: nothing of it counts before `finish()` has
/// returned. A small piece can become very much: ask with a `limit` to be given no more at once.
package final class ZstdDecompressor {
    /// The largest window of level 19, as the logarithm to base 2. Frames that need more are refused, for a hostile one
    /// could ask for gigabytes.
    static let windowLimit: Int32 = 23

    private let context: OpaquePointer
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: ZSTD_DStreamOutSize(), alignment: 16)
    /// Bytes of the last piece that are not looked at yet.
    private var rest: [UInt8] = []
    private var restStart = 0
    private var isInsideFrame = false

    /// - Throws: `ZstdError.outOfMemory`.
    package init() throws(ZstdError) {
        guard let context = ZSTD_createDCtx() else { throw .outOfMemory }
        self.context = context
        _ = try ZstdError.check(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLimit))
    }

    deinit {
        ZSTD_freeDCtx(context)
        room.deallocate()
    }

    /// Gives all that a piece becomes.
    package func decompress(_ piece: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(ZstdError) {
        var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
        var isFull = false
        while input.pos < input.size || isFull {
            isFull = try step(&input, into: &output)
        }
    }

    /// Takes a piece, of which `next(into:)` gives one part after the other. The piece before it must be used up.
    package func feed(_ piece: [UInt8]) {
        precondition(restStart == rest.count, "the last piece is not used up")
        rest = piece
        restStart = 0
    }

    /// Appends up to 128 KiB of what the piece that was fed becomes.
    /// - Returns: false when it is used up.
    package func next(into output: inout [UInt8]) throws(ZstdError) -> Bool {
        let before = output.count
        let piece = rest
        var position = restStart
        var isFull = false
        var failure: ZstdError?
        piece.withUnsafeBytes { bytes in
            var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: position)
            do throws(ZstdError) {
                isFull = try step(&input, into: &output)
            } catch {
                failure = error
            }
            position = input.pos
        }
        if let failure { throw failure }
        restStart = position
        return restStart < rest.count || isFull || output.count > before
    }

    /// Nothing more comes.
    /// - Throws: `ZstdError.truncated` inside a frame.
    package func finish() throws(ZstdError) {
        if isInsideFrame { throw .truncated }
    }

    /// One turn; true when there was no room for all that is ready.
    private func step(_ input: inout ZSTD_inBuffer, into output: inout [UInt8]) throws(ZstdError) -> Bool {
        var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        let before = input.pos
        let hint = try ZstdError.check(ZSTD_decompressStream(context, &target, &input))
        output.append(contentsOf: room.prefix(target.pos))
        // 0 is the end of a frame, all of whose content has been given.
        isInsideFrame = hint != 0 && (isInsideFrame || input.pos > before)
        return target.pos == target.size
    }
}
