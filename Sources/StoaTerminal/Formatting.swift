/// Numbers as people read them; always with a point for decimals and a comma between thousands, whatever the locale,
/// so that output can be compared and pasted.
public enum Format {
  /// A whole number with thousands separators: `152,400`.
  public static func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var result = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return result
  }

  /// A number with a fixed count of decimals, rounded half to even: `decimal(1.25, 1)` is `1.2`.
  public static func decimal(_ value: Double, _ places: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded(.toNearestOrEven)
    guard scaled < 9e15 else { return String(value) }
    let sign = value < 0 && scaled > 0 ? "-" : ""
    let integer = Int(scaled)
    guard places > 0 else { return sign + grouped(integer) }
    let fraction = String(integer % Int(scale))
    let padding = String(repeating: "0", count: places - fraction.count)
    return sign + grouped(integer / Int(scale)) + "." + padding + fraction
  }

  /// A size in decimal units, as disks and downloads are sold: `999 B`, `5.6 MB`, `4.9 GB`.
  public static func bytes(_ count: Int) -> String {
    scaled(Double(count), units: ["B", "kB", "MB", "GB", "TB", "PB", "EB"])
  }

  /// A count of things in short form: `950`, `5.1 M`, `8.0 B`.
  public static func count(_ count: Int) -> String {
    scaled(Double(count), units: ["", "k", "M", "B", "T"])
  }

  /// Bytes per second: `1.2 GB/s`.
  public static func rate(_ bytesPerSecond: Double) -> String {
    scaled(max(0, bytesPerSecond), units: ["B", "kB", "MB", "GB", "TB", "PB", "EB"]) + "/s"
  }

  /// Things per second: `1,940`, `21.3`, `0.42`.
  public static func perSecond(_ value: Double) -> String {
    decimal(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)
  }

  /// A duration in seconds: `0.31 s`, `12 s`, `3 min 05 s`, `2 h 14 min`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
    if seconds < 9.995 { return decimal(seconds, 2) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
    if whole < 48 * 3600 { return "\(whole / 3600) h \(padded(whole / 60 % 60)) min" }
    return "\(whole / 86_400) d \(whole / 3600 % 24) h"
  }

  /// A noun with its number: `1 token`, `212 tokens`.
  public static func plural(_ count: Int, _ noun: String) -> String {
    grouped(count) + " " + noun + (count == 1 ? "" : "s")
  }

  private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

  private static func scaled(_ value: Double, units: [String]) -> String {
    var value = value
    var unit = 0
    // 999.95 would round to 1000.0: step to the next unit first.
    while unit + 1 < units.count && value.magnitude >= (unit == 0 ? 999.5 : 999.95) {
      value /= 1000
      unit += 1
    }
    let number = decimal(value, unit == 0 ? 0 : 1)
    return units[unit].isEmpty ? number : number + " " + units[unit]
  }
}

/// Rows of text in aligned columns.
public enum Columns {
  /// Pads every cell but the last of a row to the widest of its column, two spaces apart; widths are terminal columns.
  /// Cells may hold styled text.
  public static func align(_ rows: [[String]], rightAligned: Set<Int> = []) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.compactMap { $0.count > column ? DisplayWidth.of(styled: $0[column]) : nil }.max() ?? 0
    }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - DisplayWidth.of(styled: cell))
        if rightAligned.contains(column) {
          line += padding + cell
        } else {
          line += column + 1 < row.count ? cell + padding : cell
        }
        if column + 1 < row.count { line += "  " }
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }
}
