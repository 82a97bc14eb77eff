internal import Foundation
internal import Processes
internal import Synchronization

/// The lines of a pipe that a child process writes to.
struct ChildOutput: Sendable {
    /// A longer line is cut there: nobody makes the agent's memory grow.
    static let longestLine = 256 << 10

    /// Close it when the child has it.
    let writing: Int32
    let lines: AsyncStream<String>
    private let isOver: Over

    private final class Over: Sendable {
        let flag = Mutex(false)
    }

    /// - Throws: `ProcessError`.
    init() throws(ProcessError) {
        var ends: [Int32] = [-1, -1]
        // A child is given its own end; whatever else is open is closed in it.
        guard pipe(&ends) == 0 else {
            throw ProcessError("no_pipe", "no pipe can be made", cause: String(cString: strerror(errno)))
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (reading, over) = (ends[0], Over())
        writing = ends[1]
        isOver = over
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        // Reading blocks, so it has a thread of its own.
        let thread = Thread {
            Self.read(reading, over) { continuation.yield($0) }
            close(reading)
            continuation.finish()
        }
        thread.name = "breakwater-child"
        thread.start()
    }

    /// The child has ended: what is in the pipe is read, and what others that it left behind may write is not waited
    /// for.
    func childEnded() { isOver.flag.withLock { $0 = true } }

    private static func read(_ descriptor: Int32, _ over: Over, _ give: (String) -> Void) {
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let wasOver = over.flag.withLock { $0 }
            let ready = Glibc.poll(&poll, 1, 100)
            if ready == 0 || (ready < 0 && errno == EINTR) {
                if wasOver { break }
                continue
            }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in buffer[..<count] {
                if byte == UInt8(ascii: "\n") {
                    give(String(decoding: line, as: UTF8.self))
                    line.removeAll(keepingCapacity: true)
                } else if line.count < longestLine {
                    line.append(byte)
                }
            }
        }
        if !line.isEmpty { give(String(decoding: line, as: UTF8.self)) }
    }
}

/// Starts this very program to do a job, so that nothing of it survives the agent.
struct Children: Sendable {
    let supervisor: ProcessSupervisor
    let program: String

    init(program: String) throws(ProcessError) {
        self.program = program
        let supervisor = try ProcessSupervisor { _ in }
        self.supervisor = supervisor
        let thread = Thread { supervisor.reap() }
        thread.name = "breakwater-reaper"
        thread.start()
    }

    /// Runs it to its end and hands over what it writes, line by line.
    /// - Throws: `ProcessError` when it cannot be started.
    func run(
        _ name: String, _ arguments: [String], output: @escaping @Sendable (String) async -> Void,
        errors: @escaping @Sendable (String) async -> Void
    ) async throws(ProcessError) -> ProcessExit {
        let (out, err) = (try ChildOutput(), try ChildOutput())
        try start(name, arguments, out, err)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await line in out.lines { await output(line) } }
            group.addTask { for await line in err.lines { await errors(line) } }
            await supervisor.ended(name)
            out.childEnded()
            err.childEnded()
        }
        guard let exit = supervisor.lastExit(of: name) else {
            throw ProcessError("stopping", "\(name) ended, and nobody saw how")
        }
        return exit
    }

    private func start(
        _ name: String, _ arguments: [String], _ out: ChildOutput, _ err: ChildOutput
    ) throws(ProcessError) {
        defer {
            close(out.writing)
            close(err.writing)
        }
        _ = try supervisor.start(
            name, executable: program, arguments: arguments, output: out.writing, errors: err.writing)
    }
}
