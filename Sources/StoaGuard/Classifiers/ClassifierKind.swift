import Foundation

/// The classifiers that come with the program.
public enum ClassifierKind: String, CaseIterable, Sendable {
  /// Insults and hatred.
  case toxicity
  /// Prompts that want a model to drop its rules.
  case jailbreak
  /// Instructions hidden in text that a model was only to read.
  case injection

  /// Where the classifier's file is: in the folder `$STOA_GUARD_MODELS`; else installed beside the program as
  /// `../share/stoa/guard/`; else in the source folder that the program was built in.
  public func find(environment: [String: String], executable: String?) -> [String] {
    let name = rawValue + ".stgc"
    if let folder = environment["STOA_GUARD_MODELS"], !folder.isEmpty { return [folder + "/" + name] }
    guard let executable else { return [] }
    var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
    var places = [folder.deletingLastPathComponent().appendingPathComponent("share/stoa/guard/" + name).path]
    while folder.path != "/", places.count < 24 {
      places.append(folder.appendingPathComponent("models/guard/" + name).path)
      folder = folder.deletingLastPathComponent()
    }
    return places
  }

  /// Reads the classifier from the first of the places where its file is; throws when none has it or it is broken.
  public func load(from places: [String]) throws(TextClassifierError) -> TextClassifier {
    for place in places {
      guard let data = FileManager.default.contents(atPath: place) else { continue }
      do { return try TextClassifier(Array(data)) } catch {
        throw TextClassifierError(offset: error.offset, reason: "\(place): \(error.reason)")
      }
    }
    throw TextClassifierError(
      offset: nil,
      reason:
        "\(rawValue).stgc was not found at \(places.prefix(2).joined(separator: " or ")); set STOA_GUARD_MODELS to its folder"
    )
  }
}
