extension CommandCatalogue {
    static let keys = CommandGroup(
        "Keys",
        commands: [
            .mutate("COPY", -3, .firstTwo, degraded: .zero),
            .overwrite(
                "DEL", -2, .all, note: "The count in the answer can be lower when it had to be sent again.",
                degraded: .zero),
            .read("DUMP", 2, .first, degraded: .null),
            .read("EXISTS", -2, .all, degraded: .zero),
            .mutate("EXPIRE", -3, .first, degraded: .zero),
            .mutate("EXPIREAT", -3, .first, degraded: .zero),
            .read("EXPIRETIME", 2, .first, degraded: .noKey),
            .read(
                "KEYS", 2, note: "Walks the whole key space while every client waits; SCAN does not.",
                degraded: .emptyArray),
            .mutate("MIGRATE", -6, .migrate, note: "Blocks the server while it runs, as it does without a sidecar."),
            .mutate("MOVE", 3, .first, degraded: .zero),
            .container("OBJECT"),
            .read("OBJECT ENCODING", 3, .second),
            .read("OBJECT FREQ", 3, .second),
            .read("OBJECT HELP", 2),
            .read("OBJECT IDLETIME", 3, .second),
            .read("OBJECT REFCOUNT", 3, .second),
            .mutate("PERSIST", 2, .first, degraded: .zero),
            .mutate("PEXPIRE", -3, .first, degraded: .zero),
            .mutate("PEXPIREAT", -3, .first, degraded: .zero),
            .read("PEXPIRETIME", 2, .first, degraded: .noKey),
            .read("PTTL", 2, .first, degraded: .noKey),
            .read("RANDOMKEY", 1, degraded: .null),
            .mutate("RENAME", 3, .firstTwo),
            .mutate("RENAMENX", 3, .firstTwo),
            .mutate("RESTORE", -4, .first, degraded: .ok),
            .scan("SCAN", -2, degraded: .endOfScan),
            .mutate(
                "SORT", -2, .firstAndStore, flags: .dependsOnArguments,
                note: "With STORE a change, without it a read.", degraded: .zero),
            .read("SORT_RO", -2, .first, degraded: .emptyArray),
            .read("TOUCH", -2, .all, degraded: .zero),
            .read("TTL", 2, .first, degraded: .noKey),
            .read("TYPE", 2, .first, degraded: .noType),
            .overwrite("UNLINK", -2, .all, note: "As DEL.", degraded: .zero),
            .control(
                "WAIT", 3, handling: .wait, class: .blocking,
                note: "The client takes over the connection that its writes used. When that was lost, the answer is 0.",
                degraded: .zero),
            .control("WAITAOF", 4, handling: .wait, class: .blocking, since: "Redis 7.2", note: "As WAIT."),
        ])

    static let transactions = CommandGroup(
        "Transactions", class: .transaction,
        commands: [
            .control("DISCARD", 1, handling: .discard, degraded: .session),
            .mutate(
                "EXEC", 1, handling: .exec,
                note: "Without an answer the outcome is unknown; a block whose EXEC was not sent is sent again whole.",
                degraded: .session),
            .control("MULTI", 1, handling: .multi, degraded: .session),
            .control("UNWATCH", 1, handling: .unwatch, degraded: .session),
            .control(
                "WATCH", -2, .all, handling: .watch,
                note: "After a failover the watched keys count as touched: EXEC answers null."),
        ])

    static let scripting = CommandGroup(
        "Scripts and functions", class: .script,
        commands: [
            .mutate("EVAL", -3, .counted(at: 2)),
            .mutate(
                "EVALSHA", -3, .counted(at: 2),
                note: "Scripts loaded with SCRIPT LOAD are not replicated: after a failover NOSCRIPT is to be expected."
            ),
            .read("EVALSHA_RO", -3, .counted(at: 2), note: "As EVALSHA."),
            .read("EVAL_RO", -3, .counted(at: 2)),
            .mutate("FCALL", -3, .counted(at: 2)),
            .read("FCALL_RO", -3, .counted(at: 2)),
            .container("FUNCTION"),
            .mutate("FUNCTION DELETE", 3),
            .read("FUNCTION DUMP", 2),
            .mutate("FUNCTION FLUSH", -2),
            .read("FUNCTION HELP", 2),
            .control(
                "FUNCTION KILL", 2, handling: .exclusive,
                note: "On a connection of its own, to reach a server that a function keeps busy."),
            .read("FUNCTION LIST", -2),
            .mutate("FUNCTION LOAD", -3),
            .mutate("FUNCTION RESTORE", -3),
            .read(
                "FUNCTION STATS", 2, handling: .exclusive,
                note: "On a connection of its own, to reach a server that a function keeps busy."),
            .container("SCRIPT"),
            .control(
                "SCRIPT DEBUG", -3, handling: .scriptDebug,
                note: "Keeps the client on its own connection until it ends."),
            .read("SCRIPT EXISTS", -3),
            .control("SCRIPT FLUSH", -2),
            .read("SCRIPT HELP", 2),
            .control(
                "SCRIPT KILL", 2, handling: .exclusive,
                note: "On a connection of its own, to reach a server that a script keeps busy."),
            .control(
                "SCRIPT LOAD", 3, flags: .resendable,
                note: "Loading the same script twice leaves it loaded once. Not replicated: see EVALSHA."),
            .read("SCRIPT SHOW", 3, since: "Valkey 8.0"),
        ])

    static let pubsub = CommandGroup(
        "Publish and subscribe", class: .pubsub,
        commands: [
            .control("PSUBSCRIBE", -2, handling: .subscribe, flags: .pattern, note: "As SUBSCRIBE."),
            .publish(
                "PUBLISH", 3,
                note: "Sent to the master, which passes it to its replicas. Lost or doubled delivery cannot be told "
                    + "apart."),
            .container("PUBSUB"),
            .read("PUBSUB CHANNELS", -2),
            .read("PUBSUB HELP", 2),
            .read("PUBSUB NUMPAT", 2),
            .read("PUBSUB NUMSUB", -2),
            .read("PUBSUB SHARDCHANNELS", -2),
            .read("PUBSUB SHARDNUMSUB", -2),
            .control("PUNSUBSCRIBE", -1, handling: .unsubscribe, flags: .pattern),
            .publish("SPUBLISH", 3, .first),
            .control("SSUBSCRIBE", -2, .all, handling: .subscribe, flags: .shardChannel, note: "As SUBSCRIBE."),
            .control(
                "SUBSCRIBE", -2, handling: .subscribe,
                note: "When its server is lost, the client's connection is closed, so that it subscribes again."),
            .control("SUNSUBSCRIBE", -1, .all, handling: .unsubscribe, flags: .shardChannel),
            .control("UNSUBSCRIBE", -1, handling: .unsubscribe),
        ])
}
