extension CommandCatalogue {
    static let strings = CommandGroup(
        "Strings",
        commands: [
            .mutate("APPEND", 3, .first),
            .mutate("DECR", 2, .first),
            .mutate("DECRBY", 3, .first),
            .mutate("DELEX", -2, .first, since: "Redis 8.4", degraded: .zero),
            .mutate("DELIFEQ", 3, .first, since: "Valkey 9.0", degraded: .zero),
            .read("DIGEST", 2, .first, since: "Redis 8.4"),
            .read("GET", 2, .first, degraded: .null),
            .mutate("GETDEL", 2, .first, degraded: .null),
            .mutate("GETEX", -2, .first, note: "Counted as a change also without options.", degraded: .null),
            .read("GETRANGE", 4, .first, degraded: .emptyString),
            .mutate("GETSET", 3, .first),
            .mutate("INCR", 2, .first),
            .mutate("INCRBY", 3, .first),
            .mutate("INCRBYFLOAT", 3, .first),
            .read("LCS", -3, .firstTwo),
            .read("MGET", -2, .all, degraded: .nullForEachKey),
            .mutate("MSET", -3, .pairs, degraded: .ok),
            .mutate("MSETEX", -4, .counted(at: 1, stride: 2), since: "Redis 8.4, Valkey 9.1"),
            .mutate("MSETNX", -3, .pairs, degraded: .zero),
            .overwrite("PSETEX", 4, .first, degraded: .ok),
            .overwrite(
                "SET", -3, .first, flags: .dependsOnArguments,
                note: "Repeatable only without conditions (NX, XX, IFEQ), GET and KEEPTTL; with any of these it is "
                    + "a change.", degraded: .byCondition),
            .overwrite("SETEX", 4, .first, degraded: .ok),
            .mutate("SETNX", 3, .first, degraded: .zero),
            .mutate("SETRANGE", 4, .first),
            .read("STRLEN", 2, .first, degraded: .zero),
            .read("SUBSTR", 4, .first, degraded: .emptyString),
        ])

    static let bitmaps = CommandGroup(
        "Bitmaps",
        commands: [
            .read("BITCOUNT", -2, .first, degraded: .zero),
            .mutate("BITFIELD", -2, .first),
            .read("BITFIELD_RO", -2, .first),
            .mutate("BITOP", -4, .allButFirst),
            .read("BITPOS", -3, .first),
            .read("GETBIT", 3, .first, degraded: .zero),
            .mutate("SETBIT", 4, .first),
        ])

    static let hyperLogLogs = CommandGroup(
        "HyperLogLog",
        commands: [
            .mutate("PFADD", -2, .first),
            .read("PFCOUNT", -2, .all, degraded: .zero),
            .mutate("PFDEBUG", 3, .second),
            .mutate("PFMERGE", -2, .all),
            .control("PFSELFTEST", 1),
        ])
}
