package import StoaTensor

/// What a whole file is quantised to: one element type, or a mix of them under the name users know.
///
/// Names and numbers are those of llama.cpp's `enum llama_ftype` (`llama.h`) and its quantisation tool
/// (`tools/quantize/quantize.cpp`).
package enum FileType: String, CaseIterable, Sendable {
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case q4_0 = "Q4_0"
  case q4_1 = "Q4_1"
  case q5_0 = "Q5_0"
  case q5_1 = "Q5_1"
  case q8_0 = "Q8_0"
  case q2_K = "Q2_K"
  case q2_K_S = "Q2_K_S"
  case q3_K_S = "Q3_K_S"
  case q3_K_M = "Q3_K_M"
  case q3_K_L = "Q3_K_L"
  case q4_K_S = "Q4_K_S"
  case q4_K_M = "Q4_K_M"
  case q5_K_S = "Q5_K_S"
  case q5_K_M = "Q5_K_M"
  case q6_K = "Q6_K"
  case iq4_NL = "IQ4_NL"
  case iq4_XS = "IQ4_XS"

  /// The type of a name in any case; `Q3_K`, `Q4_K` and `Q5_K` mean their medium mixes.
  package init?(name: String) {
    let name = name.uppercased()
    self.init(rawValue: ["Q3_K", "Q4_K", "Q5_K"].contains(name) ? name + "_M" : name)
  }

  /// The names for help and messages.
  package static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// `general.file_type`.
  package var number: UInt32 {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q4_0: 2
    case .q4_1: 3
    case .q8_0: 7
    case .q5_0: 8
    case .q5_1: 9
    case .q2_K: 10
    case .q3_K_S: 11
    case .q3_K_M: 12
    case .q3_K_L: 13
    case .q4_K_S: 14
    case .q4_K_M: 15
    case .q5_K_S: 16
    case .q5_K_M: 17
    case .q6_K: 18
    case .q2_K_S: 21
    case .iq4_NL: 25
    case .iq4_XS: 30
    case .bf16: 32
    }
  }

  /// The type that most tensors get.
  package var base: ElementType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    case .q4_0: .q4_0
    case .q4_1: .q4_1
    case .q5_0: .q5_0
    case .q5_1: .q5_1
    case .q8_0: .q8_0
    case .q2_K, .q2_K_S: .q2_K
    case .q3_K_S, .q3_K_M, .q3_K_L: .q3_K
    case .q4_K_S, .q4_K_M: .q4_K
    case .q5_K_S, .q5_K_M: .q5_K
    case .q6_K: .q6_K
    case .iq4_NL: .iq4_nl
    case .iq4_XS: .iq4_xs
    }
  }

  /// The file type whose tensors are all of `type`, for weights that keep their type.
  init(plain type: ElementType) {
    self =
      switch type {
      case .f16: .f16
      case .bf16: .bf16
      default: .f32
      }
  }
}

extension ElementType {
  /// The types that tensors can be turned into, by the names of `ElementType.name`.
  package static let targets: [ElementType] = [
    .f32, .f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_nl, .iq4_xs,
  ]

  /// Whether elements share scales in blocks.
  var isQuantized: Bool { blockSize > 1 }
}
