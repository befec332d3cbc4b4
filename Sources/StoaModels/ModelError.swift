import StoaFormats
public import StoaTensor

/// Why a model cannot be loaded or run.
public enum ModelError: Error, Equatable, Sendable, CustomStringConvertible {
  case unsupportedArchitecture(path: String, name: String)
  case unsupportedFeature(path: String, what: String)
  case unsupportedType(path: String, tensor: String, type: ElementType)
  case missingKey(path: String, key: String)
  case missingTensor(path: String, name: String)
  case wrongShape(path: String, tensor: String, shape: [Int], expected: [Int])
  case impossible(path: String, problem: String)
  case outOfMemory(MemoryError)
  case tokenOutOfRange(Int32, vocabularySize: Int)
  case contextFull(capacity: Int, needed: Int)
  /// The budget for keys and values is used up.
  case noFreePage
  case cancelled

  /// What is wrong, and what to do.
  public var description: String {
    switch self {
    case .unsupportedArchitecture(let path, let name):
      """
      \(path): models of the architecture \(quoted(name)) are not supported
      supported: \((DecoderFamily.supported + EncoderConfiguration.names).sorted().joined(separator: ", "))
      """
    case .unsupportedFeature(let path, let what):
      "\(path): the model needs \(what), which is not supported yet"
    case .unsupportedType(let path, let tensor, let type):
      """
      \(path): tensor \(quoted(tensor)) is of the type \(type.name), which cannot be computed with yet
      use a file in one of \(ElementType.computable.map(\.name).joined(separator: ", "))
      """
    case .missingKey(let path, let key): "\(path): the key \(quoted(key)) is missing or of another type"
    case .missingTensor(let path, let name): "\(path): the tensor \(quoted(name)) is missing"
    case .wrongShape(let path, let tensor, let shape, let expected):
      "\(path): tensor \(quoted(tensor)) has the shape \(shape), but the configuration needs \(expected)"
    case .impossible(let path, let problem): path.isEmpty ? problem : "\(path): \(problem)"
    case .outOfMemory(let error): error.description
    case .tokenOutOfRange(let token, let size):
      "token \(token) is outside the vocabulary of \(grouped(size)) tokens"
    case .contextFull(let capacity, let needed):
      "\(grouped(needed)) tokens do not fit the context of \(grouped(capacity))"
    case .noFreePage: "the memory for keys and values is used up\nallow more with --kv-memory, or answer fewer at once"
    case .cancelled: "cancelled"
    }
  }
}
