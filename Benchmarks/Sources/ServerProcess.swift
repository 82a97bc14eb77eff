import Foundation

/// A server that a benchmark started. It is killed when this value goes, and also when the benchmark itself is killed:
/// a shell stands between, reads the pipe that only the benchmark holds, and kills the server at its end.
final class ServerProcess {
    let pid: Int32
    private let process: Process
    private let lifeline: Pipe

    /// Starts `arguments` (a program and its arguments); its output goes to the file `log`.
    init(_ arguments: [String], log: URL) throws {
        process = Process()
        lifeline = Pipe()
        let announcement = Pipe()
        let shell = """
            exec 3<&0 4>&1
            "$@" < /dev/null >> "$LOG" 2>&1 3<&- 4>&- &
            echo $! >&4
            exec > /dev/null 4>&-
            trap '' INT TERM
            read -r _ <&3
            kill -KILL $! 2> /dev/null
            """
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", shell, "server"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["LOG": log.path]) { $1 }
        process.standardInput = lifeline
        process.standardOutput = announcement
        try process.run()
        let line = announcement.fileHandleForReading.availableData
        guard let pid = Int32(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        else { throw BenchError("\(arguments[0]) did not start; see \(log.path)") }
        self.pid = pid
    }

    deinit {
        try? lifeline.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// A process that has ended keeps its number until the shell takes notice, but holds no memory.
    var isRunning: Bool { (try? residentBytes()) != nil }

    /// Memory that the process holds in RAM (`VmRSS`), in bytes.
    func residentBytes() throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        for line in status.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            let fields = line.split(whereSeparator: \.isWhitespace)
            if fields.count >= 2, let kibibytes = Double(fields[1]) { return kibibytes * 1024 }
        }
        throw BenchError("the process \(pid) has no memory figure; did it end?")
    }
}

/// Runs a program to its end and returns what it wrote to its standard output.
func output(of arguments: [String]) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
        throw BenchError("\(arguments.joined(separator: " ")) failed with status \(process.terminationStatus)")
    }
    return String(decoding: data, as: UTF8.self)
}
