import Foundation
import Testing

@testable import StoaHub

/// Expected digests: FIPS 180-4 examples ("abc", one million "a") and the empty message.
@Suite struct FileDigestTests {
  private let folder: TemporaryFolder
  private let home: StoaHome

  init() throws {
    folder = try TemporaryFolder()
    home = StoaHome(path: folder.path + "/home")
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ])
  func examples(_ contents: String, _ digest: String) throws {
    let file = try folder.write("f", contents)
    #expect(try FileDigests(home: home).sha256(of: file) == digest)
  }

  @Test func remembersAcrossPrograms() throws {
    let file = try folder.write("f", "abc")
    Thread.sleep(forTimeInterval: 0.15)
    let digest = try FileDigests(home: home).sha256(of: file)
    var hashed = false
    let again = FileDigests(home: home)
    #expect(try again.sha256(of: file, progress: { _, _ in hashed = true }) == digest)
    #expect(!hashed)
    try Data("abd".utf8).write(to: URL(fileURLWithPath: file))
    #expect(try again.sha256(of: file) != digest)
  }

  @Test func aBrokenCacheIsIgnored() throws {
    try folder.write("home/cache/sha256", "nonsense\n1:2 \u{0}\n\n::: zz\n")
    let file = try folder.write("f", "abc")
    #expect(try FileDigests(home: home).sha256(of: file).hasPrefix("ba7816bf"))
  }

  @Test func refusesWhatIsNoFile() throws {
    let digests = FileDigests(home: home)
    #expect(throws: HubError.self) { try digests.sha256(of: folder.path) }
    #expect(throws: HubError.self) { try digests.sha256(of: "/dev/zero") }
    #expect(throws: HubError.self) { try digests.sha256(of: folder.path + "/missing") }
    let file = try folder.write("f", "abc")
    #expect(throws: HubError.cancelled) { try digests.sha256(of: file, isCancelled: { true }) }
  }
}
