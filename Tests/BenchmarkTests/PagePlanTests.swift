import LoopbackServers
import Testing

@testable import breakwater_bench

struct PagePlanTests {
    static let objects = PageObjects()

    @Test(arguments: PageKind.all.map(\.name))
    func aPageHasTheCommandsAndBytesThatWereCounted(name: String) throws {
        let kind = try #require(PageKind.all.first { $0.name == name })
        for seed in 0..<20 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let plan = PagePlan(kind, objects: Self.objects, generator: &generator)
            #expect(plan.commands == kind.commands)
            #expect(abs(plan.bytes.count - kind.bytesTo) < kind.bytesTo / 20, "sends \(plan.bytes.count)")
            #expect(abs(plan.bytesFrom - kind.bytesFrom) < kind.bytesFrom / 8, "reads \(plan.bytesFrom)")
        }
    }

    @Test func aPageIsSerialButForItsPipeline() throws {
        let shop = try #require(PageKind.all.first { $0.name == "shop" })
        var generator = SeededGenerator(seed: 7)
        let plan = PagePlan(shop, objects: Self.objects, generator: &generator)
        #expect(plan.steps.filter { $0.replies > 1 }.map(\.replies) == [shop.pipelinedSetNX])
        #expect(plan.steps.map(\.bytes.count).reduce(0, +) == plan.bytes.count)
    }

    @Test func theSamePagesComeInEveryRun() throws {
        let kind = try #require(PageKind.all.first)
        var one = SeededGenerator(seed: 3)
        var other = SeededGenerator(seed: 3)
        #expect(
            PagePlan(kind, objects: Self.objects, generator: &one).bytes
                == PagePlan(kind, objects: PageObjects(), generator: &other).bytes)
    }

    @Test func kindsShareAHundredPages() {
        #expect(PageKind.all.map(\.share).reduce(0, +) == 100)
    }

    @Test func valuesHaveTheSizesOfAStore() {
        var generator = SeededGenerator(seed: 5)
        let sizes = (0..<20_000).map { _ in PageObjects.valueBytes(&generator) }
        func share(_ range: Range<Int>) -> Double { Double(sizes.filter(range.contains).count) / Double(sizes.count) }
        #expect(abs(share(0..<100) - 0.35) < 0.02)
        #expect(abs(share(100..<1_000) - 0.35) < 0.02)
        #expect(abs(share(1_000..<8_000) - 0.22) < 0.02)
        #expect(abs(share(8_000..<64_000) - 0.07) < 0.01)
        #expect(abs(share(64_000..<300_001) - 0.01) < 0.005)
    }
}
