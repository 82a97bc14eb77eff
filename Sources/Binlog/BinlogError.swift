/// Why bytes of a binary log cannot be used.
package enum BinlogError: Error, Equatable, CustomStringConvertible {
    /// They are not what they should be; says what was expected.
    case malformed(String)
    /// The checksum of an event of this type is another one.
    case checksum(type: UInt8)
    /// They are right, and nothing that is handled here.
    case unsupported(String)

    package var description: String {
        switch self {
        case .malformed(let what): "the binary log is damaged: \(what)"
        case .checksum(let type): "the binary log is damaged: the checksum of an event of type \(type) does not fit"
        case .unsupported(let what): "the binary log has \(what), which is not supported"
        }
    }
}
