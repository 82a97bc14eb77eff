internal import Binlog

extension BinlogParser {
    /// The events that a compressed transaction of MySQL holds.
    /// - Throws: `BinlogError`.
    func unpacked(_ event: BinlogEvent) throws -> [BinlogEvent] {
        let payload = try TransactionPayload(event)
        guard payload.compression == .zstd else { return try TransactionPayload.events(in: payload.bytes, self) }
        let decompressor = try ZstdDecompressor()
        var plain: [UInt8] = []
        decompressor.feed(payload.bytes)
        do {
            while try decompressor.next(into: &plain) {
                guard plain.count <= payload.uncompressedBytes else {
                    throw BinlogError.malformed("a payload has more bytes than it says")
                }
            }
            try decompressor.finish()
        } catch let error as ZstdError {
            throw BinlogError.malformed("a payload: \(error)")
        }
        return try TransactionPayload.events(in: plain, self)
    }
}
