import NIOCore
import RESP
import RedisClient

/// Commands that concern the session: answered by the sidecar, or sent on a private connection with a note of what
/// the answer will mean.
extension Session {
    /// Performs one special command. Nothing of this session is under way on a lane.
    func perform(_ spec: CommandSpec, _ bytes: ByteBuffer, _ frame: RequestFrame) {
        guard state.isAuthenticated else { return performUnauthenticated(spec, bytes) }
        if state.isInTransaction { return performInTransaction(spec, bytes, frame) }
        // What does not even have the right number of arguments changes nothing; the server words the error.
        guard spec.accepts(argumentCount: frame.argumentCount) || spec.handling == .refused else {
            return forward(spec, bytes, .plain, frame)
        }
        switch spec.handling {
        case .shared, .exec, .discard:
            forward(spec, bytes, meaningOfEnd(spec), frame)
        case .refused:
            reply(error: shard.refusal(of: spec))
        case .quit:
            reply("+OK\r\n")
            closeAfterFlush()
        case .reset:
            reset()
        case .clientID:
            if asksConnection { return forwardPrivately(spec, bytes, .plain) }
            reply(":\(id)\r\n")
        case .clientGetName:
            if asksConnection { return forwardPrivately(spec, bytes, .plain) }
            replyName()
        case .clientSetName:
            setName(spec, bytes, frame)
        case .clientSetInfo:
            forward(spec, bytes, .plain, frame)
        case .select:
            select(spec, bytes, frame)
        case .auth:
            authenticate(spec, bytes, frame)
        case .hello:
            hello(spec, bytes, frame)
        case .wait:
            waitForReplicas(spec, bytes)
        case .multi:
            state.pins.insert(.transaction)
            forwardPrivately(spec, bytes, .plain, isQueued: true)
        case .watch:
            state.pins.insert(.watch)
            forwardPrivately(spec, bytes, .watch)
        case .unwatch:
            forward(spec, bytes, .plain, frame)
            state.pins.remove(.watch)
            state.watchLost = false
        case .subscribe:
            state.pins.insert(.subscription)
            forwardPrivately(spec, bytes, .subscription(remaining: frame.argumentCount - 1))
        case .unsubscribe:
            state.pins.insert(.subscription)
            let meaning: Expectation.Meaning =
                frame.argumentCount > 1
                ? .subscription(remaining: frame.argumentCount - 1) : .unsubscribeAll(spec.subscriptionKind)
            forwardPrivately(spec, bytes, meaning)
        case .monitor, .scriptDebug:
            forwardPrivately(spec, bytes, .raw)
        case .clientReply:
            clientReply(spec, bytes, frame)
        case .clientTracking, .pin:
            state.pins.insert(.lasting)
            forwardPrivately(spec, bytes, .plain)
        case .blocking, .exclusive:
            forwardPrivately(spec, bytes, .plain)
        }
    }

    // MARK: Ways to send

    private var asksConnection: Bool { !state.pins.isDisjoint(with: .asksConnection) }

    /// To the private connection if there is one, otherwise down the lane.
    private func forward(
        _ spec: CommandSpec, _ bytes: ByteBuffer, _ meaning: Expectation.Meaning, _ frame: RequestFrame
    ) {
        if privateUpstream != nil || shard.durability.covers(spec, bytes) {
            forwardPrivately(spec, bytes, meaning)
        } else {
            sendShared(bytes, frame, spec)
        }
    }

    private func forwardPrivately(
        _ spec: CommandSpec, _ bytes: ByteBuffer, _ meaning: Expectation.Meaning, isQueued: Bool = false
    ) {
        shard.noteWrite(spec, bytes, by: self)
        if spec.handling == .exec { privateUpstream?.noteUnanswered() }
        if privateUpstream == nil { pin() }
        if spec.handling == .select, let database = bytes.commandArguments()?.last?.decimal {
            privateUpstream?.selected.insert(database)
        }
        let isSilent = takeSilence()
        // Whether it took effect will not be known: from here on only the connection itself knows the session's state.
        if isSilent, meaning.changesSession { state.pins.insert(.lasting) }
        // Kept in case it has to be sent again; copied, so that a small command does not keep a large read alive.
        let isKept = bytes.readableBytes <= PrivateUpstream.keptFrameLimit
        privateUpstream?.send(
            Expectation(
                spec: spec, meaning: isSilent ? .unanswered : meaning,
                frame: isKept ? shard.allocator.copy(of: bytes) : nil,
                unkept: isKept ? nil : bytes, arrived: shard.now, arguments: bytes.argumentCount,
                isIdempotent: shard.idempotentKeys.cover(spec, bytes), isDurable: isDurable(spec, bytes),
                isQueued: isQueued))
    }

    /// A transaction is durable when a command in it is.
    private func isDurable(_ spec: CommandSpec, _ bytes: ByteBuffer) -> Bool {
        guard shard.durability.isActive else { return false }
        if spec.handling == .exec { return privateUpstream?.log.contains { $0.isQueued && $0.isDurable } ?? false }
        return shard.durability.covers(spec, bytes)
    }

    private func reset() {
        dropPrivateUpstream()
        state.reset(identity: shard.defaultIdentity, isAuthenticated: shard.configuration.clientPassword == nil)
        forgetLane()
        reply("+RESET\r\n")
    }

    /// WAIT counts the writes of its own connection: the lane that this session's writes went through becomes its
    /// own. When that connection is gone nothing can be said of those writes, and no replica is claimed.
    private func waitForReplicas(_ spec: CommandSpec, _ bytes: ByteBuffer) {
        if privateUpstream == nil {
            switch writeConnection {
            case .none: break
            case .lane(let lane): adopt(lane)
            case .lost where bytes.commandArguments()?.dropFirst().allSatisfy({ $0.decimal != nil }) ?? false:
                return reply(spec.isWaitForDisk ? "*2\r\n:0\r\n:0\r\n" : ":0\r\n")
            case .lost: break
            }
        }
        forwardPrivately(spec, bytes, .plain)
    }

    func dropPrivateUpstream() {
        guard let privateUpstream else { return }
        // What it was given may run yet.
        noteWriteTime(shard.now)
        privateUpstream.close()
        self.privateUpstream = nil
        shard.privateCount -= 1
    }

    func reply(_ text: String) { write(ByteBuffer(string: text)) }

    func reply(error message: String) {
        var buffer = ByteBuffer()
        buffer.writeRESPError(message)
        write(buffer)
    }

    // MARK: Transactions

    private func meaningOfEnd(_ spec: CommandSpec) -> Expectation.Meaning {
        spec.handling == .exec ? .exec : .plain
    }

    private func performInTransaction(_ spec: CommandSpec, _ bytes: ByteBuffer, _ frame: RequestFrame) {
        switch spec.handling {
        case .reset:
            reset()
        case .quit:
            reply("+OK\r\n")
            closeAfterFlush()
        case .exec, .discard:
            guard spec.accepts(argumentCount: frame.argumentCount) else {
                return forwardPrivately(spec, bytes, .plain, isQueued: true)
            }
            forwardPrivately(spec, bytes, meaningOfEnd(spec))
            state.endTransaction()
            if spec.handling == .discard { state.watchLost = false }
        case .refused:
            reply(error: shard.refusal(of: spec))
        case .shared, .multi, .watch, .unwatch, .blocking, .wait, .exclusive:
            forwardPrivately(spec, bytes, .plain, isQueued: true)
        case .subscribe, .unsubscribe, .monitor, .scriptDebug, .clientReply:
            // Takes effect with EXEC, in answers that match nothing: from here on only bytes are passed on.
            state.pins.insert(.lasting)
            forwardPrivately(spec, bytes, .raw, isQueued: true)
        case .select, .auth, .hello, .clientSetName, .clientGetName, .clientSetInfo, .clientID, .clientTracking, .pin:
            // Whether it takes effect is known only inside EXEC's answer: the connection alone knows from here on.
            state.pins.insert(.lasting)
            forwardPrivately(spec, bytes, .plain, isQueued: true)
        }
    }

    // MARK: Session state

    private func select(_ spec: CommandSpec, _ bytes: ByteBuffer, _ frame: RequestFrame) {
        guard let database = bytes.commandArguments()?.last?.decimal else {
            return forward(spec, bytes, .plain, frame)
        }
        if privateUpstream == nil, shard.knows(database) {
            state.database = database
            forgetLane()
            return reply("+OK\r\n")
        }
        forwardPrivately(spec, bytes, .select(database))
        forgetLane()
    }

    private func replyName() {
        if state.clientName.isEmpty {
            reply(state.protocolVersion == 3 ? "_\r\n" : "$-1\r\n")
        } else {
            var buffer = ByteBuffer()
            buffer.writeRESPBulk(state.clientName)
            write(buffer)
        }
    }

    /// Redis accepts printable ASCII without blanks (`clientSetName`, networking.c); other names get its error.
    private func setName(_ spec: CommandSpec, _ bytes: ByteBuffer, _ frame: RequestFrame) {
        guard let name = bytes.commandArguments()?.last.map({ Array($0.readableBytesView) }),
            name.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return forward(spec, bytes, .plain, frame) }
        if privateUpstream != nil { return forwardPrivately(spec, bytes, .setName(name)) }
        state.clientName = name
        reply("+OK\r\n")
    }

    private func clientReply(_ spec: CommandSpec, _ bytes: ByteBuffer, _ frame: RequestFrame) {
        let mode = bytes.commandArguments()?.last.map { String(buffer: $0).uppercased() }
        switch mode {
        case "ON":
            state.pins.remove(.silenced)
            forward(spec, bytes, .plain, frame)
        case "OFF":
            forwardPrivately(spec, bytes, .unanswered)
            state.pins.insert(.silenced)
        case "SKIP":
            forwardPrivately(spec, bytes, .unanswered)
            if !state.pins.contains(.silenced) { state.pins.insert(.skipsNext) }
        default:
            forward(spec, bytes, .plain, frame)
        }
    }

    private func authenticate(_ spec: CommandSpec, _ bytes: ByteBuffer, _ frame: RequestFrame) {
        guard let arguments = bytes.commandArguments(), (2...3).contains(arguments.count) else {
            return forward(spec, bytes, .plain, frame)
        }
        let password = String(buffer: arguments[arguments.count - 1])
        let username = arguments.count == 3 ? String(buffer: arguments[1]) : nil
        if privateUpstream == nil, let identity = shard.knownIdentity(username: username, password: password) {
            state.identity = identity
            forgetLane()
            return reply("+OK\r\n")
        }
        let identity = shard.identity(
            for: RedisCredentials(username: username, password: Secret(password)))
        forwardPrivately(spec, bytes, .auth(identity))
        forgetLane()
    }

    private func hello(_ spec: CommandSpec, _ bytes: ByteBuffer, _ frame: RequestFrame) {
        guard let arguments = bytes.commandArguments() else { return forward(spec, bytes, .plain, frame) }
        let options = HelloOptions(arguments)
        let identity = options.credentials.map { credentials in
            shard.knownIdentity(username: credentials.username, password: credentials.password.exposed)
                ?? shard.identity(for: credentials)
        }
        forwardPrivately(
            spec, bytes, .hello(protocolVersion: options.protocolVersion, identity: identity, name: options.name))
        forgetLane()
    }

    // MARK: The sidecar's own password

    private func performUnauthenticated(_ spec: CommandSpec, _ bytes: ByteBuffer) {
        switch spec.handling {
        case .quit:
            reply("+OK\r\n")
            closeAfterFlush()
        case .reset:
            reply("+RESET\r\n")
        case .auth:
            let arguments = bytes.commandArguments() ?? []
            let username = arguments.count == 3 ? String(buffer: arguments[1]) : nil
            let password = arguments.count > 1 ? arguments.last.map { String(buffer: $0) } : nil
            if shard.acceptsClient(username: username, password: password ?? "") {
                state.isAuthenticated = true
                reply("+OK\r\n")
            } else {
                reply(error: "WRONGPASS invalid username-password pair or user is disabled.")
            }
        case .hello:
            let options = HelloOptions(bytes.commandArguments() ?? [])
            guard let credentials = options.credentials else {
                return reply(
                    error: "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
                        + "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the "
                        + "RESP protocol version at the same time")
            }
            guard shard.acceptsClient(username: credentials.username, password: credentials.password.exposed) else {
                return reply(error: "WRONGPASS invalid username-password pair or user is disabled.")
            }
            state.isAuthenticated = true
            var command = ByteBuffer()
            command.writeCommand(options.withoutCredentials)
            forwardPrivately(
                spec, command, .hello(protocolVersion: options.protocolVersion, identity: nil, name: options.name))
        default:
            reply(error: "NOAUTH Authentication required.")
        }
    }
}

/// The options of HELLO: `HELLO [protover [AUTH username password] [SETNAME clientname]]`.
struct HelloOptions {
    var protocolVersion: Int?
    var credentials: RedisCredentials?
    var name: [UInt8]?
    /// The command without its AUTH option.
    var withoutCredentials: [[UInt8]] = []

    init(_ arguments: [ByteBuffer]) {
        var index = 0
        while index < arguments.count {
            let word = String(buffer: arguments[index]).uppercased()
            if index > 1, word == "AUTH", index + 2 < arguments.count {
                credentials = RedisCredentials(
                    username: String(buffer: arguments[index + 1]),
                    password: Secret(String(buffer: arguments[index + 2])))
                index += 3
                continue
            }
            withoutCredentials.append(Array(arguments[index].readableBytesView))
            if index == 1 { protocolVersion = arguments[index].decimal.flatMap { $0 == 2 || $0 == 3 ? $0 : nil } }
            if index > 1, word == "SETNAME", index + 1 < arguments.count {
                name = Array(arguments[index + 1].readableBytesView)
                withoutCredentials.append(Array(arguments[index + 1].readableBytesView))
                index += 1
            }
            index += 1
        }
    }
}

extension CommandSpec {
    /// WAITAOF answers with two numbers.
    var isWaitForDisk: Bool { arity == 4 }

    /// What a subscription command is about.
    var subscriptionKind: Subscriptions.Kind {
        if flags.contains(.pattern) { .pattern } else if flags.contains(.shardChannel) { .shard } else { .channel }
    }
}

extension ByteBuffer {
    /// The number of arguments of the command in it.
    var argumentCount: Int {
        var parser = RequestParser()
        let outcome = withUnsafeReadableBytes { try? parser.next($0) }
        return if case .command(let frame)? = outcome { frame.argumentCount } else { 0 }
    }

    /// The value of a plain decimal number.
    var decimal: Int? { withUnsafeReadableBytes { $0.decimal } }
}

extension ByteBufferAllocator {
    func copy(of buffer: ByteBuffer) -> ByteBuffer {
        var copy = self.buffer(capacity: buffer.readableBytes)
        copy.writeImmutableBuffer(buffer)
        return copy
    }
}
