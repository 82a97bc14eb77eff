/// A page out of all objects of a store that knows them all.
extension ObjectPage {
    /// S3's own.
    static let length = 1000

    /// `objects` are all that there are, in any order.
    init(of objects: [ObjectInfo], prefix: String, foldersOnly: Bool, after cursor: Cursor?, length: Int = length) {
        var found: [ObjectInfo] = []
        var folders: [String] = []
        var last: String?
        var next: Cursor?
        for object in objects.sorted(by: { $0.key < $1.key }) where object.key.text.utf8.starts(with: prefix.utf8) {
            let folder = foldersOnly ? object.key.text.folder(behind: prefix) : nil
            let entry = folder ?? object.key.text
            if let cursor, !cursor.text.utf8.lexicographicallyPrecedes(entry.utf8) { continue }
            if let folder, folders.last?.utf8.elementsEqual(folder.utf8) == true { continue }
            if found.count + folders.count == length {
                next = last.map(Cursor.init(text:))
                break
            }
            if let folder { folders.append(folder) } else { found.append(object) }
            last = entry
        }
        self.init(objects: found, folders: folders, next: next)
    }
}

extension String {
    /// The text up to the first slash behind `prefix`, the slash included; nil when there is none.
    fileprivate func folder(behind prefix: String) -> String? {
        let bytes = Array(utf8)
        guard let slash = bytes[prefix.utf8.count...].firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return String(decoding: bytes[...slash], as: UTF8.self)
    }
}
