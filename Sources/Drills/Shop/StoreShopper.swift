/// A shopper of the real shop: looks around, fills a cart, looks into it, buys, and looks at the order.
///
/// After a failure he does what people do: he loads his cart again. What he then sees must hold everything that was
/// acknowledged to him.
struct StoreShopper: Sendable {
    var number: Int
    var door: ShopDoor
    /// Between two requests.
    var pause: Duration
    /// The numbers of the products.
    var products: [Int]
    var recorder: ClientRecorder
    /// Part of sessions' names.
    var run: String

    /// Every page of the shop says whose it is; nothing else does.
    private struct ShopPage: Decodable { var session: String }
    private struct CartPage: Decodable { var cart: [String: Int] }
    private struct OrderPage: Decodable {
        var order: Int
        var reference: String
    }

    /// Runs until `stop` opens and the visit is done, or the task is cancelled.
    func run(until stop: Gate) async {
        var page = 0
        var session = self.session(0)
        while !stop.isOpen, !Task.isCancelled {
            page += 1
            // A session that may hold what nobody knows of is left behind, once it was looked at.
            if await !visit(page, session, stop) { session = self.session(page) }
        }
    }

    private func session(_ page: Int) -> String { "\(run)-\(number)-\(page)" }

    /// One visit; false when the session is not to be used again.
    private func visit(_ page: Int, _ session: String, _ stop: Gate) async -> Bool {
        let order = OrderText(client: number, page: page)
        var cart = ShoppersCart()
        guard await look(.browse, page, "/", session) else { return true }
        let first = (number * 7 + page * 3) % products.count
        let chosen = (0..<order.items).map { products[(first + $0) % products.count] }
        guard let seen = chosen.first, await look(.browse, page, "/product/\(seen)", session) else { return true }
        for product in chosen {
            guard await add(product, page, session, &cart) else {
                await lookAgain(page, session, cart, stop)
                return false
            }
        }
        guard await viewCart(page, session, cart) else {
            await lookAgain(page, session, cart, stop)
            return false
        }
        guard let id = await checkOut(order, page, session) else { return false }
        await thank(id, order, page, session)
        return true
    }

    /// Loads the cart until it is there: the shopper wants to know.
    private func lookAgain(_ page: Int, _ session: String, _ cart: ShoppersCart, _ stop: Gate) async {
        for _ in 0..<40 where !Task.isCancelled {
            if await viewCart(page, session, cart) || stop.isOpen { return }
        }
    }

    private func look(_ kind: Operation.Kind, _ page: Int, _ path: String, _ session: String) async -> Bool {
        await record(kind, page) { () async throws(ShopDoor.Failure) in
            let answer = try await door.get(path, session: session)
            let isShop = answer.status == 200 && answer.decoded(ShopPage.self)?.session == session
            return isShop ? .seen(.nothing) : .failed(answer.status)
        }
    }

    private func add(_ product: Int, _ page: Int, _ session: String, _ cart: inout ShoppersCart) async -> Bool {
        let before = cart
        var isOpen = true
        let done = await record(.addToCart, page) { () async throws(ShopDoor.Failure) in
            do throws(ShopDoor.Failure) {
                let answer = try await door.post("/cart/add", ["product": "\(product)"], session: session)
                guard answer.status == 200, let shown = answer.decoded(CartPage.self) else {
                    return .failed(answer.status)
                }
                var after = before
                after.added(product, acknowledged: true)
                return .seen(Self.result(after.judge(Self.quantities(shown))))
            } catch {
                if case .unconnected = error { isOpen = false }
                throw error
            }
        }
        if done || isOpen { cart.added(product, acknowledged: done) }
        return done
    }

    private func viewCart(_ page: Int, _ session: String, _ cart: ShoppersCart) async -> Bool {
        await record(.viewCart, page) { () async throws(ShopDoor.Failure) in
            let answer = try await door.get("/cart", session: session)
            guard answer.status == 200, let shown = answer.decoded(CartPage.self) else {
                return .failed(answer.status)
            }
            return .seen(Self.result(cart.judge(Self.quantities(shown))))
        }
    }

    private func checkOut(_ order: OrderText, _ page: Int, _ session: String) async -> Int? {
        var id: Int?
        _ = await record(.order, page) { () async throws(ShopDoor.Failure) in
            let answer = try await door.post("/checkout", ["reference": order.name], session: session)
            guard answer.status == 201, let shown = answer.decoded(OrderPage.self), shown.reference == order.name else {
                return .failed(answer.status)
            }
            id = shown.order
            return .seen(.nothing)
        }
        return id
    }

    private func thank(_ id: Int, _ order: OrderText, _ page: Int, _ session: String) async {
        _ = await record(.receipt, page) { () async throws(ShopDoor.Failure) in
            let answer = try await door.get("/order/\(id)", session: session)
            if answer.status == 404 { return .seen(.missing) }
            guard answer.status == 200, let shown = answer.decoded(OrderPage.self) else {
                return .failed(answer.status)
            }
            return .seen(shown.reference == order.name ? .number(page) : .foreign)
        }
    }

    // MARK: Records

    private enum Answer {
        case seen(Operation.Result)
        /// With this status.
        case failed(Int)
    }

    /// Makes a request, records it, and pauses. True when it was answered as it should be.
    private func record(
        _ kind: Operation.Kind, _ page: Int, _ body: () async throws(ShopDoor.Failure) -> Answer
    ) async -> Bool {
        var operation = Operation(kind, page: page, started: MonotonicClock.now())
        var text = ""
        do throws(ShopDoor.Failure) {
            switch try await body() {
            case .seen(let result): operation.result = result
            case .failed(let status):
                // A page that says no says nothing of what was done before.
                operation.outcome = .broken
                text = "status \(status)"
            }
        } catch {
            if case .unconnected = error { operation.outcome = .unconnected } else { operation.outcome = .broken }
            text = "\(error)"
        }
        operation.ended = MonotonicClock.now()
        recorder.record(operation, error: text)
        try? await Task.sleep(for: pause)
        return operation.outcome == .acknowledged
    }

    private static func result(_ verdict: ShoppersCart.Verdict) -> Operation.Result {
        switch verdict {
        case .right: .nothing
        case .lost: .missing
        case .foreign: .foreign
        }
    }

    private static func quantities(_ page: CartPage) -> [Int: Int] {
        Dictionary(uniqueKeysWithValues: page.cart.compactMap { key, count in Int(key).map { ($0, count) } })
    }
}
