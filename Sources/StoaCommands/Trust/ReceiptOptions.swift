import ArgumentParser
import Foundation
import StoaEngine
import StoaFormats
import StoaHub
import StoaServer
import StoaTrust

/// The receipt that `stoa run` writes about its answer.
struct ReceiptOptions: ParsableArguments {
  @Option(
    name: .customLong("receipt"),
    help: ArgumentHelp("Write a signed receipt, by which others can compute the answer again.", valueName: "file"),
    completion: .file())
  var path: String?
  @Option(help: ArgumentHelp("The private key in PEM that signs it.", valueName: "file"), completion: .file())
  var receiptKey: String?

  var isWanted: Bool { path != nil }

  func validate() throws {
    if (path == nil) != (receiptKey == nil) { throw ValidationError("--receipt and --receipt-key belong together") }
  }

  /// A receipt is about one answer.
  func refuseInChat() throws(CommandFailure) {
    if isWanted {
      throw .usage("--receipt is for a single answer, not for a chat", advice: "give a prompt as an argument")
    }
  }

  /// The key, loaded before the model.
  func key() throws -> SigningKey? { try StatementKey.load(receiptKey) }

  func write(
    _ prompt: [Int32], _ result: GenerationResult, _ options: GenerationOptions, _ loaded: LoadedModel,
    rails: RequestGuard?, key: SigningKey
  ) throws {
    guard let path else { return }
    let folder = try SignedModel.folder(of: loaded.location)
    let root = try SignedModel.hashing { try $0.manifest(of: folder) }.rootDigest
    guard let digest = MerkleHash(root) else { return }
    var options = options
    options.sampling.seed = result.seed
    var record = AnswerRecord(
      id: UUID().uuidString.lowercased(), api: "cli",
      model: Receipt.Model(loaded.model, name: loaded.location.name, digest: digest), prompt: prompt, options: options,
      constraint: nil, answer: result.tokens,
      finish: result.finishReason == .cancelled ? Receipt.cutFinish : result.finishReason.rawValue)
    if let rails { record.note(rails) }
    let receipt = record.receipt(by: loaded.model, version: StoaVersion.current, showsTokens: true, at: Date())
    let envelope = try SignedReceipt(receipt, by: key).envelope
    try writeBytes(Array(envelope.json.text().utf8), to: path)
  }
}
