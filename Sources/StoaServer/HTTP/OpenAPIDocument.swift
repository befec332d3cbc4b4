import StoaFormats

/// The description of all routes that `/openapi.json` gives (OpenAPI 3.1).
enum OpenAPIDocument {
  static let value: JSONValue = [
    "openapi": "3.1.0", "info": ["title": "Stoa", "version": "0.1"], "paths": [:],
  ]
}
