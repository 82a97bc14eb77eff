import LoopbackServers
import RecoveryCore
import Testing

struct ChunkStrategyTests {
    private func strategy(_ keys: UniqueKey..., partitions: [String] = []) -> ChunkStrategy {
        .choose(for: TableFacts(name: "t", uniqueKeys: keys, partitions: partitions))
    }

    @Test func anIntegerPrimaryKeyIsCut() {
        let found = strategy(UniqueKey("PRIMARY", [.init("id", "bigint")]), UniqueKey("u", [.init("n", "int")]))
        #expect(found.cut == .ranges(of: "id"))
        #expect(found.order == ["id"])
        #expect(found.reason == "ranges of id, which is PRIMARY")
    }

    @Test func aCompositeKeyIsCutByItsFirstColumn() {
        let found = strategy(UniqueKey("PRIMARY", [.init("order_id", "bigint"), .init("key", "varchar")]))
        #expect(found.cut == .ranges(of: "order_id"))
        #expect(found.order == ["order_id", "key"])
        #expect(found.reason == "ranges of order_id, the first column of PRIMARY")
    }

    @Test(arguments: ["varchar", "char", "binary", "decimal", "double", "datetime", "uuid", "bit", "enum", "year"])
    func otherKeysAreOneOrderedStream(_ type: String) {
        let found = strategy(UniqueKey("PRIMARY", [.init("k", type), .init("id", "int")]))
        #expect(found.cut == .none)
        #expect(found.order == ["k", "id"])
        #expect(found.reason.hasPrefix("one stream: PRIMARY starts with no integer"))
    }

    @Test func withoutAPrimaryKeyTheFirstUniqueKeyWithoutNullIsTheClusteredIndex() {
        let found = strategy(
            UniqueKey("a", [.init("x", "int", isNullable: true)]), UniqueKey("b", [.init("name", "varchar")]),
            UniqueKey("c", [.init("n", "int")]))
        #expect(found.cut == .none)
        #expect(found.order == ["name"])
        #expect(strategy(UniqueKey("c", [.init("n", "int")])).cut == .ranges(of: "n"))
    }

    @Test(arguments: [
        (UniqueKey("u", [.init("n", "int", isNullable: true)]), "u may be NULL in n"),
        (UniqueKey("u", [.init("n", "int"), .init("m", "int", isNullable: true)]), "u may be NULL in m"),
        (UniqueKey("u", [.init(nil, "")]), "u indexes an expression"),
        (UniqueKey("u", [.init("s", "varchar", prefix: 10)]), "u indexes only the beginning of a column"),
        (UniqueKey("u", [.init("n", "int")], isHidden: true), "u is hidden from the optimizer"),
    ])
    func keysThatDoNotFindEveryRowAreRefused(_ key: UniqueKey, _ why: String) {
        let found = strategy(key)
        #expect(found.cut == .none)
        #expect(found.order == [])
        #expect(found.reason == "one stream: no primary key, and no unique key that finds every row: \(why)")
    }

    @Test func partitionsStandInForAKey() {
        #expect(strategy(partitions: ["p0", "p1"]).cut == .partitions(["p0", "p1"]))
        let text = UniqueKey("PRIMARY", [.init("k", "varchar")])
        #expect(strategy(text, partitions: ["p0", "p1"]).cut == .partitions(["p0", "p1"]))
        #expect(strategy(text, partitions: ["p0", "p1"]).order == ["k"])
        let integer = UniqueKey("PRIMARY", [.init("id", "int")])
        #expect(strategy(integer, partitions: ["p0", "p1"]).cut == .ranges(of: "id"))
    }
}

struct ChunkPlannerTests {
    /// Plans with `estimate`, and says how many estimates that took.
    private func plan(
        _ keys: ClosedRange<Int128>?, target: UInt64, most: Int = 64, estimate: (ClosedRange<Int128>) -> UInt64
    ) -> (ranges: [KeyRange], asked: Int) {
        var planner = ChunkPlanner(keys: keys, target: target, most: most)
        var asked = 0
        for _ in 0..<1_000 {
            switch planner.step {
            case .done(let ranges): return (ranges, asked)
            case .estimate(let spans):
                asked += spans.count
                planner.answer(spans.map(estimate))
            }
        }
        Issue.record("no end")
        return ([], asked)
    }

    private func plan(of keys: [Int128], target: UInt64, most: Int = 64) -> (ranges: [KeyRange], asked: Int) {
        let sorted = keys.sorted()
        guard let first = sorted.first, let last = sorted.last else {
            return plan(nil, target: target, most: most) { _ in 0 }
        }
        return plan(first...last, target: target, most: most) { span in
            UInt64(sorted.count { span.contains($0) })
        }
    }

    private func counts(_ ranges: [KeyRange], of keys: [Int128]) -> [Int] {
        ranges.map { range in keys.count { range.contains($0) } }
    }

    @Test func nothingIsOneChunkOfEverything() {
        #expect(plan(nil, target: 10) { _ in 0 }.ranges == [.everything])
        #expect(plan(5...5, target: 1) { _ in 1_000 }.ranges == [.everything])
        #expect(plan(of: Array(1...10), target: 100).ranges == [.everything])
    }

    @Test func denseKeysAreCutEvenly() {
        let keys = (1...4_000).map { Int128($0) }
        let ranges = plan(of: keys, target: 500).ranges
        #expect(KeyRange.coverEverything(ranges))
        #expect(counts(ranges, of: keys).allSatisfy { (250...750).contains($0) })
    }

    /// A thousand rows, then one at the end of the type: arithmetic over ids would put all rows into one chunk.
    @Test func hugeGapsDoNotUnbalance() {
        let keys = (1...1_000).map { Int128($0) } + [Int128(UInt64.max)]
        let (ranges, asked) = plan(of: keys, target: 100)
        #expect(KeyRange.coverEverything(ranges))
        #expect(ranges.count >= 7)
        #expect(counts(ranges, of: keys).allSatisfy { $0 <= 150 })
        #expect(asked < 300)
    }

    @Test func negativeKeysAreKeys() {
        let keys = (-2_000...2_000).map { Int128($0) } + [Int128(Int64.min), Int128(Int64.max)]
        let ranges = plan(of: keys, target: 400).ranges
        #expect(KeyRange.coverEverything(ranges))
        #expect(counts(ranges, of: keys).reduce(0, +) == keys.count)
        #expect(counts(ranges, of: keys).allSatisfy { $0 <= 800 })
    }

    @Test func thereAreNeverMoreChunksThanAllowed() {
        let keys = (1...5_000).map { Int128($0) }
        for most in [1, 2, 7, 64] {
            let ranges = plan(of: keys, target: 1, most: most).ranges
            #expect(ranges.count <= most)
            #expect(KeyRange.coverEverything(ranges))
        }
    }

    /// Whatever the server says, every key is in exactly one chunk, and planning ends soon.
    @Test func noEstimateLosesARow() {
        var random = SeededGenerator(seed: 11)
        let edges: [Int128] = [
            Int128(Int64.min), -1, 0, 1, Int128(Int64.max), Int128(Int64.max) + 1, Int128(UInt64.max),
        ]
        for round in 0..<300 {
            let a = Int128(Int64.random(in: .min ... .max, using: &random))
            let b =
                Int128(Int64.random(in: .min ... .max, using: &random))
                + Int128(UInt64.random(in: 0...9, using: &random))
            let (ranges, asked) = plan(min(a, b)...max(a, b), target: .random(in: 0...1_000, using: &random)) { _ in
                round % 3 == 0 ? .max : .random(in: 0...(round % 3 == 1 ? 2_000 : .max), using: &random)
            }
            #expect(KeyRange.coverEverything(ranges))
            #expect(asked < 20_000)
            // Keys that nobody knew of when planning, too.
            let cuts = ranges.compactMap(\.lower)
            for key in edges + [a, b, a - 1, b + 1] + cuts + cuts.map({ $0 - 1 }) {
                #expect(ranges.count { $0.contains(key) } == 1)
            }
        }
    }

    @Test func tooFewEstimatesEndAsWell() {
        var planner = ChunkPlanner(keys: 1...1_000, target: 10, most: 8)
        planner.answer([1_000])
        planner.answer([])
        guard case .done(let ranges) = planner.step else {
            Issue.record("not done")
            return
        }
        #expect(KeyRange.coverEverything(ranges))
    }

    @Test func whatDoesNotCoverEverything() {
        func range(_ lower: Int128?, _ upper: Int128?) -> KeyRange { KeyRange(lower: lower, upper: upper) }
        #expect(KeyRange.coverEverything([.everything]))
        #expect(KeyRange.coverEverything([range(nil, 5), range(5, 9), range(9, nil)]))
        for ranges in [
            [], [range(nil, 5)], [range(0, nil)], [range(nil, 5), range(6, nil)], [range(nil, 5), range(4, nil)],
            [range(nil, 5), range(5, 5), range(5, nil)], [range(5, nil), range(nil, 5)], [.everything, .everything],
            [range(nil, 5), range(5, nil), range(7, nil)], [range(nil, 9), range(9, 5), range(5, nil)],
        ] {
            #expect(!KeyRange.coverEverything(ranges), "\(ranges)")
        }
    }
}
