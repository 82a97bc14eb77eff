internal import Foundation
internal import LocalStack
internal import Subprocess

/// A server of S3 with users, permissions and versions beside a drill's store: moto, which keeps everything in memory
/// and asks its IAM about every request. And the operations that no command of Breakwater has.
struct ObjectStoreServer: Sendable {
    struct Key: Codable, Sendable {
        var id: String
        var secret: String
    }

    /// What `ransom.py` is told.
    struct Order: Encodable, Sendable {
        enum Action: String, Encodable { case prepare, plunder, inspect, undo }

        var action: Action
        var endpoint = ""
        var region = ObjectStoreServer.region
        /// The first one keeps versions when they are made.
        var buckets: [String]
        var keys: [String: Key] = [:]
        var words: [String] = []
        var attackedAt: Int?
    }

    static let region = "us-east-1"
    private static let name = "s3"
    private static let hint = "Scripts/python-root moto 'moto[server,s3,iam]==5.2.*'"

    /// In PATH, or where Scripts/python-root puts it.
    private static var program: String? {
        let environment = ProcessInfo.processInfo.environment
        func folder(_ variable: String) -> String? { environment[variable].flatMap { $0.isEmpty ? nil : $0 } }
        let caches = folder("XDG_CACHE_HOME") ?? (folder("HOME") ?? "/tmp") + "/.cache"
        let cache = folder("BREAKWATER_CACHE") ?? caches + "/breakwater"
        return SystemProgram.path("moto_server")
            ?? ["\(cache)/python/moto/bin/moto_server"].first(where: FileManager.default.isExecutableFile)
    }

    private var endpoint: String
    /// Where the server's own Python is.
    private var programs: String
    private var script: String
    /// Of `owner`, who may do everything, `writer`, who makes backups, and `reader`, who restores.
    private(set) var keys: [String: Key] = [:]

    /// Starts it with two buckets.
    /// - Throws: `DrillError`, `StackError`.
    init(_ stage: RecoveryStage, buckets: [String]) async throws {
        guard let server = Self.program else {
            throw DrillError("drill.s3_missing", "the program moto_server is not installed", hint: Self.hint)
        }
        programs = URL(filePath: server).deletingLastPathComponent().path
        // The whole network of the address is the stack's.
        let host = stage.database.address.split(separator: ".").prefix(3).joined(separator: ".") + ".250"
        endpoint = "http://\(host):9000"
        script = "\(stage.folder)/ransom.py"
        try Data(PackageResources.ransom_py).write(to: URL(filePath: script))
        let serverScript = "\(stage.folder)/object_store.py"
        try Data(PackageResources.object_store_py).write(to: URL(filePath: serverScript))
        let log = "\(stage.folder)/s3.log"
        // As many requests as it takes to make the first user.
        try stage.stack.run(
            "\(programs)/python", as: Self.name, arguments: [serverScript, "-H", host, "-p", "9000"],
            environment: ["INITIAL_NO_AUTH_ACTION_COUNT": "3"], log: log)
        let prepared: Prepared = try await run(Order(action: .prepare, buckets: buckets))
        keys = prepared.keys
    }

    private struct Prepared: Decodable, Sendable { var keys: [String: Key] }

    /// The URL of a bucket.
    func store(_ bucket: String) -> String {
        "s3://\(bucket)?endpoint=\(endpoint)&region=\(Self.region)&path_style=true"
    }

    /// The keys of a user as `breakwater` reads them.
    func variables(of user: String) -> [String: String] {
        guard let key = keys[user] else { return [:] }
        return ["AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret]
    }

    /// Has `ransom.py` do something.
    /// - Throws: `DrillError`, `drill.program_failed`.
    func run<Answer: Decodable>(_ order: Order) async throws -> Answer {
        var order = order
        (order.endpoint, order.keys) = (endpoint, keys)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // The keys are those of this server alone, which ends with the drill.
        let file = "\(script).json"
        try encoder.encode(order).write(to: URL(filePath: file))
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let result = try await Subprocess.run(
            .name("python"), arguments: [script, file], environment: .inherit.updating(["PATH": "\(programs):\(path)"]),
            output: .data(limit: 4 << 20), error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            throw DrillError(
                "drill.program_failed",
                "ransom.py could not \(order.action.rawValue): \(result.standardError.suffix(600))",
                hint: Self.hint)
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Answer.self, from: result.standardOutput)
    }
}
