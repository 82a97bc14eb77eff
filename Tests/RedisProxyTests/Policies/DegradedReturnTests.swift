import NIOCore
import RedisClient
import Testing

@testable import RedisProxy

@Suite struct DegradedReturnTests {
    private func peer(_ degradation: Degradation?, silences: Int = 0) -> DegradedReturn.Peer {
        var peer = DegradedReturn.Peer()
        peer.answered(degradation)
        for _ in 0..<silences { peer.kept() }
        return peer
    }

    /// As long as one still forgets writes, the others do not show what it would have to delete.
    @Test func nobodyGoesBackBeforeTheLastHasAMaster() {
        let waits = [peer(.returning), peer(.waiting)]
        #expect(!DegradedReturn.isAllowed(waits, waited: .zero))
        #expect(!DegradedReturn.isAllowed(waits, waited: .seconds(59)))
        #expect(DegradedReturn.isAllowed([peer(.returning), peer(.returning)], waited: .zero))
        #expect(DegradedReturn.isAllowed([peer(nil), peer(.returning)], waited: .zero))
    }

    /// One late answer says nothing of a peer; one that is gone keeps nobody's cache away for ever.
    @Test func aPeerThatStaysSilentIsNotWaitedForAndALateOneNotForEver() {
        #expect(!DegradedReturn.isAllowed([DegradedReturn.Peer()], waited: .zero))
        #expect(!DegradedReturn.isAllowed([peer(.waiting, silences: 2)], waited: .seconds(1)))
        #expect(DegradedReturn.isAllowed([peer(.waiting, silences: 3)], waited: .seconds(1)))
        #expect(!DegradedReturn.isAllowed([peer(nil, silences: 3), peer(.waiting)], waited: .seconds(1)))
        #expect(DegradedReturn.isAllowed([peer(.waiting)], waited: DegradedReturn.patience))
        #expect(DegradedReturn.isAllowed([], waited: .zero))
    }

    @Test func anAnswerEndsTheSilence() {
        var one = peer(.waiting, silences: 2)
        one.answered(.waiting)
        #expect(one.silences == 0 && one.mustBeAwaited)
        one.answered(.returning)
        #expect(!one.mustBeAwaited)
    }
}
