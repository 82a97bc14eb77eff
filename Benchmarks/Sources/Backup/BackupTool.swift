import Age
import Foundation
import LoopbackServers

/// Who is measured.
enum BackupTool: String, CaseIterable, Codable, Sendable {
    /// What tutorials have cron do: mysqldump, gzip, a temporary file, s3cmd.
    case script
    /// mydumper and myloader, which know no object store: to and from a folder.
    case mydumper
    /// The same without compression.
    case mydumperPlain = "mydumper-plain"
    case breakwater
}

/// What the programs do to the servers of an arena, each as its manual says.
extension BackupArena {
    /// Where mydumper writes to.
    private func folder(of tool: BackupTool) -> URL { directory.appending(path: tool.rawValue) }
    private var temporaryFile: URL { directory.appending(path: "backup.sql.gz") }

    /// Has the shop's database dumped; what is stored is called `name`, which differs in each round.
    /// - Returns: The program's part, and the size of what it left on this machine's disk meanwhile, in bytes.
    /// - Throws: `LoopbackError` when the program fails.
    func dump(by tool: BackupTool, as name: String, threads: Int) throws -> (usage: Usage, temporary: Int) {
        let log = directory.appending(path: "\(tool.rawValue).log")
        let database = databaseOptions.joined(separator: " ")
        switch tool {
        case .script:
            let script = """
                mysqldump \(database) \(ShopData.database) | gzip > \(temporaryFile.path)
                if [ $? -eq 0 ]; then
                    s3cmd --config \(storeConfiguration.path) --no-progress put \(temporaryFile.path) \
                s3://\(bucket)/script/\(name).sql.gz
                fi
                """
            let usage = try measure(["sh", "-c", script], log: log)
            let size = try size(of: temporaryFile)
            try FileManager.default.removeItem(at: temporaryFile)
            return (usage, size)
        case .mydumper, .mydumperPlain:
            let folder = folder(of: tool)
            try? FileManager.default.removeItem(at: folder)
            let usage = try measure(
                ["mydumper"] + databaseOptions + [
                    "--database=\(ShopData.database)", "--threads=\(threads)", "--rows=250000",
                    "--outputdir=\(folder.path)",
                ] + (tool == .mydumper ? ["--compress"] : []), log: log)
            let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            return (usage, try files.reduce(0) { try $0 + size(of: $1) })
        case .breakwater:
            let usage = try measure(
                [
                    breakwater.path, "backup", "create", "--from", databaseURL(ShopData.database), "--store",
                    storeURL(name), "--recipient", identity.recipient.description, "--threads", "\(threads)",
                ], environment: credentials, log: log)
            return (usage, 0)
        }
    }

    /// Has what ``dump(by:as:threads:)`` stored brought back into an empty database, with or without a binary log.
    /// - Returns: The program's part, and the size of what it left on this machine's disk meanwhile, in bytes; nil when
    ///   it cannot.
    /// - Throws: `LoopbackError` when the program fails.
    func restore(
        by tool: BackupTool, from name: String, into target: String, threads: Int, logged: Bool
    ) throws -> (usage: Usage, temporary: Int)? {
        let log = directory.appending(path: "\(tool.rawValue).log")
        switch tool {
        case .script:
            let fetch = """
                s3cmd --config \(storeConfiguration.path) --no-progress --force get \
                s3://\(bucket)/script/\(name).sql.gz \(temporaryFile.path)
                """
            let load = "gunzip < \(temporaryFile.path) | mysql \(databaseOptions.joined(separator: " ")) "
            let option = logged ? "" : "--init-command='SET SESSION sql_log_bin=0' "
            let usage = try measure(["sh", "-c", "\(fetch) && \(load)\(option)\(target)"], log: log)
            let size = try size(of: temporaryFile)
            try FileManager.default.removeItem(at: temporaryFile)
            return (usage, size)
        case .mydumper:
            let usage = try measure(
                ["myloader"] + databaseOptions + [
                    "--database=\(target)", "--threads=\(threads)", "--directory=\(folder(of: tool).path)",
                    "--overwrite-tables",
                ] + (logged ? ["--enable-binlog"] : []), log: log)
            return (usage, 0)
        case .mydumperPlain: return nil
        case .breakwater:
            let usage = try measure(
                [
                    breakwater.path, "restore", "latest", "--store", storeURL(name), "--identity", identityFile.path,
                    "--to", databaseURL(target), "--threads", "\(threads)",
                ] + (logged ? [] : ["--skip-binlog"]), environment: credentials, log: log)
            return (usage, 0)
        }
    }

    /// Has Breakwater verify what it stored, on a server that it starts for that.
    /// - Returns: The part of the program and of that server.
    /// - Throws: `LoopbackError` when the program fails.
    func verify(from name: String, threads: Int) throws -> Usage {
        try measure(
            [
                breakwater.path, "backup", "verify", "latest", "--store", storeURL(name), "--identity",
                identityFile.path, "--threads", "\(threads)",
            ] + (server.flavour == .mysql ? ["--mysql-programs", LoopbackDatabase.mysqlPrograms] : []),
            environment: credentials, log: directory.appending(path: "verify.log"))
    }

    private func storeURL(_ name: String) -> String {
        "s3://\(bucket)/breakwater/\(name)?endpoint=\(storeEndpoint)&region=\(ObjectServer.region)"
    }

    private var credentials: [String: String] {
        ["AWS_ACCESS_KEY_ID": ObjectServer.owner.accessKeyID, "AWS_SECRET_ACCESS_KEY": ObjectServer.owner.secret]
    }

    private func size(of file: URL) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int ?? 0
    }
}
