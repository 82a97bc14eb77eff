package import Glibc

/// Starts programs with `posix_spawn`.
package enum SpawnedProcess {
    /// What the child's standard input, output and error are.
    package struct Streams: Sendable {
        /// A descriptor, or nil for `/dev/null`.
        package var input: Int32?
        /// A file to append to, made if need be and readable by its owner alone; nil for `/dev/null`.
        package var log: String?
        /// A descriptor for standard output alone; nil for that of standard error.
        package var output: Int32?
        /// A descriptor for standard error, in the place of the log.
        package var errors: Int32?

        package init(input: Int32?, log: String?, output: Int32? = nil, errors: Int32? = nil) {
            self.input = input
            self.log = log
            self.output = output
            self.errors = errors
        }
    }

    /// Starts a program and returns its process id. The child has nothing of ours but its three streams, default
    /// signal handling, and our environment with `environment` laid over it. `group` is the process group to join, 0
    /// to lead a new one, or nil to lead a new session.
    package static func start(
        _ executable: String, _ arguments: [String], streams: Streams, group: pid_t?,
        environment: [String: String] = [:]
    ) throws(ProcessError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input = streams.input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let errors = streams.errors {
            posix_spawn_file_actions_adddup2(&actions, errors, 2)
        } else {
            posix_spawn_file_actions_addopen(
                &actions, 2, streams.log ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        posix_spawn_file_actions_adddup2(&actions, streams.output ?? 2, 1)
        for descriptor in Self.openDescriptors() where descriptor > 2 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        if let group {
            flags |= POSIX_SPAWN_SETPGROUP
            posix_spawnattr_setpgroup(&attributes, group)
        } else {
            flags |= Self.newSession
        }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var argv = ([executable] + arguments).map { strdup($0) } + [nil]
        var envp = Self.environment(environment).map { strdup($0) } + [nil]
        defer { for string in argv + envp { free(string) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, executable, &actions, &attributes, &argv, &envp)
        guard result == 0 else {
            throw .system("cannot_start", "\(executable) cannot be started", result)
        }
        return pid
    }

    /// POSIX_SPAWN_SETSID, which the C library's headers hide from Swift.
    private static let newSession: Int32 = 0x80

    /// Most are closed on exec anyway; this catches what a library opened without that.
    private static func openDescriptors() -> [Int32] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var descriptors: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let descriptor = Int32(name) { descriptors.append(descriptor) }
        }
        return descriptors
    }

    private static func environment(_ added: [String: String]) -> [String] {
        var result: [String] = []
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if !added.keys.contains(where: { line.hasPrefix("\($0)=") }) { result.append(line) }
            entry += 1
        }
        return result + added.map { "\($0.key)=\($0.value)" }
    }
}
