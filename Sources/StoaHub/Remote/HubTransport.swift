/// What the network has to do for the hub's client; the client itself is pure and is tested without a network.
package protocol HubTransport: Sendable {
  /// Sends a request and hands the answer to `receiver`; returns when its last byte has come.
  ///
  /// Redirects are not followed, bodies are not decoded. Cancelling the task ends it soon. A server that is silent for
  /// the agreed time is a failure of kind `.stalled`.
  func send(_ request: HubRequest, to receiver: some HubReceiver) async throws(RemoteError)

  /// The addresses of a host; empty where a proxy looks them up.
  func addresses(of url: HubURL) async throws(RemoteError) -> [IPAddress]
}

/// A request without a body.
package struct HubRequest: Sendable {
  /// The two methods that are needed.
  package enum Method: String, Sendable { case get = "GET", head = "HEAD" }

  package let method: Method
  package let url: HubURL
  package var headers: HubHeaders

  package init(_ method: Method, _ url: HubURL, headers: HubHeaders = HubHeaders()) {
    self.method = method
    self.url = url
    self.headers = headers
  }
}

/// What an answer begins with.
package struct HubHead: Sendable {
  package let status: Int
  package let headers: HubHeaders

  package init(status: Int, headers: HubHeaders = HubHeaders()) {
    self.status = status
    self.headers = headers
  }

  /// Whether this is a redirect that says where to.
  var location: String? {
    switch status {
    case 301, 302, 303, 307, 308: headers["location"]
    default: nil
    }
  }
}

/// Takes an answer as it comes; throwing ends the exchange.
package protocol HubReceiver: Sendable {
  /// The status and the headers have come; whether the body is wanted.
  func begin(_ head: HubHead) throws(RemoteError) -> Bool
  /// The next bytes of the body have come.
  func receive(_ bytes: RawSpan) throws(RemoteError)
}

/// Header fields in their order, found by names in any case.
package struct HubHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  package private(set) var fields: [Field] = []

  package struct Field: Sendable, Equatable {
    package let name: String
    package let value: String
  }

  package init() {}

  package init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { add(name, value) }
  }

  package mutating func add(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

  /// The first value of a field.
  package subscript(name: String) -> String? {
    let wanted = name.lowercased()
    return fields.first { $0.name.lowercased() == wanted }?.value
  }
}
