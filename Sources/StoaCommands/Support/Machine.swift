import Foundation
import StoaTensor

/// What this machine offers, read from Linux's `/proc` and `/sys`; what cannot be read is nil.
struct Machine {
  let processor: String?
  let features: [String]
  let cores: Int
  let usableCores: Int
  let quota: Double?
  let memoryTotal: Int?
  let memoryAvailable: Int?
  /// The smallest memory limit of the process's control groups.
  let memoryLimit: Int?
  /// What those groups use already.
  let memoryLimitUsed: Int?
  let hugePages: String?

  /// Looks at the machine.
  static func current() -> Machine {
    let memory = text("/proc/meminfo").map(MemoryInfo.init)
    let limit = ControlGroup.memory()
    let processors = text("/proc/cpuinfo").map(ProcessorInfo.init)
    return Machine(
      processor: processors?.model, features: processors?.features ?? [],
      cores: ProcessInfo.processInfo.processorCount, usableCores: ProcessorLimits.defaultThreads,
      quota: ProcessorLimits.quota, memoryTotal: memory?.total, memoryAvailable: memory?.available,
      memoryLimit: limit?.limit, memoryLimitUsed: limit?.used,
      hugePages: text("/sys/kernel/mm/transparent_hugepage/enabled").flatMap(chosen))
  }

  /// Bytes that a model and its context can take now, with a tenth and 300 MB left to everything else; nil if unknown.
  var memoryForModels: Int? {
    guard var free = memoryAvailable ?? memoryTotal else { return nil }
    if let memoryLimit { free = min(free, memoryLimit - (memoryLimitUsed ?? 0)) }
    return max(0, free - free / 10 - 300_000_000)
  }

  /// The word in brackets of a setting such as `always [madvise] never`.
  static func chosen(_ setting: String) -> String? {
    guard let open = setting.firstIndex(of: "["), let close = setting[open...].firstIndex(of: "]") else { return nil }
    return String(setting[setting.index(after: open)..<close])
  }

  static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}

/// `/proc/meminfo` (proc(5)).
struct MemoryInfo: Equatable {
  let total: Int?
  /// What can be had without swapping, page cache included.
  let available: Int?

  init(_ text: String) {
    var values: [Substring: Int] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(whereSeparator: { $0 == ":" || $0 == " " || $0 == "\t" })
      if fields.count >= 2, let kibibytes = Int(fields[1]), kibibytes < Int.max >> 10 {
        values[fields[0]] = kibibytes << 10
      }
    }
    total = values["MemTotal"]
    available = values["MemAvailable"]
  }
}

/// `/proc/cpuinfo`, of the first processor.
struct ProcessorInfo: Equatable {
  let model: String?
  /// The flags that matter to the kernels, in a fixed order.
  let features: [String]

  init(_ text: String) {
    var model: String?
    var flags: Set<Substring> = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      switch parts[0].trimmingCharacters(in: .whitespaces) {
      case "model name": model = model ?? parts[1].trimmingCharacters(in: .whitespaces)
      case "flags", "Features": if flags.isEmpty { flags = Set(parts[1].split(separator: " ")) }
      default: break
      }
    }
    self.model = model
    let relevant = [
      "sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni",
      "avx512_bf16", "amx_int8", "asimd", "asimddp", "i8mm", "bf16", "sve",
    ]
    features = relevant.filter { flags.contains(Substring($0)) }
  }
}

/// The memory limit of the control group that the process runs in (cgroup v2 `memory.max`, v1 `limit_in_bytes`).
enum ControlGroup {
  /// The tightest limit on the way from the root to the process's own group, and what is in use there.
  static func memory() -> (limit: Int, used: Int?)? {
    var tightest: (limit: Int, used: Int?)?
    for folder in folders() {
      guard let limit = number(folder + "/memory.max") else { continue }
      let used = number(folder + "/memory.current")
      if tightest.map({ limit < $0.limit }) ?? true { tightest = (limit, used) }
    }
    let old = "/sys/fs/cgroup/memory/memory."
    // Version 1 writes a number near 2^63 for no limit.
    if tightest == nil, let limit = number(old + "limit_in_bytes"), limit < 1 << 60 {
      tightest = (limit, number(old + "usage_in_bytes"))
    }
    return tightest
  }

  private static func folders() -> [String] {
    var folders = ["/sys/fs/cgroup"]
    let line = Machine.text("/proc/self/cgroup")?.split(separator: "\n").first { $0.hasPrefix("0::") }
    for part in line?.dropFirst(3).split(separator: "/") ?? [] where part != ".." {
      folders.append(folders[folders.count - 1] + "/" + part)
    }
    return folders
  }

  private static func number(_ path: String) -> Int? {
    Machine.text(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }
}

/// How large models of usual sizes are in memory.
struct ModelFit {
  /// Parameter counts of open models that are met often, in thousands of millions.
  static let sizes = [1.0, 3, 8, 14, 32, 70]

  /// Quantisations with their bits per weight, averaged over a Llama's tensors: Q4_K_M keeps half of some tensors in
  /// Q6_K; blocks of Q8_0 are 34 bytes for 32 weights.
  static let quantizations: [(name: String, bits: Double)] = [("Q4_K_M", 4.85), ("Q8_0", 8.5), ("F16", 16)]

  /// Bytes for weights and a context of 8,192 tokens. Keys and values of grouped-query models of these sizes take about
  /// 1 GB for each 8 thousand million parameters at that length in F16.
  static func bytes(billions: Double, bits: Double) -> Int {
    Int(billions * 1e9 * bits / 8 + billions / 8 * 1e9)
  }

  /// The most parameters, in thousands of millions, that fit into `memory`.
  static func largest(bits: Double, memory: Int) -> Double { Double(memory) / (1e9 * bits / 8 + 1e9 / 8) }
}
