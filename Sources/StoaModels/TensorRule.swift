/// One tensor of a model: what GGUF calls it, what the configuration promises about its shape, and how the tensors of a
/// Hugging Face checkpoint make it up.
///
/// The names of GGUF, and the arrangement of values behind them, are the ones that weights are loaded by; the same table
/// is read by `stoa convert`. Sources: llama.cpp, `gguf-py/gguf/constants.py`, `tensor_mapping.py` and `conversion/`;
/// for the checkpoints the `modeling_*.py` of transformers.
package struct TensorRule: Sendable {
  /// The name in GGUF with its ending, such as `blk.0.attn_q.weight`.
  package let name: String
  /// The shape, outermost dimension first.
  package let shape: [Int]
  /// The tensors of the checkpoint that hold it.
  package let source: StoredTensor
  /// Whether models work without it.
  package let isOptional: Bool
  /// How the rows of a GGUF file lie other than in the checkpoint: a matter of conversion alone.
  package let order: RowOrder
}

/// In which order the rows of a matrix of a checkpoint make up that of a GGUF file.
package enum RowOrder: Sendable, Equatable {
  case asStored
  /// Rows of each head from two halves to neighbours: some GGUF models rotate neighbouring values, Hugging Face's models
  /// values half a head apart. Source: `LlamaModel.permute` in llama.cpp's `conversion/llama.py`.
  case rotaryNeighbours(headDimension: Int)

  /// The row of the input that becomes row `row` of the output.
  package func source(of row: Int) -> Int {
    switch self {
    case .asStored: row
    case .rotaryNeighbours(let dimension):
      row / dimension * dimension + (row % 2) * (dimension / 2) + row % dimension / 2
    }
  }
}

/// How a tensor lies in a Hugging Face checkpoint: as it is wanted, or in other pieces, rows or columns.
package struct StoredTensor: Sendable {
  /// The names: one, or several of equal shape whose matrices follow one another, such as the experts of a layer.
  package var names: [String]
  /// The shape that each of them has.
  package var shape: [Int]
  /// The matrices in each, where that is not to be seen from `shape`.
  package var matrices: Int?
  /// Whether the matrices are stored as `[columns][rows]`.
  package var isTransposed = false
  /// Which stored row (or column, when transposed) is row `row`.
  package var row: (@Sendable (_ row: Int) -> Int)?
  /// A number to add to each value.
  package var addend: Float = 0
  /// The names of the scales of 4-bit blocks, for checkpoints in MXFP4.
  package var scaleNames: [String] = []

  package init(_ name: String, shape: [Int]) {
    names = [name]
    self.shape = shape
  }

  /// Whether the bytes are those that are wanted, one tensor after the other.
  package var isPlainList: Bool { !isTransposed && row == nil && addend == 0 && scaleNames.isEmpty && matrices == nil }

  /// The stored rows and columns of one matrix.
  package var matrixShape: (rows: Int, columns: Int) {
    let columns = shape.count > 1 ? shape[shape.count - 1] : 1
    let elements = shape.reduce(1, *)
    return (elements / max(columns * matricesPerTensor, 1), columns)
  }

  package var matricesPerTensor: Int { matrices ?? shape.dropLast(2).reduce(1, *) }
}

/// Collects the tensors of a model, layer by layer.
package struct TensorTable: Sendable {
  package private(set) var rules: [TensorRule] = []
  private var prefix = (gguf: "", stored: "")

  init() {}

  /// What follows belongs to a layer, whose tensors are called `storedPrefix` and more in the checkpoint.
  mutating func beginLayer(_ layer: Int, _ storedPrefix: String) {
    prefix = ("blk.\(layer).", "\(storedPrefix)\(layer).")
  }

  /// What follows lies outside the layers.
  mutating func endLayers() { prefix = ("", "") }

  enum Bias { case none, optional, required }

  /// A weight under its two names, without `.weight`, and perhaps its bias.
  ///
  /// - Parameter change: Says how the stored weight differs from the wanted one; the bias follows its rows.
  mutating func add(
    _ name: String, _ stored: String, _ shape: [Int], bias: Bias = .none, isOptional: Bool = false,
    order: RowOrder = .asStored, _ change: (inout StoredTensor) -> Void = { _ in }
  ) {
    var source = StoredTensor(prefix.stored + stored + ".weight", shape: shape)
    change(&source)
    append(name + ".weight", shape, source, isOptional, order)
    guard bias != .none else { return }
    var biasSource = StoredTensor(prefix.stored + stored + ".bias", shape: [shape[0]])
    biasSource.row = source.row
    append(name + ".bias", [shape[0]], biasSource, bias == .optional, order)
  }

  /// A tensor whose stored name does not end in `.weight`.
  mutating func addNamed(
    _ name: String, _ stored: String, _ shape: [Int], isOptional: Bool = false,
    _ change: (inout StoredTensor) -> Void = { _ in }
  ) {
    var source = StoredTensor(prefix.stored + stored, shape: shape)
    change(&source)
    append(name, shape, source, isOptional, .asStored)
  }

  /// One matrix of each expert, stored apart; `stored` has `{}` for the number of the expert.
  mutating func addExperts(_ name: String, _ stored: String, count: Int, _ shape: [Int]) {
    var source = StoredTensor("", shape: shape)
    let pieces = stored.split(separator: "{}", omittingEmptySubsequences: false)
    source.names = (0..<count).map { prefix.stored + pieces.joined(separator: "\($0)") + ".weight" }
    append(name + ".weight", [count] + shape, source, false, .asStored)
  }

  private mutating func append(
    _ name: String, _ shape: [Int], _ source: StoredTensor, _ isOptional: Bool, _ order: RowOrder
  ) {
    rules.append(
      TensorRule(name: prefix.gguf + name, shape: shape, source: source, isOptional: isOptional, order: order))
  }
}
