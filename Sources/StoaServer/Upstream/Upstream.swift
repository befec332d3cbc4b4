package import StoaHub

/// A model that another server answers, by the OpenAI API.
package struct Upstream: Sendable, Equatable {
  /// The name that requests use here.
  package let name: String
  /// The address below which `/chat/completions` lies, without a slash at its end.
  package let base: HubURL
  /// The name that the model has there.
  package let remoteModel: String
  /// What the other server is told to let us in; nil for nothing.
  package var key: UpstreamKey?

  /// Reads `NAME=URL` or `NAME=URL#MODEL`, where MODEL is the name of the model there; nil for anything else.
  ///
  /// An address without a path means `/v1`.
  package init?(_ text: String) {
    guard let equals = text.firstIndex(of: "=") else { return nil }
    let name = String(text[..<equals])
    let rest = text[text.index(after: equals)...]
    let address = rest.prefix { $0 != "#" }
    let model = rest.dropFirst(address.count + 1)
    guard Self.isName(name), !rest.hasSuffix("#"), model.isEmpty || Self.isName(String(model)),
      !address.contains("?"), let url = HubURL(String(address))
    else { return nil }
    var path = url.target[...]
    while path.hasSuffix("/") { path = path.dropLast() }
    self.name = name
    base = url.with(target: path.isEmpty ? "/v1" : String(path))
    remoteModel = model.isEmpty ? name : String(model)
  }

  /// Names go into lists, errors and headers of other programs.
  private static func isName(_ text: String) -> Bool {
    (1...200).contains(text.utf8.count) && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
  }

  /// Whether the other server is OpenAI's own, which knows some fields by newer names only.
  var isOpenAI: Bool { base.host == "api.openai.com" || base.host.hasSuffix(".openai.azure.com") }
}

/// A key for another server; it does not show itself.
package struct UpstreamKey: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  let secret: String

  /// Takes visible ASCII characters alone, of which no other header field can be made; nil for other texts.
  package init?(_ text: String) {
    guard (1...4096).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    secret = text
  }

  package var description: String { "hidden" }
  package var debugDescription: String { "hidden" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
