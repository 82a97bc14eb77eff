/// Writes `docs/redis-commands.md` from the catalogue, so that the page cannot say anything else than the code does.
package enum CommandCompatibility {
    /// The page in Markdown, ending in a line feed.
    package static func markdown() -> String {
        var text = preamble
        for group in CommandCatalogue.groups {
            text += "\n## \(group.title)\n\n"
            text += "| command | treatment | without an answer | degraded | notes |\n|---|---|---|---|---|\n"
            for command in group.commands {
                text += row(command)
            }
        }
        return text
    }

    private static func row(_ command: CommandDescriptor) -> String {
        let spec = CommandSpec(command, index: 0)
        var notes = command.note ?? ""
        if let since = command.since { notes += (notes.isEmpty ? "" : " ") + "Since \(since)." }
        return "| \(command.name) | \(treatment(spec)) | \(answerless(spec)) | \(degraded(spec)) | \(notes) |\n"
    }

    private static func treatment(_ spec: CommandSpec) -> String {
        if spec.isContainer, spec.handling == .exclusive { return "by subcommand; unknown ones are exclusive" }
        return switch spec.handling {
        case .shared: "shared"
        case .blocking: "pinned while it waits"
        case .multi, .watch: "pinned until EXEC, DISCARD or RESET"
        case .exec, .discard, .unwatch: "ends the transaction"
        case .subscribe: "pinned while subscribed"
        case .unsubscribe: "ends the subscription"
        case .monitor: "pinned until the client leaves"
        case .wait: "pinned"
        case .auth, .select, .hello, .reset, .quit, .clientSetName, .clientGetName, .clientSetInfo, .clientID: "session"
        case .clientReply, .clientTracking, .pin: "pinned until RESET"
        case .scriptDebug: "pinned until the client leaves"
        case .exclusive: "exclusive"
        case .refused: "refused"
        }
    }

    private static func degraded(_ spec: CommandSpec) -> String {
        spec.handling == .refused || spec.isContainer && spec.handling == .exclusive ? "–" : spec.degraded.text
    }

    private static func answerless(_ spec: CommandSpec) -> String {
        switch spec.handling {
        case .refused, .auth, .select, .hello, .reset, .quit, .clientSetName, .clientGetName, .clientSetInfo, .clientID,
            .multi, .discard, .watch, .unwatch, .subscribe, .unsubscribe, .monitor:
            return "–"
        default: break
        }
        if spec.isContainer, spec.handling == .exclusive { return "–" }
        return switch spec.inFlight {
        case .resend: "sent again"
        case .resendIfIdempotent: "sent again for idempotent prefixes"
        case .never: "unknown"
        }
    }

    private static let preamble = """
        # Redis commands through the sidecar

        Every command of Redis 7 and what later versions and Valkey added. This page is generated from the sidecar's own
        table: `breakwater-proxy --print-commands` prints it.

        **Treatment** says which way a command takes:

        - *shared*: on a connection that all clients of the event loop share.
        - *pinned*: the client gets a server connection to itself, for as long as the column says. Everything it sends
          meanwhile goes there. When that server is lost, an open transaction is built up again on the next one; a
          client with other state there (subscriptions, tracking, MONITOR, a reply mode) is closed.
        - *session*: the sidecar keeps this state for the client and applies it to whichever connection it uses.
        - *exclusive*: alone, on a connection that serves nothing else meanwhile. So is every command that is not on this
          page, a module's for example.
        - *refused*: answered with an error.

        **Without an answer** says what happens to a command that was handed over whole to a master that then died or
        hung. A command that was not handed over whole yet is always sent again, and so is one that the server refused
        before running it (READONLY, LOADING, MASTERDOWN, NOREPLICAS, BUSY, TRYAGAIN).

        - *sent again*: running it twice does no harm.
        - *sent again for idempotent prefixes*: only if all its keys begin with a prefix that the configuration declares
          `idempotent`; otherwise as *unknown*, except for a cache, which is told that it
          is done and has the keys deleted ([how](stale-cache-guard.md#writes-of-unknown-outcome)).
        - *unknown*: nobody can tell whether it ran, so the client's connection is closed and nothing is sent again.

        **Degraded** says what a command is answered when there is no master and the hold has run out, with
        `--on-timeout degrade`: see [breakwater-proxy](breakwater-proxy.md#degraded). It is what an empty Redis answers
        that forgets every write. Where that would be false (counters, locks, scripts, queues, messages), the client's
        connection is closed: *closed*. Every empty or null answer has the form that the client's protocol version
        gives it.

        """
}
