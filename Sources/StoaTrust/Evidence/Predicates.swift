import StoaFormats

/// How open a model is, by a framework such as the Model Openness Framework (White and others, 2024).
public struct OpennessEvidence: Sendable, Equatable {
  /// A part of a model, and whether it was released.
  public struct Component: Sendable, Equatable {
    /// What part it is.
    public var name: String
    /// Whether it can be had.
    public var isReleased: Bool
    /// Its SPDX licence expression.
    public var licence: String?
  }

  /// The framework's name and version.
  public var framework: String
  /// Its class: 1 (open science) to 3 (open model), 0 for none.
  public var modelClass: Int
  /// Whether it meets the Open Source AI Definition.
  public var meetsOSAID: Bool
  /// The parts that were looked at.
  public var components: [Component]
  /// The day of the assessment.
  public var assessed: String?

  init(_ fields: JSONFields) throws(TrustError) {
    try fields.allowOnly("framework", "class", "osaid", "components", "assessed")
    framework = try fields.text("framework")
    modelClass = try fields.count("class")
    guard modelClass <= 3 else { throw fields.malformed("class", "is not from 0 to 3") }
    meetsOSAID = try fields.bool("osaid")
    components = []
    for component in try fields.objects("components") {
      try component.allowOnly("name", "released", "licence")
      components.append(
        Component(
          name: try component.text("name"), isReleased: try component.bool("released"),
          licence: try component.optionalText("licence")))
    }
    assessed = try fields.optionalDate("assessed")
  }
}

/// Under which licence a model may be used.
public struct LicenceEvidence: Sendable, Equatable {
  /// The SPDX licence expression.
  public var expression: String
  /// Files with the licence's text, by their SHA-256.
  public var texts: [MerkleHash]
  /// Uses that it forbids, in words.
  public var restrictions: [String]
  /// Where the licence was found.
  public var source: String?
  /// The day of the assessment.
  public var assessed: String?

  init(_ fields: JSONFields) throws(TrustError) {
    try fields.allowOnly("expression", "texts", "restrictions", "source", "assessed")
    expression = try fields.text("expression")
    guard expression.wholeMatch(of: /[A-Za-z0-9.+:()\- ]+/) != nil else {
      throw fields.malformed("expression", "is no SPDX expression such as Apache-2.0")
    }
    texts = []
    for text in try fields.objects("texts") {
      try text.allowOnly("name", "digest")
      _ = try text.text("name")
      texts.append(try text.digest("digest"))
    }
    restrictions = try fields.strings("restrictions")
    source = try fields.optionalText("source")
    assessed = try fields.optionalDate("assessed")
  }
}

/// What a model was trained and tested on.
public struct DataDocumentation: Sendable, Equatable {
  /// What a set of data was used for.
  public enum Use: String, Sendable, CaseIterable { case pretraining, finetuning, alignment, evaluation, calibration }
  /// What is known of personal data in it.
  public enum PersonalData: String, Sendable, CaseIterable { case none, removed, present, unknown }

  /// A set of data.
  public struct Dataset: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// What it was used for.
    public var use: Use
    /// Where it is.
    public var uri: String?
    /// The SHA-256 of its manifest or archive.
    public var digest: MerkleHash?
    /// Its SPDX licence expression.
    public var licence: String?
    /// What is known of personal data in it.
    public var personalData: PersonalData
  }

  /// The sets of data.
  public var datasets: [Dataset]
  /// The SHA-256 of a document that says more.
  public var card: MerkleHash?
  /// The day of the assessment.
  public var assessed: String?

  init(_ fields: JSONFields) throws(TrustError) {
    try fields.allowOnly("datasets", "card", "assessed")
    datasets = []
    for dataset in try fields.list("datasets", from: 1) {
      try dataset.allowOnly("name", "use", "uri", "digest", "licence", "personalData")
      datasets.append(
        Dataset(
          name: try dataset.text("name"), use: try dataset.choice("use"), uri: try dataset.optionalText("uri"),
          digest: try dataset.optionalDigest("digest"), licence: try dataset.optionalText("licence"),
          personalData: try dataset.choice("personalData")))
    }
    card = try fields.optionalDigest("card")
    assessed = try fields.optionalDate("assessed")
  }
}

/// Which rules a model's questions and answers are held to, and what came of it where.
public struct GuardPackEvidence: Sendable, Equatable {
  /// Whether a pack meets the rules of a region.
  public enum Verdict: String, Sendable, CaseIterable { case met, partly, unmet }

  /// What was found for a region.
  public struct Jurisdiction: Sendable, Equatable {
    /// The region, such as `EU` or an ISO 3166 code.
    public var region: String
    /// What was found.
    public var verdict: Verdict
  }

  /// The pack's identifier.
  public var id: String
  /// The pack's version.
  public var version: String
  /// The pack's SHA-256.
  public var digest: MerkleHash
  /// What was found for each region.
  public var jurisdictions: [Jurisdiction]
  /// The day of the assessment.
  public var assessed: String?

  init(_ fields: JSONFields) throws(TrustError) {
    try fields.allowOnly("id", "version", "digest", "jurisdictions", "assessed")
    id = try fields.text("id")
    version = try fields.text("version")
    digest = try fields.digest("digest")
    assessed = try fields.optionalDate("assessed")
    jurisdictions = []
    for jurisdiction in try fields.objects("jurisdictions") {
      try jurisdiction.allowOnly("region", "verdict")
      jurisdictions.append(
        Jurisdiction(region: try jurisdiction.text("region"), verdict: try jurisdiction.choice("verdict")))
    }
  }
}
