package import CStoaKernels
import Foundation

/// The CPU instruction sets that Stoa has kernels for, slowest first.
///
/// All of them give the same results to the bit (docs/CANONICAL.md).
public enum InstructionSet: String, CaseIterable, Sendable {
  case scalar
  case avx2
  case avxvnni
  case avx512
  case avx512vnni
  case neon

  /// Its number in the kernels.
  package var code: stoa_isa {
    switch self {
    case .scalar: STOA_ISA_SCALAR
    case .avx2: STOA_ISA_AVX2
    case .avxvnni: STOA_ISA_AVXVNNI
    case .avx512: STOA_ISA_AVX512
    case .avx512vnni: STOA_ISA_AVX512VNNI
    case .neon: STOA_ISA_NEON
    }
  }

  /// Whether this machine and its operating system support the instruction set.
  public var isAvailable: Bool { unsafe stoa_kernels_for(code) != nil }

  /// The instruction sets of this machine.
  public static var available: [InstructionSet] { allCases.filter(\.isAvailable) }

  /// The fastest instruction set of this machine.
  public static var best: InstructionSet {
    let code = stoa_isa_best()
    return allCases.first { $0.code == code } ?? .scalar
  }

  /// The instruction set that `STOA_ISA` names, or the best one when the variable is unset or empty.
  public static func selected(
    environment: [String: String]? = nil
  ) throws(InstructionSetError) -> InstructionSet {
    let environment = environment ?? ProcessInfo.processInfo.environment
    guard let name = environment["STOA_ISA"], !name.isEmpty else { return best }
    guard let set = InstructionSet(rawValue: name.lowercased()) else { throw .unknown(name) }
    guard set.isAvailable else { throw .unavailable(set) }
    return set
  }
}

/// Why an instruction set cannot be used.
public enum InstructionSetError: Error, Equatable, CustomStringConvertible {
  case unknown(String)
  case unavailable(InstructionSet)

  /// What is wrong, and what to do.
  public var description: String {
    switch self {
    case .unknown(let name):
      """
      STOA_ISA=\(name) names no instruction set
      use one of \(InstructionSet.allCases.map(\.rawValue).joined(separator: ", "))
      """
    case .unavailable(let set):
      """
      this machine lacks the instruction set \(set.rawValue)
      it has \(InstructionSet.available.map(\.rawValue).joined(separator: ", ")); unset STOA_ISA for the fastest
      """
    }
  }
}
