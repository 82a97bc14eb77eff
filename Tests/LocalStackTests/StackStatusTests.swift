import RedisClient
import Testing

@testable import LocalStack

/// How single answers become one picture.
@Suite struct StackStatusTests {
    private func member(_ name: String, _ kind: StackManifest.Kind, healthy: Bool = false) -> StackStatus.Member {
        StackStatus.Member(
            name: name, kind: kind, address: "127.1.1.1\(name.last ?? "0"):1", pid: 1, process: .running,
            healthy: healthy)
    }

    private func master(_ name: String, offset: Int64) -> (StackStatus.Member, NodeReading?) {
        var result = member(name, .redis)
        result.role = .master
        return (result, NodeReading(role: .master, isLinked: false, replicas: 1, offset: offset))
    }

    private func replica(_ name: String, offset: Int64, linked: Bool = true) -> (StackStatus.Member, NodeReading?) {
        var result = member(name, .redis)
        result.role = .replica
        return (result, NodeReading(role: .replica, isLinked: linked, replicas: 0, offset: offset))
    }

    private func sentinel(_ name: String, names master: String?) -> (StackStatus.Member, NodeReading?) {
        var result = member(name, .sentinel, healthy: master != nil)
        result.master = master.map { "127.1.1.1\($0.last ?? "0"):1" }
        result.quorum = master != nil
        return (result, nil)
    }

    private func status(_ probed: [(StackStatus.Member, NodeReading?)]) -> StackStatus {
        let manifest = StackManifest(
            store: "s", service: "m", supervisor: 1, processGroup: 1, ready: true, members: [])
        return StackStatus(manifest, StateDirectory("/tmp/x"), probed)
    }

    @Test func allIsWell() {
        let status = status([
            master("r1", offset: 100), replica("r2", offset: 90), sentinel("s1", names: "r1"),
            sentinel("s2", names: "r1"), sentinel("s3", names: "r1"), (member("w1", .sidecar, healthy: true), nil),
        ])
        #expect(status.healthy)
        #expect(status.master == "r1")
        #expect(status.members[1].lagBytes == 10)
        #expect(status.sentinelsWithQuorum == 3)
    }

    @Test func aMinorityNamesNoMaster() {
        let status = status([
            master("r1", offset: 1), sentinel("s1", names: "r1"), sentinel("s2", names: nil),
            sentinel("s3", names: nil),
        ])
        #expect(status.master == nil)
        #expect(!status.healthy)
        #expect(!status.members[0].healthy)
    }

    @Test func aSecondMasterIsNotWell() {
        let status = status([
            master("r1", offset: 1), master("r2", offset: 2), sentinel("s1", names: "r2"), sentinel("s2", names: "r2"),
            sentinel("s3", names: "r2"),
        ])
        #expect(status.master == "r2")
        #expect(status.members.map(\.healthy) == [false, true, true, true, true])
        #expect(!status.healthy)
    }

    @Test func aReplicaWithoutItsMasterIsNotWell() {
        let status = status([
            master("r1", offset: 1), replica("r2", offset: 1, linked: false), sentinel("s1", names: "r1"),
        ])
        #expect(!status.members[1].healthy)
        #expect(!status.healthy)
    }

    @Test func aSidecarThatIsNotReadyShows() {
        let status = status([
            master("r1", offset: 1), sentinel("s1", names: "r1"), (member("w1", .sidecar), nil),
        ])
        #expect(status.master == "r1")
        #expect(!status.healthy)
    }
}
