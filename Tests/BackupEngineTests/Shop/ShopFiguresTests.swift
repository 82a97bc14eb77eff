import RecoveryCore
import Testing

@testable import BackupEngine

struct ShopFiguresTests {
    private static func tables(_ prefix: String, _ tables: [ShopSite.Table]) -> [String: Set<String>] {
        Dictionary(uniqueKeysWithValues: tables.map { (prefix + $0.rawValue, $0.columns.union(["more"])) })
    }

    @Test func sitesAreFoundByTheirTables() {
        let network = Self.tables("wp_", [.posts, .postmeta, .options, .users, .orders, .orderItems])
            .merging(Self.tables("wp_2_", [.posts, .postmeta, .options, .orderItems])) { $1 }
            .merging(["blogposts": ["id", "title"], "other": ["id"]]) { $1 }
        let sites = ShopSite.all(in: network)
        #expect(sites.map(\.prefix) == ["wp_", "wp_2_"])
        #expect(sites.map(\.isShop) == [true, true])
        #expect(sites[0].tables == Set(ShopSite.Table.allCases))
        #expect(!sites[1].tables.contains(.users), "a network's users are those of its first site")
    }

    @Test func whatIsNoWordPressHasNoFigures() {
        #expect(ShopSite.all(in: ["forum_posts": ["id", "text"], "wc_orders": ["id"]]).isEmpty)
        #expect(ShopSite.all(in: [:]).isEmpty)
        let blog = ShopSite.all(in: Self.tables("", [.posts, .options, .users]))
        #expect(blog.map(\.isShop) == [false])
        #expect(blog[0].queries(.posts).flatMap(\.figures) == [.posts, .users])
    }

    @Test func ordersAreCountedWhereTheShopKeepsThem() throws {
        let site = try #require(
            ShopSite.all(in: Self.tables("x`", [.posts, .postmeta, .options, .users, .orders, .orderItems])).first)
        #expect(site.storageQuery?.contains("`x``options`") == true)
        for storage in [OrderStorage.tables, .posts] {
            let queries = site.queries(storage)
            #expect(queries.flatMap(\.figures) == ShopFigure.allCases)
            #expect(queries.allSatisfy { $0.statement.hasPrefix("SELECT ") })
            let orders = queries.last { $0.figures.contains(.orders) }
            #expect(orders?.statement.contains(storage == .tables ? "`x``wc_orders`" : "`x``posts`") == true)
            #expect(queries.last?.statement.contains("LIMIT 10000") == true)
        }
        // Without the meta values there are no totals to add up.
        let poor = try #require(ShopSite.all(in: Self.tables("", [.posts, .options, .orderItems])).first)
        #expect(!poor.queries(.posts).flatMap(\.figures).contains(.newestOrdersTotal))
    }

    @Test func differencesAreNamed() {
        let checks = ["wp_/orders": "17", "wp_/users": "3", "wp_/newest_order": "99", "wp_/of_the_future": "1"]
        let found = ["wp_/orders": "16", "wp_/users": "3", "wp_/posts": "5"]
        #expect(
            ShopSite.differences(from: checks, to: found) == [
                .init("wp_/newest_order", why: "is missing, was 99 in the backup"),
                .init("wp_/orders", why: "is 16, was 17 in the backup"),
            ])
    }

    @Test func jobsOfAShopArePostponedAndReleasedAlike() {
        let hold = ActionSchedulerSQL.hold("wp_actionscheduler_actions")
        let release = ActionSchedulerSQL.release("wp_actionscheduler_actions")
        for statement in [hold, release] {
            #expect(statement.contains("WHERE status = 'pending' AND scheduled_date_gmt"))
            #expect(statement.contains("INTERVAL 36525 DAY"))
        }
    }
}
