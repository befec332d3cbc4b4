import Dispatch
import Foundation
import Glibc
import SwiftASN1
import X509

/// A private key that a command of the user's signs with: a hardware module, an agent, a remote service.
struct CommandKey: CustomPrivateKey {
  let command: String
  let publicKey: Certificate.PublicKey

  /// A module may wait for somebody to touch it.
  private static let secondsToWait = 300
  /// No signature is longer.
  private static let outputLimit = 64 << 10

  var defaultSignatureAlgorithm: Certificate.SignatureAlgorithm { VerificationKey(publicKey).signatureAlgorithm }
  var supportedSignatureAlgorithms: [Certificate.SignatureAlgorithm] { [defaultSignatureAlgorithm] }

  func signSynchronously(
    bytes: some DataProtocol, signatureAlgorithm: Certificate.SignatureAlgorithm
  ) throws -> Certificate.Signature {
    let message = Array(bytes)
    let signature = try run(message)
    guard publicKey.isValidSignature(signature, for: message, signatureAlgorithm: signatureAlgorithm) else {
      throw TrustError.signer(
        command: command, problem: "wrote \(signature.count) bytes that are no signature by the given public key")
    }
    return try Certificate.Signature(
      signatureAlgorithm: signatureAlgorithm, signatureBytes: ASN1BitString(bytes: signature[...]))
  }

  private func run(_ message: [UInt8]) throws -> [UInt8] {
    // From a file, so that neither side waits for the other when the message is longer than a pipe holds.
    let input = FileManager.default.temporaryDirectory.appendingPathComponent("stoa-sign-\(UUID().uuidString)")
    guard
      FileManager.default.createFile(
        atPath: input.path, contents: Data(message), attributes: [.posixPermissions: 0o600])
    else {
      throw TrustError.signer(command: command, problem: "cannot be given its input: \(input.path) is not writable")
    }
    defer { try? FileManager.default.removeItem(at: input) }
    let output = Pipe()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput = output
    do {
      try process.run()
    } catch {
      throw TrustError.signer(command: command, problem: "cannot be started: \(error.localizedDescription)")
    }
    let identifier = process.processIdentifier
    let deadline = DispatchWorkItem { _ = kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Self.secondsToWait), execute: deadline)
    defer { deadline.cancel() }
    let signature = try output.fileHandleForReading.read(upToCount: Self.outputLimit) ?? Data()
    try output.fileHandleForReading.close()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw TrustError.signer(
        command: command,
        problem: process.terminationReason == .exit
          ? "ended with status \(process.terminationStatus)" : "was ended by signal \(process.terminationStatus)")
    }
    return Array(signature)
  }

  // MARK: What a key in a file has and this one does not

  static var defaultPEMDiscriminator: String { "PRIVATE KEY" }

  func serialize(into coder: inout DER.Serializer) throws {
    throw TrustError.signer(command: command, problem: "keeps its private key to itself, so it cannot be written")
  }
}
