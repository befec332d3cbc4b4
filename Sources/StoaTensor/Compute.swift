package import CStoaKernels

/// The instruction set and the threads that a computation uses.
@safe public final class Compute: Sendable {
  /// The instruction set of the kernels.
  public let instructionSet: InstructionSet
  /// The threads.
  public let pool: WorkerPool
  // Sendable: the table is constant.
  package nonisolated(unsafe) let kernels: UnsafePointer<stoa_kernels>

  /// Uses `instructionSet`, which this machine must have, on `threads` threads.
  public convenience init(instructionSet: InstructionSet, threads: Int) throws {
    guard let kernels = unsafe stoa_kernels_for(instructionSet.code) else {
      throw InstructionSetError.unavailable(instructionSet)
    }
    try unsafe self.init(instructionSet: instructionSet, kernels: kernels, threads: threads)
  }

  /// Uses a table of kernels that this machine can run; a test may give other than that of the instruction set.
  package init(instructionSet: InstructionSet, kernels: UnsafePointer<stoa_kernels>, threads: Int) throws {
    self.instructionSet = instructionSet
    unsafe self.kernels = unsafe kernels
    pool = try WorkerPool(threads: threads)
  }
}
