extension ShopTable {
    /// Writes rows in pieces of some megabytes.
    package func write(rows: ClosedRange<Int>, to sink: ([UInt8]) throws -> Void) rethrows {
        let piece = 4 << 20
        var text = RowText(capacity: piece + (1 << 20))
        for row in rows {
            write(row: row, into: &text)
            if text.bytes.count > piece || row == rows.upperBound {
                try sink(text.bytes)
                text.removeAll()
            }
        }
    }

    /// Writes the row of this number, which is its key as well; numbers begin at 1.
    func write(row: Int, into text: inout RowText) {
        text.begin(self, row: row)
        text.value(row)
        switch self {
        case .options: option(row, &text)
        case .users: user(row, &text)
        case .userMeta: Self.meta(of: (row - 1) / Self.userKeys.count + 1, Self.userKeys, row, &text)
        case .posts: post(row, &text)
        case .postMeta: Self.meta(of: (row - 1) / Self.postKeys.count + 1, Self.postKeys, row, &text)
        case .orders: order(row, &text)
        case .orderAddresses: address(row, &text)
        case .orderOperationalData: operationalData(row, &text)
        case .orderMeta: Self.meta(of: (row - 1) / Self.orderKeys.count + 1, Self.orderKeys, row, &text)
        case .orderItems:
            text.value { $0.addWords(4) }
            text.value(text.pick(["line_item", "line_item", "line_item", "shipping", "tax"]))
            text.value((row - 1) * 2 / 5 + 1)
        case .orderItemMeta: Self.meta(of: (row - 1) / Self.itemKeys.count + 1, Self.itemKeys, row, &text)
        }
        text.endRow()
    }

    private func option(_ row: Int, _ text: inout RowText) {
        text.value { text in
            text.add("woocommerce_option_")
            text.add(row)
        }
        text.value { $0.addWords(row % 50 == 0 ? 4_000 : 1 + $0.number(below: 60)) }
        text.value(row % 3 == 0 ? "no" : "yes")
    }

    private func user(_ row: Int, _ text: inout RowText) {
        func login(_ text: inout RowText) {
            text.add("customer")
            text.add(row)
        }
        text.value(login)
        text.value { text in
            text.add("$wp$2y$10$")
            text.addHex(53)
        }
        text.value(login)
        text.value { $0.addEmail() }
        text.value("")
        text.value { $0.addDate() }
        text.value("")
        text.value(0)
        text.value { $0.add($0.pick(RowText.names)) }
    }

    private func post(_ row: Int, _ text: inout RowText) {
        let isAttachment = row % 3 == 0
        text.value(1 + text.number(below: 20))
        for _ in 0..<2 { text.value { $0.addDate() } }
        text.value { text in
            guard !isAttachment else { return }
            for _ in 0..<(1 + text.number(below: 6)) {
                text.add("<!-- wp:paragraph -->\\n<p>")
                text.addWords(20 + text.number(below: 60))
                text.add("</p>\\n<!-- /wp:paragraph -->\\n\\n")
            }
        }
        text.value { $0.addWords(3 + $0.number(below: 5)) }
        text.value { $0.addWords(isAttachment ? 0 : $0.number(below: 25)) }
        text.value(isAttachment ? "inherit" : "publish")
        for choice in ["open", "closed", ""] as [StaticString] { text.value(choice) }
        text.value { text in
            text.addWords(3, separator: "-")
            text.add("-")
            text.add(row)
        }
        for _ in 0..<2 { text.value("") }
        for _ in 0..<2 { text.value { $0.addDate() } }
        text.value("")
        text.value(isAttachment ? row - 1 : 0)
        text.value { text in
            text.add("https://shop.example.com/?post_type=product&#038;p=")
            text.add(row)
        }
        text.value(0)
        text.value(isAttachment ? "attachment" : "product")
        text.value(isAttachment ? "image/jpeg" : "")
        text.value(text.number(below: 12))
    }

    private func order(_ row: Int, _ text: inout RowText) {
        text.value(text.pick(["wc-completed", "wc-completed", "wc-completed", "wc-processing", "wc-refunded"]))
        text.value("EUR")
        text.value("shop_order")
        for _ in 0..<2 { text.value { $0.addAmount(decimals: 8) } }
        text.value(text.number(below: Self.users.rowsPerUnit))
        text.value { $0.addEmail() }
        for _ in 0..<2 { text.value { $0.addDate() } }
        text.value(0)
        text.value("stripe")
        text.value("Credit card (Stripe)")
        text.value { text in
            text.add("ch_")
            text.addHex(24)
        }
        text.value { text in
            for index in 0..<4 {
                if index > 0 { text.add(".") }
                text.add(1 + text.number(below: 250))
            }
        }
        text.value(text.pick(Self.agents))
        text.value { $0.addWords(row % 10 == 0 ? 12 : 0) }
    }

    private func address(_ row: Int, _ text: inout RowText) {
        text.value((row + 1) / 2)
        text.value(row % 2 == 1 ? "billing" : "shipping")
        for _ in 0..<2 { text.value { $0.add($0.pick(RowText.names)) } }
        text.value("")
        text.value { text in
            text.addWords(2)
            text.add(" Street ")
            text.add(1 + text.number(below: 300))
        }
        text.value("")
        text.value(text.pick(["Berlin", "Paris", "København", "Łódź", "Madrid", "São Paulo", "Wien"]))
        text.value("")
        text.value { $0.add(10_000 + $0.number(below: 90_000)) }
        text.value(text.pick(["DE", "FR", "DK", "PL", "ES", "BR", "AT"]))
        text.value { $0.addEmail() }
        text.value { text in
            text.add("+49 30 ")
            text.add(text.number(below: 10_000_000), digits: 7)
        }
    }

    private func operationalData(_ row: Int, _ text: inout RowText) {
        text.value(row)
        text.value("checkout")
        text.value("10.2.1")
        for flag in [0, 1, 1] { text.value(flag) }
        text.value { $0.addHex(32) }
        text.value(1)
        text.value { text in
            text.add("wc_order_")
            text.addHex(13)
        }
        text.value(1)
        text.value { $0.addDate() }
        if row % 4 == 0 { text.null() } else { text.value { $0.addDate() } }
        for _ in 0..<4 { text.value { $0.addAmount(decimals: 8) } }
        text.value(1)
    }

    private static let agents: [StaticString] = [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari",
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile",
    ]

    /// The rest of a row of a meta table: the keys of each owner come in turn.
    private static func meta(of owner: Int, _ keys: [StaticString], _ row: Int, _ text: inout RowText) {
        text.value(owner)
        let key = keys[(row - 1) % keys.count]
        text.value(key)
        text.value { text in
            switch text.number(below: 12) {
            case 0: break
            case 1, 2: text.add(text.pick(["yes", "no", "taxable", "instock", "none", "publish"]))
            case 3, 4, 5: text.add(text.number(below: 100_000))
            case 6, 7: text.addAmount(decimals: 2)
            case 8: text.addWords(1 + text.number(below: 5))
            case 9: text.addHex(24)
            case 10: text.addDate()
            default:
                text.add("a:2:{s:5:\"total\";a:1:{i:1;s:5:\"")
                text.addAmount(decimals: 2)
                text.add("\";}s:8:\"subtotal\";a:1:{i:1;s:5:\"")
                text.addAmount(decimals: 2)
                text.add("\";}}")
            }
        }
    }
}
