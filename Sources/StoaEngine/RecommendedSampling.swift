import StoaFormats
package import StoaModels

extension SamplingParameters {
  /// The defaults, and in place of them what the publisher of the model recommends in its files. A recommendation
  /// outside the range of its parameter is left out.
  ///
  /// Sources: the keys `general.sampling.*` of GGUF (llama.cpp, `gguf-py/gguf/constants.py`); transformers,
  /// `GenerationConfig`.
  package init(recommendedBy checkpoint: Checkpoint) {
    self.init()
    switch checkpoint {
    case .gguf(let file):
      let metadata = file.metadata
      adopt(\.temperature, metadata.double("general.sampling.temp"))
      adopt(\.topK, metadata.int("general.sampling.top_k"))
      adopt(\.topP, metadata.double("general.sampling.top_p"))
      adopt(\.minP, metadata.double("general.sampling.min_p"))
      adopt(\.repetitionPenalty, metadata.double("general.sampling.penalty_repeat"))
    case .huggingFace(_, let configuration, _):
      let generation = configuration.generation
      adopt(\.temperature, generation?["temperature"]?.doubleValue)
      adopt(\.topK, generation?["top_k"]?.intValue)
      adopt(\.topP, generation?["top_p"]?.doubleValue)
      adopt(\.minP, generation?["min_p"]?.doubleValue)
      adopt(\.typicalP, generation?["typical_p"]?.doubleValue)
      adopt(\.repetitionPenalty, generation?["repetition_penalty"]?.doubleValue)
    }
  }

  private mutating func adopt<Value>(_ parameter: WritableKeyPath<Self, Value>, _ value: Value?) {
    guard let value else { return }
    var changed = self
    changed[keyPath: parameter] = value
    if (try? changed.validate()) != nil { self = changed }
  }
}
