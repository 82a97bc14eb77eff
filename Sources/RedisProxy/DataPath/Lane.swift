import DequeModule
import Logging
import NIOCore
import RESP
import RedisClient

/// One upstream connection that stateless commands of many sessions share, and the queue of these commands.
///
/// The queue outlives connections: commands wait in it while there is no master, and what may be sent again after a
/// loss stays in it. Answers match commands first in, first out. Confined to the shard's event loop.
final class Lane {
    enum State {
        /// No connection, and none is wanted or possible.
        case idle
        case connecting(UpstreamConnection)
        case ready(UpstreamConnection)
        /// Connected, but nothing more is sent: the master changes, or refused a command. What was sent is awaited.
        case settling(UpstreamConnection, then: Settled)
    }

    /// What follows when all that was sent is answered.
    enum Settled {
        case reconnect
        case sendAgainLater
    }

    let shard: Shard
    let key: UpstreamKey
    var state = State.idle
    /// A retired lane takes no commands of sessions that are not on it already.
    var isRetired = false
    /// Counts connections: a session that asks WAIT must still be on the one its writes went through.
    var connectionNumber: UInt64 = 0
    var lastUsed = NIODeadline.now()

    /// Sent and not sent, in order. The first `sentCount` were handed to the connection.
    var pending = Deque<PendingCommand>()
    var sentCount = 0
    var sent = Deque<SentBatch>()
    /// Frames of the commands that were not sent yet.
    var unsent = ByteBuffer()
    /// Commands that the server refused for now, with their frames, ahead of `pending`.
    var refused: [(command: PendingCommand, frame: ByteBuffer)] = []
    /// While what is not answered is judged: the sessions that have something left to send.
    var requeuedSessions: Set<ObjectIdentifier> = []
    var isDirty = false
    var framer = ReplyFramer()
    var inbound = ByteBuffer()
    var spare: ByteBuffer?
    var answerDeadline = AnswerDeadline()
    /// The session that does not take its answers, and for whom reading stopped.
    var stalledBy: Session?
    var reconnectDelay = TimeAmount.milliseconds(0)
    var generation = 0
    /// A connection was lost, refused or given up since the last one was ready.
    var wasInterrupted = false
    /// The private connection that takes over this lane's.
    var heir: PrivateUpstream?

    init(shard: Shard, key: UpstreamKey) {
        self.shard = shard
        self.key = key
    }

    var isEmpty: Bool { pending.isEmpty && refused.isEmpty }
    var isReady: Bool { if case .ready = state { true } else { false } }
    var isIdle: Bool { if case .idle = state { true } else { false } }
    var pendingCount: Int { pending.count + refused.count }
    /// Bytes of commands that wait to be sent.
    var unsentBytes: Int { unsent.readableBytes }

    // MARK: Taking commands

    /// Appends a command. The bytes are copied: the caller's buffer is free afterwards.
    @inline(__always)
    func append(_ frame: UnsafeRawBufferPointer, _ command: PendingCommand) {
        unsent.writeBytes(frame)
        pending.append(command)
        if !isDirty {
            isDirty = true
            shard.markDirty(self)
        }
    }

    /// Sends what has gathered in this turn of the event loop, if it can be sent.
    func flush() {
        isDirty = false
        lastUsed = shard.now
        if shard.degraded.isOn { return answerDegraded() }
        switch state {
        case .ready(let upstream):
            // While there is doubt about the master, nothing more is given to it: what it has not got can be sent to
            // the next one without asking whether it ran.
            if shard.master == nil, key.replica == nil {
                hold()
            } else if upstream.isDrained {
                send(on: upstream)
            }
        case .idle:
            hold()
            connect()
        case .connecting, .settling:
            hold()
        }
    }

    func send(on upstream: UpstreamConnection) {
        guard unsent.readableBytes > 0 else { return }
        let count = pending.count - sentCount
        let buffer = unsent
        if let spare {
            unsent = spare
            self.spare = nil
        } else {
            unsent = shard.allocator.buffer(capacity: 4096)
        }
        sent.append(SentBatch(frames: buffer, commands: count))
        sentCount = pending.count
        shard.metrics.addUpstreamBytes(out: buffer.readableBytes)
        upstream.writeAndFlush(buffer)
    }

    /// Takes the whole queue, of which nothing is sent, each command with its frame.
    func takeUnsent() -> [(PendingCommand, ByteBuffer)] {
        var frames = unsent
        let commands = pending.map { ($0, frames.readSlice(length: Int($0.length)) ?? ByteBuffer()) }
        pending.removeAll()
        unsent = ByteBuffer()
        return commands
    }

    func close() {
        disconnect()
    }

    var upstreamEndpoint: RedisEndpoint? {
        switch state {
        case .connecting(let upstream), .ready(let upstream), .settling(let upstream, _): upstream.endpoint
        case .idle: nil
        }
    }

    var endpointText: String { upstreamEndpoint?.description ?? "none" }
}
