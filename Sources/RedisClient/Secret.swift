/// A password or token in memory. Every way of printing it (interpolation, `dump`, `debugPrint`, a mirror) shows
/// `<redacted>`; only ``exposed`` gives the text, so a search for that word finds every use.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The secret itself. Hand it to the peer that needs it; never to a log, an error or a process's arguments.
    package let exposed: String

    package init(_ text: String) {
        exposed = text
    }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
