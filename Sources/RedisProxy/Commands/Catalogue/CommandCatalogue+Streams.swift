extension CommandCatalogue {
    static let streams = CommandGroup(
        "Streams",
        commands: [
            .mutate("XACK", -4, .first),
            .mutate("XACKDEL", -6, .first, since: "Redis 8.2"),
            .mutate("XADD", -5, .first),
            .mutate("XAUTOCLAIM", -6, .first),
            .mutate("XCLAIM", -6, .first),
            .mutate("XDEL", -3, .first),
            .mutate("XDELEX", -5, .first, since: "Redis 8.2"),
            .container("XGROUP"),
            .mutate("XGROUP CREATE", -5, .second),
            .mutate("XGROUP CREATECONSUMER", 5, .second),
            .mutate("XGROUP DELCONSUMER", 5, .second),
            .mutate("XGROUP DESTROY", 4, .second),
            .read("XGROUP HELP", 2),
            .mutate("XGROUP SETID", -5, .second),
            .container("XINFO"),
            .read("XINFO CONSUMERS", 4, .second),
            .read("XINFO GROUPS", 3, .second),
            .read("XINFO HELP", 2),
            .read("XINFO STREAM", -3, .second),
            .read("XLEN", 2, .first, degraded: .zero),
            .read("XPENDING", -3, .first),
            .read("XRANGE", -4, .first, degraded: .emptyArray),
            .read(
                "XREAD", -4, .streams, handling: .blocking, class: .blocking, flags: .dependsOnArguments,
                note: "Pins the client only with BLOCK."),
            .mutate(
                "XREADGROUP", -7, .streams, handling: .blocking, class: .blocking, flags: .dependsOnArguments,
                note: "Pins the client only with BLOCK."),
            .read("XREVRANGE", -4, .first, degraded: .emptyArray),
            .mutate("XSETID", -3, .first),
            .mutate("XTRIM", -4, .first),
        ])
}
