import LoopbackServers

/// A page of a shop, as its Redis traffic was counted on a real store (WooCommerce 10.2 with Redis Object Cache 2.7,
/// warm cache).
struct PageKind: Sendable {
    let name: String
    /// Redis commands for one page, those of the pipeline included.
    let commands: Int
    /// Bytes sent to Redis and read from it.
    let bytesTo: Int
    let bytesFrom: Int
    /// `SET … NX` sent in one pipeline; on a warm cache none of them writes.
    var pipelinedSetNX = 0
    var multiGets = 0
    var sets = 0
    var deletes = 0
    /// How many of a hundred pages are of this kind.
    let share: Int

    static let all = [
        PageKind(
            name: "shop", commands: 193, bytesTo: 136_000, bytesFrom: 275_000, pipelinedSetNX: 60, multiGets: 12,
            sets: 8, share: 30),
        PageKind(
            name: "product", commands: 188, bytesTo: 127_000, bytesFrom: 248_000, pipelinedSetNX: 50, multiGets: 12,
            sets: 8, share: 40),
        PageKind(
            name: "add to cart", commands: 159, bytesTo: 114_000, bytesFrom: 265_000, pipelinedSetNX: 40, multiGets: 10,
            sets: 12, deletes: 6, share: 10),
        PageKind(
            name: "cart", commands: 154, bytesTo: 109_000, bytesFrom: 263_000, pipelinedSetNX: 40, multiGets: 10,
            sets: 10, deletes: 2, share: 8),
        PageKind(
            name: "checkout", commands: 376, bytesTo: 36_000, bytesFrom: 247_000, multiGets: 14, sets: 12, deletes: 4,
            share: 8),
        PageKind(
            name: "place order", commands: 886, bytesTo: 98_000, bytesFrom: 191_000, multiGets: 10, sets: 60,
            deletes: 459, share: 4),
    ]
}

/// The cached objects of the store: their keys and the sizes of their values.
struct PageObjects: Sendable {
    static let alloptions = "your-store:options:alloptions"
    static let alloptionsBytes = 68_000

    /// What every read finds.
    let sizes: [Int]
    /// Indices of the values under 100 bytes.
    let small: [Int]

    init(count: Int = 3000) {
        var generator = SeededGenerator(seed: 1)
        let sizes = (0..<count).map { _ in Self.valueBytes(&generator) }
        self.sizes = sizes
        small = sizes.indices.filter { sizes[$0] < 100 }
    }

    static func key(_ index: Int) -> String { "your-store:post_meta:\(1_000_000 + index):product" }
    static func guardKey(_ index: Int) -> String { "your-store:transient:wc_term_counts_\(1_000_000 + index)" }
    static func writtenKey(_ index: Int) -> String { "your-store:wc_session_id:\(1_000_000 + index)" }

    /// 35 % under 100 bytes, 35 % up to 1 KB, 22 % up to 8 KB, 7 % up to 64 KB, 1 % up to 300 KB.
    static func valueBytes(_ generator: inout SeededGenerator) -> Int {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<35: Int.random(in: 8..<100, using: &generator)
        case 35..<70: Int.random(in: 100..<1_000, using: &generator)
        case 70..<92: Int.random(in: 1_000..<8_000, using: &generator)
        case 92..<99: Int.random(in: 8_000..<64_000, using: &generator)
        default: Int.random(in: 64_000..<300_000, using: &generator)
        }
    }
}

/// The exact bytes that one page sends, step by step; a step waits for its replies before the next is sent.
struct PagePlan: Sendable {
    struct Step: Sendable {
        let bytes: Range<Int>
        let replies: Int
    }

    private(set) var bytes: [UInt8] = []
    private(set) var steps: [Step] = []
    private(set) var commands = 0
    /// What Redis answers, roughly: the values alone.
    private(set) var bytesFrom = 0

    /// Sizes are drawn from the distribution of the store's values as long as the page's count of bytes allows, and
    /// from its smallest class after that.
    init(_ kind: PageKind, objects: PageObjects, generator: inout SeededGenerator) {
        enum Kind { case get, multiGet, set, delete, pipeline }
        let gets = kind.commands - 4 - kind.pipelinedSetNX - kind.multiGets - kind.sets - kind.deletes
        var order = [Kind](repeating: .get, count: gets)
        order += repeatElement(.multiGet, count: kind.multiGets)
        order += repeatElement(.set, count: kind.sets)
        order += repeatElement(.delete, count: kind.deletes)
        order.shuffle(using: &generator)
        if kind.pipelinedSetNX > 0 { order.insert(.pipeline, at: order.count / 2) }

        bytesFrom = PageObjects.alloptionsBytes + 6_000
        var steps = [[["PING"]], [["INFO"]], [["GET", PageObjects.alloptions]]]
        for next in order {
            let written = Int.random(in: 0..<500, using: &generator)
            switch next {
            case .get: steps.append([["GET", read(kind, objects, &generator)]])
            case .multiGet:
                let count = Int.random(in: 4...16, using: &generator)
                steps.append([["MGET"] + (0..<count).map { _ in read(kind, objects, &generator) }])
            case .set: steps.append([["SETEX", PageObjects.writtenKey(written), "172800", Self.valueSlot]])
            case .delete: steps.append([["DEL", PageObjects.writtenKey(written)]])
            case .pipeline:
                steps.append(
                    (0..<kind.pipelinedSetNX).map { index in
                        ["SET", PageObjects.guardKey(written + index), Self.valueSlot, "EX", "3600", "NX"]
                    })
            }
        }
        steps.append([["ZADD", "your-store:metrics", String(Int.random(in: 0..<1000, using: &generator)), "page"]])
        write(steps, fillingUpTo: kind.bytesTo, values: kind.sets + kind.pipelinedSetNX, &generator)
    }

    /// Stands where a value goes until it is known how many bytes are left for values.
    private static let valueSlot = ""

    private mutating func write(
        _ pipelines: [[[String]]], fillingUpTo bytesTo: Int, values: Int, _ generator: inout SeededGenerator
    ) {
        let frame = pipelines.joined().reduce(0) { $0 + Self.encoded($1).count }
        var budget = bytesTo - frame
        var sizes: [Int] = (1..<max(1, values)).map { _ in
            let drawn = PageObjects.valueBytes(&generator)
            let size = drawn <= budget ? drawn : Int.random(in: 8..<100, using: &generator)
            budget -= size
            return size
        }
        // The last value takes what is left, so that every page of a kind sends the same number of bytes.
        sizes.append(max(8, budget))
        sizes.shuffle(using: &generator)
        for pipeline in pipelines {
            add(
                pipeline.map { command in
                    command.map { argument in
                        argument == Self.valueSlot ? String(repeating: "v", count: sizes.popLast() ?? 8) : argument
                    }
                })
        }
    }

    private mutating func read(_ kind: PageKind, _ objects: PageObjects, _ generator: inout SeededGenerator) -> String {
        var index = Int.random(in: objects.sizes.indices, using: &generator)
        if bytesFrom + objects.sizes[index] > kind.bytesFrom, let small = objects.small.randomElement(using: &generator)
        {
            index = small
        }
        bytesFrom += objects.sizes[index]
        return PageObjects.key(index)
    }

    private mutating func add(_ pipeline: [[String]]) {
        let start = bytes.count
        for command in pipeline { bytes += Self.encoded(command) }
        steps.append(Step(bytes: start..<bytes.count, replies: pipeline.count))
        commands += pipeline.count
    }

    private static func encoded(_ command: [String]) -> [UInt8] {
        var text = "*\(command.count)\r\n"
        for argument in command { text += "$\(argument.utf8.count)\r\n\(argument)\r\n" }
        return Array(text.utf8)
    }
}
