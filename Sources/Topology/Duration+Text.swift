extension Duration {
    /// Reads `800ms`, `5s`, `10m`, `1h` or `7d`; `nil` when it is none of these or longer than a hundred years.
    ///
    /// A bare number is refused on purpose: Sentinel counts in milliseconds, systemd in seconds, and a topology file
    /// should not leave the reader guessing.
    package init?(topologyText text: String) {
        let milliseconds: [String: Int] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let (number, unit) = splitNumber(text), let factor = milliseconds[unit] else { return nil }
        let (total, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow, total <= 100 * 366 * 86_400_000 else { return nil }
        self = .milliseconds(total)
    }

    /// The duration in whole milliseconds, rounded towards zero.
    package var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(clamping: seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }

    /// The shortest exact way to write it in a topology file, such as `5s` or `800ms`.
    package var topologyText: String {
        let total = wholeMilliseconds
        for (unit, factor) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)]
        where total != 0 && total % factor == 0 {
            return "\(total / factor)\(unit)"
        }
        return "\(total)ms"
    }
}
