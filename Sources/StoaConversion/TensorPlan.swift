import StoaFormats
import StoaTensor

/// A tensor of the output: where its values come from, and what they become.
struct TensorPlan: Sendable {
  let name: String
  /// Dimensions, outermost first.
  let shape: [Int]
  /// The type in the output.
  var type: ElementType
  let contents: Contents

  /// Where the values of a tensor come from.
  enum Contents: Sendable {
    /// Values that are computed, row by row.
    case values([Float])
    /// One tensor of the input, or several of equal shape one after the other, such as the experts of a layer.
    case tensors([TensorInfo], order: RowOrder)
  }

  init(name: String, shape: [Int], type: ElementType, contents: Contents) {
    self.name = name
    self.shape = shape
    self.type = type
    self.contents = contents
  }

  /// A tensor of the input under its own name.
  init(copying tensor: TensorInfo, type: ElementType) {
    self.init(name: tensor.name, shape: tensor.shape, type: type, contents: .tensors([tensor], order: .asStored))
  }

  /// Values in a row.
  var columns: Int { isColumn ? 1 : shape.last ?? 1 }
  /// Rows of one matrix; a vector is one row.
  var rows: Int { isColumn ? shape[0] : shape.count > 1 ? shape[shape.count - 2] : 1 }
  /// Matrices: more than one for stacked experts.
  var matrices: Int { shape.dropLast(2).reduce(1, *) }

  /// A bias whose values go the way of the rows of its matrix: each is a row of its own.
  private var isColumn: Bool {
    guard shape.count == 1, case .tensors(_, let order) = contents else { return false }
    return order != .asStored
  }

  /// The type of the values before conversion.
  var sourceType: ElementType {
    switch contents {
    case .values: .f32
    case .tensors(let tensors, _): tensors.first?.type ?? .f32
    }
  }

  /// Whether bytes are copied, rows perhaps in another order, without a look at the values.
  var isCopied: Bool { sourceType == type }

  /// The bytes in the output; nil when the shape does not fit the type.
  var byteCount: Int? {
    var elements = 1
    for dimension in shape {
      let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      elements = product
    }
    return columns % type.blockSize == 0 ? type.byteCount(elements: elements) : nil
  }
}

/// In which order the rows of a matrix of the input make up that of the output.
package enum RowOrder: Sendable, Equatable {
  case asStored
  /// Rows of each head from two halves to neighbours: GGUF's `llama` rotates neighbouring values, Hugging Face's model
  /// values half a head apart. Source: `LlamaModel.permute` in llama.cpp's `conversion/llama.py`.
  case rotaryNeighbours(headDimension: Int)

  /// The row of the input that becomes row `row` of the output.
  func source(of row: Int) -> Int {
    switch self {
    case .asStored: row
    case .rotaryNeighbours(let dimension):
      row / dimension * dimension + (row % 2) * (dimension / 2) + row % dimension / 2
    }
  }
}
