package import ArgumentParser
internal import Topology

/// What `restore --flip` takes besides.
package struct FlipOptions: ParsableArguments {
    @Flag(
        help: "Point the shop at the restored database: maintenance on, endpoint, cache, checks, maintenance off.")
    package var flip = false
    @Flag(help: "Restore nothing: point the shop at the database that --to names.")
    package var flipOnly = false
    @Option(
        help: ArgumentHelp(
            "A web server on another machine, which is switched by hand. May be repeated.", valueName: "node"))
    package var without: [String] = []
    @Flag(help: "With --flip: empty Redis although its role is `store`, which promises to drop nothing.")
    package var flush = false
    @Option(
        help: ArgumentHelp(
            "With --flip: how long requests under way get to end, and compiled files to be noticed.",
            valueName: "duration"),
        transform: KeepOptions.duration)
    package var settle: Duration = .seconds(3)

    package init() {}

    var isWanted: Bool { flip || flipOnly }
}
