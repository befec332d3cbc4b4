import Testing

@testable import StoaTrust

struct SignedNoteTests {
  /// Made with PyCA cryptography from the private keys 00…1f and 20…3f.
  static let signerText = "PRIVATE+KEY+example.com/log+d455c521+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
  static let logText = "example.com/log+d455c521+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
  static let witnessText = "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
  static let note = """
    example.com/log
    0
    47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=

    — example.com/log 1FXFIXIShRBLxRBEZXqVdy1Nkx+1zbp9Y0+6j7NZG/kHjr9NfsYnV9EfS77h9cSpgRjjZDwPKs8Cs27wuiMjKxk9QgE=
    — witness.example/w1 IDJKvgAAAABkGFDL5C2Q3hNWdf5XJnAB8W/9SmybTecuYk3vKnmGg+iskJM16/Odi8M7GXODux6vPW1drWhkly6ePFNriJMp+CSTDA==

    """

  /// The example of Go's golang.org/x/mod/sumdb/note.
  @Test func goExample() throws {
    let key = try NoteVerifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    let text = """
      If you think cryptography is the answer to your problem,
      then you don't know what your problem is.

      — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=

      """
    let note = try SignedNote(parsing: Array(text.utf8))
    try note.verify(key)
    #expect(note.encoded == text)
  }

  @Test func keysReadAndWritten() throws {
    let signer = try NoteSigner(Self.signerText)
    #expect(signer.secret == Self.signerText)
    #expect(signer.verifier.text == Self.logText)
    #expect(try NoteVerifier(Self.witnessText).text == Self.witnessText)
  }

  @Test func checkpointWithWitness() throws {
    var policy = LogPolicy(log: try NoteVerifier(Self.logText))
    policy.witnesses = [try NoteVerifier(Self.witnessText)]
    policy.quorum = 1
    let verified = try VerifiedCheckpoint(parsing: Array(Self.note.utf8), policy: policy)
    #expect(verified.checkpoint == Checkpoint(origin: "example.com/log", size: 0, root: .emptyRoot))
    #expect(verified.cosignatures == [.init(name: "witness.example/w1", time: 1_679_315_147)])
  }

  @Test func ourSignatureVerifies() throws {
    var note = try SignedNote(text: "one\ntwo\n\nthree\n")
    let signer = try NoteSigner(name: "a.example")
    let witness = try NoteSigner(name: "w.example", type: .cosignature)
    try note.sign(signer)
    try note.sign(witness, time: 1_700_000_000)
    let read = try SignedNote(parsing: Array(note.encoded.utf8))
    #expect(read == note)
    try read.verify(signer.verifier)
    #expect(try read.cosignatures(of: [witness.verifier]).map(\.time) == [1_700_000_000])
    #expect(throws: LogError.notSigned(what: "the signed note", by: "b.example")) {
      try read.verify(try NoteSigner(name: "b.example").verifier)
    }
  }

  /// Every byte counts: no change of one leaves a checkpoint that the policy accepts unchanged in meaning.
  @Test func noByteCanBeChanged() throws {
    let policy = LogPolicy(
      log: try NoteVerifier(Self.logText), witnesses: [try NoteVerifier(Self.witnessText)], quorum: 1)
    let bytes = Array(Self.note.utf8)
    let good = try VerifiedCheckpoint(parsing: bytes, policy: policy)
    for index in bytes.indices {
      for flip in [UInt8(1), 0x20] {
        var changed = bytes
        changed[index] ^= flip
        let verified = try? VerifiedCheckpoint(parsing: changed, policy: policy)
        #expect(verified == nil || verified == good, "byte \(index)")
      }
    }
  }

  @Test(arguments: [
    "", "\n", "a\n", "a\n\n", "\n— a AAAAAAA=\n", "a\n\n— a\n", "a\n\n— a AAAA\n", "a\n\n— a b AAAAAAA=\n",
    "a\n\n- a AAAAAAA=\n", "a\n\n— a AAAAAAA=", "a\tb\n\n— a AAAAAAA=\n", "a\n\n— a+b AAAAAAA=\n",
    "a\n\n— a AAAAAAB=\n",
  ])
  func malformedNotes(_ text: String) { #expect(throws: LogError.self) { try SignedNote(parsing: Array(text.utf8)) } }

  @Test(arguments: [
    "", "a\n", "a\n1\n", "a\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    "a\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", "a\n1\n47DEQpj8\n",
    "a\n0\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n",
    "a\n1\n\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    "a\n99999999999999999999\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
  ])
  func malformedCheckpoints(_ text: String) { #expect(throws: LogError.self) { try Checkpoint(parsing: text) } }

  @Test(arguments: [
    "", "a", "a+b+c", "example.com/log+d455c522+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    "example.org/log+d455c521+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", "a+00000000+Ag==", "a b+00000000+AQ==",
  ])
  func malformedKeys(_ text: String) { #expect(throws: LogError.self) { try NoteVerifier(text) } }
}
