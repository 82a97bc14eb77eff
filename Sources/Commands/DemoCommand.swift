package import ArgumentParser
internal import Drills

/// `breakwater demo`
package struct DemoCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a whole shop on this machine, send shoppers into it, and break it five times.",
        discussion: """
            Starts Redis, Sentinels, sidecars, a database, three web nodes with WordPress and HAProxy on loopback, backs \
            the database up, ships its log, and lets people shop: they look around, fill carts, buy, and keep the number \
            of every order. Then Redis' master is killed, a web node, a Sentinel, the database with its disk (it comes \
            back from the bucket), and all of Redis. In the end every order and every cart is accounted for. Takes about \
            two minutes. Needs the Debian packages that `make demo` installs.

            --redis shows Redis alone instead: phpredis and Predis clients with the sidecar, beside what the same \
            clients see in a setup as tutorials describe it.

            Examples:

              breakwater demo
              breakwater demo --shoppers 12 --report reports
              breakwater demo --redis
            """
    )

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where the report goes: a page of HTML, text and JSON.", valueName: "directory"))
    package var report = "demo-report"

    @Option(help: ArgumentHelp("How many people are in the shop.", valueName: "number"))
    package var shoppers = 6

    @Flag(help: "Redis alone, with the sidecar and without.")
    package var redis = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Keep the stores' files and logs there. Left out, they are removed unless a drill fails.",
            valueName: "directory"))
    package var state: String?

    @OptionGroup package var output: OutputOptions

    package init() {}

    package func validate() throws {
        guard (1...200).contains(shoppers) else { throw ValidationError("--shoppers takes a number from 1 to 200") }
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        redis ? try await redisAlone(console) : try await wholeShop(console)
    }

    private func wholeShop(_ console: Console) async throws -> ExitStatus {
        let (result, kept) = try await DrillFiles.withStateDirectory(state) { directory in
            var demo = ShopDemo(scratch: directory)
            demo.shoppers = shoppers
            demo.progress = { console.note($0) }
            let result = try await demo.run()
            return (result, result.passed)
        }
        if let kept { console.note("the store's files and logs are in \(kept)") }
        try DrillFiles.write(result.text, to: report, "demo.txt")
        try DrillFiles.write(try DrillFiles.json(result), to: report, "demo.json")
        try DrillFiles.write(
            [result.drill], to: report, title: "A shop and five disasters",
            preface: ("What a shopper saw", result.table), console)
        console.print(result.text)
        try console.document(result)
        return result.passed ? .done : .failed
    }

    private func redisAlone(_ console: Console) async throws -> ExitStatus {
        let (result, kept) = try await DrillFiles.withStateDirectory(state) { directory in
            var demo = Demo(scratch: directory)
            demo.progress = { console.note($0) }
            let result = try await demo.run()
            return (result, result.passed)
        }
        if let kept { console.note("the stores' files and logs are in \(kept)") }
        try DrillFiles.write(result.text, to: report, "demo.txt")
        try DrillFiles.write(try DrillFiles.json(result), to: report, "demo.json")
        try DrillFiles.write(result.rows.map(\.sidecar), to: report, console)
        console.print(result.text)
        try console.document(result)
        return result.passed ? .done : .failed
    }
}
