import Testing
import Topology

@testable import LocalStack

@Suite struct LoopbackClaimTests {
    @Test func aNetworkIsClaimedOnce() throws {
        let network = try #require(LoopbackClaim.candidates(key: "\(#fileID)", previous: nil).last)
        var first = LoopbackClaim.claim(network)
        #expect(first != nil)
        #expect(LoopbackClaim.claim(network) == nil)
        first = nil
        #expect(LoopbackClaim.claim(network) != nil)
    }

    @Test func candidatesAreManyDifferentAndStable() {
        let candidates = LoopbackClaim.candidates(key: "/a", previous: nil)
        #expect(candidates.count == 256)
        #expect(Set(candidates).count == 256)
        #expect(candidates == LoopbackClaim.candidates(key: "/a", previous: nil))
        #expect(candidates.first != LoopbackClaim.candidates(key: "/b", previous: nil).first)
        #expect(candidates.allSatisfy { (64...95).contains($0.second) && (1...250).contains($0.third) })
    }

    @Test func theFormerNetworkComesFirst() {
        let former = LoopbackClaim.candidates(key: "/a", previous: nil)[7]
        let candidates = LoopbackClaim.candidates(key: "/a", previous: former)
        #expect(candidates.first == former)
        #expect(candidates.count { $0 == former } == 1)
    }
}
