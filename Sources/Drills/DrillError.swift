/// Why a drill could not be carried out. It then fails, whatever the clients saw.
package struct DrillError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable, for scripts: `drill.fault_not_injected`.
    package var code: String
    /// One sentence, without a final full stop.
    package var summary: String
    /// What to do about it.
    package var hint: String?

    /// Not done for want of rights; the hint says what would allow it.
    package var isRefusal: Bool { code == "drill.needs_root" }

    package init(_ code: String, _ summary: String, hint: String? = nil) {
        self.code = code
        self.summary = summary
        self.hint = hint
    }

    package var description: String { hint.map { "\(summary); \($0)" } ?? summary }
}
