/// An IPv4 or IPv6 address, read without a resolver: what is not one is a host name.
package enum IPAddress: Sendable, Hashable {
    /// The address in host byte order.
    case v4(UInt32)
    /// The eight groups, from the left.
    case v6([UInt16])

    /// Reads `10.10.0.11` or `fd00::11`; `nil` for everything else. Zones (`%eth0`) and IPv4 in IPv6 are no part of it.
    package init?(_ text: String) {
        if let address = Self.parseV4(text) {
            self = .v4(address)
        } else if let groups = Self.parseV6(text) {
            self = .v6(groups)
        } else {
            return nil
        }
    }

    package var isLoopback: Bool {
        switch self {
        case .v4(let address): address >> 24 == 127
        case .v6(let groups): groups == [0, 0, 0, 0, 0, 0, 0, 1]
        }
    }

    /// `0.0.0.0` or `::`: every interface, no address of a host.
    package var isUnspecified: Bool {
        switch self {
        case .v4(let address): address == 0
        case .v6(let groups): groups.allSatisfy { $0 == 0 }
        }
    }

    /// Whether the address is reachable only from a private network or this machine: RFC 1918, RFC 6598,
    /// link-local, loopback, and RFC 4193 for IPv6.
    package var isPrivate: Bool {
        switch self {
        case .v4(let address):
            isLoopback || address >> 24 == 10 || address >> 20 == 0xAC1 || address >> 16 == 0xC0A8
                || address >> 22 == 0x191 || address >> 16 == 0xA9FE
        case .v6(let groups):
            isLoopback || groups[0] & 0xFE00 == 0xFC00 || groups[0] & 0xFFC0 == 0xFE80
        }
    }

    private static func parseV4(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            // Leading zeros are refused: some resolvers read them as octal.
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }),
                part == "0" || !part.hasPrefix("0"), let octet = UInt8(part)
            else { return nil }
            address = address << 8 | UInt32(octet)
        }
        return address
    }

    private static func parseV6(_ text: String) -> [UInt16]? {
        guard text.utf8.count <= 39, text.contains(":") else { return nil }
        var halves: [[UInt16]] = []
        for half in text.splitting(on: "::") {
            var groups: [UInt16] = []
            for part in half.split(separator: ":", omittingEmptySubsequences: false) where !half.isEmpty {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(\.isASCIIAlphanumeric),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
            halves.append(groups)
        }
        switch halves.count {
        case 1 where halves[0].count == 8:
            return halves[0]
        case 2 where halves[0].count + halves[1].count <= 7:
            let zeros = [UInt16](repeating: 0, count: 8 - halves[0].count - halves[1].count)
            return halves[0] + zeros + halves[1]
        default:
            return nil
        }
    }
}

extension String {
    /// The pieces between occurrences of a two-character separator.
    fileprivate func splitting(on separator: String) -> [Substring] {
        var pieces: [Substring] = []
        var rest = self[...]
        while let start = rest.indices.first(where: { rest[$0...].hasPrefix(separator) }) {
            pieces.append(rest[..<start])
            rest = rest[start...].dropFirst(separator.count)
        }
        return pieces + [rest]
    }
}
