import NIOCore
import RESP

/// Durable writes travel on a connection of their session's own, each with a WAIT behind it, so that nobody else is
/// delayed by it; the write's answer is kept back until WAIT's is there.
extension PrivateUpstream {
    /// Durable writes are not sent to a master that no majority has confirmed yet; from that command on all waits.
    func mustWaitForMajority(_ expectation: Expectation) -> Bool {
        expectation.isDurable && !expectation.isQueued && !shard.isMasterConfirmed
    }

    /// Puts WAIT behind the command that was just handed over.
    func appendWait(to bytes: inout ByteBuffer) {
        var wait = shard.durability.wait
        bytes.writeBuffer(&wait)
        log.insert(
            Expectation(
                spec: shard.commandTable.unknown, meaning: .replicas(since: shard.readClock()), arrived: shard.now),
            at: nextToSend)
        nextToSend += 1
    }

    /// The answer of a durable write is there, WAIT's is not.
    func keepBack(_ reply: ByteBuffer, _ expectation: Expectation) {
        withheld = WithheldReply(reply: reply, expectation: expectation)
    }

    /// WAIT was answered: tells the client of its write.
    func releaseWithheld(_ waitReply: ByteBuffer, since: NIODeadline, _ upstream: UpstreamConnection) {
        guard let withheld else { return }
        self.withheld = nil
        var reply = waitReply
        var decoder = RESPValueDecoder()
        let acknowledged: Int? =
            if case .integer(let count)? = try? decoder.decode(&reply) { Int(clamping: count) } else { nil }
        let verdict = shard.durability.judge(
            acknowledged: acknowledged,
            isStillMaster: shard.isMasterConfirmed && shard.master == upstream.endpoint)
        record(withheld.expectation, withheld.reply, at: shard.now)
        shard.metrics.countDurable(verdict, waited: (shard.now - since).nanoseconds)
        switch verdict {
        case .acknowledge:
            deliver(withheld.reply, withheld.expectation)
        case .tooFew(let message):
            var error = ByteBuffer()
            error.writeRESPError(message)
            deliver(error, withheld.expectation)
        case .unknown:
            session.close(.unknownOutcome)
        }
    }
}

/// The answer of a write whose replicas are still awaited.
struct WithheldReply {
    var reply: ByteBuffer
    var expectation: Expectation
}
