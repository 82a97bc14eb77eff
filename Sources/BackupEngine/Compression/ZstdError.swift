internal import CZstd

/// What can be wrong with a Zstandard frame, or with the request for one.
package enum ZstdError: Error, Equatable, CustomStringConvertible {
    /// The bytes are no frame, or were changed on the way: the library's own words.
    case corrupt(String)
    /// The frame ends before its end mark.
    case truncated
    /// The frame needs a window of more than `ZstdDecompressor.windowLimit` to be read.
    case windowTooLarge
    case outOfMemory
    /// No level that the library knows.
    case level(Int)

    package var description: String {
        switch self {
        case .corrupt(let reason): "the compressed data is damaged: \(reason)"
        case .truncated: "the compressed data ends too early"
        case .windowTooLarge: "the compressed data needs more memory to be read than a backup's ever does"
        case .outOfMemory: "no memory for compression"
        case .level(let level): "\(level) is no compression level: use 1 to 19"
        }
    }

    init(code: Int) {
        self =
            switch ZSTD_getErrorCode(code) {
            case ZSTD_error_memory_allocation: .outOfMemory
            case ZSTD_error_frameParameter_windowTooLarge: .windowTooLarge
            default: .corrupt(String(cString: ZSTD_getErrorName(code)))
            }
    }

    /// Returns what the library returned, unless that is an error.
    @inline(__always)
    static func check(_ code: Int) throws(ZstdError) -> Int {
        if ZSTD_isError(code) != 0 { throw ZstdError(code: code) }
        return code
    }
}
