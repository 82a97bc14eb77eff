/// Rows in the form that `LOAD DATA INFILE` reads: values with a tab behind each, a line for each row. What is random
/// in a row depends on the table and the row's number alone.
struct RowText {
    private(set) var bytes: [UInt8] = []
    private var random = SplitMix(seed: 0)

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func begin(_ table: ShopTable, row: Int) {
        let number = UInt64(ShopTable.allCases.firstIndex(of: table) ?? 0)
        random = SplitMix(seed: number << 48 ^ UInt64(row))
    }

    /// The last tab becomes the end of the line.
    mutating func endRow() { bytes[bytes.count - 1] = UInt8(ascii: "\n") }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func number(below limit: Int) -> Int { Int(truncatingIfNeeded: random.next() >> 33) % limit }

    mutating func pick(_ choices: [StaticString]) -> StaticString { choices[number(below: choices.count)] }

    // MARK: - Parts of values

    mutating func add(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// With as many zeros before it as `digits` asks for.
    mutating func add(_ number: Int, digits: Int = 1) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while number / divisor >= 10 { divisor *= 10 }
        var rest = number
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }

    mutating func addHex(_ count: Int) {
        var word: UInt64 = 0
        for index in 0..<count {
            if index % 16 == 0 { word = random.next() }
            let digit = UInt8(word & 15)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            word >>= 4
        }
    }

    mutating func addWords(_ count: Int, separator: StaticString = " ") {
        for index in 0..<count {
            if index > 0 { add(separator) }
            add(pick(Self.words))
        }
    }

    /// An amount with `decimals` digits behind the point, below 500.
    mutating func addAmount(decimals: Int) {
        add(number(below: 500))
        add(".")
        add(number(below: 100), digits: 2)
        for _ in 2..<decimals { add("0") }
    }

    /// Some second of 2020 to 2025.
    mutating func addDate() {
        add(2020 + number(below: 6))
        for (separator, first, count) in [("-", 1, 12), ("-", 1, 28), (" ", 0, 24), (":", 0, 60), (":", 0, 60)]
            as [(StaticString, Int, Int)]
        {
            add(separator)
            add(first + number(below: count), digits: 2)
        }
    }

    mutating func addEmail() {
        add(pick(Self.names))
        add(".")
        add(number(below: 100_000))
        add("@example.com")
    }

    // MARK: - Values

    mutating func endValue() { bytes.append(UInt8(ascii: "\t")) }

    mutating func value(_ text: StaticString) {
        add(text)
        endValue()
    }

    mutating func value(_ number: Int) {
        add(number)
        endValue()
    }

    mutating func null() { value("\\N") }

    mutating func value(_ parts: (inout RowText) -> Void) {
        parts(&self)
        endValue()
    }

    static let names: [StaticString] = [
        "Anna", "Björn", "Chloé", "David", "Elif", "Fatima", "Grace", "Hiroshi", "Ines", "Jakub", "Kateřina", "Liam",
        "María", "Noah", "Olivia", "Priya", "Quentin", "Rosa", "Søren", "Tomás", "Uma", "Vera", "Wei", "Yusuf", "Zoë",
    ]
    static let words: [StaticString] = [
        "the", "of", "and", "cotton", "organic", "don't", "classic", "shirt", "with", "leather", "soft", "blue", "a",
        "handmade", "for", "women's", "summer", "our", "new", "collection", "is", "made", "from", "recycled", "wool",
        "\\\"eco\\\"", "waterproof", "jacket", "that", "keeps", "you", "warm", "in", "winter", "café", "naïve",
        "quality",
        "washable", "at", "30°C", "designed", "in", "Zürich", "available", "five", "sizes", "free", "shipping", "over",
        "€50", "it's", "durable", "light", "everyday", "gift", "<strong>sale</strong>", "see", "size", "guide",
        "limited", "edition", "unisex", "fit", "premium", "natural", "fibres",
    ]
}
