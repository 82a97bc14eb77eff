internal import Foundation

/// Reads and writes the JSON files of a backup: the same value always gives the same bytes (keys in order, times in
/// whole seconds of UTC), and what is read is looked at as hostile.
///
/// A file starts from its `format` and `format_version`: a reader that does not know the version says so, instead of
/// what it stumbled over. Keys that it does not know are passed over.
enum ManifestFile {
    /// A manifest has some 300 bytes for each object; this is room for a hundred thousand of them.
    static let mostBytes = 64 << 20

    private struct Header: Codable {
        var format: String?
        var version: Int?
        /// Only read: whatever is newer says what wrote it.
        var software: String?

        enum CodingKeys: String, CodingKey {
            case format, software
            case version = "format_version"
        }
    }

    /// The content beside its header.
    private struct Sheet<Content: Encodable>: Encodable {
        var header: Header
        var content: Content

        func encode(to encoder: any Encoder) throws {
            try content.encode(to: encoder)
            try header.encode(to: encoder)
        }
    }

    static func write(_ content: some Encodable, format: String, version: Int) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.dateEncodingStrategy = .iso8601
        let header = Header(format: format, version: version)
        return try encoder.encode(Sheet(header: header, content: content)) + Data("\n".utf8)
    }

    static func read<Content: Decodable>(
        _ data: Data, as type: Content.Type, format: String, version: Int
    ) throws(ManifestFault) -> Content {
        guard data.count <= mostBytes else { throw .tooLarge(bytes: data.count) }
        let decoder = JSONDecoder()
        // The strategy that Foundation has does not say where a time is none.
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            guard let time = try? Date(try container.decode(String.self), strategy: .iso8601) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "must be a time such as 2026-03-01T03:00:00Z")
            }
            return time
        }
        guard let header = try? decoder.decode(Header.self, from: data), header.format == format,
            let found = header.version
        else { throw .notThisFormat(format) }
        guard found <= version else { throw .newer(version: found, known: version, software: header.software) }
        // There is no older format yet: whoever makes version 2 reads version 1 here.
        guard found == version else { throw .older(version: found, known: version) }
        do {
            return try decoder.decode(Content.self, from: data)
        } catch let error as DecodingError {
            throw .malformed(ManifestFault.place(of: error))
        } catch {
            throw .malformed("\(error)")
        }
    }
}

/// Why a manifest cannot be used.
package enum ManifestFault: Error, Equatable {
    case tooLarge(bytes: Int)
    /// It is no JSON of that format at all.
    case notThisFormat(String)
    case newer(version: Int, known: Int, software: String?)
    case older(version: Int, known: Int)
    /// Something is missing or of another type; says what, and where.
    case malformed(String)
    /// Every contradiction between its parts.
    case inconsistent([String])

    fileprivate static func place(of error: DecodingError) -> String {
        func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
            let keys = context.codingPath + (key.map { [$0] } ?? [])
            return keys.reduce("") { path, key in
                path + (key.intValue.map { "[\($0)]" } ?? (path.isEmpty ? "" : ".") + key.stringValue)
            }
        }
        return switch error {
        case .keyNotFound(let key, let context): "\(path(context, key)) is missing"
        case .valueNotFound(_, let context): "\(path(context)) is empty"
        case .typeMismatch(let type, let context): "\(path(context)) is no \(type)"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "it is not JSON" : "\(path(context)): \(context.debugDescription)"
        @unknown default: "\(error)"
        }
    }
}

extension ManifestFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge(let bytes): "\(bytes) bytes are more than any manifest has"
        case .notThisFormat(let format): "it is no \(format)"
        case .newer(let version, let known, let software):
            "it is of format version \(version), written by \(software ?? "a newer Breakwater"); this one reads \(known)"
        case .older(let version, let known): "it is of format version \(version); this Breakwater reads \(known)"
        case .malformed(let what): what
        case .inconsistent(let faults): faults.joined(separator: "; ")
        }
    }
}
