import StoaTensor

extension DecoderPass {
  /// From the prepared input to the update of the residual stream.
  func feedForward(_ network: Network) {
    let width = network.up.matrix.rows
    if let gate = network.gate {
      unsafe multiply([(gate, scratch.inner.values, width), (network.up, scratch.up, width)], by: scratch.input)
    } else {
      unsafe multiply([(network.up, scratch.inner.values, width)], by: scratch.input)
    }
    let forms = network.down.matrix.activationForm
    forEachToken { token in
      let up = unsafe network.gate == nil ? nil : UnsafePointer(scratch.up + token * width)
      unsafe compute.activate(configuration.nonlinearity, scratch.inner.values + token * width, up, count: width)
      scratch.inner.quantize(token: token, columns: width, forms: forms, compute: compute)
    }
    unsafe multiply([(network.down, scratch.update, configuration.width)], by: scratch.inner)
  }

  /// The same through the experts that the router chooses for each token, and the shared one; the weights of the others
  /// are not read.
  func feedForward(_ experts: Experts, _ rules: ExpertRules, _ work: ExpertWorkspace) {
    let width = configuration.width
    unsafe multiply([(experts.router, work.logits, experts.networks.count)], by: scratch.input)
    let routing = unsafe ExpertRouting(
      logits: UnsafeBufferPointer(start: work.logits, count: count * experts.networks.count),
      experts: experts.networks.count, used: configuration.expertsUsed, rules: rules,
      selectionBias: experts.selectionBias)
    let forms = experts.networks.inputForms
    forEachToken { token in
      for share in routing.shares(ofToken: token) {
        guard rules.weighsInput else {
          work.input.copy(token: share.row, from: scratch.input, token: token, columns: width, forms: [forms, .float])
          continue
        }
        let (source, target) = unsafe (
          scratch.input.values + token * width, work.input.values + share.row * width
        )
        for index in 0..<width { unsafe target[index] = source[index] * share.weight }
        work.input.quantize(token: share.row, columns: width, forms: forms, compute: compute)
      }
    }
    run(experts.networks, routing, work)
    shared(experts, work)
    forEachToken { token in
      let update = unsafe scratch.update + token * width
      if experts.shared == nil { unsafe update.update(repeating: 0, count: width) }
      if experts.sharedGate != nil {
        let gate = Float(1 / (1 + CanonicalMath.exp(-Double(unsafe work.sharedGates[token]))))
        for index in 0..<width { unsafe update[index] *= gate }
      }
      for share in routing.shares(ofToken: token) {
        let output = unsafe work.outputs + share.row * width
        if rules.weighsInput {
          unsafe compute.add(update, output, count: width)
        } else {
          unsafe compute.add(update, output, scaledBy: share.weight, count: width)
        }
      }
    }
  }

  /// What every token gets beside its experts, in `scratch.update`.
  private func shared(_ experts: Experts, _ work: ExpertWorkspace) {
    if let gate = experts.sharedGate { unsafe multiply([(gate, work.sharedGates, 1)], by: scratch.input) }
    if let network = experts.shared { feedForward(network) }
  }

  /// The chosen experts' outputs for the gathered rows.
  private func run(_ networks: [Network], _ routing: ExpertRouting, _ work: ExpertWorkspace) {
    let width = configuration.width
    let innerWidth = networks.first?.up.matrix.rows ?? 0
    let chosen = zip(networks, routing.rows).filter { !$0.1.isEmpty }
    var products = unsafe [ProductOutput]()
    for (network, rows) in chosen {
      let start = rows.lowerBound * innerWidth
      if let gate = network.gate {
        unsafe products.append(ProductOutput(gate.matrix, into: work.inner.values + start, tokens: rows))
        unsafe products.append(ProductOutput(network.up.matrix, into: work.up + start, tokens: rows))
      } else {
        unsafe products.append(ProductOutput(network.up.matrix, into: work.inner.values + start, tokens: rows))
      }
    }
    unsafe compute.multiply(products, by: work.input)
    let isGated = configuration.isGated
    let innerForms = ActivationForms(networks.map(\.down.matrix.activationForm))
    for (network, rows) in chosen {
      if let gate = network.gate { unsafe addBias(gate, rows, work.inner.values) }
      unsafe addBias(network.up, rows, isGated ? work.up : work.inner.values)
    }
    compute.pool.run(count: routing.shares.count, grain: 16) { rows, _ in
      for row in rows {
        let up = unsafe isGated ? UnsafePointer(work.up + row * innerWidth) : nil
        unsafe compute.activate(
          configuration.nonlinearity, work.inner.values + row * innerWidth, up, count: innerWidth)
        work.inner.quantize(token: row, columns: innerWidth, forms: innerForms, compute: compute)
      }
    }
    unsafe products.removeAll()
    for (network, rows) in chosen {
      unsafe products.append(
        ProductOutput(network.down.matrix, into: work.outputs + rows.lowerBound * width, tokens: rows))
    }
    unsafe compute.multiply(products, by: work.inner)
    for (network, rows) in chosen { unsafe addBias(network.down, rows, work.outputs) }
  }

  private func addBias(_ linear: Linear, _ rows: Range<Int>, _ values: UnsafeMutablePointer<Float>) {
    guard let bias = linear.bias else { return }
    for row in rows { unsafe compute.add(values + row * bias.count, bias.values, count: bias.count) }
  }
}
