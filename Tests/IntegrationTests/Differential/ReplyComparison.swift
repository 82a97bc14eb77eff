import NIOCore
import RESP

extension Comparison {
    /// Whether both servers answered the same, as far as the comparison asks.
    func agrees(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        if one == other { return true }
        if case .exact = self { return false }
        guard let one = Self.decode(one), let other = Self.decode(other) else { return false }
        // An error is an error: only what it is about is compared loosely, never whether there is one.
        if one.errorMessage != nil || other.errorMessage != nil { return one == other }
        switch self {
        case .exact: return false
        case .unordered: return one.sorted == other.sorted
        case .near: return one.isNear(other)
        case .shape: return one.shape == other.shape
        case .any: return true
        case .hello: return one.withoutConnectionNumber == other.withoutConnectionNumber
        }
    }

    private static func decode(_ bytes: [UInt8]) -> RESPValue? {
        var decoder = RESPValueDecoder()
        var buffer = ByteBuffer(bytes: bytes)
        return try? decoder.decode(&buffer)
    }
}

extension RESPValue {
    /// With the elements of every aggregate in one order, and maps as the pairs they are.
    fileprivate var sorted: RESPValue {
        switch self {
        case .array(let values): .array(Self.sort(values))
        case .set(let values): .set(Self.sort(values))
        case .map(let pairs): .array(Self.sort(pairs.map { .array([$0.key, $0.value.sorted]) }))
        default: self
        }
    }

    private static func sort(_ values: [RESPValue]) -> [RESPValue] {
        values.map(\.sorted).map { ("\($0)", $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    fileprivate func isNear(_ other: RESPValue) -> Bool {
        guard case .integer(let one) = self, case .integer(let other) = other else { return false }
        return abs(one - other) <= 5 && (one < 0) == (other < 0)
    }

    /// The type, and for aggregates how many elements there are.
    fileprivate var shape: String {
        switch self {
        case .simpleString: "simple string"
        case .error: "error"
        case .integer: "integer"
        case .bulkString: "bulk string"
        case .null: "null"
        case .double: "double"
        case .boolean: "boolean"
        case .bigNumber: "big number"
        case .verbatim: "verbatim string"
        case .array(let values): "array of \(values.count)"
        case .set(let values): "set of \(values.count)"
        case .map(let pairs): "map of \(pairs.count)"
        case .push(let values): "push of \(values.count)"
        }
    }

    /// What HELLO answers, without `id`.
    fileprivate var withoutConnectionNumber: [String: RESPValue]? {
        fields.map { $0.filter { $0.key != "id" } }
    }
}
