import Hummingbird
import StoaFormats
import StoaTrust

extension Handlers {
  func addReceiptRoutes(to router: Router<ServerContext>) {
    router.get("/v1/receipts/:id") { _, context in
      let id = context.parameters.get("id") ?? ""
      guard let receipt = try await answerer.receipts?.storage.receipt(id: id, keyID: context.caller.keyID) else {
        throw APIError(
          .notFound, "there is no receipt '\(id.prefix(80))' of an answer to this key", field: "id",
          code: "receipt_not_found")
      }
      return Response.json(receipt.json)
    }
  }
}
