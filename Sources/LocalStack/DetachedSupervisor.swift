package import Glibc
internal import Processes

/// Another run of this program, with a session of its own, that goes on when this one ends.
package enum DetachedSupervisor {
    /// Starts this program with these arguments; what it prints goes to `up.log` in the state directory.
    package static func start(_ arguments: [String], state: StateDirectory) throws(StackError) -> pid_t {
        try state.create()
        let log = state.log(of: "up")
        unlink(log)
        return try StackError.translating { () throws(ProcessError) in
            try SpawnedProcess.start(
                Programs.thisProgram, arguments, streams: .init(input: nil, log: log), group: nil)
        }
    }

    /// Returns the manifest when the stack is ready.
    ///
    /// - Throws: `StackError` with the end of its log when it ended instead; `CancellationError`.
    package static func ready(_ pid: pid_t, state: StateDirectory) async throws -> StackManifest {
        while true {
            if let manifest = StackManifest.read(state), manifest.supervisor == pid, manifest.ready { return manifest }
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                throw StackError(
                    "not_started", "the store did not start", hint: "the whole log is \(state.log(of: "up"))",
                    cause: StateDirectory.read(state.log(of: "up")).map { log in
                        log.split(separator: "\n").suffix(8).joined(separator: "\n")
                    })
            }
            do {
                try await Task.sleep(for: .milliseconds(50))
            } catch {
                kill(pid, SIGTERM)
                throw error
            }
        }
    }

    /// How a stack was stopped from outside.
    package enum Stopping: Sendable {
        case nothingRan
        case stopped
        /// Its supervisor did not end in time and was killed, and the processes with it.
        case killed
    }

    /// Stops the stack of the directory and returns when all of it is gone.
    package static func stop(_ state: StateDirectory, within limit: Duration) async throws -> Stopping {
        guard let pid = StateLock.holder(state) else { return .nothingRan }
        let members = StackManifest.read(state)?.members.compactMap(\.pid) ?? []
        kill(pid, SIGTERM)
        var result = Stopping.stopped
        let deadline = ContinuousClock.now + limit
        while StateLock.holder(state) == pid || members.contains(where: { StackStatus.Process($0) != .ended }) {
            if ContinuousClock.now >= deadline, result == .stopped {
                result = .killed
                kill(pid, SIGKILL)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return result
    }
}
