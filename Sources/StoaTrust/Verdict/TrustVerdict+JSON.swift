public import StoaFormats

extension TrustVerdict {
  /// The verdict for programs: `verdict`, `decision`, `policy`, `reasons`, and who signed what.
  public var json: JSONValue {
    var object: JSONObject = [
      "verdict": .string(status.rawValue), "decision": .string(decision.name), "policy": .string(mode.rawValue),
      "time": .string(PKITime.text(time)),
    ]
    object["level"] = level.map { .string($0.name) }
    object["signer"] = signer.map { .string($0) }
    object["certificate"] = certificate.map { $0.json }
    object["reasons"] = .array(checks.map(\.json))
    return .object(object)
  }
}

extension TrustDecision {
  /// Its name for programs.
  public var name: String {
    switch self {
    case .load: "load"
    case .alert: "load-with-alert"
    case .refuse: "refuse"
    }
  }
}

extension VerdictCheck {
  /// `check`, `ok`, `why`, and for what is wrong `state` and the waiver.
  public var json: JSONValue {
    var object: JSONObject = ["check": .string(name.rawValue), "ok": .bool(isOK), "why": .string(why)]
    object["state"] = state.map { .string($0.rawValue) }
    object["waived_until"] = waiver.map { .string(PKITime.text($0.expires)) }
    return .object(object)
  }
}

extension CertificateFacts {
  /// Who, until when, and what the certificate says about the model.
  public var json: JSONValue {
    var object: JSONObject = [
      "sha256": .string(Hex.encode(leaf.fingerprint)), "serial": .string(PKISerial.text(leaf.serial)),
      "subject": .string(leaf.subject.description), "issuer": .string(leaf.issuer.description),
      "not_before": .string(PKITime.text(leaf.notBefore)), "not_after": .string(PKITime.text(leaf.notAfter)),
    ]
    if case .model(_, let info) = profile { object["safety"] = info.json }
    return .object(object)
  }
}

extension AISafetyInfo {
  /// The fields by the names of the ASN.1 module, digests in hexadecimal.
  public var json: JSONValue {
    [
      "omsRoot": .string(Hex.encode(omsRoot)), "omsManifest": .string(Hex.encode(omsManifest)),
      "evidence": .array(
        evidence.map { ["predicateType": .string($0.predicateType), "sha256": .string(Hex.encode($0.sha256))] }),
      "assurance": .string(assurance.name),
      "openness": [
        "framework": .string(openness.framework), "class": .int(openness.openClass), "osaid": .bool(openness.isOSAID),
      ],
      "licence": .string(licence),
      "jurisdictions": .array(
        jurisdictions.map {
          [
            "region": .string($0.region), "packId": .string($0.packID),
            "packSha256": .string(Hex.encode($0.packSHA256)),
            "verdict": .string("\($0.verdict)"),
          ]
        }),
      "lineage": .array(
        lineage.map {
          [
            "relation": .string($0.relation), "baseRoot": .string(Hex.encode($0.baseRoot)),
            "baseCertSha256": $0.baseCertificateSHA256.map { .string(Hex.encode($0)) } ?? .null,
          ]
        }),
    ]
  }
}

extension AISafetyInfo.Assurance {
  /// The name in the ASN.1 module.
  public var name: String {
    switch self {
    case .publisher: "self"
    case .thirdParty: "thirdParty"
    case .reproduced: "reproduced"
    }
  }
}
