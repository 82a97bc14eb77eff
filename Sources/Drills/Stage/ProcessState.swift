internal import Glibc

/// What the kernel says of a process: the only witness a drill believes about a fault.
package enum ProcessState: Sendable, Equatable {
    /// It does not exist, or is dead and only waits for its parent to notice.
    case gone
    /// Stopped by a signal.
    case stopped
    case alive

    /// Reads the state letter of `/proc/PID/stat` (proc(5)): the first one after the closing parenthesis of the
    /// command's name, which may itself contain anything.
    package static func of(_ pid: Int32) -> ProcessState {
        guard let file = fopen("/proc/\(pid)/stat", "r") else { return .gone }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = fread(&bytes, 1, bytes.count, file)
        return parse(bytes.prefix(count))
    }

    static func parse(_ stat: some BidirectionalCollection<UInt8>) -> ProcessState {
        guard let end = stat.lastIndex(of: UInt8(ascii: ")")) else { return .gone }
        let letter = stat[stat.index(after: end)...].first { $0 != UInt8(ascii: " ") }
        switch letter {
        case UInt8(ascii: "Z"), UInt8(ascii: "X"), UInt8(ascii: "x"), nil: return .gone
        case UInt8(ascii: "T"): return .stopped
        default: return .alive
        }
    }
}
