import ArgumentParser
import Foundation
import StoaHub
import StoaModels

/// The MODEL that most commands take.
struct ModelArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "A .gguf file, a safetensors folder, a name in the library, hf.co/OWNER/REPO once pulled, or primer.",
      valueName: "model"),
    completion: .custom { _, _, prefix in
      ModelArgument.names(startingWith: prefix) + ModelArgument.paths(startingWith: prefix)
    })
  var model: String

  /// Where the model lies.
  func resolve() throws -> ModelLocation {
    guard HubReference.isReference(model) else { return try ModelLibrary().resolve(model) }
    let hub = try HubAccess()
    let reference = try hub.settings.reference(model)
    guard let location = try hub.existing(reference) else {
      throw CommandFailure(
        message: "\(reference) is not in the library", advice: "fetch it first: stoa pull \(reference)")
    }
    return location
  }

  /// Names for completion in a shell.
  static func names(startingWith prefix: String) -> [String] {
    let names = ((try? ModelLibrary().list()) ?? []).map(\.name) + ["primer"]
    return names.filter { $0.hasPrefix(prefix) }
  }

  /// Folders and GGUF files for completion in a shell.
  static func paths(startingWith prefix: String) -> [String] {
    let folder = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    return entries.compactMap { entry in
      let path = folder + entry
      guard path.hasPrefix(prefix), !entry.hasPrefix(".") else { return nil }
      var isFolder: ObjCBool = false
      guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
      return isFolder.boolValue ? path + "/" : entry.hasSuffix(".gguf") ? path : nil
    }.sorted()
  }
}

/// `--tokenizer`, for models that come without one.
struct TokenizerOption: ParsableArguments {
  @Option(
    name: .customLong("tokenizer"),
    help: ArgumentHelp(
      "Take the tokenizer from this tokenizer.json, tokenizer.model or .gguf file.", valueName: "file"),
    completion: .file())
  var path: String?
}

/// `--json`.
struct JSONOption: ParsableArguments {
  @Flag(help: "Print one JSON object and nothing else.")
  var json = false
}

/// `--context`.
struct ContextOption: ParsableArguments {
  @Option(help: ArgumentHelp("Positions of context to reserve (default: the model's own).", valueName: "n"))
  var context: Int?

  func validate() throws {
    if let context, context < 1 { throw ValidationError("--context must be at least 1") }
  }
}

/// Options for those who compare engines; results do not depend on `--chunk`.
struct TuningOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Prompt tokens to compute together; changes speed and memory only.", valueName: "n"))
  var chunk: Int?

  @Option(help: ArgumentHelp("The type of cached keys and values.", valueName: "type"))
  var cacheType: CacheTypeName?

  func validate() throws {
    if let chunk, !(1...65_536).contains(chunk) { throw ValidationError("--chunk must be between 1 and 65536") }
  }
}

/// `--threads`.
struct ThreadsOption: ParsableArguments {
  @Option(help: ArgumentHelp("Threads to compute with (default: the cores this process may use).", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be between 1 and 1024") }
  }
}
