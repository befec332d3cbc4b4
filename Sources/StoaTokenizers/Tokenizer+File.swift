import Foundation
import StoaFormats

extension Tokenizer {
  /// Reads a tokenizer from whatever file it is in, told by its content: a GGUF file with or without weights,
  /// `tokenizer.json`, `tekken.json`, `tokenizer.model` of sentencepiece, ranks of tiktoken, or a vocabulary of llama2.c; or
  /// from a folder.
  ///
  /// - Parameters:
  ///   - path: The files beside `tokenizer.json` and `tokenizer.model`, if it has one of these names, count too.
  ///   - preTokenizer: The name of the pre-tokeniser of ranks, which need one; other files may not have one.
  public init(file path: String, preTokenizer: String? = nil) throws {
    var isFolder: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if exists, isFolder.boolValue {
      try Self.refuse(preTokenizer, path)
      try self.init(huggingFaceDirectory: path)
      return
    }
    let kind = try Self.kind(ofFile: path)
    if kind != .ranks { try Self.refuse(preTokenizer, path) }
    switch kind {
    case .gguf: try self.init(gguf: try GGUFFile(path: path))
    case .ranks:
      guard let preTokenizer else {
        throw TokenizerError.missing(
          field: "the name of its pre-tokeniser, which \(path) does not say (give one, such as --pre llama-bpe)")
      }
      try self.init(ranks: path, preTokenizer: preTokenizer)
    case .json:
      if let folder = Self.folder(of: path, named: "tokenizer.json") {
        try self.init(huggingFaceDirectory: folder)
      } else {
        try self.init(tokenizerJSON: path)
      }
    case .sentencePiece:
      if let folder = Self.folder(of: path, named: "tokenizer.model"),
        !FileManager.default.fileExists(atPath: folder + "/tokenizer.json")
      {
        try self.init(huggingFaceDirectory: folder)
      } else {
        try self.init(Self.sentencePieceParts(path: path))
      }
    case .llama2C: try self.init(llama2cVocabulary: path)
    }
  }

  private enum Kind { case gguf, json, ranks, sentencePiece, llama2C }

  private static func kind(ofFile path: String) throws(TokenizerError) -> Kind {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .unreadable(path: path, reason: error.description) }
    let bytes = file.bytes
    var magic: [UInt8] = []
    for i in 0..<min(4, bytes.count) { magic.append(bytes[i]) }
    if magic == Array("GGUF".utf8) { return .gguf }
    if isRanks(bytes) { return .ranks }
    var i = 0
    while i < bytes.count, [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains(bytes[i]) { i += 1 }
    if i < bytes.count, bytes[i] == UInt8(ascii: "{") { return .json }
    return path.hasSuffix(".bin") ? .llama2C : .sentencePiece
  }

  private static func refuse(_ preTokenizer: String?, _ path: String) throws(TokenizerError) {
    guard let preTokenizer else { return }
    throw .unsupported(
      field: "a pre-tokeniser for \(path)", value: preTokenizer, supported: "for ranks of tiktoken only")
  }

  /// The folder of a file that has this name.
  private static func folder(of path: String, named name: String) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.last == Substring(name) else { return nil }
    let folder = parts.dropLast().joined(separator: "/")
    return folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder
  }
}
