import MySQLClient
import RecoveryCore
import Testing

@testable import BackupEngine

/// What is the backup's fault, and what is not.
struct FailuresTests {
    private static let mysql = DatabaseServer(.mysql, .init(9, 7))
    private static let part = RestoreError.DamagedPart(what: "rows of wp_posts", restorable: [])

    private static func statement(_ kind: MySQLError.Kind) -> RestoreError {
        .statement(object: "1-tables/00001.sql.zst.age", beginning: "CREATE TABLE", MySQLError(kind, message: "no"))
    }

    @Test func faultsOfTheBackupAreNamed() {
        let damaged = RestoreError.damaged(object: "a", reason: "it is cut off", Self.part)
        #expect(
            damaged.failures(of: .mysql, on: Self.mysql)
                == [.init("a", why: "it is damaged: it is cut off; it holds rows of wp_posts")])
        #expect(RestoreError.missing(object: "a", Self.part).failures(of: .mysql, on: Self.mysql)?.count == 1)
        let differs = [BackupManifest.LeftOut("wp_posts", why: "2 rows, not 3")]
        #expect(RestoreError.differs(differs).failures(of: .mariadb, on: Self.mysql) == differs)
        #expect(
            Self.statement(.syntax).failures(of: .mysql, on: Self.mysql)?.first?.why.contains("CREATE TABLE") == true)
        #expect(Self.statement(.duplicateKey).failures(of: .mysql, on: Self.mysql)?.count == 1)
    }

    @Test(arguments: [MySQLError.Kind.diskFull, .connectionLost, .timedOut, .privilegeMissing, .tooManyConnections])
    func faultsOfTheServerSayNothing(kind: MySQLError.Kind) {
        #expect(Self.statement(kind).failures(of: .mysql, on: Self.mysql) == nil)
    }

    @Test func neitherDoOtherFamiliesKeysAndStores() {
        #expect(Self.statement(.syntax).failures(of: .mariadb, on: Self.mysql) == nil)
        for error in [
            RestoreError.key(object: "a", reason: "no", recipients: []),
            .unreadable(object: "a", reason: "no", hint: nil),
            .notEmpty(database: "x", found: ["a"], inTheWay: []), .packetLimit(needed: 2, allowed: 1, object: "a"),
        ] {
            #expect(error.failures(of: .mysql, on: Self.mysql) == nil)
        }
    }
}
