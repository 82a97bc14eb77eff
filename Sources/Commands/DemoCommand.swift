package import ArgumentParser
internal import Drills

/// `breakwater demo`
package struct DemoCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Break a store on this machine, with the sidecar and without, and compare what clients saw.",
        discussion: """
            Starts real Redis nodes, Sentinels and sidecars on loopback, runs phpredis and Predis clients, kills and \
            stops processes, and prints errors, the longest stall and lost writes, beside what the same clients see \
            in a setup as tutorials describe it. Takes about two minutes. Needs php-cli, php-redis and \
            php-nrk-predis.

            Examples:

              breakwater demo
              breakwater demo --report reports
            """
    )

    @Option(name: .long, help: ArgumentHelp("Also write the reports there, as text and JSON.", valueName: "directory"))
    package var report: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Keep the stores' files and logs there. Left out, they are removed unless a drill fails.",
            valueName: "directory"))
    package var state: String?

    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let (result, kept) = try await DrillFiles.withStateDirectory(state) { directory in
            var demo = Demo(scratch: directory)
            demo.progress = { console.note($0) }
            let result = try await demo.run()
            return (result, result.passed)
        }
        if let kept { console.note("the stores' files and logs are in \(kept)") }
        if let report {
            try DrillFiles.write(result.text, to: report, "demo.txt")
            try DrillFiles.write(try DrillFiles.json(result), to: report, "demo.json")
            try DrillFiles.write(result.rows.map(\.sidecar), to: report, console)
        }
        console.print(result.text)
        try console.document(result)
        return result.passed ? .done : .failed
    }
}
