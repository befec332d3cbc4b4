import Foundation

@testable import StoaTemplates

/// A JSON file as data; `none` when it is not there or not JSON, which the tests that use it notice.
func loadJSON(_ path: String) -> TemplateValue {
  guard let data = FileManager.default.contents(atPath: path) else { return .none }
  return (try? TemplateValue(json: String(decoding: data, as: UTF8.self))) ?? .none
}

extension TemplateValue? {
  var items: [TemplateValue] { if case .list(let items)? = self { items } else { [] } }
  var text: String? { if case .string(let text)? = self { text } else { nil } }
  var variables: [String: TemplateValue] {
    guard case .dict(let dictionary)? = self else { return [:] }
    return Swift.Dictionary(uniqueKeysWithValues: dictionary.entries.map { ($0.key, $0.value) })
  }
}

/// A small deterministic generator (SplitMix64), so that a failing seed can be run again.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
