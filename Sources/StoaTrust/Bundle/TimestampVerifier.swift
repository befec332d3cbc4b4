import Foundation

/// Checks that an authority that sigstore trusts saw a signature, and when.
struct TimestampVerifier {
  let root: SigstoreRoot

  /// Why a timestamp proves nothing.
  struct Failure: Error {
    let why: String
    /// Whether it is only that nobody who is trusted gave it.
    var isOfStranger = false
  }

  /// The time at which a signature was there, by a response in DER about its bytes.
  func verify(_ der: [UInt8], over signature: [UInt8]) throws(Failure) -> Date {
    let response: TimestampResponse
    do {
      response = try TimestampResponse(der: der)
    } catch {
      throw Failure(why: error.description)
    }
    guard response.imprint.isOf(signature) else { throw Failure(why: "it is of another signature") }
    let authorities = root.timestampAuthorities.filter { $0.validity.contains(response.time) }
    var failure = Failure(
      why: "it is by an authority that is not in the trusted root, or was not in use then", isOfStranger: true)
    for authority in authorities {
      let certificates = authority.chain + response.certificates
      guard let signer = certificates.first(where: response.isSigned) else { continue }
      guard let problem = problem(response, signer, authority) else { return response.time }
      failure = problem
    }
    throw failure
  }

  private func problem(
    _ response: TimestampResponse, _ signer: X509Certificate, _ authority: SigstoreRoot.Authority
  ) -> Failure? {
    guard signer.key.verifies(response.signed) else {
      return Failure(why: "the signature does not fit the key of \(signer.subject)")
    }
    // RFC 3161, 2.3: for timestamps alone, and critical.
    guard signer.extensions.extendedKeyUsages == [StandardOIDs.timeStamping], signer.extensions.demandsUsage else {
      return Failure(why: "the key of \(signer.subject) is not one for timestamps alone")
    }
    guard let anchor = authority.chain.last else { return Failure(why: "the authority has no certificate") }
    let path = PathValidator(
      anchors: [anchor], intermediates: authority.chain.dropLast() + response.certificates, time: response.time,
      usage: StandardOIDs.timeStamping
    ).validate(signer)
    guard let problem = path.problems.first else { return nil }
    return Failure(why: "\(problem)", isOfStranger: problem.kind == .unknownIssuer)
  }
}
