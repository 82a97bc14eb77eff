internal import Glibc

/// What the kernel says that a process holds.
package struct ProcessFigures: Sendable, Equatable, Encodable {
    package var residentBytes: Int
    package var descriptors: Int

    package init(residentBytes: Int, descriptors: Int) {
        self.residentBytes = residentBytes
        self.descriptors = descriptors
    }

    /// Nil when there is no such process, or it may not be looked at. Reads `/proc/PID/statm` (its second number is
    /// the resident set in pages, proc(5)) and counts the entries of `/proc/PID/fd`.
    static func of(_ pid: Int32) -> ProcessFigures? {
        guard let file = fopen("/proc/\(pid)/statm", "r"), let directory = opendir("/proc/\(pid)/fd") else {
            return nil
        }
        defer {
            fclose(file)
            closedir(directory)
        }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = fread(&bytes, 1, bytes.count, file)
        guard let pages = residentPages(in: String(decoding: bytes.prefix(count), as: UTF8.self)) else { return nil }
        var entries = 0
        while let entry = readdir(directory) {
            // `.` and `..` are no descriptors.
            if entry.pointee.d_name.0 != 0x2E { entries += 1 }
        }
        return ProcessFigures(residentBytes: pages * sysconf(Int32(_SC_PAGESIZE)), descriptors: entries)
    }

    static func residentPages(in statm: String) -> Int? {
        let fields = statm.split(whereSeparator: \.isWhitespace)
        return fields.count > 1 ? Int(fields[1]) : nil
    }
}
