/// Detectors of keys, tokens and passwords, all of the group `secrets`.
enum SecretDetectors {
  static let all: [Detector] = []
}
