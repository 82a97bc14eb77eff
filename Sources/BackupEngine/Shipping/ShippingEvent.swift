package import Binlog
internal import Foundation
package import RecoveryCore

/// What a shipper has to tell.
package enum ShippingEvent: Sendable {
    /// With the segment that comes next.
    case started(from: GTIDState, number: UInt64)
    case progress(ShippingProgress)
    /// A new backup is needed: what is shipped from now on follows none that is there.
    case gap(ShippingStart.Gap)
    /// It goes on by itself, after a pause.
    case interrupted(any Error, pause: Duration)
    case warning(String)
}

package struct ShippingProgress: Sendable, Equatable {
    /// How far the stores are behind the server: the age of the oldest transaction that they lack. 0 when there is none.
    package var lag: Duration
    /// By the server's clock.
    package var at: LogTime
    /// What is in the stores.
    package var position: GTIDState
    /// The newest segment; 0 before the first one.
    package var number: UInt64
    /// Since the start.
    package var transactions: UInt64
    package var storedBytes: UInt64
}
