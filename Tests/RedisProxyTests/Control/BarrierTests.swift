import NIOCore
import RedisClient
import Testing

@testable import RedisProxy

@Suite struct BarrierTests {
    private let master = RedisEndpoint(host: "m", port: 6379)
    private let sentinel = RedisEndpoint(host: "s", port: 26379)
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func hold(_ id: String, _ lease: TimeAmount = .milliseconds(500), asking: RedisEndpoint? = nil)
        -> Barrier.Event
    {
        .hold(id: id, lease: lease, master: master, sentinel: asking)
    }

    @Test func theCourseOfASwitchover() {
        var barrier = Barrier()
        #expect(barrier.handle(.claim(id: "a", lease: .seconds(1)), now: start) == [])
        #expect(barrier.holder == "a" && !barrier.isHolding)
        #expect(barrier.handle(hold("a"), now: start) == [.hold])
        // Renewals say nothing new.
        #expect(barrier.handle(hold("a"), now: start) == [])
        #expect(barrier.handle(hold("a", asking: sentinel), now: start) == [.expect(sentinel, master: master)])
        #expect(barrier.handle(hold("a", asking: sentinel), now: start) == [])
        #expect(barrier.handle(.release(id: "a", .switched), now: start) == [.open])
        #expect(barrier.holder == nil && barrier.nextWake == nil)
    }

    @Test func anUndoneOneForgetsTheSentinel() {
        var barrier = Barrier()
        _ = barrier.handle(hold("a", asking: sentinel), now: start)
        #expect(barrier.handle(.release(id: "a", .undone), now: start) == [.forget(sentinel), .open])
    }

    @Test func aLeaseEndsByItself() {
        var barrier = Barrier()
        _ = barrier.handle(hold("a"), now: start)
        #expect(barrier.nextWake == start + .milliseconds(500))
        #expect(barrier.handle(.tick, now: start + .milliseconds(499)) == [])
        #expect(barrier.handle(.tick, now: start + .milliseconds(500)) == [.open])
        #expect(barrier.holder == nil)
        #expect(barrier.expired == 1)
    }

    @Test func aDeadCoordinatorMayHaveAskedTheSentinel() {
        var barrier = Barrier()
        _ = barrier.handle(hold("a", asking: sentinel), now: start)
        #expect(barrier.handle(.tick, now: start + .seconds(1)) == [.abandon(sentinel), .open])
    }

    @Test func aClaimEndsWithoutAWord() {
        var barrier = Barrier()
        _ = barrier.handle(.claim(id: "a", lease: .seconds(1)), now: start)
        #expect(barrier.handle(.tick, now: start + .seconds(1)) == [])
        #expect(barrier.holder == nil)
    }

    @Test func oneSwitchoverAtATime() {
        var barrier = Barrier()
        _ = barrier.handle(.claim(id: "a", lease: .seconds(1)), now: start)
        #expect(barrier.handle(.claim(id: "b", lease: .seconds(1)), now: start) == [.refuse(holder: "a")])
        #expect(barrier.handle(hold("b"), now: start) == [.refuse(holder: "a")])
        #expect(barrier.handle(.release(id: "b", .switched), now: start) == [])
        #expect(barrier.holder == "a")
        // The lease of the first has ended when the second comes.
        #expect(barrier.handle(hold("c"), now: start + .seconds(1)) == [.hold])
    }

    @Test func anOvertakenRenewalDoesNotHoldAgain() {
        var barrier = Barrier()
        _ = barrier.handle(hold("a"), now: start)
        _ = barrier.handle(.release(id: "a", .switched), now: start)
        #expect(barrier.handle(hold("a"), now: start) == [.refuseLate])
        #expect(barrier.handle(.claim(id: "a", lease: .seconds(1)), now: start) == [.refuseLate])
        #expect(!barrier.isHolding)
    }

    @Test func nobodyHoldsForEver() {
        var barrier = Barrier()
        var now = start
        var actions: [Barrier.Action] = []
        for _ in 0..<200 where actions != [.refuseLonger] {
            actions = barrier.handle(hold("a"), now: now)
            now = now + .milliseconds(400)
        }
        #expect(actions == [.refuseLonger])
        #expect(now - start <= Barrier.longestHold + .milliseconds(800))
        #expect(barrier.handle(.tick, now: now + .seconds(1)) == [.open])
    }

    @Test func aLateClaimTakesNoHoldBack() {
        var barrier = Barrier()
        _ = barrier.handle(hold("a"), now: start)
        #expect(barrier.handle(.claim(id: "a", lease: .seconds(1)), now: start) == [])
        #expect(barrier.isHolding)
    }
}
