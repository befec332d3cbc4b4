/// Why a tokenizer could not be built; encoding and decoding never fail.
public enum TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file cannot be read.
  case unreadable(path: String, reason: String)
  /// A required field is absent; `field` is a GGUF key, a JSON path or the name of a file.
  case missing(field: String)
  /// A field has a value that cannot be right.
  case malformed(field: String, reason: String)
  /// A field asks for something that is not supported.
  case unsupported(field: String, value: String, supported: String)

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read the tokenizer file \(path): \(reason)"
    case .missing(let field): "the tokenizer lacks \(field); the model file is incomplete, fetch or convert it again"
    case .malformed(let field, let reason): "the tokenizer is malformed at \(field): \(reason)"
    case .unsupported(let field, let value, let supported):
      "the tokenizer needs \(field) = \(value), which is not supported (supported: \(supported))"
    }
  }
}
