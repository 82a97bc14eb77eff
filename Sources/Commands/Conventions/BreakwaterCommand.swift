package import ArgumentParser

/// A command of `breakwater`. It parses its options with ArgumentParser and does its work in ``perform(_:)``; printing,
/// errors and exit codes are the same for all and live in the extension below.
///
/// To add one: a file of its own in this directory, a type that conforms to this protocol, and its name in
/// `Breakwater.configuration`.
package protocol BreakwaterCommand: AsyncParsableCommand {
    var output: OutputOptions { get }

    /// Does the work. Throw ``UserFacingError`` for what the user must know; return how it ended.
    func perform(_ console: Console) async throws -> ExitStatus
}

extension BreakwaterCommand {
    package func run() async throws {
        let console = Console(json: output.json)
        do {
            let status = try await perform(console)
            if status != .done { throw ExitCode(status.rawValue) }
        } catch let code as ExitCode {
            throw code
        } catch {
            let error = UserFacingError(presenting: error)
            console.present(error)
            throw ExitCode(error.status.rawValue)
        }
    }
}

/// What every command takes.
package struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print the result as one JSON document on standard output.")
    package var json = false

    package init() {}
}
