internal import ArgumentParser
package import Topology

/// `-f FILE`, for every command that reads the topology.
package struct TopologyOptions: ParsableArguments {
    @Option(name: [.customShort("f"), .long], help: ArgumentHelp("The topology file.", valueName: "file"))
    package var file = TopologyFile.defaultPath

    package init() {}

    /// The validated topology. Warnings are shown on standard error; errors are thrown with all their diagnostics.
    package func load(_ console: Console) throws -> StoreTopology { try Self.load(file, console) }

    /// The validated topology of a file.
    static func load(_ file: String, _ console: Console) throws -> StoreTopology {
        let reading = TopologyFile.load(file)
        guard let topology = reading.topology else {
            throw UserFacingError.invalidTopology(file: file, diagnostics: reading.diagnostics)
        }
        for diagnostic in reading.diagnostics { console.note(console.text(diagnostic)) }
        return topology
    }
}

extension UserFacingError {
    /// A topology that cannot be used, with everything that was found.
    package static func invalidTopology(file: String, diagnostics: [Diagnostic]) -> UserFacingError {
        UserFacingError(
            code: "topology.invalid", summary: "\(file) is not a usable topology", status: .invalid,
            diagnostics: diagnostics)
    }

    /// A command that needs Redis, and a topology without a `redis` section.
    package static let noRedis = UserFacingError(
        code: "redis.not_described", summary: "the topology has no `redis` section",
        hint: "`breakwater init` writes an example with one", status: .invalid)
}
