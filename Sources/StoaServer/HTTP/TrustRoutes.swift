import Dispatch
import HTTPTypes
import Hummingbird
import NIOCore
import StoaFormats
import StoaTrust

/// What a server tells clients about who vouches for its models.
extension Handlers {
  /// What is asked about a model after its name.
  enum TrustQuestion: String {
    case certificate, evidence, status
  }

  /// The model and the question of a path such as `NAME/status`; nil when it is the name of a model.
  func trustQuestion(_ path: String) async -> (name: String, question: TrustQuestion)? {
    guard let slash = path.lastIndex(of: "/"),
      let question = TrustQuestion(rawValue: String(path[path.index(after: slash)...])),
      (try? await answerer.models.find(path)) == nil
    else { return nil }
    return (String(path[..<slash]), question)
  }

  /// The answer to a question about a model, which is judged again if it is not in memory.
  func trust(_ name: String, _ question: TrustQuestion, _ context: ServerContext) async throws -> Response {
    let (name, _) = try await answerer.models.find(name)
    try answerer.check(context.caller, mayUse: name)
    guard let outcome = try await answerer.models.trust(name) else {
      throw APIError(.notFound, "this server does not look at signatures of models", code: "trust_policy_off")
    }
    switch question {
    case .status: return .json(outcome.status(name))
    case .evidence:
      return .json(["object": "list", "data": .array(try outcome.evidence())])
    case .certificate:
      guard let certificate = outcome.verdict.certificate else {
        throw APIError(.notFound, "the model '\(name)' has no certificate", code: "no_certificate")
      }
      let chain = certificate.path.chain.map(\.pem).joined()
      return Response.text(chain, type: "application/pem-certificate-chain")
    }
  }

  /// A response with what was decided about the model whose vectors it holds, and which was in memory a moment ago.
  func vouched(_ response: Response, by name: String) async -> Response {
    let resident = await answerer.models.residents().first { $0.model.name == name }
    guard let trust = resident?.model.trust else { return response }
    var response = response
    response.headers.add(trust)
    return response
  }

  /// `/.well-known/ai-safety`: what was decided about the models in memory.
  func safety(_ context: ServerContext) async -> Response {
    let residents = await answerer.models.residents()
      .filter { resident in context.caller.allowedModels?.contains(resident.model.name) ?? true }
    let models = residents.compactMap { resident in resident.model.trust?.status(resident.model.name) }
    return .json(["version": 1, "models": .array(models)])
  }
}

extension ModelTrust.Outcome {
  /// The verdict and what it is about.
  func status(_ name: String) -> JSONValue {
    var object = verdict.json.objectValue ?? JSONObject()
    object["model"] = .string(name)
    object["digest"] = digest.map { .string($0) } ?? .null
    return .object(object)
  }

  private static let maximumEvidence = 64

  /// The statements beside the model, as they were signed.
  fileprivate func evidence() throws -> [JSONValue] {
    try EvidenceFile.paths(besides: findings.folder).prefix(Self.maximumEvidence).map { try JSONValue(path: $0) }
  }
}

extension HTTPFields {
  /// Says which bytes answer, and who vouches for them.
  mutating func add(_ trust: ModelTrust.Outcome) {
    self[.modelDigest] = trust.digest
    self[.safetyStatus] = trust.verdict.status.rawValue
    self[.safetyCertificate] = trust.verdict.certificate.map { "sha256:" + Hex.encode($0.leaf.fingerprint) }
  }
}

extension HTTPField.Name {
  fileprivate static var modelDigest: HTTPField.Name { HTTPField.Name("AI-Model-Digest") ?? .eTag }
  static var safetyStatus: HTTPField.Name { HTTPField.Name("AI-Safety-Status") ?? .eTag }
  fileprivate static var safetyCertificate: HTTPField.Name { HTTPField.Name("AI-Safety-Certificate") ?? .eTag }
}
