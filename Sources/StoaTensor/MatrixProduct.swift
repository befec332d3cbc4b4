import CStoaKernels

/// A product to compute: where the outputs of one matrix go.
@unsafe package struct ProductOutput {
  package let matrix: Matrix
  /// `[tokens][stride]`, the matrix's rows from each token's start.
  package let values: UnsafeMutablePointer<Float>
  package let stride: Int
  /// The rows of the activations that are multiplied.
  package let tokens: Range<Int>

  /// Outputs of one token after those of another, or `stride` apart.
  package init(
    _ matrix: Matrix, into values: UnsafeMutablePointer<Float>, tokens: Range<Int>, stride: Int? = nil
  ) {
    unsafe self.matrix = matrix
    unsafe self.values = unsafe values
    unsafe self.stride = stride ?? matrix.rows
    unsafe self.tokens = tokens
  }
}

extension Compute {
  /// Multiplies several matrices with rows of the same activations in one parallel loop over their row groups.
  package func multiply(_ outputs: [ProductOutput], by activations: Activations) {
    var total = 0
    let jobs = unsafe outputs.map { output in
      let matrix = unsafe output.matrix
      let job = unsafe stoa_matmul(
        type: matrix.kernelType, rows: matrix.rows, weights: matrix.weights,
        x: activations.view(output.tokens, columns: matrix.columns, form: matrix.activationForm), y: output.values,
        y_stride: output.stride)
      defer { total += matrix.groups }
      return unsafe (job: job, first: total, last: total + matrix.groups)
    }
    // A prompt works through blocks of row groups that fit the caches; one token streams through long runs of rows.
    let isPrompt = unsafe outputs.contains { unsafe $0.tokens.count > 1 }
    let grain = isPrompt ? 4 : max(4, total / (pool.threads * 8))
    let matmul = unsafe kernels.pointee.matmul
    unsafe jobs.withUnsafeBufferPointer { jobs in
      pool.run(count: total, grain: grain) { range, _ in
        for index in jobs.indices {
          let (first, last) = unsafe (jobs[index].first, jobs[index].last)
          let part = range.clamped(to: first..<last)
          guard !part.isEmpty else { continue }
          unsafe withUnsafePointer(to: jobs[index].job) { job in
            unsafe matmul(job, part.lowerBound - first, part.upperBound - first)
          }
        }
      }
    }
  }
}
