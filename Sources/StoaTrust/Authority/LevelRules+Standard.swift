extension LevelRules {
  /// `docs/levels.yaml`; a test holds both against each other. `stoa ca init` writes it into the folder of an authority,
  /// whose owner may ask for more.
  public static let standardText = """
    # What an authority demands before it certifies a model: evidence, thresholds and age for each level.
    # A copy lies in the folder of every authority (stoa ca init); its owner may demand more.
    # An evaluation carries its own threshold and must have passed it; thresholds here come on top.
    version: 1
    levels:
      self-vouched:
        # The publisher vouches: the key is theirs and the digest is that of the files.
        days: 90
      third-party:
        # Somebody else looked: each statement is signed by an assessor whose key is not the publisher's.
        days: 90
        independent: true
        evidence:
          - {type: evaluation, count: 1, maximum_age_days: 180, minimum_items: 20}
          - {type: licence, maximum_age_days: 365}
          - {type: data-documentation, maximum_age_days: 365}
      reproduced:
        # The issuer runs a random tenth of the audits again and must come to the same results.
        issue: false
        reason: audits cannot be run again here yet
        days: 90
        independent: true
        evidence:
          - {type: evaluation, count: 1, maximum_age_days: 90, minimum_items: 20}
          - {type: licence, maximum_age_days: 365}
          - {type: data-documentation, maximum_age_days: 365}

    """
}
