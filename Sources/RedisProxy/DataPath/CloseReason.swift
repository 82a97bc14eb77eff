/// Why a client's connection was closed.
enum CloseReason: String, CaseIterable, Sendable {
    /// The client closed it, or broke it.
    case clientGone = "client_gone"
    /// QUIT, or after an error that Redis answers by closing.
    case finished
    case protocolError = "protocol_error"
    /// A command may or may not have run: the client must not take it for either.
    case unknownOutcome = "unknown_outcome"
    /// No master was found in time.
    case holdExpired = "hold_expired"
    /// State on the server that cannot be carried to another one: subscriptions, tracking.
    case stateLost = "state_lost"
    /// The server refuses the session's credentials or database.
    case upstreamRefused = "upstream_refused"
    /// It does not take its answers while others wait behind them.
    case slowReader = "slow_reader"
    /// The limits on held commands are reached.
    case overloaded
    case draining

    var isWorthALine: Bool { self != .clientGone && self != .finished }
}
