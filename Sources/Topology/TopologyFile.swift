internal import Foundation

/// The one place in this module that touches the file system: both executables read the same file in the same way,
/// so the reading lives below them. Everything it decides is decided by ``StoreTopology/read(text:file:)``.
package enum TopologyFile {
    /// Where every command looks unless told otherwise.
    package static let defaultPath = "breakwater.yaml"

    /// Reads and checks the file at `path`. A file that cannot be read gives a diagnostic like any other fault.
    package static func load(_ path: String) -> TopologyReading {
        switch contents(of: path) {
        case .success(let text): StoreTopology.read(text: text, file: path)
        case .failure(let failure): TopologyReading(topology: nil, diagnostics: [failure.diagnostic])
        }
    }

    /// The text of the file, for those who pass it on as it is.
    package static func contents(of path: String) -> Result<String, TopologyFileFailure> {
        func fail(_ code: DiagnosticCode, _ message: String, _ hint: String?) -> Result<String, TopologyFileFailure> {
            .failure(
                TopologyFileFailure(
                    diagnostic: Diagnostic(
                        file: path, position: .start, severity: .error, code: code, message: message, hint: hint)))
        }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            let exists = FileManager.default.fileExists(atPath: path)
            return fail(
                .fileUnreadable, exists ? "the file cannot be opened" : "there is no such file",
                exists ? nil : "`breakwater init` writes a commented starter topology; `-f` names another file")
        }
        defer { try? handle.close() }
        // One byte more than permitted tells a large file from one that just fits.
        let most = YAMLDocument.mostBytes + 1
        var data = Data()
        do {
            while data.count < most, let chunk = try handle.read(upToCount: most - data.count), !chunk.isEmpty {
                data.append(chunk)
            }
        } catch {
            return fail(.fileUnreadable, "the file cannot be read", nil)
        }
        guard data.count < most else {
            return fail(
                .fileTooLarge, "the file is larger than \(YAMLDocument.mostBytes / 1024) KiB",
                "a topology file describes one store; is this the right file?")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            return fail(.fileNotUTF8, "the file is not UTF-8 text", "save it as UTF-8")
        }
        return .success(text)
    }
}

/// Why a topology file could not be read.
package struct TopologyFileFailure: Error, Equatable {
    package var diagnostic: Diagnostic
}
