extension String {
    /// Compares without telling by its duration how much was right.
    func isEqualInConstantTime(to other: String) -> Bool {
        let left = Array(utf8)
        let right = Array(other.utf8)
        var difference = left.count ^ right.count
        for index in 0..<Swift.max(left.count, right.count) {
            let first = index < left.count ? left[index] : 0
            let second = index < right.count ? right[index] : 0
            difference |= Int(first ^ second)
        }
        return difference == 0
    }
}
