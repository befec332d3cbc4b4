/// Why a model file could not be read or written.
///
/// `description` starts with the path, says what is wrong and where, and, on a second line, what to do about it.
public enum FormatError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The operating system refused `operation` (a verb such as `open`) with the error number `code`.
  case system(path: String, operation: String, code: Int32)
  /// The bytes contradict the format.
  case malformed(path: String, problem: String, advice: String? = nil)
  /// The file ends before what it announces.
  case incomplete(path: String, problem: String)
  /// The file is of another kind, or uses a feature that is not supported.
  case unsupported(path: String, problem: String, advice: String? = nil)
  /// The file was replaced, cut or rewritten while it was being read.
  case changed(path: String)
  /// The file is not valid JSON.
  case json(path: String, JSONError)
  /// A tensor's contents could not be produced while a file was being written.
  case source(path: String, problem: String)

  /// The path, the problem and the advice, in one or two lines.
  public var description: String {
    switch self {
    case .system(let path, let operation, let code):
      "\(path): cannot \(operation): \(systemMessage(code))"
    case .malformed(let path, let problem, let advice), .unsupported(let path, let problem, let advice):
      "\(path): \(problem)" + (advice.map { "\n" + $0 } ?? "")
    case .incomplete(let path, let problem):
      "\(path): \(problem)\nthe download is probably incomplete: fetch the file again"
    case .changed(let path):
      "\(path): the file changed while it was being read\ntry again when nothing writes to it"
    case .json(let path, let error):
      "\(path):\(error)"
    case .source(let path, let problem):
      "\(path): \(problem)"
    }
  }
}

/// `text` in quotes for a message: control characters, which could drive a terminal, are escaped; long text is cut.
package func quoted(_ text: String) -> String {
  var result = "\""
  var characters = 0
  for scalar in text.unicodeScalars {
    if characters == 96 { return result + "…\"" }
    characters += 1
    switch scalar {
    case "\"", "\\": result += "\\" + String(scalar)
    default:
      let isSafe: Bool
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: isSafe = false
      default: isSafe = true
      }
      result += isSafe ? String(scalar) : "\\u{" + String(scalar.value, radix: 16) + "}"
    }
  }
  return result + "\""
}

/// `number` in decimal with a comma between groups of three digits.
package func grouped(_ number: some BinaryInteger) -> String {
  let digits = Array(String(number.magnitude))
  var result = number < 0 ? "-" : ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
    result.append(digit)
  }
  return result
}
