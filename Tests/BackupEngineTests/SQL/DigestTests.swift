import BackupEngine
import Crypto
import LoopbackServers
import RecoveryCore
import Testing

struct RowDigestTests {
    private func digest(_ rows: [RowBytes]) -> TableDigest {
        var digest = RowDigest()
        for row in rows {
            for value in row {
                if let value { value.withUnsafeBytes { digest.append($0) } } else { digest.append(nil) }
            }
            digest.endRow()
        }
        #expect(digest.rows == UInt64(rows.count))
        return digest.digest
    }

    /// Against the definition, written down a second time; with values around the size that is hashed in place.
    @Test func theDefinition() {
        var random = SeededGenerator(seed: 2)
        let sizes = [0, 1, 9, 10, 100, 32_000, 65_503, 65_535, 65_536, 65_537, 200_000]
        for _ in 0..<60 {
            let row: RowBytes = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                guard Int.random(in: 0...4, using: &random) > 0 else { return nil }
                let size = sizes.randomElement(using: &random) ?? 0
                return [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: size)
            }
            var text: [UInt8] = []
            for value in row { text += value.map { Array("\($0.count):".utf8) + $0 } ?? Array("N".utf8) }
            let hash = SHA256.hash(data: text).map { String($0, radix: 16) }.map {
                $0.count == 1 ? "0\($0)" : $0
            }
            #expect("\(digest([row]))" == hash.joined())
        }
    }

    @Test func whereAValueEndsIsNeverInDoubt() {
        let rows: [RowBytes] = [
            [[1, 2], [3]], [[1], [2, 3]], [[1, 2, 3], []], [nil, [1]], [[1], nil], [[78]], [nil], [[]],
            [Array("1:a".utf8)], [Array("a".utf8), nil],
        ]
        #expect(Set(rows.map { digest([$0]) }).count == rows.count)
    }

    @Test func answersOfServers() throws {
        let big = "36893488147419103233"  // 2⁶⁵ + 1
        let answer = try #require(
            DigestQuery.digest(from: ["2", "2", "1", "0", big, "18446744073709551615"]))
        #expect(answer.rows == 2)
        #expect(answer.digest == TableDigest(lanes: SIMD4(1, 0, 1, .max)))
        for row in [
            ["2", "1", "1", "1", "1", "1"], ["2", "2", "1", "1", "1", nil],
            ["2", "2", "1", "1", "1", "-1"], [],
        ] {
            #expect(DigestQuery.digest(from: row) == nil)
        }
    }
}

struct ChunkSQLTests {
    @Test func statements() throws {
        let columns = [
            try ColumnCodec("id", "bigint"), try ColumnCodec("f", "float"), try ColumnCodec("hidden", "int"),
        ]
        let chunk = ChunkSQL(table: "t", columns: columns, order: ["id", "k`"])
        let head = "SELECT `id`,CAST(CAST(`f` AS DOUBLE) AS CHAR),`hidden` FROM `t`"
        #expect(chunk.select(.whole) == head + " ORDER BY `id`,`k```")
        #expect(chunk.select(.partition("p 0")) == head + " PARTITION (`p 0`) ORDER BY `id`,`k```")
        for (range, condition) in [
            (KeyRange(lower: nil, upper: -5), " WHERE `id`<-5"),
            (KeyRange(lower: -5, upper: 7), " WHERE `id`>=-5 AND `id`<7"),
            (
                KeyRange(lower: 18_446_744_073_709_551_615, upper: nil), " WHERE `id`>=18446744073709551615"
            ), (.everything, ""),
        ] {
            #expect(chunk.select(.keys(range, of: "id")) == head + condition + " ORDER BY `id`,`k```")
        }
        #expect(ChunkSQL(table: "t", columns: []).select(.whole) == "SELECT NULL FROM `t`")
    }
}
