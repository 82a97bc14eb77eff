import NIOCore
import RESP
import RedisClient
import Testing

@testable import RedisProxy

/// Which masters are purged of what.
@Suite struct StaleCacheGuardTests {
    private static let a = MasterState(endpoint: RedisEndpoint(host: "a", port: 1), epoch: 1)
    private static let b = MasterState(endpoint: RedisEndpoint(host: "b", port: 1), epoch: 2)
    private static let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private static func cacheGuard(open master: MasterState? = a) -> StaleCacheGuard {
        StaleCacheGuard(window: .seconds(30), limit: 1 << 20, master: master)
    }

    private static let durable: DurabilityRule = {
        var configuration = ProxyConfiguration(listeners: [], sentinels: [], service: "test")
        configuration.durablePrefixes = ["d:"]
        return DurabilityRule(configuration)
    }()

    private static func with(_ line: String, _ body: (CommandSpec, RequestFrame, UnsafeRawBufferPointer) -> Void) {
        ByteBuffer(bytes: Request(line).frame).withFrame { frame, bytes in
            body(CommandTable.shared.resolve(frame, in: bytes), frame, bytes)
        }
    }

    private static func note(
        _ cacheGuard: inout StaleCacheGuard, _ line: String, database: Int = 0, at time: NIODeadline = now
    ) {
        with(line) { cacheGuard.note($0, $1, $2, database: database, sparing: durable, at: time) }
    }

    private static func owe(_ cacheGuard: inout StaleCacheGuard, _ line: String) {
        with(line) { cacheGuard.owe($0, $1, $2, database: 0, sparing: durable, at: now) }
    }

    private static func plan(_ keys: String..., flushed: Set<Int> = []) -> StaleCacheGuard.Decision {
        var plan = PurgePlan(flushed: flushed)
        if !keys.isEmpty { plan.keys[0] = Set(keys.map { Array($0.utf8) }) }
        return .purge(plan)
    }

    @Test func theFirstMasterIsOpenUnlessSomethingIsOwed() {
        var cacheGuard = Self.cacheGuard(open: nil)
        #expect(cacheGuard.decide(on: Self.a, at: Self.now) == .open)
        cacheGuard = Self.cacheGuard(open: nil)
        Self.owe(&cacheGuard, "SET k v")
        #expect(cacheGuard.decide(on: Self.a, at: Self.now) == Self.plan("k"))
    }

    @Test func theSameMasterIsOpenAfterAnOutage() {
        var cacheGuard = Self.cacheGuard()
        Self.note(&cacheGuard, "SET k v")
        cacheGuard.freeze(at: Self.now)
        #expect(cacheGuard.decide(on: Self.a, at: Self.now + .hours(1)) == .open)
    }

    @Test(arguments: [b, MasterState(endpoint: a.endpoint, epoch: 3)])
    func anotherMasterOrAHigherEpochIsPurged(next: MasterState) {
        var cacheGuard = Self.cacheGuard()
        Self.note(&cacheGuard, "SET k v")
        Self.note(&cacheGuard, "DEL l")
        #expect(cacheGuard.decide(on: next, at: Self.now) == Self.plan("k", "l"))
        // Until it is done it is due.
        #expect(cacheGuard.decide(on: next, at: Self.now) == Self.plan("k", "l"))
        cacheGuard.purged(next, at: Self.now)
        #expect(cacheGuard.decide(on: next, at: Self.now) == .open)
    }

    @Test func theNextMasterAfterAQuarantineIsPurgedToo() {
        var cacheGuard = Self.cacheGuard()
        Self.note(&cacheGuard, "SET k v")
        #expect(cacheGuard.decide(on: Self.b, at: Self.now) == Self.plan("k"))
        cacheGuard.purged(Self.b, at: Self.now + .seconds(20))
        _ = cacheGuard.decide(on: Self.b, at: Self.now + .seconds(20))
        Self.note(&cacheGuard, "SET l v", at: Self.now + .seconds(21))
        let third = MasterState(endpoint: RedisEndpoint(host: "c", port: 1), epoch: 3)
        #expect(cacheGuard.decide(on: third, at: Self.now + .seconds(40)) == Self.plan("k", "l"))
    }

    @Test func whatIsOldWhenTheMasterIsLostIsNotDue() {
        var cacheGuard = Self.cacheGuard()
        Self.note(&cacheGuard, "SET k v")
        _ = cacheGuard.decide(on: Self.a, at: Self.now)
        #expect(cacheGuard.decide(on: Self.b, at: Self.now + .seconds(31)) == .open)
    }

    @Test func duringAnOutageNothingBecomesOld() {
        var cacheGuard = Self.cacheGuard()
        Self.note(&cacheGuard, "SET k v")
        cacheGuard.freeze(at: Self.now)
        Self.note(&cacheGuard, "SET l v", at: Self.now + .seconds(300))
        #expect(cacheGuard.decide(on: Self.b, at: Self.now + .seconds(600)) == Self.plan("k", "l"))
    }

    @Test func whatIsOwedIsDeletedOnTheSameMasterAlone() {
        var cacheGuard = Self.cacheGuard()
        Self.note(&cacheGuard, "SET k v")
        Self.owe(&cacheGuard, "SET l v")
        #expect(cacheGuard.decide(on: Self.a, at: Self.now) == Self.plan("l"))
        cacheGuard.purged(Self.a, at: Self.now)
        #expect(cacheGuard.decide(on: Self.a, at: Self.now) == .open)
        #expect(cacheGuard.decide(on: Self.b, at: Self.now) == Self.plan("k", "l"))
    }

    @Test func whatIsOwedSinceThePlanWasMadeIsStillDue() {
        var cacheGuard = Self.cacheGuard()
        Self.owe(&cacheGuard, "SET k v")
        #expect(cacheGuard.decide(on: Self.a, at: Self.now) == Self.plan("k"))
        Self.owe(&cacheGuard, "SET l v")
        cacheGuard.purged(Self.a, at: Self.now)
        #expect(cacheGuard.decide(on: Self.a, at: Self.now) == Self.plan("k", "l"))
    }

    @Test func durableKeysAreSpared() {
        var cacheGuard = Self.cacheGuard()
        Self.note(&cacheGuard, "SET d:k v")
        #expect(cacheGuard.decide(on: Self.b, at: Self.now) == .open)
        cacheGuard = Self.cacheGuard()
        Self.note(&cacheGuard, "MSET d:k v d v d: v")
        Self.owe(&cacheGuard, "DEL d:l l")
        #expect(cacheGuard.decide(on: Self.b, at: Self.now) == Self.plan("d", "l"))
    }

    @Test func writesWithoutKeysEmptyTheirDatabaseOrAll() {
        var cacheGuard = Self.cacheGuard()
        Self.note(&cacheGuard, "SET k v")
        Self.note(&cacheGuard, "SET k v", database: 6)
        Self.note(&cacheGuard, "EVAL s 0", database: 5)
        var plan = PurgePlan(flushed: [5], keys: [0: [Array("k".utf8)], 6: [Array("k".utf8)]])
        #expect(cacheGuard.decide(on: Self.b, at: Self.now) == .purge(plan))
        Self.note(&cacheGuard, "FLUSHALL")
        plan = PurgePlan(flushed: [0, 5, 6])
        #expect(cacheGuard.decide(on: Self.b, at: Self.now) == .purge(plan))
    }
}
