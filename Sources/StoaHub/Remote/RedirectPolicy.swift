/// Which redirects are followed.
///
/// A server that is not trusted could otherwise make this machine ask others for it: its own services, the network of
/// the house, or a cloud's secrets (CVE-2026-5530 is such a case). So a redirect leads to the internet by HTTPS, or
/// to the same kind of place that the endpoint itself is at.
package struct RedirectPolicy: Sendable {
  /// A chain longer than this is a loop.
  package static let limit = 8

  package let endpoint: HubURL

  /// Refuses a redirect that must not be followed; `addresses` looks a name up.
  ///
  /// A name could change its address between this look and the connection; the certificate that HTTPS wants of it is
  /// what stands against that.
  package func check(
    from: HubURL, to: HubURL, addresses: (HubURL) async throws(RemoteError) -> [IPAddress]
  ) async throws(RemoteError) {
    func refuse(_ problem: String) -> RemoteError {
      .redirect(from: from.origin, to: to.origin, problem: problem)
    }
    if to.hasSameOrigin(as: endpoint) { return }
    if to.scheme == .http {
      guard endpoint.scheme == .http else { throw refuse("it leaves HTTPS") }
      let staysInMachine = reach(ofHost: endpoint.host) == .loopback && reach(ofHost: to.host) == .loopback
      guard to.host == endpoint.host || staysInMachine else { throw refuse("it is not HTTPS") }
    }
    var reaches: [IPAddress.Reach] = []
    if let reach = reach(ofHost: to.host) {
      reaches = [reach]
    } else {
      reaches = try await addresses(to).map(\.reach)
    }
    let inner = reaches.filter { $0 != .public }
    guard !inner.isEmpty else { return }
    var own: [IPAddress.Reach] = []
    if let reach = reach(ofHost: endpoint.host) {
      own = [reach]
    } else {
      own = try await addresses(endpoint).map(\.reach)
    }
    for reach in inner where reach == .reserved || !own.contains(reach) {
      throw refuse("it leads to \(Self.words(reach))")
    }
  }

  private static func words(_ reach: IPAddress.Reach) -> String {
    switch reach {
    case .public: "the internet"
    case .loopback: "this machine itself"
    case .private: "a private network"
    case .linkLocal: "a link-local address"
    case .reserved: "a reserved address"
    }
  }
}
