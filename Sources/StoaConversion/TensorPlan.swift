import StoaFormats
import StoaModels
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
    /// Tensors of the input whose rows, columns or values lie otherwise than in the output.
    case stored(FoundTensor)
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

  /// The shape in the output: values that are picked one by one are rows of one here.
  var writtenShape: [Int] { shape.count == 3 && shape[2] == 1 ? Array(shape.dropLast()) : shape }

  /// Values in a row.
  var columns: Int { isColumn ? 1 : shape.last ?? 1 }
  /// Rows of one matrix; a vector is one row.
  var rows: Int { isColumn ? shape[0] : shape.count > 1 ? shape[shape.count - 2] : 1 }
  /// Matrices: more than one for stacked experts.
  var matrices: Int { shape.dropLast(2).reduce(1, *) }

  /// A bias whose values go the way of the rows of its matrix: each is a row of its own.
  private var isColumn: Bool {
    guard shape.count == 1 else { return false }
    switch contents {
    case .values: return false
    case .tensors(_, let order): return order != .asStored
    case .stored(let found): return found.stored.row != nil || found.rule.order != .asStored
    }
  }

  /// The type of the values before conversion.
  var sourceType: ElementType {
    switch contents {
    case .values: .f32
    case .tensors(let tensors, _): tensors.first?.type ?? .f32
    case .stored(let found): found.type
    }
  }

  /// Whether bytes are copied, rows perhaps in another order, without a look at the values.
  var isCopied: Bool { sourceType == type && addend == 0 }

  /// What is added to each value.
  var addend: Float { if case .stored(let found) = contents { found.stored.addend } else { 0 } }

  /// The tensors of the input.
  var inputs: [TensorInfo] {
    switch contents {
    case .values: []
    case .tensors(let tensors, _): tensors
    case .stored(let found): found.tensors
    }
  }

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
