import ArgumentParser
import Foundation
import StoaHub
import StoaTokenizers

/// A tokenizer alone, for the commands that need no weights.
struct TokenizerSource: ParsableArguments {
  @OptionGroup var target: ModelArgument
  @OptionGroup var tokenizer: TokenizerOption
  @Option(
    help: ArgumentHelp(
      "How text is cut into words, for tiktoken ranks: llama-bpe, qwen2, cl100k_base …", valueName: "name"))
  var pre: String?

  /// Reads it from the model, or from a file of whatever kind that holds a tokenizer.
  func load() throws -> Tokenizer {
    if let path = tokenizer.path { return try Tokenizer(file: path, preTokenizer: pre) }
    let name = target.model
    if name.contains("/") || Self.suffixes.contains(where: { name.hasSuffix($0) }), Self.isFile(name) {
      return try Tokenizer(file: name, preTokenizer: pre)
    }
    do {
      if pre != nil, Self.isFile(name) { return try Tokenizer(file: name, preTokenizer: pre) }
      let facts = try ModelFacts(target.resolve())
      guard pre == nil else {
        throw CommandFailure.usage("--pre is for tiktoken ranks; \(name) has a tokenizer of its own")
      }
      return try facts.tokenizer()
    } catch let error as HubError {
      // A folder with a tokenizer and no weights, or a file of another name.
      guard FileManager.default.fileExists(atPath: name) else { throw error }
      return try Tokenizer(file: name, preTokenizer: pre)
    }
  }

  /// What tokenizers are called; a word that ends otherwise is first looked for in the library.
  private static let suffixes = [".gguf", ".json", ".model", ".tiktoken", ".bin"]

  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }
}
