extension String {
    /// As a name in SQL: in backticks, whatever it holds.
    package var sqlIdentifier: String { "`\(replacing("`", with: "``"))`" }
}
