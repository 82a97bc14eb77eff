internal import Foundation

/// How much memory this process has had at most, in bytes.
enum PeakMemory {
    /// Of the process since it was started; `nil` where nobody knows.
    static var bytes: UInt64? {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        if let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ UInt64($0) }) {
            return kibibytes * 1024
        }
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        return UInt64(clamping: usage.ru_maxrss) * 1024
    }
}
