import NIOCore

final class ShardMetrics {
    func addUpstreamBytes(out: Int) {}
    func addClientBytes(in: Int) {}
    func addClientBytes(out: Int) {}
    @inline(__always) func record(_ c: CommandClass, _ ns: Int64) {}
    func countRefusal(_ reply: ByteBuffer) {}
    func countReconnect() {}
    func countReplay(_ spec: CommandSpec) {}
    func countPrivateReplay() {}
    func countHeld(_ n: Int) {}
    func countHoldTimeout() {}
    func countProtocolError() {}
    func countClose(_ r: CloseReason) {}
    func countRefusedClient() {}
    func countClient() {}
    func setHeld(commands: Int, bytes: Int) {}
}
