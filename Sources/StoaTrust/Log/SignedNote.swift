/// A text with signatures under it (C2SP signed-note).
///
/// Nothing of the text may be believed before `verify` has said whose it is.
public struct SignedNote: Sendable, Equatable {
  /// A signature line: `— NAME BASE64`.
  public struct Signature: Sendable, Equatable {
    /// The name of the key.
    public let name: String
    /// The identifier of the key.
    public let id: UInt32
    /// What the key made.
    public let bytes: [UInt8]
  }

  /// A cosignature that was checked, and when its witness says it was made.
  public struct Cosignature: Sendable, Equatable {
    /// The witness.
    public let name: String
    /// Seconds since 1970.
    public let time: Int
  }

  /// The text, which ends in a newline.
  public let text: String
  /// The signatures in their order.
  public private(set) var signatures: [Signature]

  /// Larger notes are refused.
  public static let maximumByteCount = 1 << 20
  /// Notes with more signatures are refused.
  public static let maximumSignatures = 64

  private static let mark = "— "

  /// A text without signatures.
  init(text: String) throws(LogError) {
    guard text.hasSuffix("\n"), Self.isText(text) else {
      throw Self.malformed("its text must end in a newline and have no control characters")
    }
    self.text = text
    signatures = []
  }

  /// Reads a note with at least one signature.
  public init(parsing bytes: [UInt8]) throws(LogError) {
    guard bytes.count <= Self.maximumByteCount else {
      throw Self.malformed("\(bytes.count) bytes are more than \(Self.maximumByteCount)")
    }
    guard let note = String(validating: bytes, as: UTF8.self), Self.isText(note) else {
      throw Self.malformed("it is not UTF-8 without control characters")
    }
    // The text and the signatures are separated by the last empty line.
    let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.last == "", let gap = lines.dropLast().lastIndex(of: ""), gap > 0 else {
      throw Self.malformed("there is no empty line between text and signatures")
    }
    let rows = lines[(gap + 1)..<(lines.count - 1)]
    guard !rows.isEmpty, rows.count <= Self.maximumSignatures else {
      throw Self.malformed("\(rows.count) signatures; 1 to \(Self.maximumSignatures) are taken")
    }
    text = lines[..<gap].joined(separator: "\n") + "\n"
    signatures = []
    for (index, row) in rows.enumerated() {
      guard let signature = Self.signature(row) else {
        throw Self.malformed("line \(gap + 2 + index) is not a signature: — NAME BASE64")
      }
      signatures.append(signature)
    }
  }

  private static func signature(_ row: Substring) -> Signature? {
    guard row.unicodeScalars.starts(with: mark.unicodeScalars) else { return nil }
    let fields = String(row.unicodeScalars.dropFirst(mark.unicodeScalars.count))
      .split(separator: " ", omittingEmptySubsequences: false)
    guard fields.count == 2, NoteVerifier.isName(fields[0]), let bytes = Base64.strict(fields[1]), bytes.count > 4
    else {
      return nil
    }
    return Signature(
      name: String(fields[0]), id: NoteVerifier.number(bytes.prefix(4)), bytes: Array(bytes.dropFirst(4)))
  }

  private static func isText(_ text: String) -> Bool { !text.utf8.contains { $0 < 0x20 && $0 != 0x0A } }

  private static func malformed(_ problem: String) -> LogError { .malformed(what: "the signed note", problem: problem) }

  /// The note as it is stored.
  public var encoded: String {
    text + "\n"
      + signatures.map { signature in
        Self.mark + signature.name + " " + Base64.encode(NoteVerifier.bytes(signature.id) + signature.bytes) + "\n"
      }.joined()
  }

  /// Adds a signature of the key's type; a cosignature says `time`, in seconds since 1970.
  public mutating func sign(_ signer: NoteSigner, time: Int = 0) throws(LogError) {
    var bytes: [UInt8]
    switch signer.verifier.type {
    case .ed25519: bytes = try signer.signature(over: Array(text.utf8))
    case .cosignature:
      bytes = (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * $0)) }
      bytes += try signer.signature(over: Self.cosigned(text, time: time))
    }
    signatures.append(Signature(name: signer.verifier.name, id: signer.verifier.id, bytes: bytes))
  }

  /// What a witness signs.
  private static func cosigned(_ text: String, time: Int) -> [UInt8] {
    Array("cosignature/v1\ntime \(time)\n\(text)".utf8)
  }

  /// Throws unless the key has signed the note; other signatures are not looked at.
  public func verify(_ key: NoteVerifier) throws(LogError) {
    let own = signatures.filter { $0.name == key.name && $0.id == key.id }
    guard !own.isEmpty else { throw .notSigned(what: "the signed note", by: key.name) }
    for signature in own where !key.isValid(signature.bytes, over: Array(text.utf8)) {
      throw .badSignature(what: "the signed note", by: key.name)
    }
  }

  /// The cosignatures of known witnesses, one for each; a wrong one is an error, those of strangers are ignored.
  public func cosignatures(of witnesses: [NoteVerifier]) throws(LogError) -> [Cosignature] {
    var found: [Cosignature] = []
    for witness in witnesses where witness.type == .cosignature {
      let own = signatures.filter { $0.name == witness.name && $0.id == witness.id }
      for signature in own {
        let time = signature.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard signature.bytes.count > 8, let time = Int(exactly: time),
          witness.isValid(Array(signature.bytes.dropFirst(8)), over: Self.cosigned(text, time: time))
        else { throw .badSignature(what: "the checkpoint", by: witness.name) }
        if found.last?.name != witness.name { found.append(Cosignature(name: witness.name, time: time)) }
      }
    }
    return found
  }
}
