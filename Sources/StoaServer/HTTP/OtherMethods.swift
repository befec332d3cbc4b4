import HTTPTypes
import Hummingbird

extension Router {
  /// Answers 405 to the methods that the paths of the router do not have (RFC 9110, section 15.5.6); call it last.
  func refuseOtherMethods() {
    var paths: [String: (path: RouterPath, methods: [HTTPRequest.Method])] = [:]
    for route in routes { paths[route.path.description, default: (route.path, [])].methods.append(route.method) }
    for (path, var methods) in paths.values {
      if methods.contains(.get) { methods.append(.head) }
      let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
      let query = [HTTPRequest.Method("QUERY")].compactMap(\.self)
      let all = [.get, .head, .post, .put, .patch, .delete, .options, .trace] + query
      for method in all where !methods.contains(method) {
        on(path, method: method) { _, _ -> Response in
          throw HTTPError(
            .methodNotAllowed, headers: [.allow: allowed],
            message: "this path has no \(method.rawValue), but \(allowed)")
        }
      }
    }
  }
}
