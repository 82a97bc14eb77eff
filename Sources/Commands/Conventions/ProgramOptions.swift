internal import ArgumentParser
internal import Foundation

/// `--redis-programs DIR`, for the commands that start servers.
package struct ProgramOptions: ParsableArguments {
    @Option(
        name: .customLong("redis-programs"),
        help: ArgumentHelp(
            "Where redis-server and redis-sentinel are, or valkey-server and valkey-sentinel (default: the search "
                + "path).",
            valueName: "dir"))
    private var folder: String?

    package init() {}

    /// The folder's absolute path, if one was named.
    package var redisPrograms: String? {
        folder.map { URL(filePath: $0).absoluteURL.standardizedFileURL.path(percentEncoded: false) }
    }
}
