internal import NIOCore

/// The clock that all processes of the machine share: CLOCK_MONOTONIC in nanoseconds, as `hrtime()` of PHP reads it.
/// Swift's own clocks hide their zero, so their instants cannot be compared with another process' figures;
/// `NIODeadline` counts CLOCK_MONOTONIC on Linux.
package enum MonotonicClock {
    package static func now() -> Int64 {
        Int64(NIODeadline.now().uptimeNanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds; drills last minutes, so they fit.
    package var inNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

extension Duration {
    /// Whole milliseconds, rounded up: a limit is never met by rounding.
    package var inMilliseconds: Int {
        Int((inNanoseconds + 999_999) / 1_000_000)
    }
}
