import StoaFormats

/// What was answered to what, by which weights and how: whoever has them can compute the answer again and compare.
public struct Receipt: Sendable, Equatable {
  /// The media type of receipts in an envelope.
  public static let payloadType = "application/vnd.stoa.receipt+json"
  /// The arithmetic that decides every bit of an answer; see `docs/CANONICAL.md`.
  public static let arithmeticProfile = "stoa-cpu-1"

  /// The weights and what belongs to them.
  public struct Model: Sendable, Equatable {
    /// What the server calls the model.
    public var name: String
    /// The root digest over its files, as its signature has it.
    public var digest: MerkleHash
    /// SHA-256 of the chat template's text; nil when there is none.
    public var template: MerkleHash?
    /// The root digest of an adapter; nil when there is none.
    public var adapter: MerkleHash?
    /// SHA-256 of the guard pack; nil when there is none.
    public var guardPack: MerkleHash?

    /// The weights and what belongs to them.
    public init(
      name: String, digest: MerkleHash, template: MerkleHash?, adapter: MerkleHash? = nil, guardPack: MerkleHash? = nil
    ) {
      self.name = name
      self.digest = digest
      self.template = template
      self.adapter = adapter
      self.guardPack = guardPack
    }
  }

  /// What computed.
  public struct Engine: Sendable, Equatable {
    /// The program's version.
    public var version: String
    /// The arithmetic; answers compare only within one.
    public var profile: String
    /// Positions of context.
    public var context: Int
    /// The element type of cached keys and values.
    public var cacheType: String

    /// What computed.
    public init(version: String, profile: String = Receipt.arithmeticProfile, context: Int, cacheType: String) {
      self.version = version
      self.profile = profile
      self.context = context
      self.cacheType = cacheType
    }
  }

  /// The receipt's identifier.
  public var id: String
  /// The interface that was asked, which tells how to read the request: `openai.chat`, `cli`, …
  public var api: String
  /// When the answer was complete, in RFC 3339.
  public var time: String
  /// The weights.
  public var model: Model
  /// The program.
  public var engine: Engine
  /// How tokens were chosen.
  public var parameters: ReceiptParameters
  /// What the answer had to look like, as a salted hash of its description; nil for anything.
  public var constraint: ReceiptTokens?
  /// The prompt.
  public var prompt: ReceiptTokens
  /// The answer, without the token that ended it.
  public var answer: ReceiptTokens
  /// Why the answer ended: `stop` or `length`; `content_filter` when a rail ended it after these tokens.
  public var finish: String
  /// The severest action of the rails that request and answer passed, such as `redact`; nil without rails.
  public var verdict: String?
  /// The digest of the rails that the answer was led around (`avoid` in a guard pack): whoever computes it again needs
  /// the pack. Nil when there were none.
  public var avoids: MerkleHash?

  /// How an answer ends that a rail ended.
  public static let cutFinish = "content_filter"

  /// A receipt.
  public init(
    id: String, api: String, time: String, model: Model, engine: Engine, parameters: ReceiptParameters,
    constraint: ReceiptTokens?,
    prompt: ReceiptTokens, answer: ReceiptTokens, finish: String, verdict: String? = nil,
    avoids: MerkleHash? = nil
  ) {
    self.id = id
    self.api = api
    self.time = time
    self.model = model
    self.engine = engine
    self.parameters = parameters
    self.constraint = constraint
    self.prompt = prompt
    self.answer = answer
    self.finish = finish
    self.verdict = verdict
    self.avoids = avoids
  }

  /// The description of a constraint as a salted hash: of its bytes, each as a token.
  public static func constraint(_ description: String) -> ReceiptTokens {
    .hashing(description.utf8.map { Int32($0) })
  }
}

// MARK: Signing

/// A receipt and who signed it.
public struct SignedReceipt: Sendable, Equatable {
  /// What was signed.
  public let receipt: Receipt
  /// The key, which the receipt itself names: that it belongs to whom one trusts is for the reader to know.
  public let signer: VerificationKey
  /// The envelope.
  public let envelope: DSSEEnvelope

  /// How a receipt fails.
  public enum Failure: Error, Equatable, Sendable {
    /// It cannot be read.
    case malformed(TrustError)
    /// Its signature is not of the key it names: it was altered.
    case invalidSignature
  }

  /// Signs a receipt; its payload names the key.
  public init(_ receipt: Receipt, by key: SigningKey) throws(TrustError) {
    var object = receipt.json
    object["signer"] = .string(Base64.encode(key.publicKey.der))
    let payload: [UInt8]
    do {
      payload = try CanonicalJSON.encode(.object(object))
    } catch {
      throw .malformed(source: "the receipt", problem: error.description)
    }
    self.receipt = receipt
    signer = key.publicKey
    envelope = try DSSEEnvelope(
      signing: payload, type: Receipt.payloadType, with: key, keyID: key.publicKey.fingerprint)
  }

  /// Reads a receipt and checks its signature; `source` names it in messages.
  public init(parsing bytes: [UInt8], source: String) throws(Failure) {
    do throws(TrustError) {
      envelope = try DSSEEnvelope(parsing: bytes, source: source)
      guard envelope.payloadType == Receipt.payloadType else {
        throw .unsupported(source: source, problem: "the envelope holds \(quoted(envelope.payloadType)), no receipt")
      }
      guard let json = CanonicalJSON.decode(envelope.payload) else {
        throw .malformed(source: source, problem: "the receipt is not in canonical form (RFC 8785)")
      }
      let fields = try JSONFields(json, source: source)
      receipt = try Receipt(fields)
      signer = try VerificationKey(der: try fields.bytes("signer"), source: source)
    } catch {
      throw .malformed(error)
    }
    guard envelope.isSigned(by: signer) else { throw .invalidSignature }
  }

  /// What the journal says about a receipt.
  public var event: JournalEvent {
    JournalEvent(
      .receipt,
      [
        "id": .string(receipt.id), "model": .string(receipt.model.digest.hex),
        "sha256": .string(MerkleHash(of: envelope.payload).hex), "signer": .string(signer.fingerprint),
      ])
  }
}

// MARK: Replay

/// An answer that was computed again.
public struct ReceiptReplay: Sendable {
  /// The root digest of the model's files.
  public var digest: MerkleHash
  /// SHA-256 of the chat template's text.
  public var template: MerkleHash?
  /// The arithmetic.
  public var profile: String
  /// How tokens were chosen by the request; nil when there was none to compare with.
  public var parameters: ReceiptParameters?
  /// The prompt.
  public var prompt: [Int32]
  /// What the answer had to look like; nil for anything.
  public var constraint: String?
  /// The answer.
  public var answer: [Int32]
  /// Why it ended.
  public var finish: String

  /// An answer that was computed again.
  public init(
    digest: MerkleHash, template: MerkleHash?, profile: String = Receipt.arithmeticProfile,
    parameters: ReceiptParameters?, prompt: [Int32], constraint: String?, answer: [Int32], finish: String
  ) {
    self.digest = digest
    self.template = template
    self.profile = profile
    self.parameters = parameters
    self.prompt = prompt
    self.constraint = constraint
    self.answer = answer
    self.finish = finish
  }
}

extension Receipt {
  /// Where a replay first differs: in what was computed with, then in the prompt, then token by token.
  public func firstDifference(from replay: ReceiptReplay) -> ReceiptDifference? {
    func text(_ hash: MerkleHash?) -> JSONValue { hash.map { .string($0.hex) } ?? .null }
    if engine.profile != replay.profile {
      return ReceiptDifference(
        field: "engine.profile", receipt: .string(engine.profile), replay: .string(replay.profile))
    }
    if let difference = prompt.firstDifference(from: replay.prompt, field: "prompt") { return difference }
    if let difference = replay.parameters.flatMap({ parameters.firstDifference(from: $0) }) { return difference }
    if constraint == nil, replay.constraint != nil {
      return ReceiptDifference(field: "constraint", receipt: .null, replay: true)
    }
    if let constraint {
      let found = replay.constraint.map { $0.utf8.map { Int32($0) } }
      guard let found else { return ReceiptDifference(field: "constraint", receipt: true, replay: .null) }
      if let difference = constraint.firstDifference(from: found, field: "constraint") { return difference }
    }
    if let difference = answer.firstDifference(from: replay.answer, field: "answer") { return difference }
    if finish != replay.finish {
      return ReceiptDifference(field: "finish", receipt: .string(finish), replay: .string(replay.finish))
    }
    // Last, for other bytes that give the same answer are the lesser finding.
    if model.digest != replay.digest {
      return ReceiptDifference(field: "model.digest", receipt: text(model.digest), replay: text(replay.digest))
    }
    if model.template != replay.template {
      return ReceiptDifference(field: "model.template", receipt: text(model.template), replay: text(replay.template))
    }
    return nil
  }
}

// MARK: JSON

extension Receipt {
  init(_ fields: JSONFields) throws(TrustError) {
    try fields.allowOnly(
      "version", "id", "api", "time", "model", "engine", "parameters", "constraint", "prompt", "answer", "finish",
      "verdict", "avoids", "signer")
    guard try fields.count("version") == 1 else {
      throw fields.malformed("version", "is not 1, the only one that is read")
    }
    id = try fields.text("id")
    api = try fields.text("api")
    time = try fields.text("time")
    let model = try fields.fields("model")
    try model.allowOnly("name", "digest", "template", "adapter", "guard")
    self.model = Model(
      name: try model.text("name"), digest: try model.hash("digest"), template: try model.optionalHash("template"),
      adapter: try model.optionalHash("adapter"), guardPack: try model.optionalHash("guard"))
    let engine = try fields.fields("engine")
    try engine.allowOnly("version", "profile", "context", "cache_type")
    self.engine = Engine(
      version: try engine.text("version"), profile: try engine.text("profile"),
      context: try engine.count("context", from: 1), cacheType: try engine.text("cache_type"))
    parameters = try ReceiptParameters(fields.fields("parameters"))
    constraint = try fields.optionalFields("constraint").map { (fields) throws(TrustError) in try ReceiptTokens(fields)
    }
    prompt = try ReceiptTokens(fields.fields("prompt"))
    answer = try ReceiptTokens(fields.fields("answer"))
    finish = try fields.text("finish")
    verdict = fields.value("verdict") == nil ? nil : try fields.text("verdict")
    avoids = try fields.optionalHash("avoids")
  }

  var json: JSONObject {
    var model: JSONObject = ["name": .string(self.model.name), "digest": .string(self.model.digest.hex)]
    model["template"] = self.model.template.map { .string($0.hex) }
    model["adapter"] = self.model.adapter.map { .string($0.hex) }
    model["guard"] = self.model.guardPack.map { .string($0.hex) }
    var object: JSONObject = [
      "version": 1, "id": .string(id), "api": .string(api), "time": .string(time), "model": .object(model),
      "engine": [
        "version": .string(engine.version), "profile": .string(engine.profile), "context": .int(engine.context),
        "cache_type": .string(engine.cacheType),
      ],
      "parameters": parameters.json, "prompt": prompt.json, "answer": answer.json, "finish": .string(finish),
    ]
    object["constraint"] = constraint?.json
    object["verdict"] = verdict.map { .string($0) }
    object["avoids"] = avoids.map { .string($0.hex) }
    return object
  }
}

extension JSONFields {
  fileprivate func optionalHash(_ key: String) throws(TrustError) -> MerkleHash? {
    value(key) == nil ? nil : try hash(key)
  }
}
