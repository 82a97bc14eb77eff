internal import NIOPosix

/// Runs what may block for ever (a file system whose server is gone) on a thread of its own pool. When it does, the
/// probe stays away, its result grows old, and the board takes that for a failure.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(body)
}
