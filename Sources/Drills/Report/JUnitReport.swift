/// Reports as JUnit's XML, which continuous integration shows: a test suite for each drill, a test case for each of its
/// checks.
package enum JUnitReport {
    package static func document(_ reports: [DrillReport]) -> String {
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        for report in reports { text += suite(report) }
        return text + "</testsuites>\n"
    }

    private static func suite(_ report: DrillReport) -> String {
        let name = HTMLText.escaped(report.scenario)
        let failed = report.checks.count { !$0.passed }
        // A drill without a single check must not look like one that passed.
        let errors = report.failure != nil ? 1 : 0
        var text =
            "  <testsuite name=\"\(name)\" tests=\"\(report.checks.count + errors)\" failures=\"\(failed)\" "
            + "errors=\"\(errors)\">\n"
        if let failure = report.failure {
            text += "    <testcase classname=\"\(name)\" name=\"carried_out\"><error message=\""
            text += "\(HTMLText.escaped(failure.summary))\" type=\"\(HTMLText.escaped(failure.code))\"/></testcase>\n"
        }
        for check in report.checks {
            text += "    <testcase classname=\"\(name)\" name=\"\(HTMLText.escaped(check.name))\""
            text +=
                check.passed
                ? "/>\n" : "><failure message=\"\(HTMLText.escaped(check.detail))\"/></testcase>\n"
        }
        return text + "  </testsuite>\n"
    }
}
