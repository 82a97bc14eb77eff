import LoopbackServers

/// Makes command sequences for one worker: the same ones for the same seed.
///
/// Workers run at the same time and in no order, so each keeps to keys, channels and databases of its own; what one
/// does can never change a reply that another gets, unless something leaks between clients.
struct CommandGenerator {
    let worker: Int
    /// No other worker runs. Flushing any database invalidates what every client tracks, in Redis as well; so only a
    /// worker on its own tracks keys, and only one among others flushes.
    let isAlone: Bool
    var random: SeededGenerator

    init(seed: UInt64, worker: Int, isAlone: Bool) {
        self.worker = worker
        self.isAlone = isAlone
        random = SeededGenerator(seed: seed &+ UInt64(worker) &* 1_000_003)
    }

    var name: String { "w\(worker)" }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &random)]
    }

    // MARK: Arguments

    mutating func key() -> [UInt8] {
        // Few keys, so that commands meet values of every type; one is not text.
        let number = Int.random(in: 0..<9, using: &random)
        return Array("\(name):k\(number)".utf8) + (number == 8 ? [0x0D, 0x0A, 0xFF, 0x00, 0x20] : [])
    }

    mutating func value() -> [UInt8] {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45: Array("value-\(Int.random(in: 0..<20, using: &random))".utf8)
        case 45..<75: Array(String(Int.random(in: -50...50, using: &random)).utf8)
        case 75..<80: []
        case 80..<85: Array("3.25".utf8)
        case 85..<92: Array("+OK\r\n$-1\r\n\0".utf8) + [0xC3, 0x28, 0xFF]
        case 92..<98: [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: 3_000)
        case 98: [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: 70_000)
        default: [UInt8](repeating: 0x7A, count: chance(20) ? 700_000 : 140_000)
        }
    }

    /// A database of the worker's own.
    mutating func database() -> Int { 1 + worker * 3 + Int.random(in: 0..<3, using: &random) }

    private mutating func argument(_ token: Substring) -> [UInt8] {
        func number(_ range: ClosedRange<Int>, _ random: inout SeededGenerator) -> String {
            String(Int.random(in: range, using: &random))
        }
        let text: String
        switch token {
        case "$k": return key()
        case "$v": return value()
        case "$f": text = "field-\(number(0...6, &random))"
        case "$m": text = chance(30) ? number(0...9, &random) : "member-\(number(0...9, &random))"
        case "$s": text = pick(["0", "1", "2.5", "-3", "10", "1e2"])
        case "$i": text = number(-3...9, &random)
        case "$n": text = number(1...6, &random)
        case "$x": text = "\(number(0...2, &random))-\(number(0...9, &random))"
        case "$t": text = number(100_000...900_000, &random)
        case "$d": text = String(database())
        case "$c": text = "\(name):channel-\(number(0...2, &random))"
        case "$p": text = "\(name):*"
        case "$w": text = name
        case "$w*": text = "\(name)*"
        default: text = String(token)
        }
        return Array(text.utf8)
    }

    // MARK: Commands

    mutating func arguments(_ template: String) -> [[UInt8]] {
        template.split(separator: " ").map { argument($0) }
    }

    /// A command whose replies are compared exactly: what may stand in a transaction.
    mutating func exactCommand() -> Request {
        var arguments = arguments(pick(CommandTemplates.exact))
        if chance(8) { spoil(&arguments) }
        if chance(10) { arguments[0] = arguments[0].map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 } }
        if chance(3), let line = inline(arguments) { return Request(raw: line) }
        return Request(arguments)
    }

    mutating func command() -> Request {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<72: exactCommand()
        case 72..<84: Request(arguments(pick(CommandTemplates.fixed)))
        case 84..<92: Request(arguments(pick(CommandTemplates.unordered)), comparison: .unordered)
        case 92..<94: Request(arguments(pick(CommandTemplates.near)), comparison: .near)
        case 94..<98: Request(arguments(pick(CommandTemplates.shape)), comparison: .shape)
        default: Request(arguments(pick(CommandTemplates.any)), comparison: .any)
        }
    }

    /// Makes a wrong command of a right one. The first argument stays: it is a key that belongs to the worker.
    private mutating func spoil(_ arguments: inout [[UInt8]]) {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: arguments = [arguments[0]]
        case 1 where arguments.count > 2: arguments.remove(at: Int.random(in: 2..<arguments.count, using: &random))
        case 2 where arguments.count > 2:
            arguments[Int.random(in: 2..<arguments.count, using: &random)] = Array("\(name):junk".utf8)
        default: arguments.append(Array("\(name):more".utf8))
        }
    }

    /// The command as a line of text, if it can be one.
    private mutating func inline(_ arguments: [[UInt8]]) -> [UInt8]? {
        var line: [UInt8] = []
        for argument in arguments {
            guard argument.count < 1000 else { return nil }
            if !line.isEmpty { line.append(0x20) }
            line.append(0x22)
            for byte in argument {
                if byte == 0x22 || byte == 0x5C || byte < 0x20 || byte > 0x7E {
                    line += Array("\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
                } else {
                    line.append(byte)
                }
            }
            line.append(0x22)
        }
        return line + (chance(50) ? [0x0D, 0x0A] : [0x0A])
    }
}
