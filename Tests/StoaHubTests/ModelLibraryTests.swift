import Foundation
import Testing

@testable import StoaHub

@Suite struct ModelLibraryTests {
  private let folder: TemporaryFolder
  private let library: ModelLibrary
  private let primer: String

  init() throws {
    folder = try TemporaryFolder()
    primer = try folder.write("bundled/primer-q8_0.gguf", "GGUF primer")
    library = ModelLibrary(
      home: StoaHome(path: folder.path + "/home"), environment: ["STOA_PRIMER": primer, "HOME": folder.path])
  }

  // MARK: Import

  @Test func importsAFileByLink() throws {
    let source = try folder.write("downloads/m.gguf", "GGUF bytes")
    let result = try library.importModel(at: source)
    #expect(result.isLinked)
    #expect(result.model.name == "m")
    #expect(result.model.origin == .library)
    #expect(result.model.path == folder.path + "/home/models/m.gguf")
    #expect(try inode(result.model.path) == inode(source))
    #expect(try library.resolve("m") == result.model)
    #expect(try library.resolve("m.gguf") == result.model)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/home/models")
    #expect(left == ["m.gguf"])
  }

  @Test func importsUnderAnotherName() throws {
    let source = try folder.write("m.gguf")
    #expect(try library.importModel(at: source, name: "tiny").model.path.hasSuffix("/models/tiny.gguf"))
    #expect(try library.importModel(at: source, name: "tiny2.gguf").model.name == "tiny2")
    #expect(FileManager.default.fileExists(atPath: source))
  }

  @Test func importsAllPartsOfASplitModel() throws {
    for index in 1...3 { try folder.write("d/big-0000\(index)-of-00003.gguf", "GGUF \(index)") }
    let result = try library.importModel(at: folder.path + "/d/big-00002-of-00003.gguf", name: "large")
    #expect(
      result.model.files.map(\.name) == [
        "large-00001-of-00003.gguf", "large-00002-of-00003.gguf", "large-00003-of-00003.gguf",
      ])
    #expect(result.model.path.hasSuffix("/large-00001-of-00003.gguf"))
    #expect(try library.list().map(\.name) == ["large"])
    #expect(try library.remove("large").files.count == 3)
    #expect(try library.list().isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/home/models").isEmpty)
  }

  @Test func refusesASplitModelWithAGap() throws {
    try folder.write("d/big-00001-of-00002.gguf")
    let path = folder.path + "/d/big-00001-of-00002.gguf"
    #expect(throws: HubError.missingShard(path: path, missing: "big-00002-of-00002.gguf")) {
      try library.importModel(at: path)
    }
  }

  @Test func importsAFolder() throws {
    for name in ["config.json", "model.safetensors", "tokenizer.json", "extra/notes.txt", ".git/HEAD"] {
      try folder.write("hf/my-model/" + name, name)
    }
    let result = try library.importModel(at: folder.path + "/hf/my-model/")
    #expect(result.model.kind == .safetensors)
    #expect(result.model.name == "my-model")
    #expect(
      result.model.files.map(\.name) == ["config.json", "extra/notes.txt", "model.safetensors", "tokenizer.json"])
    #expect(try library.resolve("my-model").path == folder.path + "/home/models/my-model")
    _ = try library.remove("my-model")
    #expect(FileManager.default.fileExists(atPath: folder.path + "/hf/my-model/model.safetensors"))
  }

  /// The Hugging Face cache keeps snapshots as symbolic links to blobs: the library must hold the bytes themselves.
  @Test func importsWhatSymbolicLinksLeadTo() throws {
    let blob = try folder.write("blobs/abc", "tensors")
    try folder.write("snap/config.json", "{}")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/snap/model.safetensors", withDestinationPath: "../blobs/abc")
    let model = try library.importModel(at: folder.path + "/snap", name: "linked").model
    let file = try #require(model.files.first { $0.name == "model.safetensors" })
    #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType == .typeRegular)
    #expect(try inode(file.path) == inode(blob))
  }

  @Test func refusesTakenAndReservedNames() throws {
    let source = try folder.write("m.gguf")
    _ = try library.importModel(at: source)
    #expect(throws: HubError.exists(name: "m")) { try library.importModel(at: source) }
    #expect(throws: HubError.primerIsFixed) { try library.importModel(at: source, name: "primer") }
    #expect(throws: HubError.self) { try library.importModel(at: source, name: "../escape") }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/home/escape.gguf"))
  }

  /// `/dev/shm` is another file system than the temporary folder on Linux, so that the link fails.
  @Test(.enabled("needs a second file system", { (try? ShmFolder()) != nil }))
  func copiesAcrossFileSystems() throws {
    let shm = try ShmFolder()
    let bytes = String(repeating: "0123456789abcdef", count: 600_000)
    try Data(bytes.utf8).write(to: URL(fileURLWithPath: shm.path + "/m.gguf"))
    var last = (0, 0)
    let result = try library.importModel(at: shm.path + "/m.gguf", progress: { last = ($0, $1) })
    #expect(!result.isLinked)
    #expect(last == (9_600_000, 9_600_000))
    #expect(try String(contentsOfFile: result.model.path, encoding: .utf8) == bytes)
    #expect(throws: HubError.cancelled) {
      try library.importModel(at: shm.path + "/m.gguf", name: "n", isCancelled: { true })
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/home/models") == ["m.gguf"])
  }

  // MARK: Resolve

  @Test func primerIsAlwaysThere() throws {
    let model = try library.resolve("primer")
    #expect(model.path == primer)
    #expect(model.origin == .primer)
    #expect(model.name == "primer")
    #expect(throws: HubError.primerIsFixed) { try library.remove("primer") }
  }

  @Test func primerIsFoundBesideTheProgramOrAbove() throws {
    let installed = try folder.write("usr/share/stoa/primer-q8_0.gguf")
    #expect(try Primer.find(environment: [:], executable: folder.path + "/usr/bin/stoa") == installed)
    let source = try folder.write("src/models/primer/primer-q8_0.gguf")
    let program = folder.path + "/src/.build/x86_64/release/stoa"
    #expect(try Primer.find(environment: [:], executable: program) == source)
    #expect(throws: HubError.self) { try Primer.find(environment: [:], executable: "/nowhere/bin/stoa") }
    #expect(throws: HubError.primerMissing(searched: ["/no/such"])) {
      try Primer.find(environment: ["STOA_PRIMER": "/no/such"], executable: program)
    }
  }

  @Test func resolvesPaths() throws {
    let file = try folder.write("m.gguf")
    #expect(try library.resolve(file).origin == .path)
    #expect(try library.resolve("~/m.gguf").path == file)
    // Blobs of other programs have no extension; what a file is, its bytes say.
    let blob = try folder.write("blobs/sha256-abc")
    #expect(try library.resolve(blob).kind == .gguf)
    #expect(try library.resolve(folder.path + "/blobs/../m.gguf").name == "m")
  }

  @Test func resolvesAFolderWithOneGGUF() throws {
    let file = try folder.write("one/m.gguf")
    #expect(try library.resolve(folder.path + "/one").path == file)
    try folder.write("one/n.gguf")
    #expect(throws: HubError.self) { try library.resolve(folder.path + "/one") }
  }

  @Test func explainsWhatIsNoModel() throws {
    let file = try folder.write("hf/model.safetensors")
    let error = #expect(throws: HubError.self) { try library.resolve(file) }
    #expect(error?.description.contains("give the folder that holds it: \(folder.path)/hf") == true)
    let noConfig = #expect(throws: HubError.self) { try library.resolve(folder.path + "/hf") }
    #expect(noConfig?.description.contains("no config.json") == true)
    try folder.write("torch/pytorch_model.bin")
    let pickled = #expect(throws: HubError.self) { try library.resolve(folder.path + "/torch") }
    #expect(pickled?.description.contains("can run code") == true)
    #expect(throws: HubError.self) { try library.resolve("/dev/null") }
    #expect(throws: HubError.self) { try library.resolve(folder.path + "/missing.gguf") }
  }

  @Test func aPartOfANameIsNotTheName() throws {
    let source = try folder.write("m.gguf")
    _ = try library.importModel(at: source, name: "llama-8b")
    _ = try library.importModel(at: source, name: "llama-70b")
    #expect(throws: HubError.incompleteName(reference: "llama", candidates: ["llama-70b", "llama-8b"])) {
      try library.resolve("llama")
    }
    #expect(throws: HubError.notFound(reference: "lama-8b", suggestions: ["llama-8b"])) {
      try library.resolve("lama-8b")
    }
    let error = #expect(throws: HubError.self) { try library.resolve("primmer") }
    #expect(error?.description.hasPrefix("no model named primmer; did you mean primer?") == true)
  }

  @Test(arguments: [
    "", "\u{0}", "a\u{0}b", "-x", "/", "no/such", "\u{1B}[2J", String(repeating: "x", count: 100_000),
  ])
  func hostileReferencesAreErrors(_ reference: String) {
    let error = #expect(throws: HubError.self) { try library.resolve(reference) }
    #expect(error?.description.unicodeScalars.contains("\u{1B}") == false)
  }

  @Test(arguments: ["", "..", "../bundled", "/", ".", "m/../../bundled", "*"])
  func removeTouchesOnlyTheLibrary(_ name: String) throws {
    _ = try library.importModel(at: folder.write("m.gguf"))
    #expect(throws: HubError.self) { try library.remove(name) }
    #expect(FileManager.default.fileExists(atPath: primer))
    #expect(try library.list().count == 1)
  }

  /// Someone may put models into the folder by hand.
  @Test func listsWhatLiesInTheFolder() throws {
    try folder.write("home/models/b.gguf")
    try folder.write("home/models/a/config.json")
    try folder.write("home/models/a/model.safetensors")
    try folder.write("home/models/c/inner.gguf")
    try folder.write("home/models/notes.txt")
    try folder.write("home/models/empty/readme")
    try folder.write("home/models/.import-x/half.gguf")
    #expect(try library.list().map(\.name) == ["a", "b", "c"])
    _ = try library.remove("c")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/home/models/c"))
  }

  @Test func aFreshHomeIsEmpty() throws {
    #expect(try library.list().isEmpty)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/home"))
  }
}

/// A folder in `/dev/shm`.
private final class ShmFolder {
  let path = "/dev/shm/stoa-\(UUID().uuidString)"
  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct StoaHomeTests {
  @Test(arguments: [
    (["STOA_HOME": "/s", "XDG_DATA_HOME": "/x", "HOME": "/h"], "/s"),
    (["STOA_HOME": "~/s", "HOME": "/h"], "/h/s"),
    (["STOA_HOME": "", "XDG_DATA_HOME": "/x", "HOME": "/h"], "/x/stoa"),
    (["XDG_DATA_HOME": "relative", "HOME": "/h"], "/h/.local/share/stoa"),
    (["HOME": "/h"], "/h/.local/share/stoa"),
  ])
  func followsTheEnvironment(_ environment: [String: String], _ path: String) {
    #expect(StoaHome.standard(environment: environment).path == path)
  }

  @Test func aRelativeHomeStartsAtTheWorkingFolder() {
    let path = StoaHome.standard(environment: ["STOA_HOME": "s"]).path
    #expect(path == FileManager.default.currentDirectoryPath + "/s")
  }
}
