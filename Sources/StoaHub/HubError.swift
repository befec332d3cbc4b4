import StoaFormats

/// Why something could not be done with the local library.
///
/// `description` says what is wrong, and on a second line, what to do about it.
public enum HubError: Error, Equatable, Sendable, CustomStringConvertible {
  /// No path and no library entry fits the reference.
  case notFound(reference: String, suggestions: [String])
  /// The reference is only the start of one or more names.
  case incompleteName(reference: String, candidates: [String])
  /// A folder that holds no model.
  case notAModel(path: String, problem: String, advice: String)
  /// A part of a split model is not there.
  case missingShard(path: String, missing: String)
  /// A name that the library does not take.
  case invalidName(name: String, problem: String)
  /// The library has a model of that name.
  case exists(name: String)
  /// The bundled model cannot be removed or replaced.
  case primerIsFixed
  /// The bundled model was not found.
  case primerMissing(searched: [String])
  /// The disk is too small for a copy.
  case noSpace(path: String, needed: Int, available: Int)
  /// The operating system refused something.
  case system(path: String, operation: String, problem: String)
  /// A file changed while it was read.
  case changed(path: String)
  /// The user stopped it.
  case cancelled

  /// What is wrong, and what to do, in one or two lines.
  public var description: String {
    switch self {
    case .notFound(let reference, let suggestions):
      let meant = suggestions.isEmpty ? "" : "; did you mean \(joined(suggestions))?"
      return "no model named \(shown(reference))\(meant)\nstoa list shows what there is; a path to a .gguf file or a "
        + "safetensors folder works too"
    case .incompleteName(let reference, let candidates):
      return "\(shown(reference)) is not the full name of a model\nit could be \(joined(candidates))"
    case .notAModel(let path, let problem, let advice):
      return "\(shown(path)): \(problem)\n\(advice)"
    case .missingShard(let path, let missing):
      return "\(shown(path)): \(shown(missing)) is missing beside it\nput all parts of the split model in one folder"
    case .invalidName(let name, let problem):
      return "\(shown(name)) cannot be the name of a model: \(problem)\nchoose another one with --name"
    case .exists(let name):
      return "the library already has a model named \(shown(name))\nchoose another name with --name, or remove it "
        + "first: stoa rm \(shown(name))"
    case .primerIsFixed:
      return "primer is the bundled model and is always there\nchoose another name"
    case .primerMissing(let searched):
      return "the bundled model was not found\nset STOA_PRIMER to the path of primer-q8_0.gguf; it is not at "
        + joined(searched)
    case .noSpace(let path, let needed, let available):
      return
        "\(shown(path)): a copy needs \(grouped(needed)) bytes, and \(grouped(available)) are free\nmake room, or set STOA_HOME to a "
        + "folder on the disk where the model is: then it is linked, not copied"
    case .system(let path, let operation, let problem):
      return "\(shown(path)): cannot \(operation): \(problem)"
    case .changed(let path):
      return "\(shown(path)): the file changed while it was being read\ntry again when nothing writes to it"
    case .cancelled:
      return "interrupted"
    }
  }

  private func joined(_ names: [String]) -> String { names.map(shown).joined(separator: ", ") }
}

/// Text for a message, control characters made harmless: names come from disks and archives of strangers.
func shown(_ text: String) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: result.append("\u{FFFD}")
    default: result.append(scalar)
    }
  }
  return String(result)
}
