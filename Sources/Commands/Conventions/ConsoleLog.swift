internal import Logging

/// Shows log records as progress on standard error.
struct ConsoleLog: LogHandler {
    let console: Console
    let label: String
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(console: Console, label: String) {
        self.console = console
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let level = event.level >= .warning ? "\(event.level): " : ""
        console.note("\(level)\(event.message)")
    }
}
