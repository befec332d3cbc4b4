/// Detectors of personal data, all of the group `pii`.
enum PersonalDataDetectors {
  static let all: [Detector] = []
}
