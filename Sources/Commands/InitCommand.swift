package import ArgumentParser
internal import Foundation

/// `breakwater init`
package struct InitCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a commented starter topology.",
        discussion: """
            The file explains itself: every key that most stores set is there with its default, the rest is in \
            docs/topology.md. An existing file is never overwritten.

            Examples:

              breakwater init
              breakwater init --template digitalocean -o shop.yaml
              breakwater init --tls
            """
    )

    @Option(help: "What to start from: a store on this machine, or one on DigitalOcean.")
    package var template = StarterTopology.local

    @Option(name: [.customShort("o"), .customLong("output")], help: "The file to write.")
    package var file = "breakwater.yaml"

    @Flag(help: "With TLS on every link to Redis and Sentinel.")
    package var tls = false

    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        // "New" in one step with the check that it is: two runs cannot overwrite each other's file.
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            guard errno == EEXIST else {
                throw UserFacingError(
                    code: "init.not_writable", summary: "cannot write \(file)", cause: String(cString: strerror(errno)))
            }
            throw UserFacingError(
                code: "init.exists", summary: "\(file) exists already; it is left as it is",
                hint: "name another file with -o, or move that one away", status: .refused)
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data(template.text(tls: tls).utf8))
        try handle.close()

        try console.document(Result(file: file, template: template.rawValue))
        console.print("wrote \(file)")
        if tls {
            console.note(
                template == .local
                    ? "certificates: `breakwater up` makes them, in .breakwater/tls beside the file; production needs your "
                        + "own, see docs/tls.md"
                    : "certificates: put your own on every machine, in /etc/breakwater/tls; docs/tls.md says which")
        }
        console.note("next: breakwater validate\(file == "breakwater.yaml" ? "" : " -f \(file)")")
        return .done
    }

    private struct Result: Encodable {
        var file: String
        var template: String
    }
}
