/// The cart of a shop's session: the shop reads it from the cache, adds an item, and writes it back to the cache and to
/// its database. What the client writes to its database is what it remembers itself.
extension Checker {
    /// A cart may be missing, which costs a query. One that is older than what the cache acknowledged (or than what it
    /// showed already) would overwrite the database with an older cart: the shopper loses items.
    mutating func checkCart(_ operations: [Operation]) {
        var newest: Operation?
        var page = 0
        var attempted = 0
        for operation in operations {
            switch operation.kind {
            case .writeCart:
                attempted = max(attempted, operation.page)
                if operation.outcome == .acknowledged, operation.page > page {
                    newest = operation
                    page = operation.page
                }
            case .readCart where operation.outcome == .acknowledged:
                switch operation.result {
                case .missing:
                    result.cartMisses += 1
                case .number(let found) where found > attempted:
                    report(.foreignReply, .readCart, page: operation.page, "found a cart that was not written yet")
                case .number(let found) where found < page:
                    report(
                        .staleRead, .readCart, page: operation.page, promised: newest?.ended,
                        "found the cart of page \(found) after that of page \(page)")
                case .number(let found):
                    result.freshReads += 1
                    if found > page {
                        // An open write that took effect: from now on nothing older may show.
                        page = found
                        newest = operation
                    }
                case .foreign, .nothing:
                    report(.foreignReply, .readCart, page: operation.page, "found a cart that this client never wrote")
                }
            default:
                break
            }
        }
    }
}
