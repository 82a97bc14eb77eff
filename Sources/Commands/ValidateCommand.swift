package import ArgumentParser
internal import Topology

/// `breakwater validate`
package struct ValidateCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check the topology and show everything that is wrong with it.",
        discussion: """
            All findings come at once, in the order of the file, as `path:line:column: severity: text [code]`, a form \
            that editors jump to. Codes are stable and explained in docs/topology.md. Errors end with exit code 2; \
            warnings alone with 0.

            Examples:

              breakwater validate
              breakwater validate -f shop.yaml --json | jq -r '.diagnostics[].code'
            """
    )

    @OptionGroup package var topology: TopologyOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let reading = TopologyFile.load(topology.file)
        let isValid = reading.topology != nil
        try console.document(Result(valid: isValid, diagnostics: reading.diagnostics))
        for diagnostic in reading.diagnostics { console.print(console.text(diagnostic)) }
        console.note("\(topology.file): \(summary(reading))")
        return isValid ? .done : .invalid
    }

    private func summary(_ reading: TopologyReading) -> String {
        let errors = reading.diagnostics.count { $0.severity == .error }
        let warnings = reading.diagnostics.count - errors
        let counts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        let verdict = errors == 0 ? "valid" : "not valid"
        return counts.isEmpty ? verdict : "\(verdict), \(counts.joined(separator: ", "))"
    }

    private struct Result: Encodable {
        var valid: Bool
        var diagnostics: [Diagnostic]
    }
}
