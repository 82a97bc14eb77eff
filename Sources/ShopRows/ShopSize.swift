/// How many rows a generated store has.
package enum ShopSize: String, CaseIterable, Sendable {
    /// A hundredth of the small one: 1,000 orders, made in a second.
    case tiny
    /// 100,000 orders, about 400 MB of SQL text.
    case small

    package func rows(of table: ShopTable) -> Int {
        switch self {
        case .tiny: max(1, table.rowsPerUnit / 100)
        case .small: table.rowsPerUnit
        }
    }
}
