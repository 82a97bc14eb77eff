import Testing
import Topology

@testable import RedisProxy

/// The two lists of commands that replicas may answer are one.
@Suite struct ReadCommandsTests {
    @Test func theTopologyKnowsTheCommandsOfTheTable() {
        let table = ReplicaReadRule.readableNames()
        #expect(ReadCommands.names == table, "\(table.sorted().joined(separator: " "))")
    }
}
