/// The nearest of `candidates` to what was written, when it is near enough to be a slip of the keyboard: at most a
/// third of the letters differ (one for short words). Ties go to the first candidate.
package func nearest(to written: String, among candidates: some Sequence<String>) -> String? {
    // Nobody mistypes a key of hundreds of letters; the bound keeps the work on hostile input small.
    guard written.count <= 64 else { return nil }
    let allowed = max(1, written.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates {
        let distance = editDistance(written.lowercased(), candidate)
        if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
}

/// The number of insertions, deletions, replacements and swaps of neighbours that turn one text into the other
/// (optimal string alignment distance).
func editDistance(_ lhs: String, _ rhs: String) -> Int {
    let a = Array(lhs)
    let b = Array(rhs)
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var cost = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
            row.append(cost)
        }
        beforePrevious = previous
        previous = row
    }
    return previous[b.count]
}
