extension CommandCatalogue {
    static let connection = CommandGroup(
        "Connection", class: .connection,
        commands: [
            .control(
                "AUTH", -2, handling: .auth,
                note: "Checked against the sidecar's client password, or passed on to the server for ACL users.",
                degraded: .session),
            .container("CLIENT"),
            .control("CLIENT CACHING", 3, handling: .clientTracking),
            .control("CLIENT CAPA", -3, handling: .pin, since: "Valkey 8.0"),
            .control("CLIENT GETNAME", 2, handling: .clientGetName, degraded: .session),
            .read("CLIENT GETREDIR", 2),
            .read("CLIENT HELP", 2),
            .control(
                "CLIENT ID", 2, handling: .clientID,
                note: "The sidecar's number for the client, unique while the sidecar runs.", degraded: .session),
            .control("CLIENT IMPORT-SOURCE", 3, handling: .pin, since: "Valkey 8.1"),
            .read("CLIENT INFO", 2, note: "Describes the connection between sidecar and server."),
            .control(
                "CLIENT KILL", -3, handling: .exclusive,
                note: "Ends server connections; a shared one is opened again at once."),
            .read(
                "CLIENT LIST", -2,
                note: "Lists the server's connections, among them those of sidecars, not the clients behind these."),
            .control("CLIENT NO-EVICT", 3, handling: .pin),
            .control("CLIENT NO-TOUCH", 3, handling: .pin, since: "Redis 7.2"),
            .control(
                "CLIENT PAUSE", -3, handling: .exclusive,
                note: "Pauses every client of the server; the sidecar takes a long pause for a hung master."),
            .control("CLIENT REPLY", 3, handling: .clientReply),
            .control(
                "CLIENT SETINFO", 4, handling: .clientSetInfo, since: "Redis 7.2",
                note: "Describes the connection between sidecar and server.", degraded: .ok),
            .control(
                "CLIENT SETNAME", 3, handling: .clientSetName,
                note: "Kept by the sidecar, and set on connections that the client has to itself.", degraded: .session),
            .control("CLIENT TRACKING", -3, handling: .clientTracking),
            .read("CLIENT TRACKINGINFO", 2),
            .control(
                "CLIENT UNBLOCK", -3, note: "Takes the server's numbers (CLIENT LIST), not those CLIENT ID answers."),
            .control("CLIENT UNPAUSE", 2, handling: .exclusive),
            .read("ECHO", 2, degraded: .echo),
            .control(
                "HELLO", -1, handling: .hello, note: "Kept by the sidecar; protocol versions 2 and 3.",
                degraded: .session),
            .read("PING", -1, note: "Answered by the server, so it proves the whole path.", degraded: .ping),
            .control("QUIT", -1, handling: .quit, degraded: .session),
            .control("RESET", 1, handling: .reset, degraded: .session),
            .control(
                "SELECT", 2, handling: .select, note: "Kept by the sidecar, which uses a lane of that database.",
                degraded: .session),
        ])
}
