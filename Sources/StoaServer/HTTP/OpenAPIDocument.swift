import Hummingbird
import NIOCore

/// The description of all routes that `/openapi.json` gives (OpenAPI 3.1).
enum OpenAPIDocument {
  static var response: Response {
    Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_json)))
  }
}
