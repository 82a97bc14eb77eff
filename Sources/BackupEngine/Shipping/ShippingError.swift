/// Why a server's log cannot be shipped.
package enum ShippingError: Error, Equatable {
    /// What the server would have to do otherwise, and the statement that makes it.
    case refused(reason: String, hint: String)
    /// Too few stores took a segment.
    case store(name: String, reason: String, hint: String?)
    /// Somebody else ships the same log, and was first.
    case overtaken(number: UInt64)
    /// The newest description in a store says nothing.
    case unreadableEnd(object: String, reason: String)
}

extension ShippingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(let reason, _): reason
        case .store(let name, let reason, _): "\(name): \(reason)"
        case .overtaken(let number): "segment \(number) was written by somebody else"
        case .unreadableEnd(let object, let reason): "\(object) cannot be read: \(reason)"
        }
    }
}
