/// One file to write: where, what, and who may read it.
package struct RenderedFile: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Written as it stands.
        case plain
        /// Redis rewrites its running copy; ``merged(withRunning:)`` keeps what it learned.
        case redisConfiguration
        /// Sentinel rewrites its running copy; ``merged(withRunning:)`` keeps what it learned.
        case sentinelConfiguration
    }

    /// Relative to the output directory, with `/`, without `..`.
    package var path: String
    package var contents: String
    /// Permission bits: 0600 for whatever contains a secret.
    package var mode: UInt16
    package var kind: Kind

    package init(path: String, contents: String, mode: UInt16, kind: Kind = .plain) {
        self.path = path
        self.contents = contents
        self.mode = mode
        self.kind = kind
    }
}
