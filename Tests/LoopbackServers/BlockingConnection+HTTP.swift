import Foundation

extension BlockingConnection {
    /// Reads one answer with a length, or one whose pieces end with an empty one.
    package func receiveHTTP() throws -> (status: Int, closes: Bool) {
        var bytes: [UInt8] = []
        let blank = Array("\r\n\r\n".utf8)
        var head: Range<Int>?
        while head == nil {
            bytes += try receiveSome()
            head = bytes.firstRange(of: blank)
        }
        guard let head else { throw LoopbackError("there is no head") }
        let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).lowercased()
            .split(separator: "\r\n").map(String.init)
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count > 1, let status = Int(words[1]) else { throw LoopbackError("it is no HTTP") }
        func value(_ name: String) -> String? {
            lines.first { $0.hasPrefix("\(name):") }.map {
                $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
            }
        }
        if let length = value("content-length").flatMap({ Int($0) }) {
            while bytes.count < head.upperBound + length { bytes += try receiveSome() }
        } else if value("transfer-encoding") == "chunked" {
            let last = Array("0\r\n\r\n".utf8)
            while !bytes[head.upperBound...].reversed().starts(with: last.reversed()) { bytes += try receiveSome() }
        } else if status != 204 {
            throw LoopbackError("its length is not known")
        }
        return (status, value("connection") == "close")
    }
}
