import CStoaEmulatedKernels
import CStoaKernels
package import StoaTensor

/// The kernels of an instruction set; where this machine lacks it, those with the lacking instructions written out.
package struct KernelSet: Equatable, Sendable, CustomStringConvertible {
  package let instructionSet: InstructionSet
  package let isEmulated: Bool

  package var description: String { isEmulated ? "emulated \(instructionSet.rawValue)" : instructionSet.rawValue }

  /// All that this machine can run, the scalar reference first.
  package static let all = InstructionSet.allCases.compactMap { set in
    if set.isAvailable { return KernelSet(instructionSet: set, isEmulated: false) }
    return unsafe stoa_emulated_kernels_for(set.code) == nil ? nil : KernelSet(instructionSet: set, isEmulated: true)
  }

  /// The reference.
  package static let scalar = KernelSet(instructionSet: .scalar, isEmulated: false)

  /// The fastest of this machine.
  package static let best = KernelSet(instructionSet: .best, isEmulated: false)

  /// All but the reference.
  package static let vector = all.filter { $0.instructionSet != .scalar }

  /// Threads that compute with these kernels.
  package func compute(threads: Int) throws -> Compute {
    guard isEmulated, let kernels = unsafe stoa_emulated_kernels_for(instructionSet.code) else {
      return try Compute(instructionSet: instructionSet, threads: threads)
    }
    return try unsafe Compute(instructionSet: instructionSet, kernels: kernels, threads: threads)
  }
}
