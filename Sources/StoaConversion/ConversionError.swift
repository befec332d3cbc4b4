package import StoaFormats
package import StoaModels
package import StoaTensor
package import StoaTokenizers

/// Why a model could not be converted or quantised.
///
/// `description` starts with the file or tensor, says what is wrong, and, on a second line, what to do about it.
package enum ConversionError: Error, Equatable, CustomStringConvertible {
  /// A file could not be read or written.
  case format(FormatError)
  /// The model is not one that can be run, or contradicts itself.
  case model(ModelError)
  /// The model's tokenizer could not be read.
  case tokenizer(TokenizerError)
  /// The input asks for something that cannot be had, or contradicts itself.
  case refused(path: String, problem: String, advice: String? = nil)
  /// The values of a tensor could not be turned into the wanted type.
  case tensor(name: String, problem: String)
  /// There is a file of the output's name already.
  case outputExists(path: String)
  /// The disk has no room for the result.
  case noSpace(path: String, needed: Int, available: Int)
  /// The system refused memory.
  case memory(MemoryError)
  /// The caller asked to stop.
  case cancelled

  package var description: String {
    switch self {
    case .format(let error): error.description
    case .model(let error): error.description
    case .tokenizer(let error): error.description
    case .refused(let path, let problem, let advice): "\(path): \(problem)" + (advice.map { "\n" + $0 } ?? "")
    case .tensor(let name, let problem): "tensor \(quoted(name)): \(problem)"
    case .outputExists(let path): "\(path): there is a file of this name already\npass --force to replace it"
    case .noSpace(let path, let needed, let available):
      "\(path): the result takes \(grouped(needed)) bytes, but only \(grouped(available)) are free on this disk\n"
        + "free some space, or write to another disk"
    case .memory(let error): error.description
    case .cancelled: "interrupted"
    }
  }
}

/// Runs `body` and turns its error into one of this module.
func converting<R: ~Copyable>(_ body: () throws(FormatError) -> R) throws(ConversionError) -> R {
  do throws(FormatError) { return try body() } catch { throw .format(error) }
}

/// The same for errors of models.
func describing<R: ~Copyable>(_ body: () throws(ModelError) -> R) throws(ConversionError) -> R {
  do throws(ModelError) { return try body() } catch { throw .model(error) }
}
