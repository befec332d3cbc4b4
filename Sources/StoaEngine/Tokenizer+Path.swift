import StoaFormats
public import StoaTokenizers

extension Tokenizer {
  /// Reads a tokenizer on its own, from a folder or from a file of whatever kind but tiktoken ranks; see `init(file:)`.
  public init(path: String) throws { try self.init(file: path) }

  /// Whether a folder holds a tokenizer that can be read.
  static func exists(inDirectory path: String) -> Bool {
    ["tokenizer.json", "tokenizer.model"].contains { StoaFormats.exists(path + "/" + $0) }
  }
}
