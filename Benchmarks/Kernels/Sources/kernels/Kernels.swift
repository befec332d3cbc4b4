import CMeasure
import CStoaKernels

/// Prints what this machine can do and how near the kernels come to it.
@main struct Kernels {
  static func main() {
    let options: Options
    do throws(UsageError) {
      options = try Options(CommandLine.arguments.dropFirst())
    } catch {
      print(error.message, Options.usage, separator: "\n")
      return
    }
    for threads in options.threads {
      let peaks = Peaks(threads: threads)
      peaks.print()
      for set in options.sets { measure(set, threads: threads, peaks: peaks, options: options) }
    }
  }

  private static func measure(_ set: KernelSet, threads: Int, peaks: Peaks, options: Options) {
    for tokens in options.tokens {
      let what = tokens == 1 ? "one token (GEMV)" : "\(tokens) tokens"
      print("\n\(set.name), \(threads) thread(s): products with \(what)")
      Row.printHeader()
      for type in options.types {
        // The bandwidth of a shared machine shifts within minutes.
        let bandwidth = peak_read(threads, 256 << 20, 6)
        let run = unsafe run_products(set.table, type.code, tokens, threads)
        Row(type.name, run, peak: peaks.limit(type, on: set), bandwidth: bandwidth).print()
      }
    }
    print(
      "\n\(set.name), \(threads) thread(s): attention, 22 layers, 32 heads of 64 dimensions on 4 of keys and values")
    Row.printHeader()
    for (name, cache) in [("F16", STOA_CACHE_F16), ("F32", STOA_CACHE_F32), ("Q8_0", STOA_CACHE_Q8_0)] {
      let bandwidth = peak_read(threads, 256 << 20, 6)
      for (what, depth, tokens) in [("512 tokens", 0, 512), ("1 behind 4096", 4096, 1)] {
        let run = unsafe run_attention(set.table, cache, depth, tokens, threads)
        Row("\(name), \(what)", run, peak: peaks.fma(on: set), bandwidth: bandwidth).print()
      }
    }
  }
}

/// A line of a table.
struct Row {
  private let cells: [String]

  init(_ name: String, _ run: kernel_run, peak: Double, bandwidth: Double) {
    guard run.seconds > 0 else {
      cells = [name, "no memory", "", "", ""]
      return
    }
    let rate = run.multiply_adds / run.seconds / 1e9
    let read = run.bytes / run.seconds / 1e9
    cells = [
      name, rate.oneDecimal, peak > 0 ? percent(rate / peak) : "?", read.oneDecimal, percent(read / bandwidth),
    ]
  }

  static func printHeader() { line(["type", "G multiply-adds/s", "of the peak", "GB/s", "of the bandwidth"]) }

  func print() { Self.line(cells) }

  private static func line(_ cells: [String]) {
    Swift.print(cells[0].padded(20), cells.dropFirst().map { $0.padded(18, left: true) }.joined())
  }
}

private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

extension Double {
  /// The number with one digit after the point.
  var oneDecimal: String { "\((self * 10).rounded() / 10)" }
}

extension String {
  func padded(_ width: Int, left: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - count))
    return left ? space + self : self + space
  }
}
