/// A row where the client library put it: nothing is copied. It cannot be kept: it is lent to the closure that reads
/// it, and so are the bytes of its values.
package struct MySQLRow: ~Copyable {
    private let values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let lengths: UnsafeMutablePointer<UInt>
    /// How many values it has.
    package let count: Int

    init(
        values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, lengths: UnsafeMutablePointer<UInt>, count: Int
    ) {
        self.values = values
        self.lengths = lengths
        self.count = count
    }

    /// The bytes of a value, with any NUL that is among them; nil for NULL. Valid until the closure returns.
    package subscript(column: Int) -> UnsafeRawBufferPointer? {
        precondition((0..<count).contains(column), "no such column")
        guard let bytes = values[column] else { return nil }
        return UnsafeRawBufferPointer(start: bytes, count: Int(lengths[column]))
    }

    /// The bytes of all values together.
    package var byteCount: Int {
        var sum = 0
        for column in 0..<count { sum += Int(lengths[column]) }
        return sum
    }
}
