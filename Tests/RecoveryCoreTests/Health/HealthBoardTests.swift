import RecoveryCore
import Testing

@Suite struct HealthBoardTests {
    private static let php = HealthBoard.Check("php_fpm", .node, interval: .seconds(2), timeout: .seconds(1))
    private static let disk = HealthBoard.Check("disk", .node, interval: .seconds(2), tolerance: 1)
    private static let redis = HealthBoard.Check("redis", .shared, tolerance: 1)

    private static func board(strict: Set<String> = []) -> HealthBoard {
        var board = HealthBoard([php, disk, redis], strict: strict)
        for check in [php, disk, redis] { board.note(check.name, good, latency: .zero, uptime: .zero) }
        return board
    }

    private static let good = HealthBoard.Finding(isGood: true, detail: "fine")
    private static let bad = HealthBoard.Finding(isGood: false, detail: "no answer")

    @Test func servesWhenAllIsWell() {
        #expect(Self.board().verdict(uptime: .seconds(1)) == .serving(degraded: []))
    }

    @Test func doesNotServeBeforeItHasLooked() {
        var board = HealthBoard([Self.php, Self.redis])
        #expect(board.verdict(uptime: .zero) == .out(["php_fpm unknown"]))
        board.note("php_fpm", Self.good, latency: .zero, uptime: .zero)
        // Nor is a shared thing that nobody has looked at missing.
        #expect(board.verdict(uptime: .zero) == .serving(degraded: []))
    }

    @Test func oneSlowAnswerTakesNoNodeOut() {
        var board = Self.board()
        board.note("php_fpm", Self.bad, latency: .seconds(1), uptime: .seconds(2))
        #expect(board.verdict(uptime: .seconds(2)).isServing)
        #expect(board.report(uptime: .seconds(2)).checks[0].status == .suspect)
        board.note("php_fpm", Self.bad, latency: .seconds(1), uptime: .seconds(4))
        #expect(board.verdict(uptime: .seconds(4)) == .out(["php_fpm"]))
        board.note("php_fpm", Self.good, latency: .zero, uptime: .seconds(6))
        #expect(board.verdict(uptime: .seconds(6)).isServing)
    }

    @Test func whatAllNodesLackTakesNoneOut() {
        var board = Self.board()
        board.note("redis", Self.bad, latency: .zero, uptime: .seconds(1))
        #expect(board.verdict(uptime: .seconds(1)) == .serving(degraded: ["redis"]))
        var strict = Self.board(strict: ["redis"])
        strict.note("redis", Self.bad, latency: .zero, uptime: .seconds(1))
        #expect(strict.verdict(uptime: .seconds(1)) == .out(["redis"]))
    }

    @Test func aProbeThatHangsIsAFailure() {
        var board = Self.board()
        let lifetime = Self.php.lifetime
        #expect(board.verdict(uptime: lifetime).isServing)
        board.note("disk", Self.good, latency: .zero, uptime: lifetime)
        board.note("redis", Self.good, latency: .zero, uptime: lifetime)
        #expect(board.verdict(uptime: lifetime + .milliseconds(1)) == .out(["php_fpm stale"]))
    }

    @Test func drainingIsSaidWhileItServes() {
        var board = Self.board()
        board.isDraining = true
        #expect(board.verdict(uptime: .zero) == .out(["draining"]))
        let report = board.report(uptime: .milliseconds(1_500))
        #expect(report.draining && !report.serving && report.reasons == ["draining"])
        #expect(report.checks.map(\.status) == [.ok, .ok, .ok])
        #expect(report.checks[0].ageMs == 1_500)
    }
}
