package import Foundation

/// A server that a test or a benchmark started. It is killed when this value goes, and also when the whole program is
/// killed: a shell stands between, reads the pipe that only the program holds, and kills the server at its end, with
/// the workers that it may have.
///
/// Unchecked: `Process` and `Pipe` are not marked, but nothing here changes after the start except in `stop()`, which
/// the kernel makes safe to repeat.
package final class ServerProcess: @unchecked Sendable {
    package let pid: Int32
    private let process: Process
    private let lifeline: Pipe
    private let logFile: URL

    /// Starts `arguments` (a program and its arguments); its output goes to the file `log`.
    package init(_ arguments: [String], log: URL) throws {
        process = Process()
        lifeline = Pipe()
        logFile = log
        let announcement = Pipe()
        let shell = """
            exec 3<&0 4>&1
            setsid "$@" < /dev/null >> "$LOG" 2>&1 3<&- 4>&- &
            echo $! >&4
            exec > /dev/null 4>&-
            trap '' INT TERM
            read -r _ <&3
            kill -KILL -$! 2> /dev/null
            """
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", shell, "server"] + arguments
        // Debian has haproxy in a folder that is not in everybody's path.
        let environment = ProcessInfo.processInfo.environment
        process.environment = environment.merging([
            "LOG": log.path, "PATH": "\(environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"):/usr/sbin",
        ]) { $1 }
        process.standardInput = lifeline
        process.standardOutput = announcement
        try process.run()
        let line = announcement.fileHandleForReading.availableData
        guard let pid = Int32(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        else { throw LoopbackError("\(arguments[0]) did not start; see \(log.path)") }
        self.pid = pid
    }

    deinit {
        stop()
    }

    /// Kills the server and returns when it is gone. Doing it again does nothing.
    package func stop() {
        try? lifeline.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Waits for the end of a server that was asked to end.
    package func waitForEnd(within limit: Duration) throws {
        let deadline = ContinuousClock.now + limit
        while isRunning {
            guard ContinuousClock.now < deadline else { throw LoopbackError("it does not end:\n\(lastWords)") }
            usleep(20_000)
        }
    }

    package func signal(_ number: Int32) {
        kill(pid, number)
    }

    /// Stops the process, to be continued with SIGCONT, and returns when its last thread has come to a halt.
    package func freeze() throws {
        signal(SIGSTOP)
        try wait(for: "\(pid) to halt") {
            let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
            return threads.allSatisfy { thread in
                let status = (try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/status", encoding: .utf8)) ?? ""
                return status.contains("State:\tT")
            }
        }
    }

    /// A process that has ended keeps its number until the shell takes notice, but holds no memory.
    package var isRunning: Bool { (try? residentBytes()) != nil }

    /// Memory that the process holds in RAM (`VmRSS`), in bytes.
    package func residentBytes() throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        for line in status.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            let fields = line.split(whereSeparator: \.isWhitespace)
            if fields.count >= 2, let kibibytes = Double(fields[1]) { return kibibytes * 1024 }
        }
        throw LoopbackError("the process \(pid) has no memory figure; did it end?")
    }

    /// The last lines that the server wrote.
    package var lastWords: String {
        let text = (try? String(contentsOf: logFile, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(15).joined(separator: "\n")
    }

    /// Waits until `connect` gives a connection that answers `PING`.
    package func waitUntilServing(_ connect: () throws -> BlockingConnection) throws {
        try wait(for: "an answer to PING") { (try? connect().call("PING")) == Array("+PONG\r\n".utf8) }
    }

    /// Waits until `condition` holds, as long as the server runs and at most for half a minute.
    package func wait(for what: String, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try !condition() {
            guard isRunning else { throw LoopbackError("waiting for \(what), but the server ended:\n\(lastWords)") }
            guard ContinuousClock.now < deadline else {
                throw LoopbackError("waited in vain for \(what):\n\(lastWords)")
            }
            usleep(20_000)
        }
    }
}

/// Runs a program to its end and returns what it wrote to its standard output.
package func output(of arguments: [String]) throws -> String {
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
        throw LoopbackError("\(arguments.joined(separator: " ")) failed with status \(process.terminationStatus)")
    }
    return String(decoding: data, as: UTF8.self)
}
