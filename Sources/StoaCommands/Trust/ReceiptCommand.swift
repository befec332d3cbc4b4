import ArgumentParser
import Foundation
import StoaFormats
import StoaHub
import StoaServer
import StoaTerminal
import StoaTrust

struct ReceiptCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "receipt", abstract: "Check the receipt of an answer, also by computing the answer again.",
    subcommands: [Verify.self])
}

extension ReceiptCommand {
  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a receipt's signature, and whether the model really answers so.",
      discussion: """
        A receipt names its own key: --key says which it must be, otherwise compare the fingerprint. With --replay the \
        answer is computed again, on any processor and number of threads, and compared token by token. A receipt with \
        hashes needs the body of the request too, one of an answer that rails with avoid led its pack. Exit status 3 when the receipt does not hold.

        Examples:
          stoa receipt verify receipt.json --key server.pub
          stoa receipt verify receipt.json --replay model.gguf --request request.json
          stoa receipt verify receipt.json --replay model.gguf --guard packs/bank
        """)

    @Argument(help: "The receipt.", completion: .file()) var file: String
    @Option(
      help: ArgumentHelp("The public key or certificate in PEM that must have signed.", valueName: "file"),
      completion: .file())
    var key: String?
    @Option(help: ArgumentHelp("The model to compute the answer with again.", valueName: "model")) var replay: String?
    @Option(help: ArgumentHelp("The body of the request, as it was sent.", valueName: "file"), completion: .file())
    var request: String?
    @Option(
      name: .customLong("guard"),
      help: ArgumentHelp("The pack whose rails the answer was led around, as it was then.", valueName: "pack"))
    var pack: String?
    @OptionGroup var threads: ThreadsOption
    @OptionGroup var output: JSONOption

    func validate() throws {
      if request != nil, replay == nil { throw ValidationError("--request needs --replay") }
      if pack != nil, replay == nil { throw ValidationError("--guard needs --replay") }
    }

    func run() throws {
      let key = try key.map { try VerificationKey(pemFile: $0) }
      let bytes = try readBytes(file)
      let signed: SignedReceipt
      do throws(SignedReceipt.Failure) {
        signed = try SignedReceipt(parsing: bytes, source: file)
      } catch {
        switch error {
        case .malformed(let problem): return try refuse("malformed", problem.description)
        case .invalidSignature:
          return try refuse("invalid", "the receipt was altered, or not signed by the key it names")
        }
      }
      if let key, key != signed.signer {
        return try refuse("wrong-key", "the receipt is signed by another key, \(signed.signer.fingerprint)")
      }
      let difference = try replay.map { try compare(signed.receipt, with: $0) }
      try report(signed, isPinned: key != nil, difference)
      if let found = difference ?? nil {
        let place = found.index.map { " at \($0)" } ?? ""
        throw CommandFailure(
          message: "the replay differs in \(found.field)\(place)",
          advice: "receipt: \(found.receipt.text()), replay: \(found.replay.text())", status: .refused)
      }
    }

    /// The first difference of a replay; nil when there is none.
    private func compare(_ receipt: Receipt, with model: String) throws -> ReceiptDifference? {
      if receipt.engine.profile != Receipt.arithmeticProfile {
        return ReceiptDifference(
          field: "engine.profile", receipt: .string(receipt.engine.profile), replay: .string(Receipt.arithmeticProfile))
      }
      let body = try request.map { path in
        let value = try JSONValue(path: path, maximumByteCount: 256 << 20)
        guard let object = value.objectValue else {
          throw CommandFailure(message: "\(path): the body of a request is a JSON object, not \(value.kindName)")
        }
        return object
      }
      let rails = try pack.map { try loadRails($0).current }
      var target = ModelArgument()
      target.model = model
      let location = try target.resolve()
      let folder = try SignedModel.folder(of: location)
      let root = try SignedModel.hashing { try $0.manifest(of: folder) }.rootDigest
      guard let digest = MerkleHash(root) else { return nil }
      let bar = ProgressBar("computing the answer again", unit: .fraction)
      defer { bar.finish() }
      let replay = try AnswerReplay(location, digest: digest, for: receipt, threads: threads.threads)
      do {
        let answer = try Interrupts.listen {
          try replay.run(receipt, request: body, pack: rails, isCancelled: { Interrupts.requested })
        }
        return receipt.firstDifference(from: answer)
      } catch is CancellationError {
        throw Interrupted()
      }
    }

    private func report(_ signed: SignedReceipt, isPinned: Bool, _ difference: ReceiptDifference??) throws {
      let receipt = signed.receipt
      let outcome =
        switch difference {
        case nil: "not-run"
        case .some(nil): "identical"
        case .some(.some): "different"
        }
      if output.json {
        return try JSONValue.object([
          "signature": "ok", "signer": .string(signed.signer.fingerprint), "key_given": .bool(isPinned),
          "replay": .string(outcome), "first_difference": (difference ?? nil)?.json ?? .null,
          "receipt": .object([
            "id": .string(receipt.id), "time": .string(receipt.time), "model": .string(receipt.model.name),
            "digest": .string(receipt.model.digest.hex), "prompt_tokens": .int(receipt.prompt.count),
            "completion_tokens": .int(receipt.answer.count), "seed": .string(String(receipt.parameters.seed)),
            "finish": .string(receipt.finish), "verdict": receipt.verdict.map { .string($0) } ?? .null,
          ]),
        ]).print()
      }
      try Output.write(
        "signature ok, key \(signed.signer.fingerprint)\(isPinned ? "" : " (is it the one you trust?)")\n"
          + "replay \(outcome)\n")
    }

    /// Reports a signature that does not hold.
    private func refuse(_ signature: String, _ why: String) throws {
      if output.json {
        try JSONValue.object([
          "signature": .string(signature), "why": .string(why), "replay": "not-run", "first_difference": .null,
        ]).print()
      }
      throw CommandFailure(message: why, status: .refused)
    }
  }
}
