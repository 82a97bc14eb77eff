import RecoveryCore
import Testing

struct FileSelectionTests {
    private static let content = "/var/www/html/wp-content"

    private static func own(_ rules: [String], _ paths: [String] = [content]) -> [String] {
        FileSelection(paths: paths, excluding: rules).excludes.filter {
            !FileSelection.standardExcludes.contains($0)
        }
    }

    /// `cache` must not take a plugin's folder of that name along.
    @Test(arguments: [
        (["cache"], ["\(content)/cache"]), (["uploads/wc-logs/"], ["\(content)/uploads/wc-logs"]),
        (["*.bak"], ["*.bak"]), (["uploads/*.zip"], ["\(content)/uploads/*.zip"]), (["/srv/tmp"], ["/srv/tmp"]),
        (["*.log"], []),
    ])
    func rulesAreBelowThePaths(_ rules: [String], _ patterns: [String]) {
        #expect(Self.own(rules) == patterns)
    }

    @Test func rulesHoldBelowEachPath() {
        #expect(Self.own(["tmp"], ["/a", "/b/"]) == ["/a/tmp", "/b/tmp"])
        #expect(Self.own(["tmp"], ["/"]) == ["/tmp"])
    }

    @Test func pathsBelowOthersAreNotNamedTwice() {
        let selection = FileSelection(paths: ["/w/wp-content/", "/w", "/wide", "/w"], excluding: [])
        #expect(selection.paths == ["/w", "/wide"])
        #expect(selection.covers("/w/x") && selection.covers("/w") && !selection.covers("/wi"))
    }

    @Test func configurationsAreLookedForWhereWordPressDoes() {
        #expect(
            FileSelection.configurations(paths: [Self.content, "/srv/more"], docroot: nil)
                == ["/var/www/html/wp-config.php", "/var/www/wp-config.php"])
        #expect(
            FileSelection.configurations(paths: ["/mnt/wp-content"], docroot: "/var/www/html").prefix(2)
                == ["/var/www/html/wp-config.php", "/var/www/wp-config.php"])
        #expect(FileSelection.configurations(paths: ["/srv/more"], docroot: nil) == [])
    }
}
