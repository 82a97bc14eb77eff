/// HTML in the making: what is put in as text is escaped, so that no name or error can become markup.
struct HTMLText {
    private(set) var text = ""

    /// Markup of our own.
    mutating func raw(_ markup: String) { text += markup }

    /// An element on a line of its own.
    mutating func element(_ name: String, _ attributes: String = "", _ content: String) {
        text += "<\(name)\(attributes.isEmpty ? "" : " \(attributes)")>\(Self.escaped(content))</\(name)>\n"
    }

    /// An element with others in it.
    mutating func element(_ name: String, _ attributes: String = "", _ body: (inout HTMLText) -> Void) {
        text += "<\(name)\(attributes.isEmpty ? "" : " \(attributes)")>\n"
        body(&self)
        text += "</\(name)>\n"
    }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
