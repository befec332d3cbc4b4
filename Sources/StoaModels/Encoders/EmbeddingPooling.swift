import StoaFormats

/// How the vectors of a text's tokens become one.
///
/// Reads what sentence-transformers writes beside a model (`modules.json`, `1_Pooling/config.json`) and GGUF's
/// `pooling_type`; a model that says nothing gets the mean, scaled to length 1.
public struct EmbeddingPooling: Sendable, Equatable {
  /// Which tokens count.
  public enum Kind: String, Sendable, CaseIterable {
    /// The mean of all.
    case mean
    /// The first, which stands for the text in models that were trained so.
    case cls
    /// The last.
    case last

    /// GGUF's `pooling_type`. Source: llama.cpp, `include/llama.h`, `llama_pooling_type`.
    package var number: UInt32 {
      switch self {
      case .mean: 1
      case .cls: 2
      case .last: 3
      }
    }
  }

  /// Which tokens count.
  public var kind = Kind.mean
  /// Whether vectors are scaled to length 1.
  public var isNormalized = true

  /// The mean, scaled to length 1.
  public init() {}

  /// The key that `stoa convert` writes for vectors that keep their length; llama.cpp has none for it.
  package static let lengthKey = "keeps_embedding_length"

  init(gguf metadata: GGUFMetadata, prefix: String, path: String) throws(ModelError) {
    if let number = metadata.int(prefix + "pooling_type"), number != 0 {
      guard let kind = Kind.allCases.first(where: { Int($0.number) == number }) else {
        throw .unsupportedFeature(path: path, what: "\(quoted(prefix + "pooling_type")) of \(number)")
      }
      self.kind = kind
    }
    isNormalized = metadata.bool(prefix + Self.lengthKey) != true
  }

  package init(directory: String) throws(ModelError) {
    let folder = directory.hasSuffix("/") ? directory : directory + "/"
    guard let modules = try Self.json(folder + "modules.json") else { return }
    guard let listed = modules.arrayValue else {
      throw .impossible(path: folder + "modules.json", problem: "the file must hold a list of modules")
    }
    isNormalized = false
    for module in listed {
      let type = module["type"]?.stringValue ?? ""
      // The classes moved between releases; the last part of the name stayed.
      switch type.split(separator: ".").last.map(String.init) ?? "" {
      case "Transformer": break
      case "Normalize": isNormalized = true
      case "Pooling":
        let place = module["path"]?.stringValue ?? "1_Pooling"
        guard !place.hasPrefix("/"), !place.split(separator: "/").contains("..") else {
          throw .impossible(
            path: folder + "modules.json", problem: "the path \(quoted(place)) leads out of the model's folder")
        }
        let path = folder + place + "/config.json"
        guard let settings = try Self.json(path) else { throw .missingKey(path: path, key: "pooling_mode") }
        kind = try Self.kind(settings, path: path)
      default:
        throw .unsupportedFeature(path: folder + "modules.json", what: "the module \(quoted(type))")
      }
    }
  }

  /// One of the modes must be set: `pooling_mode` in newer files, a flag for each in older ones.
  private static func kind(_ settings: JSONValue, path: String) throws(ModelError) -> Kind {
    let names: [String: Kind] = ["mean": .mean, "cls": .cls, "lasttoken": .last]
    let flags = ["mean_tokens": "mean", "cls_token": "cls", "lasttoken": "lasttoken"]
    var modes: [String] = []
    if let mode = settings["pooling_mode"] {
      modes = (mode.arrayValue ?? [mode]).compactMap(\.stringValue)
    } else {
      for (key, value) in settings.objectValue ?? JSONObject() where value.boolValue == true {
        guard key.hasPrefix("pooling_mode_") else { continue }
        let mode = String(key.dropFirst("pooling_mode_".count))
        modes.append(flags[mode] ?? mode)
      }
    }
    guard modes.count == 1, let kind = names[modes[0]] else {
      let shown = modes.isEmpty ? "none" : modes.joined(separator: " and ")
      throw .unsupportedFeature(
        path: path, what: "the pooling mode \(quoted(shown)); there is \(names.keys.sorted().joined(separator: ", "))")
    }
    return kind
  }

  private static func json(_ path: String) throws(ModelError) -> JSONValue? {
    guard exists(path) else { return nil }
    do throws(FormatError) {
      return try JSONValue(path: path, maximumByteCount: 1 << 20)
    } catch {
      throw .impossible(path: path, problem: error.description)
    }
  }
}
