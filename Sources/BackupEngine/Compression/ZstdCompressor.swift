internal import CZstd

/// Compresses one stream into one Zstandard frame (RFC 8878) with a checksum of its content, piece by piece.
///
/// ```swift
/// let compressor = try ZstdCompressor(level: 3)
/// try compressor.compress(piece, into: &output)     // any number of times
/// try compressor.finish(into: &output)
/// ```
///
/// `output` grows by what is ready, which is nothing for many pieces. Memory: about 1 MiB at level 1, 4 MiB at level 3,
/// 80 MiB at level 19, whatever the length of the stream.
package final class ZstdCompressor {
    /// Levels worth having: those above 19 need hundreds of megabytes on both sides.
    package static let levels = 1...19
    package static let defaultLevel = 3

    private let context: OpaquePointer
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 16)

    /// - Throws: `ZstdError.level`, `ZstdError.outOfMemory`.
    package init(level: Int = defaultLevel) throws(ZstdError) {
        guard Self.levels.contains(level) else { throw .level(level) }
        guard let context = ZSTD_createCCtx() else { throw .outOfMemory }
        self.context = context
        _ = try ZstdError.check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level)))
        _ = try ZstdError.check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
    }

    deinit {
        ZSTD_freeCCtx(context)
        room.deallocate()
    }

    package func compress(_ piece: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(ZstdError) {
        try run(piece, ZSTD_e_continue, &output)
    }

    /// Writes the end of the frame. The next piece begins another one.
    package func finish(into output: inout [UInt8]) throws(ZstdError) {
        try run(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end, &output)
    }

    private func run(
        _ piece: UnsafeRawBufferPointer, _ directive: ZSTD_EndDirective, _ output: inout [UInt8]
    ) throws(ZstdError) {
        var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
        while true {
            var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
            let remaining = try ZstdError.check(ZSTD_compressStream2(context, &target, &input, directive))
            output.append(contentsOf: room.prefix(target.pos))
            let isDone = directive == ZSTD_e_end ? remaining == 0 : input.pos == input.size
            if isDone { return }
        }
    }
}
