internal import Age
internal import Crypto
internal import NIOCore
internal import RecoveryCore

/// Takes a stored object apart, piece by piece: hashed as it is stored, age, Zstandard, statements.
///
/// What it gives out before ``verify()`` has returned comes from an object that may yet turn out to be damaged.
struct ObjectUnpacker {
    enum Fault: Error, Equatable {
        /// The key opens it not.
        case key(String)
        case damaged(String)
    }

    private let object: BackupManifest.Object
    private var hash = SHA256()
    private var decryptor: AgeDecryptor
    private let decompressor: ZstdDecompressor
    private var splitter = StatementSplitter()
    private(set) var storedBytes: UInt64 = 0
    private(set) var rawBytes: UInt64 = 0

    /// - Throws: `ZstdError.outOfMemory`.
    init(_ object: BackupManifest.Object, key: RestoreOptions.Key) throws(ZstdError) {
        self.object = object
        decompressor = try ZstdDecompressor()
        decryptor =
            switch key {
            case .identities(let identities): AgeDecryptor(identities: identities)
            case .passphrase(let passphrase): AgeDecryptor(passphrase: passphrase)
            }
    }

    /// Takes a piece; all that the one before it has become must be taken.
    mutating func write(_ piece: ByteBuffer) throws(Fault) {
        storedBytes += UInt64(piece.readableBytes)
        guard storedBytes <= object.storedBytes else {
            throw .damaged("it has more than the \(object.storedBytes) bytes that were stored")
        }
        var compressed: [UInt8] = []
        compressed.reserveCapacity(piece.readableBytes)
        let fault = piece.withUnsafeReadableBytes { bytes -> Fault? in
            hash.update(bufferPointer: bytes)
            do throws(AgeError) {
                try decryptor.decrypt(bytes, into: &compressed)
                return nil
            } catch {
                return Self.fault(error)
            }
        }
        if let fault { throw fault }
        decompressor.feed(compressed)
    }

    /// Nothing more comes from the store. What the last piece becomes is to be taken.
    mutating func writeEnd() throws(Fault) {
        guard storedBytes == object.storedBytes else {
            throw .damaged("it ends after \(storedBytes) of \(object.storedBytes) bytes")
        }
        let digest = hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        guard digest.joined() == object.sha256 else { throw .damaged("its SHA-256 is not the one in the manifest") }
        var compressed: [UInt8] = []
        do throws(AgeError) { try decryptor.finish(into: &compressed) } catch { throw Self.fault(error) }
        decompressor.feed(compressed)
    }

    /// The next statement; nil when another piece is needed.
    mutating func next() throws(Fault) -> [UInt8]? {
        do {
            while true {
                if let statement = try splitter.next() { return statement }
                let before = splitter.text.count
                guard try decompressor.next(into: &splitter.text) else { return nil }
                rawBytes += UInt64(splitter.text.count - before)
                guard rawBytes <= object.rawBytes else {
                    throw Fault.damaged("its text has more than the \(object.rawBytes) bytes of the manifest")
                }
            }
        } catch let fault as Fault {
            throw fault
        } catch let fault as StatementSplitter.Fault {
            throw Self.fault(fault)
        } catch {
            throw .damaged("\(error)")
        }
    }

    /// All has been taken, and it is what was stored.
    mutating func verify() throws(Fault) {
        do throws(ZstdError) { try decompressor.finish() } catch { throw .damaged("\(error)") }
        do throws(StatementSplitter.Fault) { try splitter.finish() } catch { throw Self.fault(error) }
        guard rawBytes == object.rawBytes else {
            throw .damaged("its text has \(rawBytes) bytes, not the \(object.rawBytes) of the manifest")
        }
    }

    private static func fault(_ fault: StatementSplitter.Fault) -> Fault {
        switch fault {
        case .unterminated: .damaged("its text ends within a statement")
        case .tooLong: .damaged("a statement of it has no end")
        }
    }

    private static func fault(_ error: AgeError) -> Fault {
        switch error {
        case .noMatchingIdentity: .key("none of the identities is one of its recipients'")
        case .wrongPassphrase: .key("the passphrase is another one")
        case .passphraseNeeded: .key("it is encrypted with a passphrase")
        case .truncated: .damaged("its encryption shows that the end is missing")
        case .chunkTampered(let chunk): .damaged("its encryption shows that bytes were changed, in block \(chunk)")
        default: .damaged("it is not what age has written (\(error))")
        }
    }
}
