internal import Foundation
package import Glibc
internal import Synchronization

/// How a supervised process ended.
package struct ProcessExit: Sendable, Equatable, CustomStringConvertible {
    package var name: String
    package var pid: pid_t
    /// The signal that killed it; nil when it ended by itself.
    package var signal: Int32?
    /// Its exit code, when it ended by itself.
    package var code: Int32

    package var description: String {
        if let signal {
            "\(name) (process \(pid)) was killed by signal \(signal)"
        } else {
            "\(name) (process \(pid)) ended with code \(code)"
        }
    }
}

/// Starts processes, notices their ends, and never leaves one behind, not even when it is killed itself.
///
/// All processes share one process group, led by a *guardian*: a shell that waits for the end of a connection whose
/// other end only this process holds. The kernel closes that end however this process dies, SIGKILL included; the shell
/// then kills its own group. (`PR_SET_PDEATHSIG` would not do: it fires when the *thread* that started the child
/// ends, and the threads of Swift's pool come and go.)
///
/// A server with workers has a session of its own instead, for two reasons: PHP-FPM makes itself one whatever it is
/// told, and when its master dies, whatever else is in it is killed, as systemd does (`KillMode=control-group`).
/// Another shell on the same connection ends it when this process dies.
///
/// A directory that must not be left behind either has a *sweeper*: another shell on the same connection, which waits
/// until the group is gone and then removes it. There is one way out, whether this process stops or is stopped.
package final class ProcessSupervisor: Sendable {
    private struct State {
        var running: [String: pid_t] = [:]
        var exits: [String: ProcessExit] = [:]
        var isStopping = false
        /// The guardian has ended: nothing can be started any more.
        var isOver = false
        var lifeline: Int32
        var waiters: [(name: String, resume: @Sendable () -> Void)] = []
        /// Processes with sessions of their own, and the shells that end these when we die.
        var watchers: [pid_t: pid_t] = [:]
    }

    /// The guardian's process id and that of the group.
    package let group: pid_t
    private let sweeper: pid_t?
    /// The shells' end of the connection.
    private let lifelineEnd: Int32
    private let state: Mutex<State>
    private let onExit: @Sendable (ProcessExit) -> Void

    private static let guardianScript = "trap '' HUP INT TERM; read -r _; kill -KILL 0"
    private static let watcherScript = "trap '' HUP INT TERM; read -r _; kill -KILL -- \"-$1\""
    /// It waits ten seconds at most: a process that even SIGKILL does not end hangs in a disk.
    private static let sweeperScript = """
        trap '' HUP INT TERM
        read -r _
        tries=0
        while kill -0 -- "-$1" 2> /dev/null && [ $tries -lt 200 ]; do tries=$((tries + 1)); sleep 0.05; done
        rm -rf -- "$2"
        """

    /// Starts the guardian.
    ///
    /// - Parameters:
    ///   - directory: An absolute path that is removed in the end with all that is in it. Make it afterwards, so that
    ///     there is no moment in which it would be left behind.
    ///   - onExit: Called from a thread of its own for every process that ends; it must not block for long.
    /// - Throws: `ProcessError`, `no_lifeline` or `cannot_start`.
    package init(
        sweeping directory: String? = nil, onExit: @escaping @Sendable (ProcessExit) -> Void
    ) throws(ProcessError) {
        var ends: [Int32] = [-1, -1]
        // A pair of sockets, since they can be made close-on-exec in one step: no other child may inherit our end.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw .system("no_lifeline", "no pair of sockets can be made", errno)
        }
        func shell(_ script: String, _ arguments: [String], group: pid_t?) throws(ProcessError) -> pid_t {
            do {
                return try SpawnedProcess.start(
                    "/bin/sh", ["-c", script] + arguments, streams: .init(input: ends[0], log: nil), group: group)
            } catch {
                // What has been started then ends by itself.
                close(ends[0])
                close(ends[1])
                throw error
            }
        }
        let group = try shell(Self.guardianScript, ["breakwater-guardian"], group: 0)
        if let directory {
            sweeper = try shell(Self.sweeperScript, ["breakwater-sweeper", "\(group)", directory], group: nil)
        } else {
            sweeper = nil
        }
        self.group = group
        lifelineEnd = ends[0]
        state = Mutex(State(lifeline: ends[1]))
        self.onExit = onExit
    }

    deinit {
        state.withLock { Self.cut(&$0) }
        close(lifelineEnd)
    }

    /// Reaps the group's processes until the last one, the guardian, has ended, and the directory is gone. Blocks; run
    /// it on a thread of its own, once.
    package func reap() {
        while true {
            var info = siginfo_t()
            // Noticed first and reaped under the lock, so that nobody signals a process id that is already another's.
            guard waitid(P_PGID, id_t(group), &info, WEXITED | WNOWAIT) == 0 else {
                if errno == EINTR { continue }
                break
            }
            let (exit, waiters) = state.withLock { state in collect(info._sifields._sigchld.si_pid, &state) }
            for waiter in waiters { waiter() }
            if let exit { onExit(exit) }
        }
        state.withLock { state in
            state.isOver = true
            Self.cut(&state)
        }
        guard let sweeper else { return }
        var status: Int32 = 0
        while waitpid(sweeper, &status, 0) == -1, errno == EINTR {}
    }

    /// Waits for the end of a process with a session of its own, on a thread of its own.
    private func reap(session pid: pid_t) {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0 {
            guard errno == EINTR else { return }
        }
        let (exit, waiters, watcher) = state.withLock { state in
            // While its process id is its own: what it has left behind goes with it.
            kill(-pid, SIGKILL)
            let (exit, waiters) = collect(pid, &state)
            return (exit, waiters, state.watchers.removeValue(forKey: pid))
        }
        for waiter in waiters { waiter() }
        if let watcher {
            kill(watcher, SIGKILL)
            var status: Int32 = 0
            while waitpid(watcher, &status, 0) == -1, errno == EINTR {}
        }
        if let exit { onExit(exit) }
    }

    private func collect(_ pid: pid_t, _ state: inout State) -> (ProcessExit?, [@Sendable () -> Void]) {
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        if pid == group {
            state.isOver = true
            // Without a guardian nothing may live on.
            kill(-group, SIGKILL)
            for session in state.watchers.keys { kill(-session, SIGKILL) }
        }
        guard let name = state.running.first(where: { $0.value == pid })?.key else { return (nil, []) }
        state.running[name] = nil
        let resumed = state.waiters.filter { $0.name == name }.map(\.resume)
        state.waiters.removeAll { $0.name == name }
        let signal = status & 0x7F
        let exit = ProcessExit(
            name: name, pid: pid, signal: signal == 0 ? nil : signal, code: signal == 0 ? status >> 8 & 0xFF : 0)
        state.exits[name] = exit
        return (exit, resumed)
    }

    /// Starts a process under a name that no running process has. Its standard output goes to `output` if there is
    /// one, everything else it says to `log`, or to `errors`. `environment` is laid over ours. `hasWorkers` gives it a
    /// session of its own, whose processes end with it.
    package func start(
        _ name: String, executable: String, arguments: [String], log: String? = nil, output: Int32? = nil,
        errors: Int32? = nil, environment: [String: String] = [:], hasWorkers: Bool = false
    ) throws(ProcessError) -> pid_t {
        let result: Result<pid_t, ProcessError> = state.withLock { state in
            guard state.running[name] == nil else {
                return .failure(ProcessError("running_already", "\(name) is running already"))
            }
            guard !state.isOver, !state.isStopping else {
                return .failure(ProcessError("stopping", "everything is being stopped"))
            }
            do throws(ProcessError) {
                // Servers make files as they please; here only their owner is to read them. The shell becomes the
                // server, so the process id is the server's.
                let pid = try SpawnedProcess.start(
                    "/bin/sh", ["-c", "umask 077; exec \"$0\" \"$@\"", executable] + arguments,
                    streams: .init(input: nil, log: log, output: output, errors: errors),
                    group: hasWorkers ? nil : group, environment: environment)
                state.running[name] = pid
                if hasWorkers { try watch(pid, &state) }
                return .success(pid)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func watch(_ pid: pid_t, _ state: inout State) throws(ProcessError) {
        // Before anything can fail: it will be reaped.
        let reaper = Thread { [weak self] in self?.reap(session: pid) }
        reaper.name = "reaper"
        do {
            state.watchers[pid] = try SpawnedProcess.start(
                "/bin/sh", ["-c", Self.watcherScript, "breakwater-watcher", "\(pid)"],
                streams: .init(input: lifelineEnd, log: nil), group: nil)
        } catch {
            kill(-pid, SIGKILL)
            reaper.start()
            throw error
        }
        reaper.start()
    }

    package func pid(of name: String) -> pid_t? {
        state.withLock { $0.running[name] }
    }

    /// How the last process of that name ended that did.
    package func lastExit(of name: String) -> ProcessExit? {
        state.withLock { $0.exits[name] }
    }

    package var running: [String: pid_t] { state.withLock { $0.running } }

    /// False when the guardian has ended, and with it everything else.
    package var isAlive: Bool { state.withLock { !$0.isOver } }

    /// Sends a signal; false when no process of that name is running.
    @discardableResult
    package func signal(_ name: String, _ signal: Int32) -> Bool {
        state.withLock { state in
            guard let pid = state.running[name] else { return false }
            return kill(pid, signal) == 0
        }
    }

    /// Returns when no process of that name is running. Not cancellable by itself: processes end.
    package func ended(_ name: String) async {
        await withCheckedContinuation { continuation in
            let isRunning = state.withLock { state in
                guard state.running[name] != nil else { return false }
                state.waiters.append((name, { continuation.resume() }))
                return true
            }
            if !isRunning { continuation.resume() }
        }
    }

    /// Lets nothing new start. Call before stopping the processes one after the other.
    package func beginStopping() {
        state.withLock { $0.isStopping = true }
    }

    /// Kills everything that is left, the guardian too, and makes ``reap()`` return.
    package func end() {
        state.withLock { state in
            state.isStopping = true
            Self.cut(&state)
        }
    }

    private static func cut(_ state: inout State) {
        if state.lifeline >= 0 { close(state.lifeline) }
        state.lifeline = -1
    }
}
