internal import Foundation

/// This machine's time of day, in microseconds since 1970.
enum ShippingClock {
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }
}
