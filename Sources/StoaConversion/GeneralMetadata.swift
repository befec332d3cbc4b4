import Foundation
import StoaFormats

/// What a GGUF file says about the model as a whole.
///
/// Keys: the GGUF specification, "General metadata", and llama.cpp's `gguf-py/gguf/metadata.py`.
enum GeneralMetadata {
  /// Reads the model card and `generation_config.json` in `directory`; both may be absent or odd.
  static func read(directory: String, name: String?, parameters: Int) -> [(String, GGUFValue)] {
    let folder = directory.hasSuffix("/") ? directory : directory + "/"
    let card = FrontMatter(path: folder + "README.md")
    var pairs: [(String, GGUFValue)] = [("general.type", .string("model"))]
    pairs += sampling(folder + "generation_config.json")
    pairs.append(("general.name", .string(name ?? card.text("model_name") ?? folderName(directory))))
    pairs.append(("general.size_label", .string(sizeLabel(parameters))))
    for (key, source) in [
      ("license", "license"), ("license.name", "license_name"), ("license.link", "license_link"),
    ] {
      let texts = card.list(source)
      if !texts.isEmpty { pairs.append(("general.\(key)", .string(texts.joined(separator: ",")))) }
    }
    let bases = card.list("base_model")
    if !bases.isEmpty {
      pairs.append(("general.base_model.count", .u32(UInt32(clamping: bases.count))))
      for (index, base) in bases.enumerated() { pairs += baseModel(base, "general.base_model.\(index)") }
    }
    var tags = card.list("tags")
    for tag in card.list("pipeline_tag") where !tags.contains(tag) { tags.append(tag) }
    if !tags.isEmpty { pairs.append(("general.tags", .array(.strings(tags)))) }
    let languages = card.list("language")
    if !languages.isEmpty { pairs.append(("general.languages", .array(.strings(languages)))) }
    return pairs
  }

  /// Recommended settings for sampling.
  private static func sampling(_ path: String) -> [(String, GGUFValue)] {
    guard exists(path), let json = try? JSONValue(path: path, maximumByteCount: 1 << 20) else { return [] }
    func number(_ key: String, _ source: String) -> (String, GGUFValue)? {
      json[source]?.doubleValue.map { ("general.sampling.\(key)", .f32(Float($0))) }
    }
    var pairs: [(String, GGUFValue)] = []
    if let value = json["top_k"]?.intValue.flatMap({ Int32(exactly: $0) }) {
      pairs.append(("general.sampling.top_k", .i32(value)))
    }
    pairs += [
      number("top_p", "top_p"), number("min_p", "min_p"), number("temp", "temperature"),
      number("penalty_repeat", "repetition_penalty"),
    ].compactMap { $0 }
    return pairs
  }

  /// `owner/name`, or a name alone.
  private static func baseModel(_ text: String, _ key: String) -> [(String, GGUFValue)] {
    let parts = text.split(separator: "/")
    guard parts.count == 2 else { return [(key + ".name", .string(text))] }
    return [
      (key + ".name", .string(String(parts[1]))), (key + ".organization", .string(String(parts[0]))),
      (key + ".repo_url", .string("https://huggingface.co/\(text)")),
    ]
  }

  private static func folderName(_ directory: String) -> String {
    URL(fileURLWithPath: directory).standardizedFileURL.lastPathComponent
  }

  /// The number of parameters in at least two digits: `260K`, `1.1B`. Source: `gguf-py/gguf/utility.py`.
  static func sizeLabel(_ parameters: Int) -> String {
    let count = Double(parameters)
    let (scale, suffix) =
      count > 1e12 ? (1e12, "T") : count > 1e9 ? (1e9, "B") : count > 1e6 ? (1e6, "M") : (1e3, "K")
    let scaled = count / scale
    let rounded = scaled.rounded(.toNearestOrEven)
    let digits = rounded == 0 ? 0 : String(Int(rounded)).count
    return String(format: "%.\(max(2 - digits, 0))f", scaled) + suffix
  }
}
