/// The line format in which a client process reports its operations:
///
///     started_ns TAB ended_ns TAB operation TAB page TAB outcome TAB result TAB detail
///
/// `worker.php` writes it. A result is a number, `-` for a missing value, `?` for a foreign reply, or empty.
package enum OperationLog {
    package struct Line: Equatable {
        package var operation: Operation
        package var detail: String
    }

    /// Why a line is not one: the drill then fails, for a history with holes proves nothing.
    package struct Malformed: Error, Equatable, CustomStringConvertible {
        package var line: String

        package var description: String { "A client wrote a line that is not an operation: \(line.prefix(200))" }
    }

    package static func parse(_ line: some StringProtocol) throws(Malformed) -> Line {
        let fields = line.split(separator: "\t", maxSplits: 6, omittingEmptySubsequences: false)
        guard fields.count == 7,
            let started = Int64(fields[0]), let ended = Int64(fields[1]), started >= 0, ended >= started,
            let kind = Operation.Kind(rawValue: String(fields[2])),
            let page = Int(fields[3]), page > 0,
            let outcome = Operation.Outcome(rawValue: String(fields[4])),
            let result = result(fields[5])
        else {
            throw Malformed(line: String(line))
        }
        let operation = Operation(
            kind, page: page, started: started, ended: ended, outcome: outcome, result: result)
        return Line(operation: operation, detail: String(fields[6]))
    }

    private static func result(_ field: some StringProtocol) -> Operation.Result? {
        switch field {
        case "": return .nothing
        case "-": return .missing
        case "?": return .foreign
        default: return Int(field).map(Operation.Result.number)
        }
    }
}
