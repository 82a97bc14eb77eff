/// How a command ends; the numbers are part of the interface scripts rely on.
package enum ExitStatus: Int32, Sendable {
    /// What was asked for is done.
    case done = 0
    /// The job failed.
    case failed = 1
    /// The command line or the topology cannot be used.
    case invalid = 2
    /// Not done, because it could do harm; the message says what would allow it.
    case refused = 3
    /// Done, but less than asked for: something is worth a look.
    case degraded = 4
    /// Stopped by SIGINT or SIGTERM.
    case interrupted = 130
}
