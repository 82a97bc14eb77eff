import NIOCore
import RESP

/// Words the answers of a degraded cache, as an empty Redis that forgets every write gives them. Pure; which answer a
/// command gets is in the command table (`DegradedAnswer`).
struct DegradedAnswers {
    let protocolVersion: Int
    /// Of the last master; nil if none was seen.
    var serverVersion: String?

    /// Databases that a server has unless its configuration says otherwise.
    static let databases = 16

    /// The answer to a whole command; nil where there is none that is true. TIME is answered with `time`, since 1970.
    func reply(to spec: CommandSpec, _ arguments: some CommandArguments, time: Duration) -> ByteBuffer? {
        guard spec.accepts(argumentCount: arguments.count) else { return nil }
        switch spec.degraded {
        case .none, .session: return nil
        case .ok: return text("+OK\r\n")
        case .zero: return text(":0\r\n")
        case .noKey: return text(":-2\r\n")
        case .noType: return text("+none\r\n")
        case .null: return text(null)
        case .emptyString: return text("$0\r\n\r\n")
        case .emptyArray: return text("*0\r\n")
        case .emptySet: return text(protocolVersion == 3 ? "~0\r\n" : "*0\r\n")
        case .emptyMap: return text(protocolVersion == 3 ? "%0\r\n" : "*0\r\n")
        case .nullOrEmptyArray: return text(arguments.count == 2 ? null : "*0\r\n")
        case .nullForEachKey: return list(null, arguments.count - 1)
        case .nullForEachMember: return list(null, arguments.count - 2)
        case .zeroForEachMember: return list(":0\r\n", arguments.count - 2)
        case .endOfScan: return text("*2\r\n$1\r\n0\r\n*0\r\n")
        case .byCondition: return set(arguments)
        case .fieldCount: return fields(arguments)
        case .memberCount: return members(arguments)
        case .ping: return arguments.count == 1 ? text("+PONG\r\n") : bulk(Array(arguments[1]))
        case .echo: return bulk(Array(arguments[1]))
        case .time: return clock(time)
        case .info: return bulk(Array(info.utf8))
        }
    }

    /// EXEC's answer, from those of the commands in the transaction.
    static func exec(_ replies: [ByteBuffer]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeRESPHeader(ASCII.asterisk, replies.count)
        for reply in replies { buffer.writeImmutableBuffer(reply) }
        return buffer
    }

    /// HELLO's answer, in the protocol version it switches to (https://redis.io/docs/latest/commands/hello/).
    func hello(clientID: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        let fields = ["server", "version", "proto", "id", "mode", "role", "modules"]
        if protocolVersion == 3 {
            buffer.writeRESPHeader(UInt8(ascii: "%"), fields.count)
        } else {
            buffer.writeRESPHeader(ASCII.asterisk, fields.count * 2)
        }
        for field in fields {
            buffer.writeRESPBulk(field.utf8)
            switch field {
            case "server": buffer.writeRESPBulk("redis".utf8)
            case "version": buffer.writeRESPBulk((serverVersion ?? "").utf8)
            case "proto": buffer.writeRESPHeader(UInt8(ascii: ":"), protocolVersion)
            case "id": buffer.writeRESPHeader(UInt8(ascii: ":"), clientID)
            case "mode": buffer.writeRESPBulk("standalone".utf8)
            case "role": buffer.writeRESPBulk("master".utf8)
            default: buffer.writeRESPHeader(ASCII.asterisk, 0)
            }
        }
        return buffer
    }

    // MARK: Forms

    private var null: String { protocolVersion == 3 ? "_\r\n" : "$-1\r\n" }

    private func text(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    private func bulk(_ bytes: [UInt8]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeRESPBulk(bytes)
        return buffer
    }

    private func list(_ element: String, _ count: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeRESPHeader(ASCII.asterisk, count)
        for _ in 0..<count { buffer.writeString(element) }
        return buffer
    }

    private func clock(_ time: Duration) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeRESPHeader(ASCII.asterisk, 2)
        buffer.writeRESPBulk(String(time.components.seconds).utf8)
        buffer.writeRESPBulk(String(time.components.attoseconds / 1_000_000_000_000).utf8)
        return buffer
    }

    private var info: String {
        let version = serverVersion.map { "redis_version:\($0)\r\n" } ?? ""
        return "# Server\r\n\(version)redis_mode:standalone\r\n\r\n# Breakwater\r\nbreakwater_degraded:1\r\n"
    }

    // MARK: By arguments

    private func set(_ arguments: some CommandArguments) -> ByteBuffer? {
        var isConditional = false
        var index = 3
        while index < arguments.count {
            let option = arguments[index]
            if option.matches("NX") || option.matches("XX") {
                isConditional = true
            } else if option.matches("EX") || option.matches("PX") || option.matches("EXAT") || option.matches("PXAT") {
                index += 1
                guard index < arguments.count, arguments[index].decimal != nil else { return nil }
            } else if !option.matches("KEEPTTL") {
                return nil
            }
            index += 1
        }
        return text(isConditional ? null : "+OK\r\n")
    }

    private func fields(_ arguments: some CommandArguments) -> ByteBuffer? {
        guard arguments.count.isMultiple(of: 2) else { return nil }
        return number(distinct(arguments, from: 2))
    }

    private func members(_ arguments: some CommandArguments) -> ByteBuffer? {
        let isScore = Double(String(decoding: arguments[2], as: UTF8.self)) != nil
        guard isScore, arguments.count.isMultiple(of: 2) else { return nil }
        return number(distinct(arguments, from: 3))
    }

    /// How many different ones there are at every second place.
    private func distinct(_ arguments: some CommandArguments, from first: Int) -> Int {
        if arguments.count <= first + 2 { return 1 }
        return Set(stride(from: first, to: arguments.count, by: 2).map { Array(arguments[$0]) }).count
    }

    private func number(_ number: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeRESPHeader(UInt8(ascii: ":"), number)
        return buffer
    }
}

/// The version in an answer to INFO. Some clients choose commands by it.
struct ServerVersion {
    let text: String

    /// Nil when no line says it in a form that could be passed on.
    init?(_ info: String) {
        let key = "redis_version:"
        guard let line = info.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix(key) }) else { return nil }
        text = String(line.dropFirst(key.count))
        guard !text.isEmpty, text.utf8.count <= 32, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
    }
}
