/// Why rows cannot be quantised or read back.
package enum QuantizationError: Error, Equatable, CustomStringConvertible {
  case unsupported(ElementType)
  case columns(Int, type: ElementType)
  case sizes(values: Int, bytes: Int, columns: Int, type: ElementType)
  case importanceCount(Int, columns: Int)
  case importance(column: Int)
  case notFinite(row: Int, column: Int)
  /// `column` is the first of the block that does not fit.
  case tooLarge(row: Int, column: Int, type: ElementType)

  /// What is wrong, and what to do.
  package var description: String {
    switch self {
    case .unsupported(let type):
      "\(type.name) can be neither written nor read\nuse one of \(BlockQuantizer.types.map(\.name).joined(separator: ", "))"
    case .columns(let columns, let type):
      "rows of \(columns) values do not fill blocks of \(type.blockSize), which \(type.name) has\nuse a type with smaller blocks"
    case .sizes(let values, let bytes, let columns, let type):
      "\(values) values and \(bytes) bytes are not the same rows of \(columns) columns in \(type.name)"
    case .importanceCount(let count, let columns):
      "\(count) importance weights for \(columns) columns\nuse an importance matrix made for this model"
    case .importance(let column):
      "the importance of column \(column) is negative or not a number\nmake the importance matrix again"
    case .notFinite(let row, let column):
      "row \(row), column \(column) is infinite or not a number\nthe model is damaged; get it again"
    case .tooLarge(let row, let column, let type):
      "the values from row \(row), column \(column) are too large for \(type.name)\nuse BF16 or F32"
    }
  }
}
