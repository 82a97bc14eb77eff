internal import Foundation
internal import LocalStack
internal import Topology

/// Where a node keeps what is its own and must outlive a command.
enum NodeState {
    /// Of a production node.
    static let usualFolder = "/var/lib/breakwater"

    /// A store on one machine has it beside its topology file.
    static func folder(_ topology: StoreTopology?, file: String?) -> String {
        guard topology?.provider == .local else { return usualFolder }
        let folder = StateDirectory.besideTopology(file ?? TopologyFile.defaultPath)
        return URL(filePath: folder).absoluteURL.standardizedFileURL.path
    }
}
