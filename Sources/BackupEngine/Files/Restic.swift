internal import Foundation
internal import Processes
package import Topology

/// Runs restic, each time for one command to its end. Nothing of it outlives this process, and secrets reach it through
/// its environment alone, which only its user and root can read.
package struct Restic: Sendable {
    private let processes: ScratchProcesses
    private let folder: String

    /// What a command has said.
    struct Answer: Sendable {
        var code: Int32
        /// The lines of standard output.
        var lines: [String]
        /// The last ones of standard error, empty ones left out.
        var errors: [String]

        var words: String { errors.suffix(3).map(Restic.words).joined(separator: " / ") }
    }

    /// What a line of standard error says to people: newer versions write `{"message_type":…,"message":…}`.
    static func words(_ line: String) -> String {
        struct Message: Decodable { var message: String }
        return (try? JSONDecoder().decode(Message.self, from: Data(line.utf8)))?.message ?? line
    }

    /// How a repository is opened.
    package struct Access: Sendable {
        package var repository: FileRepository
        package var password: Secret
        /// The variables with the keys of the store.
        package var keys: [String: Secret]

        package init(repository: FileRepository, password: Secret, keys: [String: Secret]) {
            self.repository = repository
            self.password = password
            self.keys = keys
        }
    }

    /// - Throws: `ResticError.process`; what `body` throws.
    package static func with<Result: Sendable>(_ body: (Restic) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "breakwater-restic-\(String(UInt64.random(in: 0 ... .max), radix: 36))").path
        do {
            return try await ScratchProcesses.with(sweeping: folder) { processes in
                guard mkdir(folder, 0o700) == 0 else {
                    throw ResticError.process("\(folder) cannot be made: \(String(cString: strerror(errno)))")
                }
                return try await body(Restic(processes: processes, folder: folder))
            }
        } catch let error as ScratchError {
            throw ResticError.process("\(error)")
        }
    }

    /// Runs a command to its end, whatever that is. A cancellation interrupts it as Ctrl-C does, so that it removes its
    /// lock.
    /// - Throws: `ResticError` for what no command can go on with; `CancellationError`.
    func run(_ command: String, _ arguments: [String], _ access: Access) async throws -> Answer {
        let number = String(UInt64.random(in: 0 ... .max), radix: 36)
        let (output, errors) = ("\(folder)/\(number).out", "\(folder)/\(number).err")
        defer { for file in [output, errors] { unlink(file) } }
        let exit: ProcessExit
        do {
            let descriptor = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw ResticError.process("\(output): \(String(cString: strerror(errno)))") }
            defer { close(descriptor) }
            exit = try await processes.run(
                "restic-\(number)", "restic", access.repository.options + [command] + arguments, log: errors,
                output: descriptor, environment: Self.environment(access), cancelledBy: SIGINT)
        } catch let error as ScratchError {
            throw ResticError.process("\(error)")
        }
        let answer = Answer(
            code: exit.signal.map { 128 + $0 } ?? exit.code, lines: Self.lines(of: output),
            errors: Self.lines(of: errors).suffix(200).filter { !$0.isEmpty })
        // The shell's, when there is no such program.
        if answer.code == 127 { throw ResticError.notInstalled }
        if answer.code != 0, let fault = Self.fault(in: answer) { throw fault }
        return answer
    }

    /// The same for a command that either succeeds or has failed.
    func succeed(_ command: String, _ arguments: [String], _ access: Access) async throws -> [String] {
        let answer = try await run(command, arguments, access)
        guard answer.code == 0 else { throw ResticError.failed(command: command, words: answer.words) }
        return answer.lines
    }

    /// By words: exit codes of their own (10, 11, 12) came with restic 0.17.
    private static func fault(in answer: Answer) -> ResticError? {
        let text = answer.errors.joined(separator: "\n")
        if answer.code == 12 || text.contains("wrong password or no key found") { return .wrongPassword }
        if answer.code == 11 || text.contains("already locked") { return .locked(answer.words) }
        if answer.code == 10 || text.contains("Is there a repository at the following location") {
            return .noRepository
        }
        return nil
    }

    private static func environment(_ access: Access) -> [String: String] {
        var environment = access.keys.mapValues { $0.reveal() }
        environment["RESTIC_PASSWORD"] = access.password.reveal()
        environment["RESTIC_REPOSITORY"] = access.repository.url
        // The user's own would contradict these; empty means not set.
        for name in ["REPOSITORY_FILE", "PASSWORD_FILE", "PASSWORD_COMMAND", "KEY_HINT"] {
            environment["RESTIC_\(name)"] = ""
        }
        // Of a status line, when it says how far it is.
        environment["RESTIC_PROGRESS_FPS"] = "1"
        // Without a home, as a service has none, it could keep no cache and would warn of that each time.
        let ours = ProcessInfo.processInfo.environment
        if ["HOME", "XDG_CACHE_HOME", "RESTIC_CACHE_DIR"].allSatisfy({ ours[$0, default: ""].isEmpty }) {
            environment["RESTIC_CACHE_DIR"] = "/var/cache/breakwater/restic"
        }
        return environment
    }

    private static func lines(of file: String) -> [String] {
        guard let data = FileManager.default.contents(atPath: file) else { return [] }
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }
}
