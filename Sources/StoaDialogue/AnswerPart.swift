/// A piece of an answer; the pieces of one kind that follow each other belong together.
package enum AnswerPart: Sendable, Equatable {
  case content(String)
  case reasoning(String)
  /// A call begins; calls are counted from 0.
  case toolCall(index: Int, id: String, name: String)
  /// A piece of the JSON text of a call's arguments.
  case toolArguments(index: Int, String)
  case toolCallEnd(index: Int)
}

/// Identifiers of calls: the same for the same seed, so that an answer can be repeated to the letter.
package struct CallIDs: Sendable {
  private let seed: UInt64
  private let isShort: Bool

  /// Mistral's templates take nothing but nine letters and digits; all others get the form that OpenAI's API has.
  package init(seed: UInt64, format: CallFormat) {
    self.seed = seed
    isShort = format == .mistralList || format == .mistralNamed
  }

  /// The identifier of a call by its number.
  package func id(_ index: Int) -> String {
    let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    var state = seed &+ UInt64(truncatingIfNeeded: index) &* 0xD1B5_4A32_D192_ED03
    var text = isShort ? "" : "call_"
    for _ in 0..<(isShort ? 1 : 3) {
      // SplitMix64 (Steele, Lea and Flood, 2014).
      state &+= 0x9E37_79B9_7F4A_7C15
      var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
      bits ^= bits >> 31
      for _ in 0..<(isShort ? 9 : 8) {
        text.append(alphabet[Int(bits % 62)])
        bits /= 62
      }
    }
    return text
  }
}
