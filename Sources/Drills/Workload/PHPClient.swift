internal import FoundationEssentials
internal import RedisClient
internal import Subprocess

/// A PHP process that runs `worker.php` and reports its operations line by line.
package struct PHPClient: Sendable {
    private let assignment: ClientAssignment
    private let recorder: ClientRecorder
    /// Where `worker.php` lies.
    private let script: String

    /// How long a client may take to finish its page when it is told to stop.
    private static let grace: Duration = .seconds(12)

    private static let installation = "on Debian: apt-get install -y php-cli php-redis php-nrk-predis"

    /// A process group of its own: Ctrl-C is for the drill, which then ends its clients itself.
    private static var options: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        return options
    }

    package init(_ assignment: ClientAssignment, recorder: ClientRecorder, script: String) {
        self.assignment = assignment
        self.recorder = recorder
        self.script = script
    }

    /// Runs until `stop` opens and the client has finished its page. A client that does not finish in time is
    /// killed, and its history marked as interrupted. The process ends with its standard input, so it never outlives
    /// this one.
    /// - Throws: `DrillError` when PHP is missing, the process ends by itself, or writes something unreadable.
    package func run(until stop: Gate) async throws {
        do {
            let outcome = try await Subprocess.run(
                .name("php"), arguments: [script], platformOptions: Self.options, input: .inputWriter,
                output: .sequence, error: .sequence
            ) { execution in
                _ = try await execution.standardInputWriter.write(try settingsLine())
                return try await supervise(
                    stop: stop,
                    output: execution.standardOutput, errors: execution.standardError,
                    finish: { try await execution.standardInputWriter.finish() },
                    kill: { try? execution.send(signal: .kill) })
            }
            if !stop.isOpen, !Task.isCancelled {
                throw DrillError(
                    "drill.client_ended",
                    "a \(assignment.group.kind.rawValue) client ended by itself: \(outcome.closureResult)",
                    hint: Self.installation)
            }
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw DrillError(
                "drill.php_missing", "the program php was not found",
                hint: Self.installation)
        }
    }

    /// Reads the client's output to its end and returns the last of what it wrote to standard error.
    private func supervise(
        stop: Gate, output: SubprocessOutputSequence, errors: SubprocessOutputSequence,
        finish: @escaping @Sendable () async throws -> Void, kill: @escaping @Sendable () -> Void
    ) async throws -> String {
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                try await readOperations(output)
                return nil
            }
            group.addTask { try await Self.tail(errors) }
            group.addTask {
                await stop.wait()
                if !Task.isCancelled {
                    // A process that is already gone has closed its end.
                    try? await finish()
                    try? await Task.sleep(for: Self.grace)
                    if !Task.isCancelled { recorder.markInterrupted() }
                }
                // Cancelled or out of time: the readers end when the process does. Gone already, it does not mind.
                kill()
                return nil
            }
            var message: String?
            for _ in 0..<2 {
                if let text = try await group.next() ?? nil { message = text }
            }
            group.cancelAll()
            while let _ = await group.nextResult() {}
            return message ?? ""
        }
    }

    private func readOperations(_ output: SubprocessOutputSequence) async throws {
        var rest: [UInt8] = []
        for try await buffer in output {
            buffer.withUnsafeBytes { rest.append(contentsOf: $0) }
            var start = rest.startIndex
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = try OperationLog.parse(String(decoding: rest[start..<end], as: UTF8.self))
                recorder.record(line.operation, error: line.detail)
                start = end + 1
            }
            rest.removeFirst(start)
        }
    }

    private static func tail(_ output: SubprocessOutputSequence) async throws -> String {
        var text: [UInt8] = []
        for try await buffer in output {
            buffer.withUnsafeBytes { text.append(contentsOf: $0) }
            text.removeFirst(max(0, text.count - 1000))
        }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: Settings

    private struct Settings: Encodable {
        struct Route: Encodable {
            var kind: String
            var host: String?
            var port: Int?
            var path: String?
            var sentinels: [String]?
            var service: String?
        }

        var client: String
        var owner: String
        var route: Route
        var username: String?
        var password: String?
        var database: Int
        var connectTimeoutMs: Int
        var readTimeoutMs: Int
        var pauseMs: Int
    }

    /// One line, with the password: it goes through a pipe and is never an argument.
    private func settingsLine() throws -> [UInt8] {
        let group = assignment.group
        let settings = Settings(
            client: group.kind.rawValue, owner: assignment.keys.owner, route: route,
            username: group.credentials?.username, password: group.credentials?.password.exposed,
            database: assignment.database, connectTimeoutMs: group.timeout.inMilliseconds,
            readTimeoutMs: group.timeout.inMilliseconds, pauseMs: group.pause.inMilliseconds)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return Array(try encoder.encode(settings)) + [UInt8(ascii: "\n")]
    }

    private var route: Settings.Route {
        switch assignment.route {
        case .address(.tcp(let endpoint)):
            Settings.Route(kind: "tcp", host: endpoint.host, port: endpoint.port)
        case .address(.unix(let path)):
            Settings.Route(kind: "unix", path: path)
        case .sentinels(let sentinels, let service):
            Settings.Route(kind: "sentinel", sentinels: sentinels.map(\.description), service: service)
        }
    }
}
